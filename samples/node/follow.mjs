// Follows a server's log of receipts with nothing but Node: an independent reading of C2SP tlog-tiles and of docs/determinism.md. It fetches the checkpoint and
// what was added since the last time, and checks that the key has signed it, that the entries give the tiles and the tiles the root, and that the log still begins
// with what it showed before. A log that was rewritten, shortened or forked is an error, with both checkpoints as the evidence.
//
// node follow.mjs http://127.0.0.1:8080 KEYFILE STATEFILE     KEYFILE has the verifier key (vkey of GET /v1/receipts/key); STATEFILE is kept between two runs.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { checkSigned, hash } from "./verify.mjs";

const width = 256n;
const leafOf = (entry) => hash("\0", entry);
const nodeOf = (left, right) => hash("\x01", left, right);

// 1234067 is x001/x234/067.
function pathOf(level, index, count) {
  const digits = index.toString(), groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.{3}/g);
  return `tile/${level}/${groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/")}${count < width ? `.p/${count}` : ""}`;
}

// The Merkle tree hash of RFC 6962 over neighbouring hashes.
function rootOf(hashes) {
  if (hashes.length === 0) return hash();
  if (hashes.length === 1) return hashes[0];
  const split = 2 ** Math.floor(Math.log2(hashes.length - 1));
  return nodeOf(rootOf(hashes.slice(0, split)), rootOf(hashes.slice(split)));
}

export async function follow(url, vkey, before) {
  const get = async (path) => {
    const response = await fetch(`${url}/v1/log/${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  };
  // The hashes of a level, tile by tile, as the log of this size has them.
  const levelOf = async (level, count) => {
    const hashes = [];
    for (let index = 0n; index * width < count; index++) {
      const rest = count - index * width, tile = await get(pathOf(level, index, rest < width ? rest : width));
      for (let at = 0; at < tile.length; at += 32) hashes.push(tile.subarray(at, at + 32));
    }
    if (BigInt(hashes.length) !== count) throw new Error(`level ${level} has ${hashes.length} hashes instead of ${count}`);
    return hashes;
  };

  const note = (await get("checkpoint")).toString(), { size, root } = checkSigned(note, vkey);
  const evidence = () => `\n\nbefore:\n${before}\nnow:\n${note}`;
  const old = before ? checkSigned(before, vkey) : { size: 0n, root: rootOf([]).toString("base64") };
  if (size < old.size) throw new Error(`the log has ${size} entries and had ${old.size}${evidence()}`);
  const leaves = await levelOf(0, size);
  if (rootOf(leaves).toString("base64") !== root) throw new Error(`the tiles do not give the root of the checkpoint of ${size} entries${evidence()}`);
  if (rootOf(leaves.slice(0, Number(old.size))).toString("base64") !== old.root) throw new Error(`the first ${old.size} entries are not those that the log showed before${evidence()}`);
  // Each hash above the leaves is the root of a full tile below it.
  for (let level = 1, below = leaves; below.length >= width; level++) {
    const hashes = await levelOf(level, BigInt(below.length) / width);
    hashes.forEach((is, at) => {
      if (!is.equals(rootOf(below.slice(at * 256, at * 256 + 256)))) throw new Error(`hash ${at} of level ${level} is not the root of the tile below it`);
    });
    below = hashes;
  }
  // What is new must be an entry, whose line anyone can read.
  for (let index = old.size / width; index * width < size; index++) {
    const rest = size - index * width, bundle = await get(pathOf("entries", index, rest < width ? rest : width));
    for (let at = 0, number = Number(index * width); at < bundle.length; number++) {
      const entry = bundle.subarray(at + 2, (at += 2 + bundle.readUInt16BE(at)));
      if (!leafOf(entry).equals(leaves[number])) throw new Error(`entry ${number} is not the one whose hash stands in the tile`);
      if (!/^dis-log\/2 (open \S+|receipt [0-9a-f]{64})\n$/.test(entry.toString()) || (number === 0 && entry.toString() !== `dis-log/2 open ${vkey}\n`)) throw new Error(`entry ${number} is no line of this log`);
    }
  }
  return { note, size, seen: old.size };
}

if (process.argv[1]?.endsWith("follow.mjs")) {
  const [url, keyFile, stateFile] = process.argv.slice(2);
  try {
    const { note, size, seen } = await follow(url, readFileSync(keyFile, "utf8").trim(), existsSync(stateFile) ? readFileSync(stateFile, "utf8") : undefined);
    writeFileSync(stateFile, note);
    console.log(`the log has ${size} entries, and begins with the ${seen} that were seen before`);
  } catch (error) {
    console.log(`NOT CONSISTENT: ${error.message}`);
    process.exitCode = 13;
  }
}

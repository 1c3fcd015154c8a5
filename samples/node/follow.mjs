// Follows a server's log of receipts with nothing but Node: an independent reading of C2SP tlog-tiles and of docs/determinism.md. It fetches the checkpoint and
// what was added since the last time, and checks that the key has signed it, that the entries give the tiles and the tiles the root, and that the log still begins
// with what it showed before. NOT CONSISTENT (exit code 13) is said only if all that the log serves gives the root that it signs now, and not the root that it signed
// before: whoever has kept the entries of before can show both histories with the two checkpoints. Anything else that is wrong may be the network's fault (exit code 1).
//
// node follow.mjs http://127.0.0.1:8080 KEYFILE STATEFILE     KEYFILE has the verifier key (vkey of GET /v1/receipts/key); STATEFILE is kept between two runs.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { hash } from "./receipts/bytes.mjs";
import { checkSigned } from "./receipts/log.mjs";

const width = 256n;
class NotConsistent extends Error {}

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
  const fetched = async (path) => {
    const response = await fetch(`${url}${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  };
  // A server has one log after the other: which of them is followed is told by its key alone.
  const log = JSON.parse(await fetched("/v1/logs")).data.find((log) => log.vkey === vkey);
  if (log === undefined) throw new Error("the server has no log with this key");
  const get = (path) => fetched(`${log.path}/${path}`);
  // The hashes of a level, tile by tile, as the log of this size has them.
  const levelOf = async (level, count) => {
    const hashes = [];
    for (let index = 0n; index * width < count; index++) {
      const rest = count - index * width, path = pathOf(level, index, rest < width ? rest : width), tile = await get(path);
      if (tile.length !== 32 * Number(rest < width ? rest : width)) throw new Error(`${path} has ${tile.length} bytes`);
      for (let at = 0; at < tile.length; at += 32) hashes.push(tile.subarray(at, at + 32));
    }
    return hashes;
  };

  const note = (await get("checkpoint")).toString(), { size, root } = checkSigned(note, vkey);
  const kept = () => { try { return checkSigned(before, vkey); } catch (error) { throw new Error(`what was kept of the log is damaged, or of another: ${error.message}`); } };
  const old = before === undefined ? { size: 0n, root: rootOf([]).toString("base64") } : kept();
  if (size < old.size) throw new Error(`the log shows a checkpoint of ${size} entries, and has shown one of ${old.size}`);
  const leaves = await levelOf(0, size);
  if (rootOf(leaves).toString("base64") !== root) throw new Error(`the tiles do not give the root of the checkpoint of ${size} entries`);
  if (rootOf(leaves.slice(0, Number(old.size))).toString("base64") !== old.root)
    throw new NotConsistent(`the first ${old.size} entries are not those that the log showed before\n\nbefore:\n${before}\nnow:\n${note}`);
  // Each hash above the leaves is the root of a full tile below it.
  for (let level = 1, below = leaves; below.length >= width; level++) {
    const hashes = await levelOf(level, BigInt(below.length) / width);
    hashes.forEach((is, at) => {
      if (!is.equals(rootOf(below.slice(at * 256, at * 256 + 256)))) throw new Error(`hash ${at} of level ${level} is not the root of the tile below it`);
    });
    below = hashes;
  }
  // What is new must be an entry, whose line anyone can read. The first names the key, the second the log before this one if there is one, and the last may name the next.
  const last = Number(size) - 1, other = "[^ ]+\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]+";
  const isAfter = new RegExp(`^dis-log/2 after ${other} [0-9]+ [A-Za-z0-9+/]{43}=\n$`), isEnd = new RegExp(`^dis-log/2 (close|revoke) (${other})\n$`);
  let next;
  for (let index = old.size / width; index * width < size; index++) {
    const rest = size - index * width, path = pathOf("entries", index, rest < width ? rest : width), bundle = await get(path);
    const first = Number(index * width), end = first + Number(rest < width ? rest : width);
    for (let at = 0, number = first; number < end || at < bundle.length; number++) {
      if (number >= end || at + 2 > bundle.length || at + 2 + bundle.readUInt16BE(at) > bundle.length) throw new Error(`${path} does not have the entries that its name says`);
      const entry = bundle.subarray(at + 2, (at += 2 + bundle.readUInt16BE(at)));
      if (!leafOf(entry).equals(leaves[number])) throw new Error(`entry ${number} is not the one whose hash stands in the tile`);
      const line = entry.toString("latin1");
      if (number === last) next = isEnd.exec(line)?.[2];
      const isLine = number === 0 ? line === `dis-log/2 open ${vkey}\n` : /^dis-log\/2 receipt [0-9a-f]{64}\n$/.test(line) || (number === 1 && isAfter.test(line)) || (number === last && next !== undefined);
      if (!isLine) throw new Error(`entry ${number} is no line of this log`);
    }
  }
  return { note, size, seen: old.size, next };
}

if (process.argv[1]?.endsWith("follow.mjs")) {
  const [url, keyFile, stateFile] = process.argv.slice(2);
  if (stateFile === undefined) {
    console.error("usage: node follow.mjs URL KEYFILE STATEFILE");
    process.exit(2);
  }
  try {
    const { note, size, seen, next } = await follow(url, readFileSync(keyFile, "utf8").trim(), existsSync(stateFile) ? readFileSync(stateFile, "utf8") : undefined);
    // In one step, so that an interruption leaves the old one.
    writeFileSync(`${stateFile}.new`, note);
    renameSync(`${stateFile}.new`, stateFile);
    console.log(`the log has ${size} entries, and begins with the ${seen} that were seen before`);
    if (next) console.log(`it has ended, and the next one has the key ${next}`);
  } catch (error) {
    const isProven = error instanceof NotConsistent;
    console.log(`${isProven ? "NOT CONSISTENT" : "error"}: ${error.message}${error.cause ? `: ${error.cause.message}` : ""}`);
    process.exitCode = isProven ? 13 : 1;
  }
}

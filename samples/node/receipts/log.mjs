// The log that seals receipts: verifier keys, signed notes (C2SP signed-note), checkpoints (tlog-checkpoint) and proofs (tlog-proof, RFC 6962).
import { createPublicKey, verify as verifySignature } from "node:crypto";
import { base64, fail, hash, hex } from "./bytes.mjs";

const mostSignatures = 64;
const mostHashes = 64;
const mostSize = 2n ** 63n - 1n;
const mostOrigin = 200;
const ed25519 = 1;
const spki = Buffer.from("302a300506032b6570032100", "hex");

/** Visible ASCII without a plus sign. */
const isOrigin = (text) => text.length <= mostOrigin && /^[!-*,-~]+$/.test(text);

const keyIdOf = (origin, key) => hash(`${origin}\n`, Buffer.from([ed25519]), key).subarray(0, 4).toString("hex");

/** ORIGIN+ID+BASE64. */
export function parseKey(text) {
  const [, origin, id, encoded] = /^([^+]+)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
  const typed = encoded === undefined ? undefined : base64(encoded);
  if (typed?.length !== 33 || typed[0] !== ed25519 || !isOrigin(origin)) fail("a verifier key has another form than ORIGIN+ID+BASE64");
  const key = typed.subarray(1);
  if (keyIdOf(origin, key) !== id) fail("the id in the verifier key is not that of its key");
  return { origin, key, id };
}

/** The 32 bytes of a public key in PEM; undefined for anything else. */
function keyOfPem(text) {
  const encoded = /^-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)\s-----END PUBLIC KEY-----$/.exec(text)?.[1];
  const bytes = encoded === undefined ? undefined : base64(encoded.replace(/\s/g, ""));
  return bytes?.length === spki.length + 32 && bytes.subarray(0, spki.length).equals(spki) ? bytes.subarray(spki.length) : undefined;
}

/** All keys of a text: verifier keys, one per line, and public keys in PEM, which are of any log. What else stands in it may be meant to be a key. */
export function parseKeys(text) {
  const keys = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const first = at;
    const isPem = lines[at].trimStart().startsWith("-----BEGIN");
    while (isPem && at + 1 < lines.length && !lines[at].includes("-----END")) at++;
    const key = lines.slice(first, at + 1).join("\n").trim();
    if (key === "") continue;
    try {
      keys.push(isPem ? { key: keyOfPem(key) ?? fail("it is no Ed25519 public key in PEM") } : parseKey(key));
    } catch (error) {
      fail(`line ${first + 1} of the keys: ${error.message}`);
    }
  }
  return keys.length > 0 ? keys : fail("there is no key");
}

/** Of the trusted keys the one that the checkpoint names; the first one if it names none of them. One in PEM is that of its log. */
function namedOf(trusted, note, origin) {
  const named = trusted.map((key) => ({ ...key, origin: key.origin ?? origin, id: key.id ?? keyIdOf(origin, key.key) }));
  const ids = note.signatures.filter((signature) => signature.name === origin).map((signature) => signature.id);
  return named.find((key) => key.origin === origin && ids.includes(key.id)) ?? named[0];
}

/** Whether a signature is by a key. */
const isBy = (key, text, signature) =>
  signature.length === 64 &&
  verifySignature(null, Buffer.from(text), createPublicKey({ key: Buffer.concat([spki, key]), format: "der", type: "spki" }), signature);

/** A signed note: { text, signatures: [{ name, id, bytes }] }. */
function parseNote(note) {
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n") || split + 2 === note.length || /[\0-\x09\x0b-\x1f\x7f-\x9f]/.test(note))
    fail("a signed note is a text, an empty line and lines of signatures");
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > mostSignatures) fail(`a signed note has at most ${mostSignatures} signatures`);
  const signatures = lines.map((line) => {
    const [, name, encoded] = /^\u2014 ([^ +]+) ([^ ]+)$/.exec(line) ?? [];
    const bytes = encoded === undefined ? undefined : base64(encoded);
    if (bytes === undefined || bytes.length <= 4) fail("a line of a signature has another form");
    return { name, id: bytes.subarray(0, 4).toString("hex"), bytes: bytes.subarray(4) };
  });
  return { text: note.slice(0, split + 1), signatures };
}

/** { origin, size, root }; further lines are extensions. */
function parseCheckpoint(text) {
  const lines = text.split("\n");
  const root = lines.length < 4 ? undefined : base64(lines[2]);
  const isSize = /^(?:0|[1-9][0-9]*)$/.test(lines[1] ?? "") && BigInt(lines[1]) <= mostSize;
  if (root?.length !== 32 || !isSize || lines.slice(0, -1).includes("")) fail("a checkpoint has an origin, a size and a root, each on a line");
  return { origin: lines[0], size: BigInt(lines[1]), root };
}

/** { index, hashes, note }; extra data is passed over. */
function parseProof(text) {
  const [, number, list, note] =
    /^c2sp\.org\/tlog-proof@v1\n(?:extra [^\n]*\n)?index (0|[1-9][0-9]*)\n((?:[^\n]+\n)*)\n(.*)$/s.exec(text) ??
    fail("a proof has a header, an index, hashes, an empty line and a checkpoint");
  const hashes = list.split("\n").slice(0, -1).map((line) => base64(line));
  if (hashes.some((bytes) => bytes?.length !== 32) || hashes.length > mostHashes || BigInt(number) > mostSize) fail("a proof has a hash or an index that is none");
  return { index: BigInt(number), hashes, note };
}

/** A signature with the key's name and id that is not by the key makes a note worthless, even beside one that is. */
function isSigned(note, origin, key) {
  const named = note.signatures.filter((signature) => signature.name === origin && signature.id === keyIdOf(origin, key));
  return named.length > 0 && named.every((signature) => isBy(key, note.text, signature.bytes));
}

/** Whose checkpoint it is, where it names another key than the trusted one; undefined where it names the trusted one, or none. */
function otherKeyOf(note, origin, trusted) {
  const byLog = note.signatures.filter((signature) => signature.name === origin);
  if (byLog.length === 0 || !isOrigin(origin)) return undefined;
  if (origin !== trusted.origin) return `the log is '${origin}', not '${trusted.origin}'`;
  // A signature by the trusted key under the id of another was changed.
  if (byLog.some((signature) => signature.id === trusted.id || isBy(trusted.key, note.text, signature.bytes))) return undefined;
  return `the checkpoint names the key ${byLog.map((signature) => `${origin}+${signature.id}`).join(", ")}, and the trusted one is ${origin}+${trusted.id}`;
}

/** RFC 6962: do the hashes lead from the leaf to the root? */
export function leadsTo(leaf, index, size, path, root) {
  if (index >= size) return false;
  let place = index;
  let last = size - 1n;
  let result = leaf;
  for (const sibling of path) {
    if (last === 0n) return false;
    if (place & 1n || place === last) {
      result = hash("\x01", sibling, result);
      while (!(place & 1n) && place !== 0n) [place, last] = [place >> 1n, last >> 1n];
    } else result = hash("\x01", result, sibling);
    [place, last] = [place >> 1n, last >> 1n];
  }
  return last === 0n && result.equals(root);
}

/** A checkpoint that the verifier key has signed: { size, root in base64 }. */
export function checkSigned(note, vkey) {
  const { origin, key, id } = parseKey(vkey);
  const signed = parseNote(note);
  const checkpoint = parseCheckpoint(signed.text);
  if (checkpoint.origin !== origin) fail(`the log is ${checkpoint.origin}, not ${origin}`);
  if (!isSigned(signed, origin, key)) fail(`the log's checkpoint is not signed by ${origin}+${id}`);
  return { size: checkpoint.size, root: checkpoint.root.toString("base64") };
}

/**
 * Looks at the proof of a statement.
 *
 * @param keys The keys that the verifier trusts; undefined for none.
 * @param told A key that nobody vouches for, where there is no trusted one: it shows that the parts belong together.
 * @returns { key, isSigned, isIncluded, otherKey }: the key that was used, and whose checkpoint it is where it names another one.
 * @throws Malformed The proof can't be read.
 */
export function checkSeal(statement, proof, keys, told) {
  const { index, hashes, note: text } = parseProof(proof);
  const note = parseNote(text);
  const { origin, size, root } = parseCheckpoint(note.text);
  const trusted = keys && namedOf(keys, note, origin);
  const key = trusted ?? told;
  const leaf = hash("\0", `dis-log/2 receipt ${hex(statement)}\n`);
  return {
    key,
    isSigned: key !== undefined && isOrigin(origin) && isSigned(note, origin, key.key),
    isIncluded: leadsTo(leaf, index, size, hashes, root),
    otherKey: trusted && otherKeyOf(note, origin, trusted),
  };
}

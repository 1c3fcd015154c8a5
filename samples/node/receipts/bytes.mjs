// Hashes, encodings and the bytes of texts.
import { createHash, createHmac } from "node:crypto";

/** What keeps a document from being what it says: a verdict is made of it, no stack trace. */
export class Malformed extends Error {}

/** A document of another version or kind, which is no damage. */
export class OtherVersion extends Error {}

export const fail = (what) => {
  throw new Malformed(what);
};

export const hash = (...parts) => parts.reduce((sha, part) => sha.update(part), createHash("sha256")).digest();

export const hex = (...parts) => hash(...parts).toString("hex");

export const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

export function u32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

/** Base64 with padding and in one spelling (RFC 4648 section 4, or also 5); undefined for anything else. */
export function base64(text, { isUrlFine = false } = {}) {
  const alphabets = isUrlFine ? [/^[A-Za-z0-9+/]*=*$/, /^[A-Za-z0-9_-]*=*$/] : [/^[A-Za-z0-9+/]*=*$/];
  if (!alphabets.some((alphabet) => alphabet.test(text))) return undefined;
  const bytes = Buffer.from(text, "base64");
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  // Node passes over what it does not know, so that only the way back shows another spelling.
  return bytes.toString("base64") === standard ? bytes : undefined;
}

/** UTF-8, with half of a surrogate pair in three bytes (WTF-8). */
export function wtf8(text) {
  if (text.isWellFormed()) return Buffer.from(text);
  const pieces = [];
  for (const point of text) {
    const code = point.codePointAt(0);
    const isHalf = code >= 0xd800 && code <= 0xdfff;
    pieces.push(isHalf ? Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]) : Buffer.from(point));
  }
  return Buffer.concat(pieces);
}

/** The order of the bytes of two texts, which is not that of their UTF-16 units. */
export const byBytes = (a, b) => Buffer.compare(wtf8(a), wtf8(b));

/** Undefined if the bytes are no UTF-8. A byte order mark stays. */
export function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export const withoutMark = (text) => (text.startsWith("\uFEFF") ? text.slice(1) : text);

/** Whatever a file says, in one line that gives a terminal no orders and runs in one direction. */
export const oneLine = (text) => text.replace(/[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, " ");

// Files that anybody may have made: no more of one is kept than docs/determinism.md allows.
import { closeSync, openSync, readSync } from "node:fs";
import { fail } from "./bytes.mjs";

/** Most bytes of a bundle, and of a file of keys. */
const most = { bundle: 256 << 20, keys: 1 << 20 };

/** The file's bytes; also of a pipe, whose size nobody knows before. */
export function readFile(file, kind) {
  const descriptor = openSync(file, "r");
  try {
    const pieces = [];
    const piece = Buffer.allocUnsafe(1 << 20);
    for (let length = 0; ; ) {
      const count = readSync(descriptor, piece);
      if (count === 0) return Buffer.concat(pieces);
      if ((length += count) > most[kind]) fail(`${file}: is larger than ${most[kind] >> 20} MiB`);
      pieces.push(Buffer.from(piece.subarray(0, count)));
    }
  } finally {
    closeSync(descriptor);
  }
}

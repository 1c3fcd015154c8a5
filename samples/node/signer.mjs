// Signs for the log of a server that does not have the key: node signer.mjs KEYFILE. It is the program that --signer-command names, with nothing but node:crypto.
// In the place of the file put the device or the service that has your key, and of the one line that signs the call to it. The protocol is a line for a line:
//
//   public-key     -> base64 of the 32 bytes of the Ed25519 public key
//   sign BASE64    -> base64 of the 64 bytes of the signature of the decoded bytes
//                  or error TEXT: the server stores no receipt then, and asks again a second later
//
// The server starts it once, reads what it writes to standard error into its log, and ends its input when it stops.
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

if (process.argv.length < 3) {
  console.error("usage: node signer.mjs KEYFILE");
  process.exit(2);
}
const key = createPrivateKey(readFileSync(process.argv[2]));
if (key.asymmetricKeyType !== "ed25519") throw new Error(`${process.argv[2]} is no Ed25519 key (openssl genpkey -algorithm ed25519)`);
const publicKey = Buffer.from(createPublicKey(key).export({ format: "jwk" }).x, "base64url").toString("base64");

const answer = (line) => {
  if (line === "public-key") return publicKey;
  if (line.startsWith("sign ")) return sign(null, Buffer.from(line.slice(5), "base64"), key).toString("base64");
  return "error unknown request";
};
createInterface({ input: process.stdin }).on("line", (line) => process.stdout.write(`${answer(line)}\n`));

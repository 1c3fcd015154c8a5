// Asks a server, takes the receipt out of the answer and verifies it, and prints what was verified; the bundle can be kept for verify.
//
// node receipt.mjs http://127.0.0.1:8080 "What is the capital of France?" [KEYFILE [bundle.json]] [--stream]
//
// KEYFILE has the keys that you trust: verifier keys (vkey of GET /v1/receipts/key), one per line, and public keys in PEM. Without it the answer is UNTRUSTED, and its text is not printed: the
// server's own key shows that the parts belong together, and not who made them. With - for the question each line of standard input is one.
import { readFileSync, writeFileSync } from "node:fs";
import { oneLine } from "./receipts/bytes.mjs";
import { exitCodes, verify } from "./receipts/check.mjs";
import { readFile } from "./receipts/files.mjs";

const isStream = process.argv.includes("--stream");
const [url, asked, keyFile, file] = process.argv.slice(2).filter((argument) => argument !== "--stream");
if (asked === undefined) {
  console.error("usage: node receipt.mjs URL QUESTION|- [KEYFILE [BUNDLE.json]] [--stream]");
  process.exit(2);
}
const trusted = keyFile === undefined ? undefined : readFile(keyFile, "keys").toString();
const path = "/v1/chat/completions";
const comment = ": dis-receipt ";

/** The member of an answer, or the comment before the end of a stream. That there is only one is checked with the rest. */
function receiptOf(answer) {
  const line = isStream ? answer.split(/\r?\n/).find((text) => text.startsWith(comment)) : undefined;
  const receipt = isStream ? line && JSON.parse(line.slice(comment.length)) : JSON.parse(answer.replace(/^\uFEFF/, "")).determinism;
  if (!receipt?.statement) throw new Error("the answer has no receipt");
  return receipt;
}

const list = (checks) => checks.map(({ name, detail }) => (detail === "" ? name : `${name} (${detail})`)).join(", ");

/** Returns the exit code. */
async function ask(question) {
  const body = JSON.stringify({ messages: [{ role: "user", content: question }], max_tokens: 40, return_token_ids: true, ...(isStream && { stream: true }) });
  const response = await fetch(url + path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  // Nothing is mended: what is verified are the bytes that came.
  const answer = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${response.status}: ${answer}`);
  const receipt = receiptOf(answer);
  // A bundle has one verifier key, or none.
  const vkey = trusted === undefined ? (await (await fetch(`${url}/v1/receipts/key`)).json()).vkey : /^\s*[^\s-]\S*\s*$/.exec(trusted)?.[0].trim();
  const [delivery, content_type] = isStream ? ["sse", "text/event-stream"] : ["json", "application/json"];
  const bundle = JSON.stringify({ form: "dis-bundle/2", request: { path, body }, response: { delivery, content_type, body: answer }, receipt, vkey });
  if (file) writeFileSync(file, bundle, { mode: 0o600 });
  const { verdict, reason, checks, text, statement } = verify(bundle, trusted);
  if (verdict !== "VALID") {
    console.log(oneLine(`${verdict}: ${reason}`));
    return exitCodes[verdict];
  }
  // The texts that were hashed, and no second reading of the answer.
  for (const part of text.filter(({ channel }) => channel !== "finish")) console.log(`${part.channel === "content" ? "answer" : part.channel}: ${part.text.split("\n").map(oneLine).join("\n")}`);
  console.log(`receipt ${statement.id} of ${statement.time}: ${list(checks.filter((check) => check.outcome === "passed"))} verified`);
  console.log(`not verified: ${list(checks.filter((check) => check.outcome !== "passed"))}`);
  return exitCodes[verdict];
}

async function tryToAsk(question) {
  try {
    return await ask(question);
  } catch (error) {
    console.log(oneLine(`UNUSABLE: ${error.message}`));
    return exitCodes.UNUSABLE;
  }
}

if (asked !== "-") process.exitCode = await tryToAsk(asked);
else {
  for (const question of readFileSync(0, "utf8").split("\n").filter((line) => line !== "")) {
    console.log(`? ${question}`);
    process.exitCode = Math.max(process.exitCode ?? 0, await tryToAsk(question));
  }
}

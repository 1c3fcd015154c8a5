// Asks a server, takes the receipt out of the answer and verifies it, and prints what was verified; the bundle can be kept for verify.
//
// node receipt.mjs http://127.0.0.1:8080 "What is the capital of France?" [KEYFILE [bundle.json]] [--stream]
//
// KEYFILE has the log's verifier key (vkey of GET /v1/receipts/key) that you trust. Without it the server's own key is used: it shows that the parts
// belong together, and not who made them. With - for the question each line of standard input is one.
import { readFileSync, writeFileSync } from "node:fs";
import { check } from "./verify.mjs";

const isStream = process.argv.includes("--stream");
const [url, asked, keyFile, file] = process.argv.slice(2).filter((argument) => argument !== "--stream");
const trusted = keyFile && readFileSync(keyFile, "utf8").trim();
const path = "/v1/chat/completions";

// The member of an answer, or the comment before the end of a stream. That there is only one is checked with the rest.
function receiptOf(answer) {
  const [line, another] = isStream ? (answer.match(/^: dis-receipt .*$/gm) ?? []) : [];
  if (another) throw new Error("The stream has two receipts.");
  const receipt = isStream ? line && JSON.parse(line.slice(": dis-receipt ".length)) : JSON.parse(answer.replace(/^\uFEFF/, "")).determinism;
  if (!receipt?.statement) throw new Error("The answer has no receipt.");
  return receipt;
}

// Returns the exit code.
async function ask(question) {
  const body = JSON.stringify({ messages: [{ role: "user", content: question }], max_tokens: 40, return_token_ids: true, ...(isStream && { stream: true }) });
  const response = await fetch(url + path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  // Nothing is mended: what is verified are the bytes that came.
  const answer = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${response.status}: ${answer}`);
  const receipt = receiptOf(answer);
  const vkey = trusted ?? (await (await fetch(`${url}/v1/receipts/key`)).json()).vkey;
  const [delivery, content_type] = isStream ? ["sse", "text/event-stream"] : ["json", "application/json"];
  const bundle = { form: "dis-bundle/2", request: { path, body }, response: { delivery, content_type, body: answer }, receipt, vkey };
  const { done, left, predicate, texts } = check(bundle, vkey);
  if (file) writeFileSync(file, JSON.stringify(bundle), { mode: 0o600 });
  // Without both it may be the answer to another question, or another answer.
  const isWhole = done.includes("request") && done.includes("output");
  const mark = trusted && isWhole ? "" : "not verified, ";
  // The texts that were hashed, and no second reading of the answer.
  for (const { channel, text } of texts.filter(({ channel }) => channel !== "finish")) console.log(`${mark}${channel === "content" ? "answer" : channel}: ${text}`);
  console.log(`receipt ${predicate.receipt_id} of ${predicate.issued_at}: ${done.join(", ")} verified`);
  if (left.length > 0) console.log(`not verified: ${left.join(", ")}`);
  return !isWhole ? 12 : trusted ? 0 : 17;
}

async function tryToAsk(question) {
  try {
    return await ask(question);
  } catch (error) {
    console.log(`NOT VALID: ${error.message}`);
    return 13;
  }
}

if (asked !== "-") process.exitCode = await tryToAsk(asked);
else {
  for (const question of readFileSync(0, "utf8").split("\n").filter((line) => line !== "")) {
    console.log(`? ${question}`);
    process.exitCode = Math.max(process.exitCode ?? 0, await tryToAsk(question));
  }
}

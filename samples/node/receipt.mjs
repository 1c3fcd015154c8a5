// Asks a server, takes the receipt out of the answer and verifies it; with a third argument the bundle is kept for verify.
//
// node receipt.mjs http://127.0.0.1:8080 "What is the capital of France?" [bundle.json]
import { writeFileSync } from "node:fs";
import { check } from "./verify.mjs";

const [url, question, file] = process.argv.slice(2);
const path = "/v1/chat/completions";
const body = JSON.stringify({ messages: [{ role: "user", content: question }], max_tokens: 40, return_token_ids: true });

const response = await fetch(url + path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
const answer = await response.text();
if (!response.ok) throw new Error(`${response.status}: ${answer}`);
const { determinism: receipt } = JSON.parse(answer);
if (!receipt?.statement) throw new Error("The answer has no receipt.");

// A key that comes from the server that signed proves nothing about who that is: get it once, another way, and keep it.
const { vkey } = await (await fetch(`${url}/v1/receipts/key`)).json();
const bundle = {
  form: "dis-bundle/2",
  request: { path, body },
  response: { delivery: "json", content_type: "application/json", body: answer },
  receipt,
  vkey,
};
const { done, left, predicate, texts } = check(bundle, vkey);
// The texts that were hashed, and no second reading of the answer.
for (const { channel, text } of texts.filter(({ channel }) => channel !== "finish")) console.log(`${channel === "content" ? "answer" : channel}: ${text}`);
console.log(`receipt ${predicate.receipt_id} of ${predicate.issued_at}: ${done.join(", ")} verified`);
if (left.length > 0) console.log(`not verified: ${left.join(", ")}`);
if (file) writeFileSync(file, JSON.stringify(bundle), { mode: 0o600 });

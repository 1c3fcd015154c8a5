// Asks a server, takes the receipt out of the answer and verifies it; with a third argument the bundle is kept for verify.
//
// node receipt.mjs http://127.0.0.1:8080 "What is the capital of France?" [bundle.json]
import { writeFileSync } from "node:fs";
import { exitCodes, verify } from "./receipts/check.mjs";

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
const { verdict, reason, checks, text, statement } = verify(JSON.stringify(bundle), vkey);
if (verdict === "VALID") {
  // The texts that were hashed, and no second reading of the answer.
  for (const part of text.filter(({ channel }) => channel !== "finish")) console.log(`${part.channel === "content" ? "answer" : part.channel}: ${part.text}`);
  const of = (...outcomes) => checks.filter((check) => outcomes.includes(check.outcome));
  console.log(`receipt ${statement.id} of ${statement.time}: ${of("passed").map((check) => check.name).join(", ")} verified`);
  console.log(`not verified: ${of("not made").map((check) => `${check.name} (${check.detail})`).join(", ")}`);
} else {
  console.log(`${verdict}: ${reason}`);
  process.exitCode = exitCodes[verdict];
}
if (file) writeFileSync(file, JSON.stringify(bundle), { mode: 0o600 });

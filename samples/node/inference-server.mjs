// Owns a server: starts it with Node's default pipes, waits until its engine is ready, chats, and closes its standard input.
// The server notices, finishes the requests in flight and ends, its engine with it. The same happens when this program
// crashes or is killed.
//
// node inference-server.mjs http://127.0.0.1:8080 deterministic-inference-server --backend embedded
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";

const [url, command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error("usage: node inference-server.mjs URL COMMAND [ARGUMENT…], such as http://127.0.0.1:8080 deterministic-inference-server --backend embedded");
  process.exit(2);
}

const server = spawn(command, args);
// Somebody must read what it writes; a server whose log nobody reads drops lines.
server.stdout.pipe(process.stdout);
server.stderr.pipe(process.stderr);
const exit = once(server, "exit");
server.on("exit", (code) => console.log(`The server has ended with code ${code}.`));

async function ready() {
  while (server.exitCode === null) {
    const response = await fetch(`${url}/health`).catch(() => undefined);
    if (response?.ok) return;
    await setTimeout(200);
  }
  throw new Error("The server did not start.");
}

async function chat(question) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ messages: [{ role: "user", content: question }], max_tokens: 40 }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()).choices[0].message.content;
}

await ready();
console.log(`answer: ${await chat("What is the capital of France?")}`);

// A server that runs, until Enter is pressed.
await once(process.stdin, "data");
process.stdin.destroy();
server.stdin.end();
await exit;

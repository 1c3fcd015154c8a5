import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatOpenAI } from "@langchain/openai";
import { streamText } from "ai";
import OpenAI from "openai";

/** A FakeBackend, and a door in front of it; .ci/run starts both. */
const engine = process.env.INFERENCE_MATRIX_ENGINE_URL;
const door = process.env.INFERENCE_MATRIX_URL;

const rows = JSON.parse(readFileSync(new URL("../engine-streams.json", import.meta.url), "utf8"));
const document = new URL("../../../docs/client-matrix.md", import.meta.url);
const messages = [{ role: "user", content: "x" }];
const apiKey = "none";

/** The member that tells FakeBackend what to do, in every request. */
const withFake = (fake) => (url, init) => fetch(url, { ...init, body: JSON.stringify({ ...JSON.parse(init.body), fake }) });

async function aiText(model) {
  const result = streamText({ model, messages, maxRetries: 0, onError: () => {} });
  let text = "", finish;
  for await (const part of result.fullStream) {
    if (part.type === "error") throw part.error;
    if (part.type === "text-delta") text += part.text;
    if (part.type === "finish") finish = part.finishReason;
  }
  return { text, finish };
}

const clients = {
  "openai": async (baseURL, fake) => {
    const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, fetch: withFake(fake) });
    let text = "", finish;
    for await (const chunk of await client.chat.completions.create({ model: "m", messages, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? "";
      finish ??= chunk.choices[0]?.finish_reason;
    }
    return { text, finish };
  },
  "openai `.stream()`": async (baseURL, fake) => {
    const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, fetch: withFake(fake) });
    const choice = (await client.chat.completions.stream({ model: "m", messages }).finalChatCompletion()).choices[0];
    return { text: choice.message.content, finish: choice.finish_reason };
  },
  "ai, @ai-sdk/openai": (baseURL, fake) => aiText(createOpenAI({ baseURL, apiKey, fetch: withFake(fake) }).chat("m")),
  "ai, @ai-sdk/openai-compatible": (baseURL, fake) => aiText(createOpenAICompatible({ name: "engine", baseURL, fetch: withFake(fake) }).chatModel("m")),
  "@langchain/openai": async (baseURL, fake) => {
    const model = new ChatOpenAI({ model: "m", apiKey, maxRetries: 0, configuration: { baseURL, fetch: withFake(fake) } });
    let all;
    for await (const chunk of await model.stream("x")) all = all ? all.concat(chunk) : chunk;
    return { text: all?.content, finish: all?.response_metadata.finish_reason };
  },
};

/** `ok`, `failure`, or `silent` for an answer that is not the whole one and was taken for it. */
async function outcome(client, url, fake) {
  try {
    const { text, finish } = await client(`${url}/v1`, fake);
    return text === "Hello" && finish === "stop" ? "ok" : "silent";
  } catch {
    return "failure";
  }
}

describe("every client", { timeout: 120_000, skip: !(engine && door) && "needs INFERENCE_MATRIX_URL and INFERENCE_MATRIX_ENGINE_URL" }, () => {
  it("takes broken streams for failures and complete ones for answers", async () => {
    const names = Object.keys(clients), wrong = [];
    let table = `<!-- Node -->\n| the engine sends | ${names.join(" | ")} |\n|${" --- |".repeat(names.length + 1)}\n`;
    for (const row of rows) {
      const cells = await Promise.all(names.map(async (name) => {
        // Where a reset meets what is still unread, it depends on the moment what a client sees of it.
        const direct = row.direct_in_node ?? await outcome(clients[name], engine, row.fake), through = await outcome(clients[name], door, row.fake);
        if (through !== row.outcome) wrong.push(`${row.engine}, ${name}: ${through} instead of ${row.outcome}`);
        return `${direct} → ${through}`;
      }));
      table += `| ${row.engine} | ${cells.join(" | ")} |\n`;
    }
    assert.deepEqual(wrong, []);
    const text = readFileSync(document, "utf8");
    const written = text.replace(/<!-- Node -->[^]*(?=<!-- \/Node -->)/, () => table);
    if (process.env.DIS_WRITE_DOCS === "1") writeFileSync(document, written);
    else assert.equal(text, written);
  });
});

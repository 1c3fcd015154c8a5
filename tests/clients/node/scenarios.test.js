import assert from "node:assert/strict";
import { describe, it } from "node:test";
import OpenAI from "openai";

/**
 * What the tests of the Python original ask of a running server (tests/test_integration.py of apuslabs/deterministic-inference), for every
 * engine that INFERENCE_DIALECT_URLS names: words "name=address"; .ci/run starts them.
 */
const servers = (process.env.INFERENCE_DIALECT_URLS ?? "").split(" ").filter(Boolean).map((word) => word.split(/=(.*)/s));
const runs = 5;

function requireEnvironment(answer) {
  // A JSON text inside the JSON: its callers parse it.
  assert.equal(typeof answer.environment, "string");
  const environment = JSON.parse(answer.environment);
  for (const member of ["driver_version", "cuda_version", "gpu_count", "gpus"]) assert.ok(member in environment, member);
  assert.equal(environment.gpus.length, environment.gpu_count);
}

describe("the original's scenarios", { timeout: 60_000, skip: servers.length === 0 && "needs INFERENCE_DIALECT_URLS" }, () => {
  for (const [name, url] of servers) {
    describe(name, () => {
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "test-api-key", maxRetries: 0 });
      // The original's tests name a model that nobody serves; an engine that is not known gets the name as it is.
      const model = name === "external" ? "tiny" : "test-model";
      const complete = (settings) => client.completions.create({ model, prompt: "Once upon a time", ...settings });
      const chat = (settings) => client.chat.completions.create({ model, messages: [{ role: "user", content: "Tell me a long story." }], ...settings });

      it("is healthy", async () => assert.equal((await fetch(`${url}/health`)).status, 200));

      it("completes a prompt", async () => {
        const answer = await complete({ max_tokens: 50, temperature: 0.7 });
        assert.ok(answer.id);
        assert.equal(typeof answer.choices[0].text, "string");
        assert.ok(answer.usage.completion_tokens >= 1 && answer.usage.completion_tokens <= 50);
        requireEnvironment(answer);
      });

      it("gives five identical completions", async () => {
        const texts = new Set();
        for (let i = 0; i < runs; i++) {
          const answer = await complete({ max_tokens: 200, temperature: 0 });
          requireEnvironment(answer);
          texts.add(answer.choices[0].text);
        }
        assert.equal(texts.size, 1);
      });

      it("answers a chat", async () => {
        const answer = await chat({ max_tokens: 50, temperature: 0.7 });
        assert.ok(answer.id);
        assert.equal(answer.choices[0].message.role, "assistant");
        assert.ok(answer.choices[0].message.content.length > 0);
        requireEnvironment(answer);
      });

      it("gives five identical chats, streamed or not", async () => {
        const texts = new Set();
        for (let i = 0; i < runs; i++) {
          const answer = await chat({ max_tokens: 200, temperature: 0 });
          requireEnvironment(answer);
          texts.add(answer.choices[0].message.content);
        }
        texts.add((await client.chat.completions.stream({ model, messages: [{ role: "user", content: "Tell me a long story." }], max_tokens: 200, temperature: 0 }).finalChatCompletion()).choices[0].message.content);
        assert.equal(texts.size, 1);
      });

      it("does not know other addresses", async () => assert.equal((await fetch(`${url}/invalid`)).status, 404));
    });
  }
});

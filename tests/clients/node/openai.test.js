import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import OpenAI from "openai";
import { baseURL, idle, servedModel } from "./engine.js";

const messages = [{ role: "user", content: "Hello!" }];
const deadline = { timeout: 60_000 };

describe("openai", deadline, () => {
  const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
  let model;
  before(async () => { model = await servedModel(); });

  it("answers a chat", async () => {
    const { data, response, request_id } = await client.chat.completions.create({ model, messages, temperature: 0, max_tokens: 40 }).withResponse();
    assert.equal(data.object, "chat.completion");
    assert.equal(data.model, model);
    assert.equal(data.choices[0].message.role, "assistant");
    assert.ok(data.choices[0].message.content.length > 0);
    assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
    assert.match(request_id, /^req_[0-9a-f]{24}$/);
    assert.equal(response.headers.get("x-request-id"), request_id);
  });

  it("streams the text of the JSON answer", async () => {
    const body = { model, messages, temperature: 0.8, seed: 3, max_tokens: 40, ignore_eos: true };
    const whole = await client.chat.completions.create(body);
    let text = "", finish, usage;
    for await (const chunk of await client.chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } })) {
      text += chunk.choices[0]?.delta.content ?? "";
      finish ??= chunk.choices[0]?.finish_reason;
      usage ??= chunk.usage;
    }
    assert.equal(text, whole.choices[0].message.content);
    assert.equal(finish, whole.choices[0].finish_reason);
    assert.deepEqual(usage, whole.usage);
  });

  it("collects a stream by its helper", async () => {
    const body = { model, messages, temperature: 0, max_tokens: 20, logprobs: true, top_logprobs: 2 };
    const whole = await client.chat.completions.create(body);
    const final = await client.chat.completions.stream(body).finalChatCompletion();
    assert.equal(final.choices[0].message.content, whole.choices[0].message.content);
    assert.equal(final.choices[0].logprobs.content.length, whole.usage.completion_tokens);
  });

  it("repeats by seed and differs by seed", async () => {
    const text = async (seed) => {
      const answer = await client.chat.completions.create({ model, messages, temperature: 0.8, seed, max_tokens: 40, ignore_eos: true });
      return answer.choices[0].message.content;
    };
    assert.equal(await text(1), await text(1));
    assert.equal(new Set(await Promise.all([1, 2, 3, 4, 5, 6].map(text))).size > 1, true);
  });

  it("completes prompts", async () => {
    const prompt = ["Once upon a time", "One day"];
    const whole = await client.completions.create({ model, prompt, n: 2, temperature: 1, seed: 1, max_tokens: 8, ignore_eos: true });
    assert.deepEqual(whole.choices.map((choice) => choice.index), [0, 1, 2, 3]);
    const texts = ["", "", "", ""];
    for await (const chunk of await client.completions.create({ model, prompt, n: 2, temperature: 1, seed: 1, max_tokens: 8, ignore_eos: true, stream: true })) {
      texts[chunk.choices[0].index] += chunk.choices[0].text;
    }
    assert.deepEqual(texts, whole.choices.map((choice) => choice.text));
  });

  it("lists and retrieves the model", async () => {
    const listed = [];
    for await (const entry of client.models.list()) listed.push(entry.id);
    assert.deepEqual(listed, [model]);
    assert.equal((await client.models.retrieve(model)).id, model);
  });

  it("reports errors by their classes", async () => {
    await assert.rejects(client.models.retrieve("org/nothing"), (e) =>
      e instanceof OpenAI.NotFoundError && e.code === "model_not_found" && e.param === "model");
    await assert.rejects(client.chat.completions.create({ model, messages, temperature: 3 }), (e) =>
      e instanceof OpenAI.BadRequestError && e.code === "decimal_above_max_value" && e.param === "temperature" && e.type === "invalid_request_error");
    await assert.rejects(client.chat.completions.create({ model, messages, stream: true, tools: [{ type: "function", function: { name: "f" } }] }), (e) =>
      e instanceof OpenAI.BadRequestError && e.code === "unsupported_parameter" && e.param === "tools");
    await assert.rejects(client.embeddings.create({ model, input: "x" }), (e) =>
      e instanceof OpenAI.NotFoundError && e.code === "unknown_url");
  });

  it("leaves a stream early", async (t) => {
    const tokens = 16 * 8000;
    const before = (await idle(t.signal)).generated_tokens;
    const stream = await client.chat.completions.create({ model, messages, n: 16, max_tokens: tokens / 16, ignore_eos: true, stream: true });
    let events = 0;
    for await (const _ of stream) {
      if (++events === 3) break;
    }
    assert.equal(stream.controller.signal.aborted, true);
    assert.ok((await idle(t.signal)).generated_tokens - before < tokens / 2);
    // The next request finds the engine at work as before.
    assert.equal((await client.chat.completions.create({ model, messages, max_tokens: 1 })).usage.completion_tokens, 1);
  });
});

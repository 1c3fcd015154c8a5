import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";
import { baseURL, servedModel } from "./engine.js";

describe("ai-sdk", { timeout: 60_000 }, () => {
  const provider = createOpenAICompatible({ name: "engine", baseURL, includeUsage: true });
  let settings;
  before(async () => {
    settings = { model: provider.chatModel(await servedModel()), prompt: "Hello!", temperature: 0.8, seed: 5, maxOutputTokens: 40, maxRetries: 0 };
  });

  it("generates and streams the same text", async () => {
    const whole = await generateText(settings);
    assert.ok(whole.text.length > 0);
    const stream = streamText(settings);
    let text = "";
    for await (const part of stream.textStream) text += part;
    assert.equal(text, whole.text);
    assert.equal(await stream.finishReason, whole.finishReason);
    assert.equal((await stream.usage).totalTokens, whole.usage.totalTokens);
  });

  it("reports a refused request", async () => {
    await assert.rejects(generateText({ ...settings, temperature: 3 }), (e) => e.statusCode === 400 && /decimal above maximum value/.test(e.message));
  });
});

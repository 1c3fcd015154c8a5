// One reading of a JSON answer or of an event: all that the forms bind is taken from it (docs/determinism.md, "Reading an answer").
import { fail, wtf8 } from "./bytes.mjs";
import { parse, wholeNumber } from "./json.mjs";
import { readLogprobs } from "./logprobs.mjs";
import { membersOf, objectOf, objectsOf, tables, textOf } from "./members.mjs";

const mostLevels = 128;
const mostIndex = 2147483647n;
const mostCount = 2n ** 63n - 1n;
const mostModelBytes = 1024;
export const counts = ["prompt_tokens", "completion_tokens", "total_tokens"];

/** NaN and infinities may stand for numbers within the log-probabilities of a choice. */
const isInLogprobs = (path) => path[0] === "choices" && typeof path[1] === "number" && path[2] === "logprobs";

/**
 * Reads a JSON answer or the data of an event.
 *
 * @param text Without a byte order mark.
 * @param isEvent Which of them.
 * @returns { hasError, model, usage, choices, ids, unbound, determinism, bound }; undefined for an event that is null. What is bound of
 * the text is a list of its places.
 * @throws Malformed It has no canonical form.
 */
export function readAnswer(text, isEvent) {
  const root = parse(text, mostLevels, isInLogprobs);
  if (isEvent && root.type === "null") return undefined;
  if (root.type !== "object") fail("an answer must be a JSON object");
  return new AnswerReading(text, isEvent).read(root);
}

class AnswerReading {
  #text;
  #isEvent;
  #bound = [];

  constructor(text, isEvent) {
    this.#text = text;
    this.#isEvent = isEvent;
  }

  read(root) {
    const { read, others } = membersOf(root, tables.answer);
    const choices = this.#readChoices(read);
    const object = read.get("object");
    const hasError = read.has("error") || (object?.type === "string" && object.text === "error");
    if (hasError && choices.length > 0) fail("an error stands beside choices");
    return {
      hasError,
      choices,
      model: this.#readModel(read),
      usage: this.#readUsage(read),
      ids: this.#readIds(read),
      unbound: [...others, ...choices.flatMap((choice) => choice.scores.unbound)].map((member) => member.name),
      environment: read.get("environment"),
      determinism: read.get("determinism"),
      bound: this.#bound,
    };
  }

  /** A text of a channel: line breaks of some clients may stand in it. */
  #channel(read, name) {
    const value = read.get(name);
    const text = textOf(read, name);
    if (value !== undefined) this.#bound.push([value.start, value.end]);
    return text;
  }

  #readModel(read) {
    const model = this.#channel(read, "model");
    if (!model) return undefined;
    const { start, end } = read.get("model");
    if (!model.isWellFormed() || wtf8(this.#text.slice(start, end)).length > mostModelBytes) fail("the model's name is one that no receipt can hold");
    return model;
  }

  #readUsage(read) {
    const usage = {};
    const object = objectOf(read, "usage");
    if (object === undefined) return usage;
    const { read: of } = membersOf(object, tables.usage);
    for (const name of counts) {
      if (of.has(name)) usage[name] = wholeNumber(of.get(name), mostCount) ?? fail(`'${name}' is no whole number`);
    }
    return usage;
  }

  /** The ids that do not stand in choices. */
  #readIds(read) {
    const ids = { prompt: [] };
    const add = (value) => {
      if (value !== undefined) ids.prompt.push(value);
    };
    add(read.get("prompt_token_ids"));
    const extension = objectOf(read, "sglext");
    if (extension !== undefined) {
      const { read: of } = membersOf(extension, tables.sglext);
      ids.output = of.get("output_ids");
      add(of.get("input_ids"));
    }
    return ids;
  }

  #indexOf(read) {
    const index = read.get("index");
    return index === undefined ? undefined : Number(wholeNumber(index, mostIndex) ?? fail("an index is no whole number from 0 to 2147483647"));
  }

  #readChoices(read) {
    const choices = objectsOf(read, "choices").map((object, position) => this.#readChoice(object, position));
    requireOrder(choices, "choices");
    if (this.#isEvent) return choices;
    if (choices.some((choice, position) => choice.index !== position)) fail("the index of a choice is not its position");
    if (choices.length > 1 && choices.some((choice) => !choice.hasIndex)) fail("of several choices one has no index");
    return choices;
  }

  #readChoice(object, position) {
    const { read, others } = membersOf(object, this.#isEvent ? tables.eventChoice : tables.jsonChoice);
    const index = this.#indexOf(read);
    const choice = {
      index: index ?? position,
      hasIndex: index !== undefined,
      text: this.#channel(read, "text"),
      finish: this.#readFinish(read),
      scores: readLogprobs(objectOf(read, "logprobs")),
      ids: ["token_ids", "response_token_ids"].filter((name) => read.has(name)).map((name) => [name, read.get(name)]),
      prompt: read.get("prompt_token_ids"),
      tools: [],
      extras: [],
    };
    for (const token of [...choice.scores.content, ...choice.scores.refusal]) {
      for (const { place } of [token, ...token.alternatives]) this.#bound.push(place);
    }
    this.#addExtras(choice, "choice", others);
    const message = objectOf(read, this.#isEvent ? "delta" : "message");
    if (message !== undefined) this.#readMessage(choice, message);
    return choice;
  }

  #readFinish(read) {
    const finish = this.#channel(read, "finish_reason");
    // A client that stops at the first reason that is not null would not see what follows.
    if (this.#isEvent && finish === "") fail("an event has an empty finish reason");
    return finish;
  }

  #readMessage(choice, object) {
    const { read, others } = membersOf(object, tables.message);
    choice.role = this.#channel(read, "role");
    choice.content = this.#channel(read, "content");
    choice.refusal = this.#channel(read, "refusal");
    choice.reasoningNames = ["reasoning_content", "reasoning"].filter((name) => read.has(name)).join(" ");
    const [usual, other] = [this.#channel(read, "reasoning_content"), this.#channel(read, "reasoning")];
    if (usual !== undefined && other !== undefined && usual !== other) fail("reasoning differs under its two names");
    choice.reasoning = usual ?? other;
    const call = objectOf(read, "function_call");
    if (call !== undefined) {
      choice.call = this.#readCall(call, "arguments");
      if (choice.call.name === undefined && choice.call.input === undefined) fail("a function call has neither a name nor arguments");
    }
    choice.tools = objectsOf(read, "tool_calls").map((tool, position) => this.#readTool(choice, tool, position));
    requireOrder(choice.tools, "tool calls");
    this.#addExtras(
      choice,
      "message",
      others.filter((member) => member.name !== "parsed"),
    );
  }

  #readTool(choice, object, position) {
    const { read, others } = membersOf(object, this.#isEvent ? tables.eventTool : tables.jsonTool);
    const index = this.#isEvent ? this.#indexOf(read) : undefined;
    const type = textOf(read, "type") ?? "";
    if (!["", "function", "custom"].includes(type)) fail("a tool call is of an unknown kind");
    const kinds = new Set(["function", "custom"].filter((kind) => type === kind || read.has(kind)));
    if (kinds.size > 1) fail("a tool call is both a function and custom");
    if (!this.#isEvent && kinds.size === 0) fail("a tool call is of no kind");
    const [kind] = kinds;
    const call = objectOf(read, "function") ?? objectOf(read, "custom");
    const tool = {
      index: index ?? position,
      hasIndex: index !== undefined,
      id: textOf(read, "id"),
      kind,
      ...(call === undefined ? {} : this.#readCall(call, read.has("function") ? "arguments" : "input")),
    };
    this.#addExtras(
      choice,
      `tool.${tool.index}`,
      others.filter((member) => this.#isEvent || member.name !== "index"),
    );
    return tool;
  }

  #readCall(object, inputName) {
    const { read, others } = membersOf(object, inputName === "input" ? tables.custom : tables.call);
    const unknown = others.find((member) => member.name !== "parsed_arguments" && member.value.type !== "null");
    if (unknown !== undefined) fail(`a call has the member '${unknown.name}'`);
    return { name: this.#channel(read, "name"), input: this.#channel(read, inputName) };
  }

  /** Members that are not read; what is empty is none. */
  #addExtras(choice, place, members) {
    for (const member of members) {
      const { type, text, items, members: inner } = member.value;
      if (type === "null" || text === "" || items?.length === 0 || inner?.length === 0) continue;
      choice.extras.push({ place, member });
      this.#bound.push([member.start, member.end]);
    }
  }
}

/** Each once, in the order of the indexes. */
function requireOrder(elements, what) {
  if (elements.some((element, at) => at > 0 && element.index <= elements[at - 1].index)) fail(`${what} are not in the order of their indexes`);
}

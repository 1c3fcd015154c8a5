// The canonical output (dis-out/2), the members that nobody reads (dis-extras/1), the log-probabilities (dis-logprobs/2), the model and
// the counts of an answer, from its readings.
import { byBytes, fail, hash, hex, wtf8 } from "./bytes.mjs";
import { quote, write } from "./json.mjs";
import { tokenBytes } from "./logprobs.mjs";

const fixed = ["text", "content", "reasoning", "refusal", "call.name", "call.arguments", "role"];
const inTools = ["name", "arguments", "input"];
const mostRefusalBytes = 16 << 20;
const mostChoicesAndCalls = 16_384;

const byIndex = ([a], [b]) => a - b;

class Choice {
  channels = new Map();
  tools = new Map();
  finish = "";
  scores = [];
  refusalScores = [];
  refusalBytes = 0;
  extras = [];
  // What later events must not contradict.
  role;
  firstFinish;
  reasoningNames;
  hasCallName = false;

  add(channel, text) {
    if (text) this.channels.set(channel, (this.channels.get(channel) ?? "") + text);
  }
}

/** Gathers an answer, or the events of a stream one after the other. */
export class Output {
  choices = new Map();
  model;
  usage;
  #isStream;
  #hasError = false;
  #counted = 0;
  #haveIndex = {};

  constructor(isStream) {
    this.#isStream = isStream;
  }

  /** @throws Malformed It contradicts what came before. */
  add(reading) {
    this.#hasError ||= reading.hasError;
    if (reading.model !== undefined) {
      if (this.model !== undefined && this.model !== reading.model) fail("an event names another model than those before");
      this.model = reading.model;
    }
    if (Object.keys(reading.usage).length > 0) this.usage = { ...this.usage, ...reading.usage };
    for (const element of reading.choices) this.#addChoice(element);
  }

  #addChoice(element) {
    if (!this.choices.has(element.index)) this.choices.set(element.index, this.#count(new Choice()));
    const choice = this.choices.get(element.index);
    if (this.#isStream) {
      this.#requireLikeBefore(element, "choices");
      requireNoContradiction(choice, element);
    }
    for (const name of ["text", "content", "reasoning", "refusal"]) choice.add(name, element[name]);
    choice.add("call.name", element.call?.name);
    choice.add("call.arguments", element.call?.input);
    if (element.role && element.role !== "assistant") choice.channels.set("role", element.role);
    for (const tool of element.tools) this.#addTool(choice, tool);
    choice.finish = element.finish ?? choice.finish;
    if (element.finish) choice.firstFinish ??= element.finish;
    this.#addScores(choice, element.scores);
    // Their order in one answer or event does not count.
    const lines = element.extras.map(({ place, member }) => `${place} {${quote(member.name)}:${write(member.value, true)}}\n`);
    choice.extras = choice.extras.concat(lines.sort(byBytes));
  }

  #count(choiceOrCall) {
    if (++this.#counted > mostChoicesAndCalls) fail(`more than ${mostChoicesAndCalls} choices and tool calls`);
    return choiceOrCall;
  }

  #addTool(choice, element) {
    if (!choice.tools.has(element.index)) choice.tools.set(element.index, this.#count({ hasName: false }));
    const tool = choice.tools.get(element.index);
    if (this.#isStream) {
      this.#requireLikeBefore(element, "tool calls");
      if (element.kind !== undefined && tool.kind !== undefined && element.kind !== tool.kind) fail("a tool call is both a function and custom");
      if (element.name && tool.hasName) fail("a tool call has a second name");
      if (element.id && tool.id !== undefined && element.id !== tool.id) fail("a tool call has another id than before");
    }
    tool.hasName ||= Boolean(element.name);
    if (element.id) tool.id = element.id;
    tool.kind ??= element.kind;
    choice.add(`tool.${element.index}.name`, element.name);
    choice.add(`tool.${element.index}.${element.kind === "custom" ? "input" : "arguments"}`, element.input);
  }

  #addScores(choice, { content, refusal }) {
    for (const token of content) choice.scores.push(tokenBytes(token));
    for (const token of refusal) {
      const bytes = tokenBytes(token);
      choice.refusalScores.push(bytes);
      choice.refusalBytes += bytes.length;
    }
    if (choice.refusalBytes > mostRefusalBytes) fail("too many log-probabilities of a refusal");
  }

  /** In a stream all have an index, or none has one. */
  #requireLikeBefore({ hasIndex }, what) {
    this.#haveIndex[what] ??= hasIndex;
    if (this.#haveIndex[what] !== hasIndex) fail(`some ${what} have an index, and others have none`);
  }

  /** Whether all of the answer is there. */
  get isFinished() {
    const choices = [...this.choices].sort(byIndex);
    return (
      !this.#hasError &&
      choices.length > 0 &&
      choices.every(([index, { finish }], place) => index === place && !["", "abort", "error"].includes(finish))
    );
  }

  /** The texts that are hashed, in the order of the manifest. */
  texts() {
    return [...this.choices].sort(byIndex).flatMap(([index, choice]) => {
      const listed = fixed.filter((name) => choice.channels.has(name)).map((name) => [name, choice.channels.get(name)]);
      for (const [number, { kind }] of [...choice.tools].sort(byIndex)) {
        listed.push([`tool.${number}.type`, kind ?? ""]);
        for (const name of inTools.map((part) => `tool.${number}.${part}`)) {
          if (choice.channels.has(name)) listed.push([name, choice.channels.get(name)]);
        }
      }
      if (choice.finish !== "") listed.push(["finish", choice.finish]);
      return listed.map(([channel, text]) => ({ choice: index, channel, text }));
    });
  }

  digest() {
    const lines = this.texts().map(({ choice, channel, text }) => {
      const bytes = wtf8(text);
      return `${choice} ${channel} ${bytes.length} ${hex(bytes)}\n`;
    });
    return hash(`dis-out/2\nchoices ${this.choices.size}\n${lines.join("")}`);
  }

  /** Undefined where there are none. */
  extrasDigest() {
    const some = [...this.choices].sort(byIndex).filter(([, { extras }]) => extras.length > 0);
    if (some.length === 0) return undefined;
    return digestOf("dis-extras/1", some.map(([index, { extras }]) => [index, Buffer.concat(extras.map(wtf8))]));
  }

  /** Undefined where there are none. */
  logprobsDigest() {
    const all = [...this.choices].sort(byIndex).map(([index, { scores, refusalScores }]) => [index, Buffer.concat([...scores, ...refusalScores])]);
    return all.every(([, bytes]) => bytes.length === 0) ? undefined : digestOf("dis-logprobs/2", all);
  }
}

const digestOf = (form, streams) => hash(`${form}\n${streams.map(([index, bytes]) => `${index} ${bytes.length} ${hex(bytes)}\n`).join("")}`);

/** Clients put the events of a stream together in different ways. */
function requireNoContradiction(choice, element) {
  if (element.reasoning) {
    choice.reasoningNames ??= element.reasoningNames;
    if (choice.reasoningNames !== element.reasoningNames) fail("reasoning comes by another name than before");
  }
  if (element.role) {
    choice.role ??= element.role;
    if (choice.role !== element.role) fail("a choice has another role than before");
  }
  if (element.call?.name) {
    if (choice.hasCallName) fail("a function call has a second name");
    choice.hasCallName = true;
  }
  if (choice.firstFinish === undefined) return;
  if (element.finish && element.finish !== choice.firstFinish) fail("a choice has another finish reason than before");
  const { text, content, reasoning, refusal, call, role, tools } = element;
  const isMore = text || content || reasoning || refusal || call?.name || call?.input || (role && role !== "assistant") || tools.length > 0;
  if (isMore) fail("a choice goes on behind its end");
}

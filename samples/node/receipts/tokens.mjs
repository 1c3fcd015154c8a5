// The ids of tokens that an answer reports: dis-tokens/2 and dis-prompt/2.
import { hash, hex, u32 } from "./bytes.mjs";
import { wholeNumber } from "./json.mjs";

const mostId = 2n ** 32n - 1n;
const forms = { tokens: "dis-tokens/2\n", prompt: "dis-prompt/2\n" };

/** Undefined for anything but a list of ids. */
function idsOf(value) {
  if (value.type !== "array") return undefined;
  const ids = value.items.map((item) => wholeNumber(item, mostId));
  return ids.includes(undefined) ? undefined : ids.map(Number);
}

/** Gathers the ids of an answer, or of the events of a stream. */
export class ReportedIds {
  hasTokens = false;
  hasPrompt = false;
  #choicesPerPrompt;
  #choices = new Set();
  #lists = new Map();
  #prompts = new Map();
  #way;
  #counted = 0n;
  #isPartial = false;
  #hasTextAlone = false;

  constructor(choicesPerPrompt) {
    this.#choicesPerPrompt = choicesPerPrompt;
  }

  add(reading) {
    for (const choice of reading.choices) this.#addChoice(choice);
    for (const value of reading.ids.prompt) this.#addPrompt(0, value);
    if (reading.ids.output !== undefined) this.#addExtension(reading.ids.output);
    this.#counted = reading.usage.completion_tokens ?? this.#counted;
  }

  #addChoice(choice) {
    this.#choices.add(choice.index);
    if (choice.prompt !== undefined) this.#addPrompt(Math.floor(choice.index / this.#choicesPerPrompt), choice.prompt);
    if (choice.ids.length > 1) this.#isPartial = true;
    for (const [name, value] of choice.ids) this.#addList(name, choice.index, value);
    const hasText = Boolean(choice.text || choice.content || choice.reasoning);
    if (!hasText || choice.ids.length > 0 || choice.finish) return;
    // Until ids come it is not known by which way they do.
    if ((this.#way ?? "sglext") !== "sglext" || this.#lists.has(choice.index)) this.#isPartial = true;
    this.#hasTextAlone = true;
  }

  #addExtension(value) {
    if (value.type !== "array") {
      this.hasTokens = true;
      this.#isPartial = true;
      return;
    }
    value.items.forEach((item, index) => this.#addList("sglext", index, item));
  }

  #addList(way, index, value) {
    this.hasTokens = true;
    const ids = idsOf(value);
    if (ids === undefined || (this.#way ?? way) !== way) {
      this.#isPartial = true;
      return;
    }
    this.#way = way;
    if (way === "sglext" ? this.#lists.has(index) : this.#hasTextAlone) this.#isPartial = true;
    if (!this.#lists.has(index)) this.#lists.set(index, []);
    for (const id of ids) this.#lists.get(index).push(id);
  }

  #addPrompt(prompt, value) {
    this.hasPrompt = true;
    const ids = idsOf(value);
    const before = this.#prompts.get(prompt);
    if (ids === undefined || (before !== undefined && before.join() !== ids.join())) this.#isPartial = true;
    else this.#prompts.set(prompt, ids);
  }

  /** Where it is not known which choices belong to which prompt. */
  forgetPrompt() {
    this.hasPrompt = false;
    this.#prompts.clear();
  }

  /** { digest, counts } of the generated tokens; undefined if not all of them are reported. */
  tokens(salt) {
    const all = inOrder(this.#lists, this.#choices.size);
    const total = all?.reduce((sum, ids) => sum + ids.length, 0);
    if (this.#isPartial || all === undefined || BigInt(total) < this.#counted) return undefined;
    const lines = all.map((ids, index) => {
      const last = ids.reduce((link, id) => hash(link, u32(id)), hash(forms.tokens, salt, u32(index)));
      return `${index} ${ids.length} ${last.toString("hex")}\n`;
    });
    return { digest: hex(forms.tokens, lines.join("")), counts: all.map((ids) => ids.length) };
  }

  /** The same of the prompts. */
  prompt(salt) {
    const count = this.#choices.size === 0 ? 0 : Math.floor([...this.#choices].reduce((a, b) => Math.max(a, b)) / this.#choicesPerPrompt) + 1;
    const all = inOrder(this.#prompts, count);
    if (this.#isPartial || all === undefined) return undefined;
    const lines = all.map((ids, index) => `${index} ${ids.length} ${hex(Buffer.concat(ids.map(u32)))}\n`);
    return { digest: hex(forms.prompt, salt, lines.join("")), counts: all.map((ids) => ids.length) };
  }
}

/** The lists of 0 … count−1; undefined if one is missing or there are others. */
function inOrder(lists, count) {
  if (count === 0 || lists.size !== count) return undefined;
  const all = Array.from({ length: count }, (_, index) => lists.get(index));
  return all.includes(undefined) ? undefined : all;
}

// Which members are read of which object, and what any of these objects must not have (docs/determinism.md, "Members").
import { fail } from "./bytes.mjs";

const names = (text) => new Set(text.split(" "));

const choice = "index text finish_reason logprobs token_ids response_token_ids prompt_token_ids";
const tool = "id type function custom";

export const tables = {
  answer: names("choices error object model usage prompt_token_ids sglext id created timings environment determinism"),
  usage: names("prompt_tokens completion_tokens total_tokens"),
  sglext: names("output_ids input_ids"),
  jsonChoice: names(`${choice} message`),
  eventChoice: names(`${choice} delta`),
  message: names("role content reasoning_content reasoning refusal function_call tool_calls"),
  jsonTool: names(tool),
  eventTool: names(`${tool} index`),
  call: names("name arguments"),
  custom: names("name input"),
  logprobs: names("content refusal tokens token_logprobs top_logprobs"),
  logprob: names("token logprob top_logprobs"),
  alternative: names("token logprob"),
};

/** What readers that ignore case make of a name. */
const folded = (name) =>
  name.replace(/[A-Z\u017f\u212a\u0130\u0131]/g, (letter) => ({ "\u017f": "s", "\u212a": "k", "\u0130": "i", "\u0131": "i" })[letter] ?? letter.toLowerCase());

/**
 * The members of an object by their names; null is the same as absent.
 *
 * @param table The names that are read in it.
 * @returns { read, others }: a map of the values that are read, and the other members.
 */
export function membersOf(object, table) {
  const read = new Map();
  const seen = new Set();
  const others = [];
  for (const member of object.members) {
    const { name, value } = member;
    if (!table.has(name)) {
      if (name === "__proto__") fail("a member is called __proto__");
      if (!name.isWellFormed()) fail("the name of a member has half of a surrogate pair");
      if (table.has(folded(name))) fail(`'${name}' is '${folded(name)}' to readers that ignore case`);
      others.push(member);
      continue;
    }
    if (seen.has(name)) fail(`'${name}' stands in one object twice`);
    seen.add(name);
    if (value.type !== "null") read.set(name, value);
  }
  return { read, others };
}

/** A value of a type, or undefined where there is none. */
function typed(read, name, type) {
  const value = read.get(name);
  if (value !== undefined && value.type !== type) fail(`'${name}' is no ${type}`);
  return value;
}

export const objectOf = (read, name) => typed(read, name, "object");

export const textOf = (read, name) => typed(read, name, "string")?.text;

/** The elements of a list, none where there is none. */
export const itemsOf = (read, name) => typed(read, name, "array")?.items ?? [];

/** Elements that are objects, without null among them. */
export function objectsOf(read, name) {
  const items = itemsOf(read, name);
  if (items.some((item) => item.type !== "object")) fail(`'${name}' has an element that is no object`);
  return items;
}

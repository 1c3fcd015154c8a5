// Log-probabilities of a choice: of chats (lists of entries) or of completions (parallel arrays).
import { fail, u32, wtf8 } from "./bytes.mjs";
import { itemsOf, membersOf, objectsOf, tables } from "./members.mjs";

const places = { content: 0, refusal: 1, arrays: 2 };
const minusInfinity = -9999;

/** Null where there is no number. */
function numberOf(value) {
  if (value === undefined || value.type === "null") return null;
  if (value.type !== "number") fail("a log-probability is no number");
  if (value.digits === "-Infinity") return minusInfinity;
  return value.digits === "Infinity" || value.digits === "NaN" ? null : Number(value.digits);
}

function textOf(value) {
  if (value?.type !== "string") fail("a token of log-probabilities is no text");
  return { text: value.text, place: [value.start, value.end] };
}

function readEntry(object, table, unbound) {
  const { read, others } = membersOf(object, table);
  unbound.push(...others.filter(({ name }) => name !== "bytes"));
  return {
    ...textOf(read.get("token")),
    number: numberOf(read.get("logprob")),
    alternatives: table === tables.logprob ? objectsOf(read, "top_logprobs").map((inner) => readEntry(inner, tables.alternative, unbound)) : [],
  };
}

const readEntries = (read, name, unbound) => objectsOf(read, name).map((object) => ({ ...readEntry(object, tables.logprob, unbound), list: places[name] }));

/** Of completions: the members of an object are alternatives, and names may repeat. */
function readNamed(value) {
  if (value.type === "null") return [];
  if (value.type !== "object") fail("alternatives of a token are no object");
  return value.members.map(({ name, value: number, start, end }) => ({ text: name, place: [start, end], number: numberOf(number) }));
}

function readArrays(read) {
  const tokens = itemsOf(read, "tokens").map(textOf);
  const numbers = read.has("token_logprobs") ? itemsOf(read, "token_logprobs").map(numberOf) : undefined;
  const named = itemsOf(read, "top_logprobs").map(readNamed);
  if ((numbers !== undefined && numbers.length !== tokens.length) || (named.length > 0 && named.length !== tokens.length))
    fail("arrays of log-probabilities differ in length");
  return tokens.map((token, at) => ({ ...token, number: numbers?.[at] ?? null, alternatives: named[at] ?? [], list: places.arrays }));
}

/** The tokens in their order, those of a refusal apart; and the members that are not read. */
export function readLogprobs(object) {
  if (object === undefined) return { content: [], refusal: [], unbound: [] };
  const { read, others } = membersOf(object, tables.logprobs);
  const unbound = others.filter(({ name, value }) => name !== "text_offset" || value.type !== "array");
  return { content: [...readEntries(read, "content", unbound), ...readArrays(read)], refusal: readEntries(read, "refusal", unbound), unbound };
}

const noNumber = Buffer.from("7ff8000000000000", "hex");

function scoreBytes({ text, number }) {
  const token = wtf8(text);
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(number ?? 0);
  return Buffer.concat([u32(token.length), token, number === null ? noNumber : bits]);
}

/** A token as it is hashed. */
export const tokenBytes = (token) =>
  Buffer.concat([Buffer.from([token.list]), scoreBytes(token), u32(token.alternatives.length), ...token.alternatives.map(scoreBytes)]);

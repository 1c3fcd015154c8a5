// JSON (RFC 8259) that loses nothing: numbers keep their spelling, objects keep all members in their order, and half of a surrogate pair
// stays what it is. JSON.parse drops the first of two members, rounds numbers and has no place for a prototype's name.
//
// A value is { type, start, end } with its place in the text, and besides:
//   object   members: [{ name, value, start, end }]
//   array    items: [value]
//   string   text
//   number   digits: its spelling
//   boolean  is
import { byBytes, fail } from "./bytes.mjs";

const space = /[ \t\n\r]*/y;
const numberForm = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const nonNumber = /-Infinity|Infinity|NaN/y;
const word = /null|true|false/y;
const plainText = /[^"\\\u0000-\u001f]*/y;
const escapes = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/**
 * Reads one value with nothing but white space around it.
 *
 * @param text The text, without a byte order mark.
 * @param most Most levels of objects and arrays.
 * @param mayLackNumber Gets the path of a value, and tells whether NaN and infinities may stand there.
 * @throws Malformed It is no JSON, or deeper.
 */
export function parse(text, most, mayLackNumber = () => false) {
  let at = 0;
  const path = [];

  const passSpace = () => {
    space.lastIndex = at;
    space.test(text);
    at = space.lastIndex;
  };
  const wrong = () => fail(`no JSON at character ${at}`);
  const match = (form) => {
    form.lastIndex = at;
    const found = form.exec(text);
    if (found === null) return undefined;
    at = form.lastIndex;
    return found[0];
  };
  const pass = (character) => {
    if (text[at] !== character) return false;
    at++;
    return true;
  };

  function readText() {
    if (!pass('"')) wrong();
    let read = "";
    for (;;) {
      read += match(plainText);
      if (pass('"')) return read;
      if (!pass("\\")) wrong();
      const letter = text[at++];
      if (letter === "u") {
        const digits = text.slice(at, at + 4);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) wrong();
        read += String.fromCharCode(parseInt(digits, 16));
        at += 4;
      } else read += Object.hasOwn(escapes, letter) ? escapes[letter] : wrong();
    }
  }

  function readNumber() {
    const digits = match(numberForm) ?? wrong();
    return { type: "number", digits };
  }

  /** What stands between two brackets, with commas between. */
  function readList(end, readOne) {
    if (path.length >= most) fail(`more than ${most} levels`);
    const read = [];
    at++;
    passSpace();
    if (pass(end)) return read;
    for (;;) {
      passSpace();
      read.push(readOne(read.length));
      passSpace();
      if (pass(end)) return read;
      if (!pass(",")) wrong();
    }
  }

  function readInner(step) {
    path.push(step);
    const value = readValue();
    path.pop();
    return value;
  }

  function readMember() {
    const start = at;
    const name = readText();
    passSpace();
    if (!pass(":")) wrong();
    passSpace();
    const value = readInner(name);
    return { name, value, start, end: at };
  }

  function readAny() {
    switch (text[at]) {
      case "{":
        return { type: "object", members: readList("}", readMember) };
      case "[":
        return { type: "array", items: readList("]", readInner) };
      case '"':
        return { type: "string", text: readText() };
    }
    const found = match(word);
    if (found !== undefined) return found === "null" ? { type: "null" } : { type: "boolean", is: found === "true" };
    if (mayLackNumber(path)) {
      const digits = match(nonNumber);
      if (digits !== undefined) return { type: "number", digits };
    }
    return readNumber();
  }

  function readValue() {
    const start = at;
    return Object.assign(readAny(), { start, end: at });
  }

  passSpace();
  const value = readValue();
  passSpace();
  if (at !== text.length) wrong();
  return value;
}

/** Whether any object has two members of one name, or a name with half of a surrogate pair. */
export function hasDoubtfulName(value) {
  if (value.type === "array") return value.items.some(hasDoubtfulName);
  if (value.type !== "object") return false;
  const names = new Set(value.members.map((member) => member.name));
  return (
    names.size < value.members.length ||
    value.members.some((member) => !member.name.isWellFormed() || hasDoubtfulName(member.value))
  );
}

/** Whether any string has half of a surrogate pair. */
export function hasHalfPair(value) {
  if (value.type === "array") return value.items.some(hasHalfPair);
  if (value.type === "object") return value.members.some((member) => !member.name.isWellFormed() || hasHalfPair(member.value));
  return value.type === "string" && !value.text.isWellFormed();
}

/** The member of an object; undefined if it is not there. */
export const memberOf = (object, name) => object.members.find((member) => member.name === name)?.value;

/** A string in canonical JSON (rule 6 of the canonical request). */
export function quote(text) {
  const escaped = text.replace(/["\\\u0000-\u001f]/g, (character) => {
    const letter = Object.keys(escapes).find((key) => key !== "/" && escapes[key] === character);
    return letter === undefined ? `\\u00${character.charCodeAt(0).toString(16).padStart(2, "0")}` : `\\${letter}`;
  });
  return `"${escaped}"`;
}

/** A number as its exact value (rule 7): digits without zeros at either end, e, and the exponent. */
export function decimal(digits) {
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(digits);
  if (exponent.length > 9) return digits;
  const all = (whole + fraction).replace(/^0+/, "");
  const significant = all.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign}${significant}e${Number(exponent) - fraction.length + all.length - significant.length}`;
}

/**
 * Canonical JSON.
 *
 * @param value What was read.
 * @param isSorted Whether members are sorted by the bytes of their quoted names and numbers are their values (extras), or both are as they came (requests).
 */
export function write(value, isSorted = false) {
  switch (value.type) {
    case "object": {
      const members = value.members.map((member) => ({ name: quote(member.name), value: member.value }));
      if (isSorted) members.sort((a, b) => byBytes(a.name, b.name));
      return `{${members.map((member) => `${member.name}:${write(member.value, isSorted)}`).join(",")}}`;
    }
    case "array":
      return `[${value.items.map((item) => write(item, isSorted)).join(",")}]`;
    case "string":
      return quote(value.text);
    case "number":
      return isSorted ? decimal(value.digits) : value.digits;
    case "boolean":
      return value.is ? "true" : "false";
    default:
      return "null";
  }
}

/** A whole number from 0 to a bound, written in digits alone; undefined for anything else. */
export function wholeNumber(value, most) {
  if (value.type !== "number" || !/^[0-9]+$/.test(value.digits)) return undefined;
  const number = BigInt(value.digits);
  return number <= most ? number : undefined;
}

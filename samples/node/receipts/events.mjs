// A recorded stream: clients cut streams in different ways, and what some of them read otherwise has no canonical form.
import { fail } from "./bytes.mjs";

const end = "[DONE]";
/** Where Python's splitlines cuts, besides at LF and CR. */
const breaksInLines = /[\u000b\u000c\u001c-\u001e\u0085\u2028\u2029]/;
/** Those of them that JSON allows in a text. */
const breaks = /[\u0085\u2028\u2029]/g;
const harmless = /^(?::|id:|retry:)|^event: ?message$/;
const receiptLine = ": dis-receipt ";

const dataOf = (line) => (line.startsWith("data:") ? line.slice("data:".length).replace(/^ /, "") : undefined);

/**
 * The data of the events before the end.
 *
 * @returns { events, hasEnd }
 * @throws Malformed The recording has no canonical form.
 */
export function cut(body) {
  if (body.startsWith("\uFEFF")) fail("the stream begins with a byte order mark");
  if (/\r(?!\n)/.test(body)) fail("the stream has a carriage return that no line feed follows");
  const events = [];
  let data;
  let hasEnd = false;
  const takeLine = (line) => {
    const found = dataOf(line);
    if (found === undefined) {
      if (!harmless.test(line) || breaksInLines.test(line)) fail("the stream has a line that is neither data nor a comment");
    } else {
      if (data !== undefined) fail("an event has two lines of data");
      data = found;
    }
  };
  const takeEvent = () => {
    if (data?.startsWith(end)) {
      if (!/^ *$/.test(data.slice(end.length))) fail(`the last event has more than ${end}`);
      hasEnd = true;
    } else if (data) events.push(data);
    data = undefined;
  };

  const lines = body.split(/\r?\n/);
  const rest = lines.pop();
  for (const line of lines) {
    if (hasEnd && line !== "") fail("the stream goes on behind its end");
    if (line === "") takeEvent();
    else takeLine(line);
  }
  // Programs that keep a text without the empty lines at its end are usual, and what broke off is no line.
  if (hasEnd && rest !== "") fail("the stream goes on behind its end");
  const last = dataOf(rest);
  if (last === undefined && breaksInLines.test(rest)) fail("the stream has a line that is neither data nor a comment");
  if (last !== undefined) takeLine(rest);
  if (data?.startsWith(end)) takeEvent();
  return { events, hasEnd };
}

/**
 * Refuses what the server sends in no event: its own members, and line breaks of some clients outside of what is bound.
 *
 * @param text The data of an event.
 * @param reading What was read of it.
 */
export function requireOwnEvent(text, reading) {
  if ([reading.environment, reading.determinism].some((value) => value !== undefined)) fail("an event has a member that the server sends in none");
  for (const { index } of text.matchAll(breaks)) {
    if (!reading.bound.some(([start, after]) => index >= start && index < after)) fail("an event has a line break of some clients outside of its text");
  }
}

/** The receipts that stand in a stream before its end. */
export function receiptsIn(body) {
  const lines = body.split(/\r?\n/);
  // What no line feed ends is no line yet.
  lines.pop();
  const after = lines.findIndex((line) => dataOf(line)?.startsWith(end));
  return lines
    .slice(0, after < 0 ? lines.length : after)
    .filter((line) => line.startsWith(receiptLine))
    .map((line) => line.slice(receiptLine.length));
}

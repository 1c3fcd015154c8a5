// Verifies a receipt bundle offline, with nothing but Node: an independent reading of docs/determinism.md. It checks that the log which the key
// signs contains the statement, the commitments to request and output, the token chain and the environment id. It does not run the request again: the
// command verify does.
// It does not look either whether an answer has a canonical form: of names in another case, contradicting members and the like it reads one. No server signs
// such an answer, and the command verify refuses it. What it did not check is listed.
//
// node verify.mjs bundle.json [KEYFILE]        The file has the log's verifier key (vkey of GET /v1/receipts/key) that you trust; the bundle's own proves
//                                              only that its parts belong together.
import { createHash, createHmac, createPublicKey, verify as verifySignature } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

export const hash = (...parts) => parts.reduce((h, part) => h.update(part), createHash("sha256")).digest();
const hex = (...parts) => hash(...parts).toString("hex");
const u32 = (number) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(number); return bytes; };
const fail = (what) => { throw new Error(what); };

// JSON as tokens: numbers keep their spelling and members their order, which JSON.parse loses.
const tokensOf = (json) => json.replace(/^\uFEFF/, "").match(/[{}[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}[\]:,"]+/gs).map((token) => (token[0] === '"' ? JSON.stringify(JSON.parse(token)) : token));

// JSON in which no object has a name twice: of two, another reader would take the other.
function parse(json) {
  const value = JSON.parse(json.replace(/^\uFEFF/, "")), open = [];
  const tokens = tokensOf(json);
  tokens.forEach((token, at) => {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token[0] === '"' && tokens[at + 1] === ":") {
      if (open.at(-1).has(token)) fail(`${token} stands in one object twice`);
      open.at(-1).add(token);
    }
  });
  return value;
}

function membersOf(json) {
  parse(json);
  const members = new Map();
  let depth = 0, name, value = [];
  const end = () => { if (name !== undefined) members.set(name, value.join("")); [name, value] = [undefined, []]; };
  for (const token of tokensOf(json)) {
    if (token === "}" || token === "]") depth--;
    if ((depth === 1 && token === ",") || depth === 0) end();
    else if (depth === 1 && name === undefined) name = JSON.parse(token);
    else if (depth > 1 || token !== ":") value.push(token);
    if (token === "{" || token === "[") depth++;
  }
  return members;
}

const unbound = "stream stream_options user safety_identifier metadata store service_tier rid priority custom_labels tee".split(" ");

function requestDigest(path, body, pins) {
  const members = membersOf(body);
  unbound.forEach((name) => members.delete(name));
  for (const [name, json] of Object.entries(pins)) members.set(name, tokensOf(json).join(""));
  const sorted = [...members].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return hash(`dis-req/1\n${path}\n{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}\n`);
}

// The answer, or the events of a stream before [DONE], as objects.
function partsOf({ delivery, body }) {
  if (delivery === "json") return [parse(body)];
  const events = [];
  let data = [];
  // What no line end or no empty line ends is dropped.
  for (const line of body.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/).slice(0, -1)) {
    if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    if (line === "") data = (events.push(data.join("\n")), []);
  }
  const end = events.findIndex((event) => event.startsWith("[DONE]"));
  if (end < 0) fail("the stream has no end");
  return events.slice(0, end).filter((event) => event !== "").map(parse).filter((event) => event !== null);
}

const fixed = ["text", "content", "reasoning", "refusal", "call.name", "call.arguments"];

function outputDigest(response) {
  const choices = new Map();
  for (const part of partsOf(response)) part.choices?.forEach((choice, position) => {
    const index = choice.index ?? position, source = (response.delivery === "json" ? choice.message : choice.delta) ?? {};
    if (!choices.has(index)) choices.set(index, { channels: new Map(), tools: new Set(), finish: "" });
    const state = choices.get(index);
    const add = (channel, text) => {
      if (text === undefined || text === null) return;
      if (typeof text !== "string") fail(`${channel} is no text: this sample does not read it`);
      state.channels.set(channel, (state.channels.get(channel) ?? "") + text);
    };
    add("text", choice.text);
    add("content", source.content);
    add("reasoning", source.reasoning_content ?? source.reasoning);
    add("refusal", source.refusal);
    add("call.name", source.function_call?.name);
    add("call.arguments", source.function_call?.arguments);
    source.tool_calls?.forEach((tool, at) => {
      const number = response.delivery === "sse" ? tool.index ?? at : at;
      state.tools.add(number);
      add(`${number} name`, tool.function?.name);
      add(`${number} arguments`, tool.function?.arguments);
      add(`${number} name`, tool.custom?.name);
      add(`${number} input`, tool.custom?.input);
    });
    state.finish = choice.finish_reason ?? state.finish;
  });
  let manifest = `dis-out/1\nchoices ${choices.size}\n`;
  for (const [index, { channels, tools, finish }] of [...choices].sort(([a], [b]) => a - b)) {
    const line = (name, text = "") => {
      const bytes = Buffer.from(text.toWellFormed().replace(/\uFFFD+$/, ""));
      if (bytes.length > 0) manifest += `${index} ${name} ${bytes.length} ${hex(bytes)}\n`;
    };
    fixed.forEach((name) => line(name, channels.get(name)));
    [...tools].sort((a, b) => a - b).forEach((number, at) => ["name", "arguments", "input"].forEach((part) => line(`tool.${at}.${part}`, channels.get(`${number} ${part}`))));
    line("finish", finish);
  }
  return hash(manifest);
}

// The salt of a label, from the receipt's own (the first block of HKDF-Expand) or as it came. Undefined if neither is there.
function saltOf({ salt, salts }, label) {
  const read = (base64) => {
    const bytes = typeof base64 === "string" ? Buffer.from(base64, "base64") : [];
    return bytes.length === 32 ? bytes : fail("a salt is not base64 of 32 bytes");
  };
  if (salt !== undefined) return createHmac("sha256", read(salt)).update(`dis-salt/1 ${label}\x01`).digest();
  return salts?.[label] === undefined ? undefined : read(salts[label]);
}

const strengths = ["measured", "engine-reported", "declared"];

// Id and class are computed anew: the document may say anything.
function environmentOf({ id, class: named, reasons, facts }) {
  const texts = [...reasons, ...Object.values(facts).map(({ value }) => value)];
  if (!texts.every((text) => typeof text === "string" && text.isWellFormed() && !/[\0-\x1f\x7f-\x9f]/.test(text) && Buffer.byteLength(text) <= 200)) fail("the environment has a text that can't be in one");
  if (!Object.keys(facts).every((key) => /^[a-z0-9_.]+$/.test(key)) || reasons.includes("")) fail("the environment has a name that can't be in one");
  const sources = Object.values(facts).map(({ source }) => strengths.indexOf(source));
  if (sources.includes(-1)) fail("the environment has an unknown source");
  const bytesOrder = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const all = [...new Set([...reasons, ...Object.keys(facts).filter((key) => facts[key].source === "declared").map((key) => `declared_fact:${key}`)])].sort(bytesOrder);
  const is = hex("dis-env/2\n", ...all.map((reason) => `${reason}\n`), "\n", ...Object.keys(facts).sort(bytesOrder).map((key) => `${key} ${facts[key].value}\n`));
  if (id !== is) fail("the environment's id is not that of its facts and reasons");
  if (named !== (all.length === 0 ? "deterministic" : "best-effort")) fail("the environment's class is not the one that its reasons give");
  return `${is} ${sources.length === 0 ? "declared" : strengths[Math.max(...sources)]}`;
}

// C2SP signed-note: origin, and key for Ed25519. Throws unless it signs the note under its name.
export function checkSigned(note, vkey) {
  const [name, id, base64] = [vkey.slice(0, vkey.indexOf("+")), ...vkey.slice(vkey.indexOf("+") + 1).split(/\+(.*)/s)];
  const typed = Buffer.from(base64 ?? "", "base64");
  if (typed.length !== 33 || typed[0] !== 1 || hash(name, "\n", typed).subarray(0, 4).toString("hex") !== id) fail("the verifier key is malformed");
  const key = createPublicKey({ key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), typed.subarray(1)]), format: "der", type: "spki" });
  const end = note.lastIndexOf("\n\n") + 1;
  const text = note.slice(0, end);
  const signatures = note.slice(end + 1).split("\n").filter((line) => line.startsWith(`\u2014 ${name} `)).map((line) => Buffer.from(line.split(" ")[2], "base64")).filter((bytes) => bytes.subarray(0, 4).toString("hex") === id);
  if (signatures.length === 0 || !signatures.every((bytes) => verifySignature(null, Buffer.from(text), key, bytes.subarray(4)))) fail(`the log's checkpoint is not signed by ${name}+${id}`);
  const [origin, size, root] = text.split("\n");
  if (origin !== name) fail(`the log is ${origin}, not ${name}`);
  return { size: BigInt(size), root };
}

// RFC 6962: do the hashes lead from the leaf to the root?
export function leadsTo(leaf, index, size, path, root) {
  if (index >= size) return false;
  let [place, last, result] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) return false;
    if (place & 1n || place === last) {
      result = hash("\x01", sibling, result);
      while (!(place & 1n) && place !== 0n) [place, last] = [place >> 1n, last >> 1n];
    } else result = hash("\x01", result, sibling);
    [place, last] = [place >> 1n, last >> 1n];
  }
  return last === 0n && result.toString("base64") === root;
}

// C2SP tlog-proof: the log that the key signs contains the statement.
function checkSeal(statement, proof, vkey) {
  const [, header, index, hashes, note] = /^(c2sp\.org\/tlog-proof@v1)\n(?:extra .*\n)?index (0|[1-9][0-9]*)\n((?:[A-Za-z0-9+/]{43}=\n)*)\n(.*)$/s.exec(proof) ?? [];
  if (!header) fail("the proof of the log can't be read");
  const { size, root } = checkSigned(note, vkey);
  const leaf = hash("\0", `dis-log/2 receipt ${hex(statement)}\n`);
  if (!leadsTo(leaf, BigInt(index), size, hashes.split("\n").slice(0, -1).map((line) => Buffer.from(line, "base64")), root)) fail("the log does not contain the statement");
}

// Undefined if the answer does not report the ids of every choice.
function tokenDigest(response, salt) {
  const choices = new Map();
  for (const part of partsOf(response)) part.choices?.forEach((choice, position) => {
    const index = choice.index ?? position;
    const ids = choice.token_ids ?? choice.response_token_ids;
    choices.set(index, ids ? [...(choices.get(index) ?? []), ...ids] : choices.get(index));
  });
  if (choices.size === 0 || [...choices.values()].includes(undefined)) return undefined;
  const lines = [...choices].sort(([a], [b]) => a - b).map(([index, ids]) => {
    const last = ids.reduce((link, id) => hash(link, u32(id)), hash("dis-tokens/2\n", salt, u32(index)));
    return `${index} ${ids.length} ${last.toString("hex")}\n`;
  });
  return hex("dis-tokens/2\n", lines.join(""));
}

// Returns what was checked and what was not; throws if something does not belong to the sealed statement.
export function check(bundle, vkey) {
  const { receipt } = bundle, { statement, proof, trail, receipt_id } = receipt;
  if (bundle.form !== "dis-bundle/2" || typeof statement !== "string") fail("made by another version");
  checkSeal(statement, proof, vkey);
  const { subject, predicateType, predicate } = parse(statement);
  if (predicateType !== "urn:deterministic-inference-server:receipt:v2" || subject[0].name !== "dis-out/1" || predicate.request.form !== "dis-req/1") fail("made by another version");
  if (predicate.receipt_id !== receipt_id) fail("the receipt's id is not the one that was sealed");
  if (receipt.salt !== undefined && saltOf(receipt, "id").subarray(0, 12).toString("hex") !== receipt_id.slice(8)) fail("the salt is not the receipt's");

  const done = ["signature", "inclusion"], left = ["revocation of the key (GET /v1/logs has it)", "witnesses"];
  const compare = (name, is, sealed) => { if (is !== sealed) fail(`the ${name} is not the one that was sealed`); done.push(name); };
  // Without its salt, a part that is there may be any other.
  const compareCommitted = (name, label, digest, sealed) => {
    const salt = saltOf(receipt, label);
    if (salt) compare(name, hex(`dis-commit/2\n${label}\n`, salt, digest()), sealed);
    else left.push(`${name} (the receipt came without its salt)`);
  };
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const text = ({ body, body_base64 }) => body ?? utf8.decode(Buffer.from(body_base64, "base64"));
  const { request, response, environment } = bundle, { tokens } = predicate.output;
  if (!request) left.push("request (it was not given)");
  else if (request.path !== predicate.request.path) fail("the request's path is not the one that was sealed");
  else compareCommitted("request", "request", () => requestDigest(request.path, text(request), predicate.request.pins), predicate.request.commitment);
  // Of an answer that broke off, the client may have received less.
  if (!response) left.push("output (it was not given)");
  else if (!predicate.complete) left.push("output (it broke off)");
  else {
    const given = { delivery: predicate.output.delivery, body: text(response) };
    compareCommitted("output", "output", () => outputDigest(given), subject[0].digest.sha256);
    const salt = saltOf(receipt, "tokens"), chain = tokens && salt && tokenDigest(given, salt);
    if (chain) compare("token chain", chain, tokens.digest);
    else if (tokens) left.push(`token chain (${salt ? "the answer does not report all ids" : "the receipt came without its salt"})`);
  }
  if (trail !== undefined) compare("trail", hex(Buffer.from(trail, "base64")), tokens?.trail_sha256);
  if (environment) compare("environment", environmentOf(environment), `${predicate.environment.id} ${predicate.environment.source}`);
  else left.push("environment (its document was not given)");
  return { done, left, predicate };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [file, keyFile] = process.argv.slice(2);
  try {
    const bundle = parse(readFileSync(file, "utf8"));
    const vkey = keyFile ? readFileSync(keyFile, "utf8").trim() : bundle.vkey ?? fail("there is no key to check the log's checkpoint with");
    const { done, left, predicate } = check(bundle, vkey);
    const isClosed = left.some((part) => /^(request|output) \(the receipt came/.test(part));
    const missing = ["request", "output"].filter((part) => !done.includes(part)).join(" and ");
    const [verdict, exitCode] =
      !predicate.complete ? ["INCOMPLETE: the answer broke off", 14]
      : isClosed ? ["INCONCLUSIVE: the receipt does not open what was given", 12]
      : !keyFile ? ["UNTRUSTED: anyone can make a receipt, and no key was given that is trusted", 17]
      : missing ? [`SIGNED: ${missing} not compared`, 16]
      : ["VALID (not replayed)", 0];
    console.log(`${verdict}\nchecked: ${done.join(", ")}${left.length > 0 ? `\nnot checked: ${left.join(", ")}` : ""}`);
    process.exitCode = exitCode;
  } catch (error) {
    console.log(`NOT VALID: ${error.message}`);
    process.exitCode = 13;
  }
}

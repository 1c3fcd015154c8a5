// Verifies a receipt bundle offline, with nothing but Node: an independent reading of docs/determinism.md. It checks the signature, the
// commitments to request and output, the token chain and the environment id. It does not run the request again: the command verify does.
// It does not look either whether an answer has a canonical form: of names in another case, contradicting members and the like it reads one. No server signs
// such an answer, and the command verify refuses it.
//
// node verify.mjs bundle.json [key.pem]        The key is the one that you trust; the bundle's own proves only that its parts belong together.
import { createHash, createPublicKey, verify as verifySignature } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const hash = (...parts) => parts.reduce((h, part) => h.update(part), createHash("sha256")).digest();
const hex = (...parts) => hash(...parts).toString("hex");
const u32 = (number) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(number); return bytes; };
const fail = (what) => { throw new Error(what); };

// JSON as tokens: numbers keep their spelling and members their order, which JSON.parse loses.
const tokensOf = (json) => json.replace(/^\uFEFF/, "").match(/[{}[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}[\]:,"]+/gs).map((token) => (token[0] === '"' ? JSON.stringify(JSON.parse(token)) : token));

function membersOf(json) {
  JSON.parse(json.replace(/^\uFEFF/, ""));
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
  if (delivery === "json") return [JSON.parse(body)];
  const data = body.split(/\r\n\r\n|\n\n|\r\r/).flatMap((event) => event.split(/\r\n|\n|\r/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()));
  return data.slice(0, data.indexOf("[DONE]")).map((event) => JSON.parse(event)).filter((event) => event !== null);
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
    const last = ids.reduce((link, id) => hash(link, u32(id)), hash("dis-tokens/1\n", salt, u32(index)));
    return `${index} ${ids.length} ${last.toString("hex")}\n`;
  });
  return hex("dis-tokens/1\n", lines.join(""));
}

// Returns what was checked; throws if something does not belong to the signed statement.
export function check(bundle, pem) {
  const { receipt: envelope, salt: salt64, trail, receipt_id } = bundle.receipt;
  const [payload, salt] = [Buffer.from(envelope.payload, "base64"), Buffer.from(salt64 ?? fail("the receipt came without its salt"), "base64")];
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(envelope.payloadType)} ${envelope.payloadType} ${payload.length} `), payload]);
  const key = createPublicKey(pem);
  if (!envelope.signatures.some(({ sig }) => verifySignature("sha256", signed, { key, dsaEncoding: "der" }, Buffer.from(sig, "base64")))) fail("the signature is not by the key");
  const { subject, predicateType, predicate } = JSON.parse(payload);
  if (predicateType !== "urn:deterministic-inference-server:receipt:v1" || subject[0].name !== "dis-out/1" || predicate.request.form !== "dis-req/1") fail("made by a newer version");
  if (predicate.receipt_id !== receipt_id) fail("the receipt's id is not the one that was signed");

  const done = ["signature"];
  const compare = (name, is, signedValue) => { if (is !== signedValue) fail(`the ${name} is not the one that was signed`); done.push(name); };
  const commit = (label, digest) => hex(`dis-commit/1\n${label}\n`, salt, digest);
  const text = ({ body, body_base64 }) => body ?? Buffer.from(body_base64, "base64").toString();
  if (bundle.request) compare("request", commit("request", requestDigest(predicate.request.path, text(bundle.request), predicate.request.pins)), predicate.request.commitment);
  const response = bundle.response && { delivery: predicate.output.delivery, body: text(bundle.response) };
  // Of an answer that broke off, the client may have received less.
  if (response && predicate.complete) compare("output", commit("output", outputDigest(response)), subject[0].digest.sha256);
  const tokens = response && predicate.complete && predicate.output.tokens && tokenDigest(response, salt);
  if (tokens) compare("token chain", tokens, predicate.output.tokens.digest);
  if (trail) compare("trail", hex(Buffer.from(trail, "base64")), predicate.output.tokens?.trail_sha256);
  const facts = bundle.environment && Object.entries(bundle.environment.facts).sort(([a], [b]) => (a < b ? -1 : 1));
  if (facts) compare("environment", hex("dis-env/1\n", ...facts.map(([name, { value }]) => `${name} ${value}\n`)), predicate.environment.id);
  return { done, predicate };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [file, keyFile] = process.argv.slice(2);
  try {
    const bundle = JSON.parse(readFileSync(file, "utf8"));
    const pem = keyFile ? readFileSync(keyFile, "utf8") : bundle.public_key ?? fail("there is no key to check the signature with");
    const { done, predicate } = check(bundle, pem);
    console.log(`VALID (not replayed)${predicate.complete ? "" : ", INCOMPLETE: the answer broke off"}${keyFile ? "" : "; key not pinned"}\nchecked: ${done.join(", ")}`);
  } catch (error) {
    console.log(`NOT VALID: ${error.message}`);
    process.exitCode = 13;
  }
}

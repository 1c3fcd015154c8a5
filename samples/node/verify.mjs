// Verifies a receipt bundle offline, with nothing but Node: an independent reading of docs/determinism.md. It checks that the log which the key
// signs contains the statement, the commitments to request and output, the token chain and the environment id. It does not run the request again: the
// command verify does.
// It does not look at all that keeps an answer from having a canonical form, such as names in another case and contradictions between events: no server signs
// such an answer, and the command verify refuses it. Log-probabilities and extras are not compared. What it did not check is listed.
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

// Members that say nothing with these values.
const table = (text) => text.trim().split("\n").flatMap((line) => line.trim().split(" ").slice(1).map((name) => [name, line.trim().split(" ")[0]]));
const neutral = new Map(table(`
  1e0 n
  0 min_tokens
  [] stop stop_token_ids stop_regex bad_words logits_processors lora
  {} logit_bias vllm_xargs custom_params structured_outputs
  false echo ignore_eos include_stop_str_in_output no_stop_trim use_beam_search return_token_ids return_tokens_as_token_ids return_hidden_states return_routed_experts return_cached_tokens_details
  true skip_special_tokens spaces_between_special_tokens
  {"type":"text"} response_format`));
const neutralInChats = new Map([...neutral, ...table(`
  false logprobs continue_final_message
  [] tools functions documents
  true add_generation_prompt include_reasoning separate_reasoning stream_reasoning
  {} mm_processor_kwargs
  ["text"] modalities`)]);

// A number as its exact value: digits without zeros at either end, e, and the exponent.
function decimal(token) {
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? fail("a number that is none");
  if (exponent.length > 9) return token;
  const digits = (whole + fraction).replace(/^0+/, ""), significant = digits.replace(/0+$/, "");
  return significant === "" ? "0" : `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
const isNumber = (text) => /^-?\d/.test(text);

function requestDigest(path, body) {
  const members = membersOf(body), isChat = path === "/v1/chat/completions";
  for (const [name, value] of members) if (unbound.includes(name) || value === "null") members.delete(name);
  if (isChat && members.has("max_completion_tokens") && !members.has("max_tokens")) {
    members.set("max_tokens", members.get("max_completion_tokens"));
    members.delete("max_completion_tokens");
  }
  for (const [name, value] of members) {
    if (isNumber(value)) members.set(name, decimal(value));
    if (name === "logit_bias" && value[0] === "{") {
      const biases = [...membersOf(value)].map(([token, bias]) => `${JSON.stringify(token)}:${isNumber(bias) ? decimal(bias) : bias}`);
      members.set(name, `{${biases.join(",")}}`);
    }
    if ((isChat ? neutralInChats : neutral).get(name) === members.get(name)) members.delete(name);
  }
  const sorted = [...members].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return hash(`dis-req/2\n${path}\n{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}\n`);
}

// The answer, or the events of a stream before [DONE], as objects.
function partsOf({ delivery, body }) {
  if (delivery === "json") return [parse(body)];
  const events = [];
  let data, isOver = false;
  if (/^\uFEFF|\r(?!\n)/.test(body)) fail("the stream has a byte order mark or a carriage return alone");
  const lines = body.replaceAll("\r\n", "\n").split("\n");
  // What no empty line ends is dropped, unless it is the end.
  lines.push(...(lines.at(-1).startsWith("data:") && lines.at(-1).includes("[DONE]") ? ["", ""] : [""]));
  for (const line of lines.slice(0, -1)) {
    if (isOver && line !== "") fail("the stream goes on behind its end");
    if (line.startsWith("data:")) {
      if (data !== undefined) fail("an event has two lines of data");
      data = line.slice(5).replace(/^ /, "");
    } else if (line === "") {
      if (/^\[DONE\] *$/.test(data)) isOver = true;
      else if (data) events.push(data);
      data = undefined;
    } else if (!/^(:|id:|retry:|event: ?message$)/.test(line)) fail("the stream has a line that is neither data nor a comment");
  }
  if (!isOver) fail("the stream has no end");
  return events.map(parse).filter((event) => event !== null);
}

// UTF-8, with half of a surrogate pair in three bytes.
function bytesOf(text) {
  if (text.isWellFormed()) return Buffer.from(text);
  return Buffer.concat([...text].map((point) => {
    const code = point.codePointAt(0);
    return code < 0xd800 || code > 0xdfff ? Buffer.from(point) : Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]);
  }));
}

const fixed = ["text", "content", "reasoning", "refusal", "call.name", "call.arguments", "role"];
const read = {
  choice: "index text finish_reason logprobs token_ids response_token_ids prompt_token_ids".split(" "),
  message: "role content reasoning_content reasoning refusal function_call tool_calls parsed".split(" "),
  tool: "id type function custom index".split(" "),
};
const hasExtras = (object, kind, also) => Object.entries(object).some(([name, value]) => !read[kind].includes(name) && name !== also && value !== null && value !== "" && !(typeof value === "object" && Object.keys(value).length === 0));

// The digest of what the answer says, its model and counts, and the texts that were hashed.
function outputOf(response) {
  const choices = new Map(), said = { extras: false, model: null, usage: null };
  for (const part of partsOf(response)) {
    if (part.error != null || part.object === "error") fail("the answer reports an error");
    if (part.model) said.model ??= part.model;
    for (const name of ["prompt_tokens", "completion_tokens", "total_tokens"])
      if (part.usage?.[name] != null) said.usage = { prompt_tokens: null, completion_tokens: null, total_tokens: null, ...said.usage, [name]: part.usage[name] };
    let before = -1;
    part.choices?.forEach((choice, position) => {
      const at = choice.index ?? position;
      if (at <= before || (response.delivery === "json" && at !== position)) fail("choices are not in the order of their indexes");
      before = at;
      said.extras ||= hasExtras(choice, "choice", response.delivery === "json" ? "message" : "delta");
    });
  }
  for (const part of partsOf(response)) part.choices?.forEach((choice, position) => {
    const index = choice.index ?? position, source = (response.delivery === "json" ? choice.message : choice.delta) ?? {};
    if (!choices.has(index)) choices.set(index, { channels: new Map(), tools: new Map(), finish: "" });
    said.extras ||= hasExtras(source, "message");
    const state = choices.get(index);
    const add = (channel, text) => {
      if (text === undefined || text === null) return;
      if (typeof text !== "string") fail(`${channel} is no text: this sample does not read it`);
      state.channels.set(channel, (state.channels.get(channel) ?? "") + text);
    };
    add("text", choice.text);
    add("content", source.content);
    if (source.reasoning_content && source.reasoning && source.reasoning_content !== source.reasoning) fail("the reasoning is there by two names, and differs");
    add("reasoning", source.reasoning_content ?? source.reasoning);
    add("refusal", source.refusal);
    add("call.name", source.function_call?.name);
    add("call.arguments", source.function_call?.arguments);
    if (source.role) state.channels.set("role", source.role === "assistant" ? "" : source.role);
    let last = -1;
    source.tool_calls?.forEach((tool, at) => {
      const number = response.delivery === "sse" ? tool.index ?? at : at;
      if (number <= last) fail("tool calls are not in the order of their indexes");
      last = number;
      const kinds = new Set([state.tools.get(number), tool.type, tool.function && "function", tool.custom && "custom"].filter(Boolean));
      if (kinds.size > 1 || !["function", "custom", undefined].includes([...kinds][0])) fail("a tool call is of two kinds, or of an unknown one");
      state.tools.set(number, [...kinds][0]);
      said.extras ||= hasExtras(tool, "tool");
      add(`${number} name`, tool.function?.name);
      add(`${number} arguments`, tool.function?.arguments);
      add(`${number} name`, tool.custom?.name);
      add(`${number} input`, tool.custom?.input);
    });
    if (choice.finish_reason && state.finish && choice.finish_reason !== state.finish) fail("a choice has two finish reasons");
    state.finish = choice.finish_reason ?? state.finish;
  });
  const texts = [];
  let manifest = `dis-out/2\nchoices ${choices.size}\n`;
  for (const [index, { channels, tools, finish }] of [...choices].sort(([a], [b]) => a - b)) {
    const line = (name, text = "", isListed = text !== "") => {
      if (!isListed) return;
      const bytes = bytesOf(text);
      texts.push({ choice: index, channel: name, text });
      manifest += `${index} ${name} ${bytes.length} ${hex(bytes)}\n`;
    };
    fixed.forEach((name) => line(name, channels.get(name)));
    [...tools].sort(([a], [b]) => a - b).forEach(([number, kind]) => {
      line(`tool.${number}.type`, kind, true);
      ["name", "arguments", "input"].forEach((part) => line(`tool.${number}.${part}`, channels.get(`${number} ${part}`)));
    });
    line("finish", finish);
  }
  return { digest: hash(manifest), texts, ...said };
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

// Returns what was checked and what was not, and the texts of the answer if it is the sealed one; throws if something does not belong to the sealed statement.
export function check(bundle, vkey) {
  const { receipt } = bundle, { statement, proof, trail, receipt_id } = receipt;
  if (bundle.form !== "dis-bundle/2" || typeof statement !== "string") fail("made by another version");
  const only = (object, what, names) => { for (const name of Object.keys(object ?? {})) if (!names.split(" ").includes(name)) fail(`${what} has a member that is not known: ${name}`); };
  only(bundle, "the bundle", "form request response receipt environment vkey");
  only(bundle.request, "the request", "path body body_base64");
  only(bundle.response, "the answer", "delivery content_type body body_base64");
  only(receipt, "the receipt", "receipt_id statement proof salt salts trail");
  only(bundle.environment, "the environment", "id class reasons facts");
  checkSeal(statement, proof, vkey);
  const { subject, predicateType, predicate } = parse(statement);
  if (predicateType !== "urn:deterministic-inference-server:receipt:v3" || subject[0].name !== "dis-out/2" || predicate.request.form !== "dis-req/2") fail("made by another version");
  if (predicate.receipt_id !== receipt_id) fail("the receipt's id is not the one that was sealed");
  if (receipt.salt !== undefined && saltOf(receipt, "id").subarray(0, 12).toString("hex") !== receipt_id.slice(8)) fail("the salt is not the receipt's");

  let texts = [];
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
  else compareCommitted("request", "request", () => requestDigest(request.path, text(request)), predicate.request.commitment);
  // Of an answer that broke off, the client may have received less.
  if (!response) left.push("output (it was not given)");
  else if (!predicate.complete) left.push("output (it broke off)");
  else {
    const given = { delivery: response.delivery, body: text(response) };
    const output = outputOf(given), sealed = predicate.output;
    compareCommitted("output", "output", () => output.digest, subject[0].digest.sha256);
    if (done.includes("output")) texts = output.texts;
    if (output.model !== null && output.model !== sealed.model) fail("the model's name is not the one that was sealed");
    for (const [name, count] of Object.entries(output.usage ?? {})) if (count !== null && count !== sealed.usage?.[name]) fail(`${name} is not the count that was sealed`);
    if (output.extras && sealed.extras === null) fail("the answer has members that no form reads, and none were sealed");
    if (output.extras) left.push("extras (this sample does not compare them)");
    if (sealed.logprobs) left.push("log-probabilities (this sample does not compare them)");
    const salt = saltOf(receipt, "tokens"), chain = tokens && salt && tokenDigest(given, salt);
    if (chain) compare("token chain", chain, tokens.digest);
    else if (tokens) left.push(`token chain (${salt ? "the answer does not report all ids" : "the receipt came without its salt"})`);
  }
  if (trail !== undefined) compare("trail", hex(Buffer.from(trail, "base64")), tokens?.trail_sha256);
  if (environment) compare("environment", `${environmentOf(environment)} ${environment.class}`, `${predicate.environment.id} ${predicate.environment.source} ${predicate.class}`);
  else left.push("environment (its document was not given)");
  return { done, left, predicate, texts };
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

// The documents around an answer: bundle, receipt, statement and environment. Their members are a closed set but for the statement's, whose other
// members are passed over, and each that is required must be there.
import { OtherVersion, base64, byBytes, fail, hex, hmac, utf8, wtf8 } from "./bytes.mjs";
import { hasDoubtfulName, memberOf, parse, wholeNumber } from "./json.mjs";
import { paths, unbound } from "./request.mjs";

const mostLevels = 64;
const mostBytes = 4 << 20;
const mostLong = 2n ** 63n - 1n;
const mostInt = 2n ** 31n - 1n;
const deliveries = ["json", "sse"];
const classes = ["deterministic", "best-effort"];
const sources = ["measured", "engine-reported", "declared"];
const executions = ["executed", "memo", "coalesced"];
export const labels = ["request", "output", "logprobs", "tokens", "prompt", "extras"];

/** The members of an object, each error with its path. */
class Fields {
  #object;
  #path;

  constructor(value, path) {
    if (value.type !== "object") fail(`${path} is no object`);
    [this.#object, this.#path] = [value, path];
  }

  has = (name) => memberOf(this.#object, name) !== undefined;
  names = () => this.#object.members.map((member) => member.name);
  value = (name) => memberOf(this.#object, name) ?? this.wrong(name, "is missing");
  wrong = (name, what) => fail(`${this.#path}.${name} ${what}`);
  object = (name) => new Fields(this.value(name), `${this.#path}.${name}`);
  objectIfPresent = (name) => (this.has(name) ? this.object(name) : undefined);
  orNull = (name, read) => (this.value(name).type === "null" ? null : read(name));

  only(...names) {
    const other = this.names().find((name) => !names.includes(name));
    if (other !== undefined) this.wrong(other, "is not known");
  }

  text(name) {
    const value = this.value(name);
    return value.type === "string" && value.text.isWellFormed() ? value.text : this.wrong(name, "is no text");
  }

  oneOf(name, words) {
    const text = this.text(name);
    return words.includes(text) ? text : this.wrong(name, `is none of ${words.join(", ")}`);
  }

  matching(name, form, what) {
    const text = this.text(name);
    return form.test(text) ? text : this.wrong(name, `is no ${what}`);
  }

  boolean(name) {
    const value = this.value(name);
    return value.type === "boolean" ? value.is : this.wrong(name, "is not true or false");
  }

  list(name) {
    const value = this.value(name);
    return value.type === "array" ? value.items : this.wrong(name, "is no list");
  }

  texts = (name) =>
    this.list(name).map((item) => (item.type === "string" && item.text.isWellFormed() ? item.text : this.wrong(name, "has an element that is no text")));

  count = (name, most = mostLong) => wholeNumber(this.value(name), most) ?? this.wrong(name, "is no whole number from 0");
  counts = (name) => this.list(name).map((item) => Number(wholeNumber(item, mostInt) ?? this.wrong(name, "has an element that is no whole number")));
  hash = (name) => this.matching(name, /^[0-9a-f]{64}$/, "hash");
  id = (name) => this.matching(name, /^[0-9a-f]{32}$/, "id");

  time(name) {
    const text = this.matching(name, /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/, "time");
    // A day that is none becomes another one.
    const date = new Date(text);
    return !Number.isNaN(date.valueOf()) && date.toISOString() === text.replace("Z", ".000Z") ? text : this.wrong(name, "is no time");
  }

  bytes(name, length) {
    const bytes = base64(this.text(name), { isUrlFine: true });
    if (bytes === undefined || (length !== undefined && bytes.length !== length)) this.wrong(name, `is not base64${length ? ` of ${length} bytes` : ""}`);
    return bytes;
  }
}

/** A JSON document of which no object has a name twice. */
function documentOf(text, what, most = mostBytes) {
  if (wtf8(text).length > most) fail(`${what} is larger than ${most >> 20} MiB`);
  let root;
  try {
    root = parse(text, mostLevels);
  } catch (error) {
    fail(`${what} is ${error.message}`);
  }
  if (hasDoubtfulName(root)) fail(`${what} has two members of one name, or a name with half of a surrogate pair`);
  return root;
}

/** dis-bundle/2. */
export function readBundle(text) {
  const root = documentOf(text, "the bundle", 256 << 20);
  const fields = new Fields(root, "bundle");
  if (fields.text("form") !== "dis-bundle/2") throw new OtherVersion("the bundle was made by another version");
  fields.only("form", "request", "response", "receipt", "environment", "vkey");
  return {
    receipt: readReceipt(fields.object("receipt")),
    request: fields.has("request") ? readRecordedRequest(fields.object("request")) : undefined,
    response: fields.has("response") ? readRecordedResponse(fields.object("response")) : undefined,
    environment: fields.has("environment") ? readEnvironment(fields.object("environment")) : undefined,
    vkey: fields.has("vkey") ? fields.text("vkey") : undefined,
  };
}

function readBody(fields) {
  if (fields.has("body") === fields.has("body_base64")) fields.wrong("body", "must be there once, as body or as body_base64");
  return fields.has("body") ? fields.text("body") : utf8(fields.bytes("body_base64"));
}

/** The body is undefined if it is no UTF-8, which has no canonical form. */
function readRecordedRequest(fields) {
  fields.only("path", "body", "body_base64");
  return { path: fields.oneOf("path", paths), body: readBody(fields) };
}

function readRecordedResponse(fields) {
  fields.only("delivery", "content_type", "body", "body_base64");
  const delivery = fields.oneOf("delivery", deliveries);
  const type = fields.text("content_type").split(";")[0].trim();
  if (type !== (delivery === "json" ? "application/json" : "text/event-stream")) fields.wrong("content_type", `is not that of ${delivery}`);
  return { delivery, body: readBody(fields) };
}

const receiptMembers = ["receipt_id", "statement", "proof", "salt", "salts", "trail"];

function readReceipt(fields) {
  if (fields.has("receipt") && !fields.has("statement")) throw new OtherVersion("the receipt is of the first version");
  fields.only(...receiptMembers);
  return {
    id: fields.text("receipt_id"),
    statement: fields.text("statement"),
    proof: fields.text("proof"),
    ...readSalts(fields),
    trail: fields.has("trail") ? fields.bytes("trail") : undefined,
  };
}

/** The salts of the parts by their labels, as far as they are known, and the end of the id that the receipt's own salt gives. */
function readSalts(fields) {
  const salts = new Map();
  if (fields.has("salt")) {
    if (fields.has("salts")) fields.wrong("salts", "stands beside salt");
    const salt = fields.bytes("salt", 32);
    const derived = (label) => hmac(salt, `dis-salt/1 ${label}\x01`);
    for (const label of labels) salts.set(label, derived(label));
    return { salts, idEnd: derived("id").subarray(0, 12).toString("hex") };
  }
  const some = fields.objectIfPresent("salts");
  for (const label of labels) if (some?.has(label)) salts.set(label, some.bytes(label, 32));
  return { salts };
}

/** The receipt that an answer carries. */
export function isSameReceipt(value, receipt) {
  try {
    const fields = new Fields(value, "determinism");
    if (hasDoubtfulName(value)) return false;
    if (fields.has("statement") || fields.has("receipt")) {
      fields.only(...receiptMembers, "environment");
      const { type } = fields.has("environment") ? fields.value("environment") : {};
      if (type === "object") readEnvironment(fields.object("environment"));
      const { environment, ...members } = Object.fromEntries(fields.names().map((name) => [name, fields.value(name)]));
      return readReceipt(new Fields(objectOf(members), "determinism")).statement === receipt.statement;
    }
    // Of a receipt that is only not witnessed yet there is the id.
    return (!fields.has("error") || fields.text("error") === "not_witnessed") && fields.text("receipt_id") === receipt.id;
  } catch {
    return false;
  }
}

const objectOf = (members) => ({ type: "object", members: Object.entries(members).map(([name, value]) => ({ name, value })) });

function known(fields, name, form) {
  if (fields.text(name) !== form) throw new OtherVersion(`the statement is of another version or kind: '${name}' is not '${form}'`);
}

/** Every member is required; others are passed over. */
export function readStatement(text) {
  const root = new Fields(documentOf(text, "the statement"), "statement");
  known(root, "_type", "https://in-toto.io/Statement/v1");
  known(root, "predicateType", "urn:deterministic-inference-server:receipt:v3");
  const subjects = root.list("subject");
  if (subjects.length !== 1) root.wrong("subject", "does not have one element");
  const subject = new Fields(subjects[0], "statement.subject");
  const predicate = root.object("predicate");
  const [request, output, environment, model] = ["request", "output", "environment", "model"].map((name) => predicate.object(name));
  known(subject, "name", "dis-out/2");
  known(request, "form", "dis-req/2");
  const execution = predicate.oneOf("execution", executions);
  if (execution !== "executed") predicate.id("origin");
  model.orNull("name", model.text.bind(model));
  if (output.has("weight_version")) output.text("weight_version");
  model.orNull("sha256", model.hash);
  predicate.orNull("probe", (name) => {
    const probe = predicate.object(name);
    return [probe.text("verdict"), probe.count("trials"), probe.time("at")];
  });
  return {
    id: predicate.id("receipt_id"),
    time: predicate.time("issued_at"),
    isComplete: predicate.boolean("complete"),
    class: predicate.oneOf("class", classes),
    request: { path: request.oneOf("path", paths), commitment: request.hash("commitment"), pins: readPins(request.object("pins")) },
    output: {
      commitment: subject.object("digest").hash("sha256"),
      delivery: output.oneOf("delivery", deliveries),
      tokens: readIds(output, "tokens"),
      prompt: readIds(output, "prompt"),
      logprobs: output.orNull("logprobs", output.hash),
      extras: output.orNull("extras", output.hash),
      model: output.orNull("model", output.text.bind(output)),
      usage: output.orNull("usage", (name) => {
        const usage = output.object(name);
        const counts = ["prompt_tokens", "completion_tokens", "total_tokens"];
        return Object.fromEntries(counts.map((count) => [count, usage.orNull(count, (of) => usage.count(of))]));
      }),
    },
    environment: { id: environment.hash("id"), source: environment.oneOf("source", sources) },
  };
}

const readIds = (output, name) =>
  output.orNull(name, () => {
    const ids = output.object(name);
    return { digest: ids.hash("digest"), counts: ids.counts("counts"), trail: name === "tokens" ? ids.hash("trail_sha256") : undefined };
  });

const mostPinBytes = 200;
const content = new Set(
  "messages prompt suffix input input_ids tools functions tool_choice function_call response_format prediction regex ebnf json_schema structural_tag".split(" "),
);

function readPins(fields) {
  return fields.names().map((name) => {
    const json = fields.text(name);
    if (content.has(name) || unbound.has(name) || wtf8(json).length > mostPinBytes) fields.wrong(name, "can't be a pin");
    const value = parse(json, 0);
    const isScalar = ["number", "boolean"].includes(value.type) || (value.type === "string" && value.text.isWellFormed());
    if (!isScalar || value.start !== 0 || value.end !== json.length) fields.wrong(name, "is no number, boolean or string");
    return { name, json };
  });
}

/** For devices that look for these names. */
const forDevices = ["model-sha256", "model_sha256", "runtime-build-hash", "runtime_build_hash", "inference-profile", "inference_profile", "profile"];
const mostValueBytes = 200;

/** Id and class are computed anew: { id, class, source }. */
function readEnvironment(fields) {
  fields.only("id", "class", "reasons", "facts", ...forDevices);
  const all = fields.object("facts");
  const facts = all.names().map((key) => {
    if (!/^[a-z0-9_.]+$/.test(key)) all.wrong(key, "is no key of a fact");
    const fact = all.object(key);
    fact.only("value", "source");
    return { key, value: printable(fact.text("value")), source: sources.indexOf(fact.oneOf("source", sources)) };
  });
  const reasons = fields.texts("reasons");
  if (reasons.includes("")) fields.wrong("reasons", "has an empty one");
  const declared = facts.filter((fact) => sources[fact.source] === "declared").map((fact) => `declared_fact:${fact.key}`);
  const lines = [...new Set([...reasons.map(printable), ...declared])].sort(byBytes);
  facts.sort((a, b) => byBytes(a.key, b.key));
  const id = hex(`dis-env/2\n${lines.map((reason) => `${reason}\n`).join("")}\n${facts.map(({ key, value }) => `${key} ${value}\n`).join("")}`);
  if (fields.hash("id") !== id) fields.wrong("id", "is not that of its facts and reasons");
  const kind = lines.length === 0 ? "deterministic" : "best-effort";
  if (fields.oneOf("class", classes) !== kind) fields.wrong("class", "is not the one that its reasons give");
  return { id, class: kind, source: facts.length === 0 ? "declared" : sources[Math.max(...facts.map((fact) => fact.source))] };
}

/** A text with a control character, or a long one, counts as its hash. */
const printable = (text) => (/[\0-\x1f\x7f-\x9f]/.test(text) || Buffer.byteLength(text) > mostValueBytes ? `sha256:${hex(text)}` : text);

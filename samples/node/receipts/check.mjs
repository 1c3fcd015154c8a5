// What a receipt shows of a request and an answer (docs/determinism.md, "Verification"). Nothing is computed again and nobody is asked.
import { Malformed, OtherVersion, fail, hex, utf8, withoutMark } from "./bytes.mjs";
import { counts, readAnswer } from "./answer.mjs";
import { isSameReceipt, readBundle, readStatement } from "./documents.mjs";
import { cut, receiptsIn, requireOwnEvent } from "./events.mjs";
import { memberOf, parse } from "./json.mjs";
import { checkSeal, parseKey, parseKeys } from "./log.mjs";
import { Output } from "./output.mjs";
import { Request } from "./request.mjs";
import { ReportedIds } from "./tokens.mjs";

export const exitCodes = {
  VALID: 0,
  UNUSABLE: 2,
  INCONCLUSIVE: 12,
  TAMPERED: 13,
  INCOMPLETE: 14,
  UNTRUSTED: 17,
  SIGNED: 18,
  "OTHER KEY": 19,
  "UNKNOWN VERSION": 21,
};

const noSalt = "the receipt came without its salt, so it cannot be opened";
const brokeOff = "the answer broke off, and its client may have received less than was sealed";
const recordingBrokeOff = "the recording of the answer broke off before its end (data: [DONE]), and what is missing can't be compared";
const mostLevelsOfFile = 129;

/** The checks in their order, each passed, failed, not met or not made. */
class Checks {
  list = [];

  add(name, outcome, detail = "") {
    this.list.push({ name, outcome, detail });
  }

  require(name, isPassed, failure) {
    this.add(name, isPassed ? "passed" : "failed", isPassed ? "" : failure);
  }

  skip = (name, why) => this.add(name, "not made", why);
  /** What accuses nobody, and shows nothing. */
  doubt = (name, why) => this.add(name, "not met", why);
  /** What is given and can't be opened. */
  closed = (name) => this.add(name, "closed", noSalt);

  has = (outcome) => this.list.some((check) => check.outcome === outcome);
  isPassed = (name) => this.list.some((check) => check.name === name && check.outcome === "passed");
  details = (...outcomes) => this.list.filter((check) => outcomes.includes(check.outcome)).map((check) => check.detail);
}

/**
 * Verifies a bundle.
 *
 * @param bundle The file, as its bytes or its text.
 * @param keyText The keys that are trusted: verifier keys of logs, one per line, and public keys in PEM; undefined for none. The bundle's own key shows only
 * that its parts belong together.
 * @returns { verdict, reason, checks, text, statement }: text has { choice, channel, text } for all that was hashed of the answer, and is there only if
 * the verdict is VALID.
 */
export function verify(bundle, keyText) {
  const trusted = keyText === undefined ? undefined : parseKeys(keyText);
  try {
    requireBundle(withoutMark(bundle.toString()));
    const text = typeof bundle === "string" ? bundle : (utf8(bundle) ?? fail("the bundle is no UTF-8"));
    return new Verification(readBundle(withoutMark(text)), trusted).run();
  } catch (error) {
    if (error instanceof Unusable) return { verdict: "UNUSABLE", reason: error.message, checks: [] };
    if (error instanceof OtherVersion) return { verdict: "UNKNOWN VERSION", reason: error.message, checks: [] };
    if (error instanceof Malformed) return { verdict: "TAMPERED", reason: error.message, checks: [] };
    throw error;
  }
}

class Unusable extends Error {}

/** A file that is no bundle is neither good nor bad. */
function requireBundle(text) {
  let root;
  try {
    root = parse(text, mostLevelsOfFile);
  } catch {
    throw new Unusable("it is no JSON");
  }
  if (root.type !== "object") throw new Unusable("it is no JSON object");
  if (root.members.some((member) => !member.name.isWellFormed())) throw new Unusable("a member's name has half of a surrogate pair");
  if (memberOf(root, "form") === undefined) throw new Unusable("it is no bundle: it has no 'form'");
  const other = ["choices", "statement"].find((name) => memberOf(root, name) !== undefined);
  if (other !== undefined) throw new Unusable(`it is two things at once: it has 'form' and '${other}'`);
}

class Verification {
  #bundle;
  #receipt;
  #trusted;
  #checks = new Checks();
  #otherKey;
  #hasKey;

  constructor(bundle, trusted) {
    [this.#bundle, this.#receipt, this.#trusted] = [bundle, bundle.receipt, trusted];
  }

  run() {
    this.#checkSeal();
    if (this.#checks.has("failed")) return this.#end("TAMPERED");
    let statement;
    try {
      statement = readStatement(this.#receipt.statement);
      this.#checks.add("statement", "passed");
    } catch (error) {
      if (error instanceof OtherVersion) return this.#end("UNKNOWN VERSION", error.message);
      if (!(error instanceof Malformed)) throw error;
      this.#checks.add("statement", "failed", error.message);
      return this.#end("TAMPERED");
    }
    this.#checkId(statement);
    const request = this.#checkRequest(statement);
    const answer = this.#readAnswer(statement, request);
    this.#checkAnswer(statement, answer);
    this.#checkTrail(statement);
    this.#checkEnvironment(statement);
    return this.#decide(statement, answer);
  }

  #end(verdict, reason = this.#checks.details("failed").join("; ")) {
    return { verdict, reason, checks: this.#checks.list };
  }

  /** The first that holds is said. */
  #decide(statement, answer) {
    const checks = this.#checks;
    const said = (verdict, reason) => ({ ...this.#end(verdict, reason), statement });
    if (checks.has("failed")) return said("TAMPERED");
    if (this.#otherKey !== undefined) return said("OTHER KEY", this.#otherKey);
    if (this.#trusted === undefined)
      return said("UNTRUSTED", this.#hasKey ? "anyone can make a receipt, and no key was given that is trusted" : "there is no key to check the log with");
    if (!statement.isComplete) return said("INCOMPLETE", "the answer broke off");
    if (checks.has("not met") || checks.has("closed")) return said("INCONCLUSIVE", checks.details("not met", "closed")[0]);
    const missing = ["request", "output"].filter((name) => !checks.isPassed(name)).map((name) => (name === "output" ? "answer" : name));
    if (missing.length > 0) return said("SIGNED", `no ${missing.join(" and no ")} was given to compare`);
    return { ...said("VALID", "not replayed"), text: answer.output.texts(), unbound: answer.unbound };
  }

  #checkSeal() {
    const { vkey, receipt } = this.#bundle;
    const told = this.#trusted === undefined && vkey !== undefined ? parseKey(vkey) : undefined;
    const checks = this.#checks;
    let seal;
    try {
      seal = checkSeal(receipt.statement, receipt.proof, this.#trusted, told);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      checks.add("signature", "failed", `the proof of the log can't be read: ${error.message}`);
      return;
    }
    const { isSigned, isIncluded, otherKey, key } = seal;
    [this.#otherKey, this.#hasKey] = [otherKey, key !== undefined];
    if (key === undefined) checks.skip("signature", "there is no key to check the log's checkpoint with");
    else if (otherKey !== undefined) checks.add("signature", "other key", otherKey);
    else checks.require("signature", isSigned, `the log's checkpoint is not signed by the key ${key.origin}+${key.id}, or was changed`);
    checks.require("inclusion", isIncluded, "the log does not contain the statement: it was changed, or the proof is that of another one");
    checks.skip("revocation of the key", "GET /v1/logs has it");
    checks.skip("witnesses", "they cosign the log's checkpoints");
  }

  #checkId(statement) {
    const { id, idEnd } = this.#receipt;
    const isSalt = idEnd === undefined || statement.id.endsWith(idEnd);
    this.#checks.require(
      "receipt id",
      statement.id === id && isSalt,
      isSalt ? "the receipt's id is not the one that was sealed" : "the salt is not the receipt's",
    );
  }

  /** Whether a digest is the one that was committed to. */
  #opens(label, digest, commitment) {
    return hex(`dis-commit/2\n${label}\n`, this.#receipt.salts.get(label), digest) === commitment;
  }

  /** The request that was read; undefined if there is none, or it has no canonical form. */
  #checkRequest(statement) {
    const given = this.#bundle.request;
    const checks = this.#checks;
    let request;
    let defect;
    try {
      if (given !== undefined) request = new Request(statement.request.path, given.body ?? fail("it is no UTF-8"));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      defect = error.message;
    }
    const isSealed = (digest) => this.#opens("request", digest, statement.request.commitment);
    if (given === undefined) checks.skip("request", "no request was given");
    else if (!this.#receipt.salts.has("request")) checks.closed("request");
    else if (given.path !== statement.request.path) checks.require("request", false, "the request's path is not the one that was sealed");
    else if (defect !== undefined) checks.require("request", false, `the request is not the one that was sealed: ${defect}`);
    else if (isSealed(request.digest())) checks.add("request", "passed");
    else {
      const dropped = request.dropped(isSealed);
      if (dropped === undefined) checks.require("request", false, "the request is not the one that was sealed");
      else checks.doubt("request", `the sealed request is this one without ${dropped.join(", ")}: something on the way has dropped what it does not know`);
    }
    return request;
  }

  /** { output, ids, hasEnd, unbound } or { defect }; undefined if no answer was given. */
  #readAnswer(statement, request) {
    const { response } = this.#bundle;
    if (response === undefined) return undefined;
    try {
      const { body } = response;
      if (body === undefined) fail("it is no UTF-8");
      // A bundle may say anything of its body.
      const delivery = /^\uFEFF?[ \t\r\n]*\{/.test(body) ? "json" : "sse";
      this.#requireOwnReceipt(body, delivery);
      if (response.delivery !== delivery) fail(`its delivery is said to be ${response.delivery}, and it is ${delivery}`);
      return { ...read(body, delivery === "sse", request?.choicesPerPrompt(statement.request.pins)), delivery };
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return { defect: error.message };
    }
  }

  /** Whoever reads the answer would take its own receipt for the one that was verified. */
  #requireOwnReceipt(body, delivery) {
    const another = () => fail("it carries another receipt than this one");
    if (delivery === "json") {
      const { determinism } = readAnswer(withoutMark(body), false);
      if (determinism !== undefined && !isSameReceipt(determinism, this.#receipt)) another();
      return;
    }
    const found = receiptsIn(body);
    if (found.length > 1) fail("it carries two receipts");
    for (const text of found) {
      let value;
      try {
        value = parse(text, mostLevelsOfFile);
      } catch {
        another();
      }
      if (!isSameReceipt(value, this.#receipt)) another();
    }
  }

  #checkAnswer(statement, answer) {
    const checks = this.#checks;
    const { output } = answer ?? {};
    const sealed = statement.output;
    // Why parts can't be compared with what the client has.
    let partial = statement.isComplete ? undefined : brokeOff;
    if (answer === undefined) checks.skip("output", statement.isComplete ? "no answer was given" : brokeOff);
    else if (!this.#receipt.salts.has("output")) checks.closed("output");
    else if (output === undefined) {
      if (statement.isComplete) checks.require("output", false, `the answer is not the one that was sealed: ${answer.defect}`);
      else checks.skip("output", brokeOff);
    } else if (!statement.isComplete) {
      if (output.isFinished && answer.hasEnd) checks.require("output", false, "the sealed answer broke off, and the one that was given is whole");
      else checks.skip("output", brokeOff);
    } else if (!answer.hasEnd) {
      partial = recordingBrokeOff;
      checks.doubt("output", recordingBrokeOff);
    } else if (this.#opens("output", output.digest(), sealed.commitment))
      checks.require("output", output.isFinished, "the answer reports an error or lacks an end, and was sealed whole");
    else checks.require("output", false, "the output is not the one that was sealed");

    this.#checkDigest("log-probabilities", "logprobs", output?.logprobsDigest(), sealed.logprobs, partial);
    const isPutTogether = sealed.delivery === "sse" && answer?.delivery === "json";
    const extras = output?.extrasDigest();
    // What a library makes of such members of several events is its own.
    const whyNot = partial ?? (isPutTogether && extras !== undefined ? "what came as a stream is given as one object" : undefined);
    this.#checkDigest("extras", "extras", extras, sealed.extras, whyNot);
    this.#checkUsage(output?.usage, sealed.usage, partial);
    if (output?.model === undefined) checks.skip("model", "no name of a model was given");
    else checks.require("model", output.model === sealed.model, `the answer names another model than was sealed (${sealed.model ?? "none"})`);
    this.#checkIds(answer?.ids, sealed, partial);
  }

  /** What is given has to be what was sealed; what is not given is not compared. */
  #checkDigest(name, label, given, sealed, whyNot) {
    const checks = this.#checks;
    if (sealed === null) {
      if (given === undefined) checks.skip(name, "the answer has none");
      else checks.require(name, false, `the answer has ${name}, and none were sealed`);
    } else if (whyNot !== undefined) checks.skip(name, whyNot);
    else if (given === undefined) checks.skip(name, "none were given");
    else if (!this.#receipt.salts.has(label)) checks.closed(name);
    else checks.require(name, this.#opens(label, given, sealed), `the ${name} are not the ones that were sealed`);
  }

  #checkUsage(given, sealed, partial) {
    if (given === undefined) this.#checks.skip("usage", "no counts were given");
    else if (partial !== undefined && sealed !== null) this.#checks.skip("usage", partial);
    else {
      const isSame = counts.every((name) => given[name] === undefined || given[name] === sealed?.[name]);
      this.#checks.require("usage", isSame, "the counts of tokens (usage) are not the ones that were sealed");
    }
  }

  #checkIds(ids, sealed, partial) {
    const salts = this.#receipt.salts;
    const of = (label) => (ids !== undefined && salts.has(label) ? ids[label](salts.get(label)) : undefined);
    if (partial !== undefined && ids?.hasTokens) this.#checks.skip("token chain", partial);
    else this.#compareIds("token chain", "tokens", of("tokens"), ids?.hasTokens, sealed.tokens);
    const prompt = of("prompt");
    const isFewer = ids?.hasPrompt && sealed.prompt !== null && (prompt?.counts.length ?? 0) < sealed.prompt.counts.length;
    if (partial !== undefined && isFewer) this.#checks.skip("prompt", partial);
    else this.#compareIds("prompt", "prompt", prompt, ids?.hasPrompt, sealed.prompt);
  }

  #compareIds(name, label, given, areThere, sealed) {
    const checks = this.#checks;
    // All ids of an answer would have been bound.
    if (sealed === null && given !== undefined) checks.require(name, false, `ids of the ${label} are there, and none were sealed`);
    else if (sealed === null) checks.skip(name, areThere ? "the ids that are there are not bound" : "the statement binds no ids");
    else if (!areThere) checks.skip(name, "the answer does not report all ids");
    else if (!this.#receipt.salts.has(label)) checks.closed(name);
    else if (given === undefined) checks.require(name, false, `ids of the ${label} are there, but not readable or not all of the sealed ones`);
    else checks.require(name, given.digest === sealed.digest && given.counts.join() === sealed.counts.join(), `the ${name} is not the one that was sealed`);
  }

  #checkTrail({ output: { tokens } }) {
    const { trail } = this.#receipt;
    if (trail === undefined) this.#checks.skip("trail", "the receipt came without a trail");
    else {
      const isSame = tokens !== null && trail.length === 2 * tokens.counts.reduce((sum, count) => sum + count, 0) && hex(trail) === tokens.trail;
      this.#checks.require("trail", isSame, "the trail is not the one that was sealed");
    }
  }

  #checkEnvironment(statement) {
    const { environment } = this.#bundle;
    if (environment === undefined) this.#checks.skip("environment", "its document was not given");
    else {
      const { id, source } = statement.environment;
      const isSame = environment.id === id && environment.source === source && environment.class === statement.class;
      this.#checks.require("environment", isSame, "the environment document is not the one that was sealed");
    }
  }
}

/** All of an answer that is bound. Without the request it is not known which choices belong to which prompt. */
function read(body, isStream, choicesPerPrompt) {
  const output = new Output(isStream);
  const ids = new ReportedIds(choicesPerPrompt ?? 1);
  const unbound = new Set();
  const add = (reading) => {
    output.add(reading);
    ids.add(reading);
    for (const name of reading.unbound) unbound.add(name);
  };
  const { events, hasEnd } = isStream ? cut(body) : { events: [], hasEnd: true };
  if (!isStream) add(readAnswer(withoutMark(body), false));
  for (const data of events) {
    const reading = readAnswer(data, true);
    if (reading === undefined) continue;
    requireOwnEvent(data, reading);
    add(reading);
  }
  if (choicesPerPrompt === undefined && output.choices.size !== 1) ids.forgetPrompt();
  return { output, ids, hasEnd, unbound: [...unbound].sort() };
}

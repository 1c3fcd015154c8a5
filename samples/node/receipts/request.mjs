// The canonical request, dis-req/2.
import { byBytes, fail, hash, withoutMark, wtf8 } from "./bytes.mjs";
import { decimal, hasDoubtfulName, hasHalfPair, memberOf, parse, quote, write } from "./json.mjs";

export const chat = "/v1/chat/completions";
export const paths = ["/v1/completions", chat];
const mostLevels = 64;

/** Members that say how to deliver or whom to bill (rule 3). */
export const unbound = new Set(
  "stream stream_options user safety_identifier metadata store service_tier rid priority custom_labels tee receipt".split(" "),
);

/** A table with a value and the members that say nothing with it in each line. */
const tableOf = (text) =>
  text
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [value, ...names] = line.trim().split(" ");
      return names.map((name) => [name, value]);
    });

const neutral = tableOf(`
  1e0 n
  0 min_tokens
  [] stop stop_token_ids stop_regex bad_words logits_processors lora
  {} logit_bias vllm_xargs custom_params structured_outputs
  false echo ignore_eos include_stop_str_in_output no_stop_trim use_beam_search
  false return_token_ids return_tokens_as_token_ids return_hidden_states return_routed_experts return_cached_tokens_details
  true skip_special_tokens spaces_between_special_tokens
  {"type":"text"} response_format`);
const neutralInChats = tableOf(`
  false logprobs continue_final_message
  [] tools functions documents
  true add_generation_prompt include_reasoning separate_reasoning stream_reasoning
  {} mm_processor_kwargs
  ["text"] modalities`);
const withoutEffect = { true: new Map([...neutral, ...neutralInChats]), false: new Map(neutral) };

/** Members that every server reads: no router drops them. */
const core = new Set("model messages prompt max_tokens max_completion_tokens temperature top_p stop".split(" "));
const mostSelected = 10;
const mostSelectedBytes = 64 * 1024;
const mostAlone = 100;

const numbersAsValues = (value) => (value.type === "number" ? decimal(value.digits) : write(value));

function valueOf(name, value) {
  if (name !== "logit_bias" || value.type !== "object") return numbersAsValues(value);
  return `{${value.members.map((member) => `${quote(member.name)}:${numbersAsValues(member.value)}`).join(",")}}`;
}

/** A client's request that has a canonical form. */
export class Request {
  #path;
  #root;
  #bytes;
  #members;

  /** @throws Malformed The body has no canonical form. */
  constructor(path, body) {
    this.#path = path;
    this.#bytes = wtf8(body).length;
    this.#root = parse(withoutMark(body), mostLevels);
    if (this.#root.type !== "object") fail("a request must be a JSON object");
    if (hasDoubtfulName(this.#root)) fail("a request has two members of one name, or a name with half of a surrogate pair");
    if (hasHalfPair(this.#root)) fail("a request has half of a surrogate pair");
    const isChat = path === chat;
    const limit = memberOf(this.#root, "max_tokens");
    const hasLimit = limit !== undefined && limit.type !== "null";
    this.#members = this.#root.members
      .filter((member) => !unbound.has(member.name) && member.value.type !== "null")
      .map(({ name, value }) => {
        const canonical = isChat && name === "max_completion_tokens" && !hasLimit ? "max_tokens" : name;
        return { original: name, name: canonical, json: valueOf(canonical, value) };
      })
      .filter(({ name, json }) => withoutEffect[isChat].get(name) !== json)
      .sort((a, b) => byBytes(a.name, b.name));
  }

  digest(without = new Set()) {
    const members = this.#members.filter((member) => !without.has(member.original));
    return hash(`dis-req/2\n${this.#path}\n{${members.map(({ name, json }) => `${quote(name)}:${json}`).join(",")}}\n`);
  }

  /**
   * The fewest members without which it is the request that somebody recognizes; undefined if there are none. Routers drop what they don't know.
   *
   * @param isSealed Gets a digest.
   */
  dropped(isSealed) {
    const others = this.#members.map((member) => member.original).filter((name) => !core.has(name));
    return this.#selections(others).find((names) => isSealed(this.digest(new Set(names))));
  }

  /** How many choices an answer has for each prompt: n as the engine got it. */
  choicesPerPrompt(pins) {
    const pin = pins.find((member) => member.name === "n");
    const n = pin === undefined ? memberOf(this.#root, "n") : parse(pin.json, 1);
    const [, digits, exponent] = (n?.type === "number" && /^([1-9][0-9]*)e([0-9]{1,2})$/.exec(decimal(n.digits))) || [];
    const count = digits === undefined ? 1n : BigInt(digits) * 10n ** BigInt(exponent);
    return count <= 2147483647n ? Number(count) : 1;
  }

  #selections(others) {
    if (others.length === 0) return [];
    if (others.length > mostAlone) return [others];
    if (others.length > mostSelected || this.#bytes > mostSelectedBytes) return [...others.map((name) => [name]), others];
    return Array.from({ length: 2 ** others.length - 1 }, (_, at) => others.filter((_, i) => ((at + 1) >> i) & 1)).sort(
      (a, b) => a.length - b.length,
    );
  }
}

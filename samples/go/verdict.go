package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// A verdict is a word of docs/determinism.md with its exit code, the reason, and what was compared.
type verdict struct {
	word, reason string
	code         int
	lines        []string
}

func (v verdict) String() string {
	return strings.Join(append([]string{v.word + ": " + v.reason}, v.lines...), "\n")
}

var codes = map[string]int{
	"REPRODUCED": 0, "UNKNOWN VERSION": 2, "CONTRADICTED": 10, "CORROBORATED": 11, "INCONCLUSIVE": 12, "TAMPERED": 13, "INCOMPLETE": 14,
	"SIGNED": 16, "UNTRUSTED": 17, "OTHER KEY": 18,
}

// A report collects checks; the first one that fails decides.
type report struct {
	lines  []string
	failed string
}

func (r *report) say(state, name, detail string) {
	r.lines = append(r.lines, strings.TrimRight(fmt.Sprintf("%-12s %-12s %s", state, name, detail), " "))
}

// check notes a check that was made; an error is one that failed.
func (r *report) check(name string, err error) bool {
	if err != nil {
		r.say("FAILED", name, err.Error())
		if r.failed == "" {
			r.failed = name + ": " + err.Error()
		}
		return false
	}
	r.say("ok", name, "")
	return true
}

func (r *report) verdict(word, reason string) verdict {
	return verdict{word, reason, codes[word], r.lines}
}

// judge checks a bundle, recomputes its answer with the model of the folder, and says what comes of it.
func judge(text string, pinned []verifierKey, folder string) verdict {
	r := &report{}
	b, err := parseBundle(text)
	if errors.Is(err, errVersion) {
		return r.verdict("UNKNOWN VERSION", err.Error())
	} else if err != nil {
		return r.verdict("TAMPERED", "the bundle is malformed: "+err.Error())
	}
	if b.receipt.get("statement") == nil && b.receipt.get("receipt") != nil {
		return r.verdict("UNKNOWN VERSION", "a receipt of the first version")
	}
	trust, s, err := r.sealed(b, pinned)
	if errors.Is(err, errVersion) {
		return r.verdict("UNKNOWN VERSION", err.Error())
	}
	if s == nil || r.failed != "" {
		return r.verdict("TAMPERED", r.failed)
	}
	o := r.opened(b, s)
	if r.failed != "" {
		return r.verdict("TAMPERED", r.failed)
	}
	word, reason := r.recomputed(b, s, o, folder)
	also := "; " + strings.ToLower(word[:1]) + strings.ToLower(word[1:]) + ": " + reason
	switch {
	case trust == "other":
		return r.verdict("OTHER KEY", "the checkpoint names another key than that of --key"+also)
	case !s.complete:
		return r.verdict("INCOMPLETE", "the answer broke off; "+reason)
	case trust == "none":
		return r.verdict("UNTRUSTED", "there is no key"+also)
	case len(o.salts) == 0:
		return r.verdict("INCONCLUSIVE", "there is no salt, without which nothing can be compared")
	case o.doubt != "":
		return r.verdict("INCONCLUSIVE", o.doubt)
	case trust != "pinned":
		return r.verdict("UNTRUSTED", "no --key was given, and the key of the bundle shows only that the parts belong together (key not pinned)"+also)
	case b.request == nil || b.response == nil || o.salts["request"] == nil || o.salts["output"] == nil:
		return r.verdict("SIGNED", "request or answer was not given, or can't be opened"+also)
	}
	return r.verdict(word, reason)
}

// sealed checks that the log has sealed the statement, and says whose key shows it: pinned, bundle, other or none.
func (r *report) sealed(b *bundle, pinned []verifierKey) (trust string, s *statement, err error) {
	text, err := textOf(b.receipt, "statement")
	if !r.check("receipt", err) {
		return "", nil, err
	}
	proofText, err := textOf(b.receipt, "proof")
	if !r.check("proof", err) {
		return "", nil, err
	}
	p, err := parseProof(proofText)
	if err != nil {
		r.check("proof", err)
		return "", nil, err
	}
	trust = "none"
	var key *verifierKey
	for i := range pinned {
		if p.checkpoint.names(pinned[i]) && key == nil {
			key, trust = &pinned[i], "pinned"
		}
	}
	if key == nil && b.vkey != "" {
		k, err := parseKey(b.vkey)
		if err != nil {
			r.check("key", err)
			return "", nil, err
		}
		key, trust = &k, "bundle"
	}
	if trust != "pinned" && len(pinned) > 0 {
		trust = "other"
	}
	if key == nil {
		r.say("not checked", "signature", "there is no key")
	} else if !r.check("signature", p.checkpoint.signedBy(*key)) {
		return trust, nil, nil
	}
	if !r.check("inclusion", p.includes(fmt.Sprintf("dis-log/2 receipt %x\n", sha256.Sum256([]byte(text))))) {
		return trust, nil, nil
	}
	s, err = parseStatement(text)
	if errors.Is(err, errVersion) || !r.check("statement", err) {
		return trust, nil, err
	}
	if id, err := textOf(b.receipt, "receipt_id"); err != nil || id != s.id {
		r.check("receipt id", fmt.Errorf("it is not the statement's"))
		return trust, nil, nil
	}
	return trust, s, nil
}

func equal(is, sealed string) error {
	if is != sealed {
		return fmt.Errorf("it is not what the log has sealed")
	}
	return nil
}

// An opening is what the salts of a receipt open, and what is known of the request.
type opening struct {
	salts   salts
	request *value // as the engine got it; nil where it was not given
	facts   map[string]string
	doubt   string // what leaves the comparison without a result, and accuses nobody
}

// opened compares what the bundle has with the commitments of the statement.
func (r *report) opened(b *bundle, s *statement) (o opening) {
	open, id, err := saltsOf(b.receipt)
	if err != nil {
		r.check("salt", err)
		return o
	}
	if o.salts = open; id != nil {
		var wrong error
		if len(s.id) != 32 || s.id[8:] != hex.EncodeToString(id) {
			wrong = fmt.Errorf("the salt is not the one of this receipt")
		}
		r.check("receipt id", wrong)
	}
	r.openedRequest(b, s, &o)
	r.openedAnswer(b, s, &o)
	if trail := b.receipt.get("trail"); !trail.isNull() {
		raw, err := decode64(trail.text())
		count := 0
		if s.tokens == nil {
			err = fmt.Errorf("there is a trail and no tokens")
		} else if err == nil {
			for _, n := range s.tokens.counts {
				count += 2 * n
			}
			if sum := sha256.Sum256(raw); len(raw) != count || hex.EncodeToString(sum[:]) != s.tokens.trail {
				err = equal("", "trail")
			}
		}
		r.check("trail", err)
	}
	if b.environment != nil {
		o.facts, err = checkEnvironment(b.environment, s)
		r.check("environment", err)
	} else {
		r.say("not checked", "environment", "the bundle does not have it")
	}
	return o
}

func (r *report) openedRequest(b *bundle, s *statement, o *opening) {
	if b.request == nil {
		r.say("not checked", "request", "it was not given")
		return
	}
	request, err := parseRequest(b.request)
	if err == nil {
		o.request, err = engineRequest(request, s.pins)
	}
	if err != nil {
		r.check("request", err)
		return
	}
	if o.salts["request"] == nil {
		r.say("not checked", "request", "there is no salt")
		return
	}
	isSealed := func(c canonicalRequest) bool { return o.salts.commit("request", c.digest(b.path)) == s.request }
	c := canonicalOf(b.path, request)
	if isSealed(c) {
		r.check("request", nil)
	} else if dropped := c.without(isSealed); dropped != nil {
		o.doubt = "the sealed request lacks " + strings.Join(dropped, ", ")
		r.say("not met", "request", o.doubt)
	} else {
		r.check("request", equal("", "request"))
	}
	for _, name := range sorted(s.pins) {
		was := "nothing"
		if v := request.get(name); v != nil {
			was = canonicalJSON(v)
		}
		r.say("set", name, fmt.Sprintf("%s by the server, %s by the client", s.pins[name], was))
	}
}

func (r *report) openedAnswer(b *bundle, s *statement, o *opening) {
	if b.response == nil {
		r.say("not checked", "output", "the answer was not given")
		return
	}
	n := 1
	if o.request != nil {
		if given, ok := o.request.get("n").integer(); ok && given > 0 {
			n = int(given)
		}
	}
	a, err := readAnswer(b.response, b.delivery == "sse", n)
	if err != nil {
		r.check("output", err)
		return
	}
	if a.receipt != nil && !a.receipt.get("statement").isText(s.text) {
		r.check("receipt", fmt.Errorf("the answer carries another one"))
	}
	if !s.complete {
		if a.ended && a.finished() {
			r.check("output", fmt.Errorf("the answer is whole, and the sealed one broke off"))
		}
		r.say("not checked", "output", "the answer broke off, and who holds it may have received less than was sealed")
		return
	}
	if !a.ended {
		o.doubt = "the recording broke off"
		r.say("not met", "output", o.doubt)
		return
	}
	// What is given has to be sealed too.
	part := func(name string, given bool, sealed, is string) {
		switch {
		case !given:
			r.say("not checked", name, "the answer has none")
		case sealed != "" && o.salts[name] == nil:
			r.say("not checked", name, "there is no salt")
		default:
			r.check(name, equal(is, sealed))
		}
	}
	part("output", true, s.output, o.salts.commit("output", a.output().digest()))
	if !a.finished() {
		r.check("output", fmt.Errorf("the answer is not finished, or reports an error"))
	}
	scored, some := a.scored()
	part("logprobs", some, s.logprobs, o.salts.commit("logprobs", logprobsDigest(scored)))
	extras := a.extras()
	part("extras", len(extras) > 0, s.extras, o.salts.commit("extras", extrasDigest(extras)))
	for _, name := range sorted(a.usage) {
		if sealed := s.usage[name]; sealed == nil || *sealed != *a.usage[name] {
			r.check("usage", fmt.Errorf("%s is not what the log has sealed", name))
		}
	}
	if a.model != "" {
		r.check("model", equal(a.model, s.answerModel))
	}
	tokens, all := a.ids.tokens(len(a.choices), a.usage["completion_tokens"])
	prompts, allPrompts := a.ids.promptLists(len(a.choices))
	digest, _ := o.salts.tokens(tokens)
	ids := func(name string, sealed *sealedIDs, some, all bool, is string) {
		switch {
		case !some || sealed == nil && !all:
			r.say("not checked", name, "the answer does not have them")
		case sealed == nil:
			r.check(name, fmt.Errorf("the log has sealed none"))
		case !all:
			r.check(name, fmt.Errorf("they can't be read, or are not all"))
		case o.salts[name] == nil:
			r.say("not checked", name, "there is no salt")
		default:
			r.check(name, equal(is, sealed.digest))
		}
	}
	ids("tokens", s.tokens, len(a.ids.choices)+len(a.ids.listed) > 0 || a.ids.partial, all, digest)
	// Without the request it is not known how many choices a prompt has.
	ids("prompt", s.prompt, o.request != nil && len(a.ids.prompts) > 0, allPrompts, o.salts.prompts(prompts))
}

// recomputed runs the request and compares the result with what is sealed.
func (r *report) recomputed(b *bundle, s *statement, o opening, folder string) (word, reason string) {
	none := func(reason string) (string, string) {
		r.say("not made", "recompute", reason)
		return "INCONCLUSIVE", "the answer was not recomputed: " + reason
	}
	open, facts := o.salts, o.facts
	if o.request == nil || o.doubt != "" || open["output"] == nil {
		return none("there is no request, or no salt")
	}
	digest, err := modelDigest(folder)
	if err != nil {
		return none(err.Error())
	}
	if s.modelSHA != digest {
		return none(fmt.Sprintf("the folder's model is %s, and the statement's %s", digest, s.modelSHA))
	}
	here := map[string]string{"engine.name": "embedded", "engine.semantics": "1", "forward.inject": "return_token_ids", "model.sha256": digest}
	isSame := environmentID(nil, here) == s.environment && s.class == "deterministic"
	if !isSame {
		r.say("differs", "environment", "that of the statement is not the embedded engine's with numerics version 1")
		for _, name := range sorted(here) {
			if facts != nil && facts[name] != here[name] {
				r.say("differs", "fact", fmt.Sprintf("%s: %q in the receipt, %q here", name, facts[name], here[name]))
			}
		}
	}
	m, err := loadModel(folder)
	if err != nil {
		return none(err.Error())
	}
	j, err := newJob(m, s.path, o.request)
	if err != nil {
		return none(err.Error())
	}
	if !s.complete && s.tokens != nil {
		j.shorten(s.tokens.counts)
	}
	computed, err := j.run(m)
	if err != nil {
		return none(err.Error())
	}
	if !s.complete {
		return "INCOMPLETE", r.beginning(s, open, computed)
	}
	difference := r.compare(b, s, open, j, computed)
	switch {
	case difference == "" && isSame:
		return "REPRODUCED", "the same environment gives the same answer"
	case difference == "":
		return "CORROBORATED", "the same answer came again, and the environment is another or unknown one"
	case len(j.strange) > 0:
		return "INCONCLUSIVE", difference + ", and this program does not know " + strings.Join(j.strange, ", ")
	case isSame:
		return "CONTRADICTED", "the environment of the receipt gives another answer: " + difference
	}
	return "INCONCLUSIVE", difference + ", and the environments differ"
}

// compare says what is the first part of a recomputed answer that differs from what is sealed; nothing if none does.
func (r *report) compare(b *bundle, s *statement, open salts, j *job, computed *result) (difference string) {
	part := func(name string, same bool, where string) {
		state := "same"
		if !same {
			state = "DIFFERS"
			if difference == "" {
				difference = name + where
			}
		}
		r.say(state, name, strings.TrimPrefix(where, ", "))
	}
	if s.prompt != nil && open["prompt"] != nil {
		part("prompt", open.prompts(computed.prompts) == s.prompt.digest, fmt.Sprintf(", %d prompts", len(computed.prompts)))
	} else {
		r.say("not compared", "prompt", "its token ids are not sealed, or there is no salt")
	}
	if s.tokens != nil && open["tokens"] != nil {
		digest, trail := open.tokens(computed.choices)
		where := fmt.Sprintf(", %v", countsOf(computed.choices))
		if digest != s.tokens.digest {
			where = r.place(b, s, computed, trail)
		}
		part("tokens", digest == s.tokens.digest, where)
	} else {
		r.say("not compared", "tokens", "token ids are not sealed, or there is no salt")
	}
	part("output", open.commit("output", computed.output.digest()) == s.output, "")
	if s.logprobs != "" && open["logprobs"] != nil {
		part("logprobs", open.commit("logprobs", logprobsDigest(computed.scored)) == s.logprobs, "")
	} else if j.scored {
		r.say("not compared", "logprobs", "they are not sealed, or there is no salt")
	}
	return difference
}

func countsOf(choices [][]uint32) []int {
	counts := make([]int, len(choices))
	for i := range choices {
		counts[i] = len(choices[i])
	}
	return counts
}

// place finds the first token that differs, by the trail that the receipt has.
func (r *report) place(b *bundle, s *statement, computed *result, trail []byte) string {
	sealed := []byte{}
	if v := b.receipt.get("trail"); !v.isNull() {
		sealed, _ = decode64(v.text())
	}
	was, is := 0, 0
	for i, count := range s.tokens.counts {
		if i >= len(computed.choices) {
			break
		}
		ids := computed.choices[i]
		for k := 0; k < count && k < len(ids) && len(sealed) >= was+2*count; k++ {
			if !bytes.Equal(sealed[was+2*k:was+2*k+2], trail[is+2*k:is+2*k+2]) {
				return fmt.Sprintf(", choice %d from token %d on, which is %d here", i, k, ids[k])
			}
		}
		if count != len(ids) {
			return fmt.Sprintf(", choice %d has %d tokens, and %d here", i, count, len(ids))
		}
		was, is = was+2*count, is+2*len(ids)
	}
	return fmt.Sprintf(", %d choices with %v tokens, and %v here", len(s.tokens.counts), s.tokens.counts, countsOf(computed.choices))
}

// beginning says whether the tokens of an answer that broke off are the first ones of the recomputed answer.
func (r *report) beginning(s *statement, open salts, computed *result) string {
	if s.tokens == nil || open["tokens"] == nil || len(s.tokens.counts) > len(computed.choices) {
		return "its tokens are unknown"
	}
	var first [][]uint32
	for i, count := range s.tokens.counts {
		if count > len(computed.choices[i]) {
			return "it has more tokens than the recomputed one"
		}
		first = append(first, computed.choices[i][:count])
	}
	if digest, _ := open.tokens(first); digest != s.tokens.digest {
		r.say("DIFFERS", "tokens", "")
		return "its tokens are not the first ones of the recomputed answer"
	}
	r.say("same", "tokens", "as far as the answer came")
	return "its tokens are the first ones of the recomputed answer"
}

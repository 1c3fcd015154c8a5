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
	open, facts := r.opened(b, s)
	if r.failed != "" {
		return r.verdict("TAMPERED", r.failed)
	}
	word, reason := r.recomputed(b, s, open, facts, folder)
	also := "; " + strings.ToLower(word[:1]) + strings.ToLower(word[1:]) + ": " + reason
	switch {
	case trust == "other":
		return r.verdict("OTHER KEY", "the checkpoint names another key than that of --key"+also)
	case !s.complete:
		return r.verdict("INCOMPLETE", "the answer broke off; "+reason)
	case trust == "none":
		return r.verdict("UNTRUSTED", "there is no key"+also)
	case len(open) == 0:
		return r.verdict("INCONCLUSIVE", "there is no salt, without which nothing can be compared")
	case trust != "pinned":
		return r.verdict("UNTRUSTED", "no --key was given, and the key of the bundle shows only that the parts belong together (key not pinned)"+also)
	case b.request == nil || b.response == nil || open["request"] == nil || open["output"] == nil:
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

// opened compares what the bundle has with the commitments of the statement.
func (r *report) opened(b *bundle, s *statement) (open salts, facts map[string]string) {
	open, id, err := saltsOf(b.receipt)
	if err != nil {
		r.check("salt", err)
		return nil, nil
	}
	if id != nil {
		var wrong error
		if len(s.id) != 32 || s.id[8:] != hex.EncodeToString(id) {
			wrong = fmt.Errorf("the salt is not the one of this receipt")
		}
		r.check("receipt id", wrong)
	}
	wantsScores := s.logprobs != ""
	if b.request == nil || open["request"] == nil {
		r.say("not checked", "request", "it was not given, or there is no salt")
	} else if request, err := canonicalRequest(b.request, s.pins); err != nil {
		r.check("request", err)
	} else {
		r.check("request", equal(open.commit("request", requestDigest(b.path, request)), s.request))
		asked := request.get("logprobs")
		wantsScores = wantsScores || !asked.isNull() && asked.kind != 'f'
	}
	var a *answer
	switch {
	case b.response == nil:
		r.say("not checked", "output", "the answer was not given")
	case !s.complete:
		r.say("not checked", "output", "the answer broke off, and who holds it may have received less than was sealed")
	case b.delivery != "json" && b.delivery != "sse":
		r.check("output", fmt.Errorf("the delivery %q is unknown", b.delivery))
	default:
		if a, err = readAnswer(b.response, b.delivery == "sse", wantsScores); err != nil {
			r.check("output", err)
			a = nil
			break
		}
		if open["output"] == nil {
			r.say("not checked", "output", "there is no salt")
		} else if !a.finished() {
			r.check("output", fmt.Errorf("the answer is not finished"))
		} else {
			r.check("output", equal(open.commit("output", a.output().digest()), s.output))
		}
	}
	if s.logprobs != "" && a != nil && open["logprobs"] != nil {
		r.check("logprobs", equal(open.commit("logprobs", logprobsDigest(a.scored())), s.logprobs))
	}
	if s.tokens != nil && a != nil && open["tokens"] != nil {
		if ids, ok := a.reportedTokens(); ok {
			digest, _ := open.tokens(ids)
			r.check("tokens", equal(digest, s.tokens.digest))
		} else {
			r.say("not checked", "tokens", "the answer does not have them")
		}
	}
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
		facts, err = checkEnvironment(b.environment, s)
		r.check("environment", err)
	} else {
		r.say("not checked", "environment", "the bundle does not have it")
	}
	return open, facts
}

// recomputed runs the request and compares the result with what is sealed.
func (r *report) recomputed(b *bundle, s *statement, open salts, facts map[string]string, folder string) (word, reason string) {
	none := func(reason string) (string, string) {
		r.say("not made", "recompute", reason)
		return "INCONCLUSIVE", "the answer was not recomputed: " + reason
	}
	if b.request == nil || open["output"] == nil {
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
	request, err := canonicalRequest(b.request, s.pins)
	if err != nil {
		return none(err.Error())
	}
	j, err := newJob(m, s.path, request)
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

package main

import (
	"bytes"
	"errors"
	"fmt"
)

// The computation of an answer, as the replay of docs/determinism.md.

// A loadedModel is a folder's digest and model. A receipt of another model needs the digest alone.
type loadedModel struct {
	digest      string
	digestError error
	model       *model
	modelError  error
}

func (v *verifier) digest() (string, error) {
	if v.loaded == nil {
		v.loaded = &loadedModel{}
		v.loaded.digest, v.loaded.digestError = modelDigest(v.folder)
	}
	return v.loaded.digest, v.loaded.digestError
}

func (v *verifier) model() (*model, error) {
	if v.loaded.model == nil && v.loaded.modelError == nil {
		v.loaded.model, v.loaded.modelError = loadModel(v.folder)
	}
	return v.loaded.model, v.loaded.modelError
}

// recompute runs the sealed request, and compares the result with what is sealed. Without a word nothing was computed,
// because the request is not known to be the sealed one.
func (v *verifier) recompute(r *report, b *bundle, s *statement, o *opening) (word, reason string) {
	none := func(err error) (string, string) {
		r.say("recomputed", "no: %v", err)
		return "INCONCLUSIVE", "the answer was not recomputed: " + err.Error()
	}
	if !o.requestIsSealed || o.doubt != "" {
		r.say("recomputed", "no: there is no request that is known to be the sealed one")
		return "", "nothing was recomputed, without the sealed request"
	}
	salts := b.receipt.salts
	if salts["output"] == nil {
		return none(errors.New(noSalt))
	}
	if !s.complete && s.tokens == nil {
		return "", "its tokens are unknown"
	}
	digest, err := v.digest()
	if err != nil {
		return none(err)
	}
	if s.modelSHA != digest {
		return none(fmt.Errorf("the model of the folder is %s, and the statement's is %q", digest, s.modelSHA))
	}
	isSame := r.isSameEnvironment(b, s, digest)
	m, err := v.model()
	if err != nil {
		return none(err)
	}
	j, err := newJob(m, s.path, o.request)
	if err != nil {
		return none(err)
	}
	if !s.complete {
		j.shorten(s.tokens.counts)
	}
	computed, err := j.run(m)
	if err != nil {
		return none(err)
	}
	r.say("recomputed", "%d prompts, choices of %v tokens", len(computed.prompts), countsOf(computed.choices))
	if !s.complete {
		return "", r.beginning(s, salts, computed)
	}
	difference := r.compare(b, s, o, j, computed)
	switch {
	case difference == "" && isSame:
		return "REPRODUCED", "the same environment gives the same answer"
	case difference == "":
		return "CORROBORATED", "the same answer came again, and the environment is another one or promises nothing"
	case len(j.strange) > 0:
		return "INCONCLUSIVE", fmt.Sprintf("it differs at %s, and this program does not know %q", difference, j.strange)
	case isSame:
		return "CONTRADICTED", "the same environment differs at " + difference
	}
	return "INCONCLUSIVE", "it differs at " + difference + ", and the environment is another one or promises nothing"
}

// isSameEnvironment reports whether the statement's environment is the embedded engine's with this model.
func (r *report) isSameEnvironment(b *bundle, s *statement, digest string) bool {
	here := map[string]string{
		"engine.name": "embedded", "engine.semantics": "2", "forward.inject": "return_token_ids",
		"model.sha256": digest,
	}
	if environmentID(nil, here) == s.environment {
		return s.class == "deterministic"
	}
	r.say("environment", "that of the statement is not the embedded engine's with numerics version 2")
	if b.environment != nil {
		for _, name := range sorted(here) {
			if was := b.environment.facts[name]; was != here[name] {
				r.say("differing fact", "%s is %q in the receipt, and %q here", name, was, here[name])
			}
		}
	}
	return false
}

// compare says what is the first part of a recomputed answer that differs from what is sealed; nothing if none does.
func (r *report) compare(b *bundle, s *statement, o *opening, j *job, computed *result) (difference string) {
	salts := b.receipt.salts
	part := func(name string, isSame bool, where string) {
		if isSame {
			r.say("recomputed "+name, "the same")
			return
		}
		r.say("recomputed "+name, "DIFFERS")
		if difference == "" {
			difference = where
		}
	}
	const notBound = "not compared: not bound, or without a salt"
	if s.prompt != nil && salts["prompt"] != nil {
		part("prompt", salts.prompts(computed.prompts) == s.prompt.digest, "the prompt")
	} else {
		r.say("recomputed prompt", notBound)
	}
	if s.tokens != nil && salts["tokens"] != nil {
		digest, trail := salts.tokens(computed.choices)
		part("tokens", digest == s.tokens.digest, place(b, s, o, computed, trail))
	} else {
		r.say("recomputed tokens", notBound)
	}
	where := "the text"
	if o.answer != nil {
		where = o.answer.output().firstDifference(computed.output)
	}
	part("output", salts.commit("output", computed.output.digest()) == s.output, where)
	if s.logprobs != "" && salts["logprobs"] != nil {
		is := salts.commit("logprobs", logprobsDigest(computed.scored))
		part("logprobs", is == s.logprobs, "the log-probabilities")
	} else if j.scored {
		r.say("recomputed logprobs", notBound)
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

// place finds the first token that differs: by the trail of the receipt, else by the ids in the answer.
func place(b *bundle, s *statement, o *opening, computed *result, trail []byte) string {
	var given [][]uint32
	if o.answer != nil {
		given = o.answer.ids.tokens(len(o.answer.choices), 0)
	}
	was, is := b.receipt.trail, trail
	for i, count := range s.tokens.counts {
		if i >= len(computed.choices) {
			break
		}
		ids := computed.choices[i]
		at := -1
		for k := 0; k < count && k < len(ids) && at < 0 && was != nil; k++ {
			if !bytes.Equal(was[2*k:2*k+2], is[2*k:2*k+2]) {
				at = k
			}
		}
		if was == nil && i < len(given) {
			at = firstDifference(given[i], ids)
		}
		if at < 0 && count != len(ids) && (was != nil || i < len(given)) {
			at = count
			if len(ids) < count {
				at = len(ids)
			}
		}
		if at >= 0 {
			here, there := "none", "unknown"
			if at < len(ids) {
				here = fmt.Sprint(ids[at])
			}
			if i < len(given) && at < len(given[i]) {
				there = fmt.Sprint(given[i][at])
			} else if at >= count {
				there = "none"
			}
			return fmt.Sprintf("token %d of choice %d: token id %s in the receipt, %s here", at, i, there, here)
		}
		if was != nil {
			was = was[2*count:]
		}
		is = is[2*len(ids):]
	}
	return fmt.Sprintf("the tokens: choices of %v in the receipt, %v here", s.tokens.counts, countsOf(computed.choices))
}

// beginning says whether the tokens of an answer that broke off are the first ones of the recomputed answer.
func (r *report) beginning(s *statement, salts salts, computed *result) string {
	if salts["tokens"] == nil || len(s.tokens.counts) > len(computed.choices) {
		return "its tokens are unknown"
	}
	var first [][]uint32
	for i, count := range s.tokens.counts {
		if count > len(computed.choices[i]) {
			return "it has more tokens than the recomputed one"
		}
		first = append(first, computed.choices[i][:count])
	}
	if digest, _ := salts.tokens(first); digest != s.tokens.digest {
		r.say("recomputed tokens", "DIFFERS")
		return "its tokens are not the first ones of the recomputed answer"
	}
	r.say("recomputed tokens", "the same, as far as the answer came")
	return "its tokens are the first ones of the recomputed answer"
}

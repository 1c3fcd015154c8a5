package main

import "math"

// The statement of docs/determinism.md: what the log has sealed.

const (
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "urn:deterministic-inference-server:receipt:v3"
)

type statement struct {
	text             string
	id, class        string
	complete         bool
	path             string
	request, output  string // commitments
	pins             map[string]string
	delivery         string
	tokens, prompt   *sealedIDs // nil where none are bound
	logprobs, extras string     // commitments; empty where none are bound
	answerModel      string     // the name in the answer; empty where there is none
	usage            map[string]uint64
	environment      string // its id
	source           string
	modelSHA         string // empty where it is unknown
}

type sealedIDs struct {
	digest, trail string
	counts        []int
}

var countNames = []string{"prompt_tokens", "completion_tokens", "total_tokens"}

func parseStatement(text string) (*statement, error) {
	f := &fields{what: "the statement"}
	if len(text) > maxDocumentBytes {
		f.fail("more than %d MiB", maxDocumentBytes>>20)
		return nil, f.err
	}
	v, err := parseJSON(text, maxLevels)
	if err != nil {
		return nil, err
	}
	if err := v.distinct("the statement"); err != nil {
		return nil, err
	}
	if name := halfName(v); name != "" {
		f.fail("half of a surrogate pair in the name %q", name)
	}
	// Of another version the rest may be anything.
	f.is(v, "_type", statementType)
	f.is(v, "predicateType", predicateType)
	subjects := f.list(v, "subject")
	if len(subjects) != 1 {
		f.fail("%q does not have one element", "subject")
		return nil, f.err
	}
	subject, p := subjects[0], f.object(v, "predicate")
	request, out := f.object(p, "request"), f.object(p, "output")
	f.is(subject, "name", outputForm)
	f.is(request, "form", requestForm)
	s := &statement{
		text: text, id: f.hex(p, "receipt_id", 16), complete: f.boolean(p, "complete"),
		class: f.named(p, "class", "deterministic best-effort"),
		path:  f.named(request, "path", chatPath+" "+completionPath), request: f.hex(request, "commitment", 32),
		output: f.hex(f.object(subject, "digest"), "sha256", 32), pins: map[string]string{},
		delivery: f.named(out, "delivery", "json sse"),
		tokens:   f.ids(out, "tokens", true), prompt: f.ids(out, "prompt", false),
		logprobs: f.hexOrNull(out, "logprobs"), extras: f.hexOrNull(out, "extras"), usage: map[string]uint64{},
	}
	f.time(p, "issued_at")
	if f.named(p, "execution", "executed memo coalesced") != "executed" {
		f.hex(p, "origin", 16)
	}
	for _, m := range f.object(request, "pins").members {
		if m.value.kind != '"' {
			f.fail("the pin %q is no string", m.name)
		} else if err := checkPin(m.name, f.whole(m.name, m.value.text())); err != nil {
			f.fail("%w", err)
		}
		s.pins[m.name] = m.value.text()
	}
	if !f.isNull(out, "model") {
		s.answerModel = f.text(out, "model")
	}
	if !f.isNull(out, "usage") {
		usage := f.object(out, "usage")
		for _, name := range countNames {
			if !f.isNull(usage, name) {
				s.usage[name] = f.count(usage.get(name), name, math.MaxInt64)
			}
		}
	}
	if out.get("weight_version") != nil {
		f.text(out, "weight_version")
	}
	environment, model := f.object(p, "environment"), f.object(p, "model")
	s.environment, s.source = f.hex(environment, "id", 32), f.named(environment, "source", sources)
	if !f.isNull(model, "name") {
		f.text(model, "name")
	}
	s.modelSHA = f.hexOrNull(model, "sha256")
	if !f.isNull(p, "probe") {
		probe := f.object(p, "probe")
		f.text(probe, "verdict")
		f.count(probe.get("trials"), "trials", math.MaxInt64)
		f.time(probe, "at")
	}
	return s, f.err
}

func (f *fields) ids(out *value, name string, hasTrail bool) *sealedIDs {
	if f.isNull(out, name) {
		return nil
	}
	v := f.object(out, name)
	ids := &sealedIDs{digest: f.hex(v, "digest", 32), counts: []int{}}
	if hasTrail {
		ids.trail = f.hex(v, "trail_sha256", 32)
	}
	for _, item := range f.list(v, "counts") {
		ids.counts = append(ids.counts, int(f.count(item, "counts", math.MaxInt32)))
	}
	return ids
}

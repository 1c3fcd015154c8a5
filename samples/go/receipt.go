package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sort"
	"strings"
)

// The receipt: bundle, statement, salts, commitments, token chains and environment, as docs/determinism.md has them.

const (
	bundleForm    = "dis-bundle/2"
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "urn:deterministic-inference-server:receipt:v3"
	tokensForm    = "dis-tokens/2"
	promptForm    = "dis-prompt/2"
	commitForm    = "dis-commit/2"
	saltForm      = "dis-salt/1"
	environForm   = "dis-env/2"
)

// errVersion is of forms that another version of this page has: nothing can be said of them.
var errVersion = errors.New("another version")

// A bundle is a receipt with what it is of, as far as that was given.
type bundle struct {
	path        string
	request     []byte // nil where it was not given
	response    []byte
	delivery    string
	receipt     *value
	environment *value
	vkey        string
}

func parseBundle(text string) (*bundle, error) {
	v, err := parseJSON(strings.TrimPrefix(text, "\uFEFF"), 128)
	if err != nil {
		return nil, err
	}
	form := v.get("form")
	if v.kind != '{' || form == nil || form.kind != '"' {
		return nil, fmt.Errorf("no bundle: the member form is missing")
	}
	if form.text() != bundleForm {
		return nil, fmt.Errorf("%w: a bundle of the form %q", errVersion, form.text())
	}
	if err := v.distinct("the bundle"); err != nil {
		return nil, err
	}
	if err := v.only("the bundle", "form request response receipt environment vkey"); err != nil {
		return nil, err
	}
	b := &bundle{receipt: v.get("receipt"), environment: v.get("environment")}
	if b.receipt == nil || b.receipt.kind != '{' {
		return nil, fmt.Errorf("the bundle has no receipt")
	}
	if b.environment.isNull() {
		b.environment = nil
	}
	if key := v.get("vkey"); key != nil && key.kind == '"' {
		b.vkey = key.text()
	}
	if request := v.get("request"); !request.isNull() {
		if err := request.only("the request", "path body body_base64"); err != nil {
			return nil, err
		}
		if b.path, err = textOf(request, "path"); err != nil {
			return nil, err
		}
		if b.request, err = bodyOf(request); err != nil {
			return nil, err
		}
	}
	if response := v.get("response"); !response.isNull() {
		if err := response.only("the response", "delivery content_type body body_base64"); err != nil {
			return nil, err
		}
		if b.delivery, err = textOf(response, "delivery"); err != nil {
			return nil, err
		}
		if b.response, err = bodyOf(response); err != nil {
			return nil, err
		}
		types := map[string]string{"json": "application/json", "sse": "text/event-stream"}
		if kind := response.get("content_type"); types[b.delivery] == "" || !kind.isNull() && !kind.isText(types[b.delivery]) {
			return nil, fmt.Errorf("delivery and content_type of the response do not fit")
		}
	}
	return b, nil
}

// only refuses objects that have other members than these.
func (v *value) only(where, list string) error {
	if v.kind != '{' {
		return fmt.Errorf("%s is no object", where)
	}
	known := names(list)
	for _, m := range v.members {
		if !known[m.name] {
			return fmt.Errorf("%s has an unknown member %q", where, m.name)
		}
	}
	return nil
}

func textOf(v *value, name string) (string, error) {
	if t := v.get(name); t != nil && t.kind == '"' {
		return t.text(), nil
	}
	return "", fmt.Errorf("%q is missing or no string", name)
}

func bodyOf(v *value) ([]byte, error) {
	if body := v.get("body"); !body.isNull() {
		text, err := textOf(v, "body")
		return []byte(text), err
	}
	text, err := textOf(v, "body_base64")
	if err != nil {
		return nil, err
	}
	return decode64(text)
}

// decode64 takes both alphabets of base64, with padding and in one spelling.
func decode64(text string) ([]byte, error) {
	encoding := base64.StdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.URLEncoding
	}
	raw, err := encoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("not base64")
	}
	return raw, nil
}

// A statement is what the log has sealed.
type statement struct {
	text              string
	id, class         string
	complete          bool
	path              string
	request, output   string // commitments
	pins              map[string]string
	delivery          string
	tokens, prompt    *sealedIDs // nil where none are bound
	logprobs, extras  string     // commitments; empty where none are bound
	answerModel       string     // the name in the answer
	usage             map[string]*uint64
	environment       string
	source            string
	model, modelSHA   string
	execution, origin string
}

type sealedIDs struct {
	digest, trail string
	counts        []int
}

func parseStatement(text string) (*statement, error) {
	if len(text) > 4<<20 {
		return nil, fmt.Errorf("the statement has more than 4 MiB")
	}
	v, err := parseJSON(text, 128)
	if err != nil {
		return nil, err
	}
	if err := v.distinct("the statement"); err != nil {
		return nil, err
	}
	f := &fields{}
	subjects := f.get(v, "subject", '[')
	if len(subjects.items) != 1 {
		return nil, fmt.Errorf("the statement has not one subject")
	}
	subject, p := subjects.items[0], f.get(v, "predicate", '{')
	request, out, environment, model := f.get(p, "request", '{'), f.get(p, "output", '{'), f.get(p, "environment", '{'), f.get(p, "model", '{')
	for _, form := range [][2]string{
		{f.text(v, "_type"), statementType}, {f.text(v, "predicateType"), predicateType},
		{f.text(subject, "name"), outputForm}, {f.text(request, "form"), requestForm},
	} {
		if f.err == nil && form[0] != form[1] {
			return nil, fmt.Errorf("%w: %q instead of %q", errVersion, form[0], form[1])
		}
	}
	s := &statement{
		text: text, id: f.text(p, "receipt_id"), class: f.text(p, "class"), execution: f.text(p, "execution"),
		path: f.text(request, "path"), request: f.hex(request, "commitment"), output: f.hex(f.get(subject, "digest", '{'), "sha256"),
		delivery: f.text(out, "delivery"), tokens: f.ids(out, "tokens", true), prompt: f.ids(out, "prompt", false),
		environment: f.hex(environment, "id"), model: f.text(model, "name"), pins: map[string]string{}, usage: map[string]*uint64{},
	}
	f.text(p, "issued_at")
	s.source = f.text(environment, "source")
	f.get(p, "probe", 0)
	if s.complete = f.get(p, "complete", 0).kind == 't'; !s.complete && f.get(p, "complete", 0).kind != 'f' {
		return nil, fmt.Errorf("complete is no boolean")
	}
	if f.get(out, "logprobs", 0).kind != 'n' {
		s.logprobs = f.hex(out, "logprobs")
	}
	if f.get(out, "extras", 0).kind != 'n' {
		s.extras = f.hex(out, "extras")
	}
	if f.get(out, "model", 0).kind != 'n' {
		s.answerModel = f.text(out, "model")
	}
	if usage := f.get(out, "usage", 0); usage.kind != 'n' {
		usage = f.get(out, "usage", '{')
		for _, name := range []string{"prompt_tokens", "completion_tokens", "total_tokens"} {
			if v := f.get(usage, name, 0); v.kind != 'n' {
				n, ok := v.whole(1<<63 - 1)
				if !ok && f.err == nil {
					f.err = fmt.Errorf("a count of the statement is no number")
				}
				s.usage[name] = &n
			}
		}
	}
	if f.get(model, "sha256", 0).kind != 'n' {
		s.modelSHA = f.hex(model, "sha256")
	}
	for _, m := range f.get(request, "pins", '{').members {
		if s.pins[m.name] = m.value.text(); m.value.kind != '"' {
			return nil, fmt.Errorf("a pin of the statement is no string")
		}
	}
	if s.execution != "executed" {
		s.origin = f.text(p, "origin")
	}
	switch {
	case f.err != nil:
		return nil, f.err
	case s.class != "deterministic" && s.class != "best-effort":
		return nil, fmt.Errorf("the class %q is unknown", s.class)
	case s.delivery != "json" && s.delivery != "sse":
		return nil, fmt.Errorf("the delivery %q is unknown", s.delivery)
	case s.execution != "executed" && s.execution != "memo" && s.execution != "coalesced":
		return nil, fmt.Errorf("the execution %q is unknown", s.execution)
	}
	return s, nil
}

// fields reads members that have to be there, and keeps the first thing that is wrong.
type fields struct{ err error }

func (f *fields) get(v *value, name string, kind byte) *value {
	found := v.get(name)
	if found == nil || kind != 0 && found.kind != kind {
		if f.err == nil {
			f.err = fmt.Errorf("the member %q of the statement is missing or of another type", name)
		}
		return &value{kind: kind}
	}
	return found
}

func (f *fields) text(v *value, name string) string { return f.get(v, name, '"').text() }

func (f *fields) hex(v *value, name string) string {
	text := f.text(v, name)
	if raw, err := hex.DecodeString(text); (err != nil || len(raw) != 32 || strings.ToLower(text) != text) && f.err == nil {
		f.err = fmt.Errorf("the member %q of the statement is no SHA-256", name)
	}
	return text
}

func (f *fields) ids(out *value, name string, trail bool) *sealedIDs {
	if f.get(out, name, 0).kind == 'n' {
		return nil
	}
	v := f.get(out, name, '{')
	ids := &sealedIDs{digest: f.hex(v, "digest")}
	if trail {
		ids.trail = f.hex(v, "trail_sha256")
	}
	for _, item := range f.get(v, "counts", '[').items {
		n, ok := item.whole(1 << 31)
		if !ok && f.err == nil {
			f.err = fmt.Errorf("a count of the statement is no number")
		}
		ids.counts = append(ids.counts, int(n))
	}
	return ids
}

// salts are what the parts of a receipt are opened with, by their labels.
type salts map[string][]byte

// derive is salt(label) of a receipt's salt.
func derive(salt []byte, label string) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(saltForm + " " + label + "\x01"))
	return mac.Sum(nil)
}

var labels = []string{"request", "output", "logprobs", "tokens", "prompt", "extras"}

// saltsOf reads the salt of a receipt, or some derived ones. The last twelve bytes of the receipt's id follow from the
// salt; they are nil where it was not given.
func saltsOf(receipt *value) (found salts, id []byte, err error) {
	found = salts{}
	if salt := receipt.get("salt"); !salt.isNull() {
		raw, err := decode64(salt.text())
		if err != nil || salt.kind != '"' || len(raw) != 32 {
			return nil, nil, fmt.Errorf("the salt is malformed")
		}
		for _, label := range labels {
			found[label] = derive(raw, label)
		}
		return found, derive(raw, "id")[:12], nil
	}
	for _, label := range labels {
		if salt := receipt.get("salts").get(label); !salt.isNull() {
			raw, err := decode64(salt.text())
			if err != nil || salt.kind != '"' || len(raw) != 32 {
				return nil, nil, fmt.Errorf("the salt of %s is malformed", label)
			}
			found[label] = raw
		}
	}
	return found, nil, nil
}

// commit hides a digest behind the salt of its label.
func (s salts) commit(label string, digest [32]byte) string {
	sum := sha256.Sum256(append(append([]byte(commitForm+"\n"+label+"\n"), s[label]...), digest[:]...))
	return hex.EncodeToString(sum[:])
}

// tokens is the digest of the choices' token ids with the trail that locates a difference.
func (s salts) tokens(choices [][]uint32) (digest string, trail []byte) {
	all := tokensForm + "\n"
	for i, ids := range choices {
		h := sha256.Sum256(binary.BigEndian.AppendUint32(append([]byte(tokensForm+"\n"), s["tokens"]...), uint32(i)))
		for _, id := range ids {
			h = sha256.Sum256(binary.BigEndian.AppendUint32(h[:], id))
			trail = append(trail, h[:2]...)
		}
		all += fmt.Sprintf("%d %d %x\n", i, len(ids), h)
	}
	sum := sha256.Sum256([]byte(all))
	return hex.EncodeToString(sum[:]), trail
}

// prompts is the digest of the prompts' token ids.
func (s salts) prompts(prompts [][]uint32) string {
	all := append([]byte(promptForm+"\n"), s["prompt"]...)
	for i, ids := range prompts {
		var raw []byte
		for _, id := range ids {
			raw = binary.BigEndian.AppendUint32(raw, id)
		}
		all = append(all, fmt.Sprintf("%d %d %x\n", i, len(ids), sha256.Sum256(raw))...)
	}
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:])
}

// environmentID is dis-env/2 of reasons and facts.
func environmentID(reasons []string, facts map[string]string) string {
	bound := func(text string) string {
		if len(text) > 200 || strings.IndexFunc(text, func(c rune) bool { return c < 0x20 || 0x7F <= c && c <= 0x9F }) >= 0 {
			return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))
		}
		return text
	}
	all := environForm + "\n"
	var lines []string
	for _, reason := range reasons {
		lines = append(lines, bound(reason))
	}
	sort.Strings(lines)
	for _, line := range lines {
		all += line + "\n"
	}
	all += "\n"
	for _, key := range sorted(facts) {
		all += key + " " + bound(facts[key]) + "\n"
	}
	sum := sha256.Sum256([]byte(all))
	return hex.EncodeToString(sum[:])
}

// checkEnvironment computes id and class of an environment's document anew, and gives its facts.
func checkEnvironment(v *value, s *statement) (map[string]string, error) {
	if v.kind != '{' {
		return nil, fmt.Errorf("the environment is no object")
	}
	if err := v.only("the environment", "id class reasons facts"); err != nil {
		return nil, err
	}
	facts, reasons := map[string]string{}, []string{}
	ranks := map[string]int{"measured": 0, "engine-reported": 1, "declared": 2}
	weakest := "measured"
	if list := v.get("facts"); list != nil {
		for _, m := range list.members {
			source, err := textOf(m.value, "source")
			if err != nil || m.value.only("the fact", "value source") != nil {
				return nil, fmt.Errorf("the fact %q of the environment is malformed", m.name)
			}
			if rank, known := ranks[source]; !known {
				return nil, fmt.Errorf("the source %q of a fact is unknown", source)
			} else if rank > ranks[weakest] {
				weakest = source
			}
			text, err := textOf(m.value, "value")
			if err != nil {
				return nil, fmt.Errorf("the fact %q of the environment: %w", m.name, err)
			}
			facts[m.name] = text
		}
	}
	if list := v.get("reasons"); list != nil {
		for _, item := range list.items {
			reasons = append(reasons, item.text())
		}
	}
	class := "best-effort"
	if len(reasons) == 0 {
		class = "deterministic"
	}
	if id := environmentID(reasons, facts); id != s.environment {
		return nil, fmt.Errorf("its id is %s, and the statement names %s", id, s.environment)
	}
	if id := v.get("id"); !id.isNull() && !id.isText(s.environment) || !v.get("class").isNull() && !v.get("class").isText(class) {
		return nil, fmt.Errorf("id or class of the document are not those of its facts")
	}
	if weakest != s.source {
		return nil, fmt.Errorf("its weakest source is %s, and the statement's %s", weakest, s.source)
	}
	if class != s.class {
		return nil, fmt.Errorf("its class is %s, and the statement's %s", class, s.class)
	}
	return facts, nil
}

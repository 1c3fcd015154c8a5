package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A job is what a canonical request asks of the embedded engine.
type job struct {
	chat     bool
	prompts  []prompt
	n        int
	limit    int // of generated tokens; −1 is the rest of the context
	sampling sampling
	stops    []string
	echo     bool
	ignoring bool     // the end token ends nothing
	scored   bool     // log-probabilities are wanted
	top      int      // alternatives of each token
	strange  []string // members that this program does not know
}

type prompt struct {
	ids  []uint32
	text string // of the prompt, for echo
}

// Members that the engine honours, and those that are read with others.
var honoured = names("messages prompt model n max_tokens max_completion_tokens temperature top_p top_k min_p " +
	"frequency_penalty presence_penalty logit_bias seed stop logprobs top_logprobs echo ignore_eos return_token_ids " +
	"best_of")

const ownTemplate = "{{ bos_token }}{% for message in messages %}" +
	"{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}" +
	"{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"

// newJob reads a request. It has been accepted by a server, so that what can't be read is not supported rather than
// wrong.
func newJob(m *model, path string, request *value) (*job, error) {
	r := &reader{request: request}
	j := &job{
		chat: path == chatPath, n: int(r.integer("n", 1)), limit: -1,
		sampling: sampling{
			temperature: r.single("temperature", 1), topP: r.single("top_p", 1), minP: r.single("min_p", 0),
			topK: int(r.integer("top_k", 0)), seed: uint64(r.integer("seed", 42)), bias: map[uint32]float32{},
			frequency: r.single("frequency_penalty", 0), presence: r.single("presence_penalty", 0),
		},
		ignoring: r.boolean("ignore_eos"),
	}
	for _, m := range request.members {
		if !honoured[m.name] && m.value.kind != 'n' && !saysNothing(path, m.name, canonicalJSON(m.value)) {
			j.strange = append(j.strange, m.name)
		}
	}
	if j.n < 1 || j.n > 128 || !j.chat && path != completionPath {
		return nil, fmt.Errorf("%w: n or the path", errUnsupported)
	}
	for _, b := range request.get("logit_bias").objectMembers() {
		id, err := strconv.ParseUint(b.name, 10, 32)
		bias, ok := b.value.number()
		if err != nil || !ok || id >= uint64(m.vocabulary) {
			return nil, fmt.Errorf("%w: logit_bias", errUnsupported)
		}
		j.sampling.bias[uint32(id)] = float32(bias)
	}
	switch stop := request.get("stop"); {
	case stop.isNull():
	case stop.kind == '"':
		j.stops = []string{stop.text()}
	default:
		for _, s := range stop.items {
			j.stops = append(j.stops, s.text())
		}
	}
	for _, stop := range j.stops {
		if stop == "" {
			return nil, fmt.Errorf("%w: an empty stop text", errUnsupported)
		}
	}
	var err error
	if j.chat {
		j.limit = int(r.integer("max_completion_tokens", r.integer("max_tokens", -1)))
		j.scored, j.top = r.boolean("logprobs"), int(r.integer("top_logprobs", 0))
		err = j.readMessages(m.tokenizer, request.get("messages"))
	} else {
		j.limit = int(r.integer("max_tokens", 16))
		j.scored, j.top, j.echo = !request.get("logprobs").isNull(), int(r.integer("logprobs", 0)), r.boolean("echo")
		err = j.readPrompts(m.tokenizer, request.get("prompt"))
	}
	if err == nil {
		err = r.err
	}
	if err != nil {
		return nil, err
	}
	for i, p := range j.prompts {
		rest := m.positions - len(p.ids)
		if len(p.ids) == 0 || rest < 0 || j.limit > rest || j.limit < 0 && rest == 0 {
			return nil, fmt.Errorf("%w: prompt %d and max_tokens don't fit into the positions", errUnsupported, i)
		}
		for _, id := range p.ids {
			if int(id) >= m.vocabulary {
				return nil, fmt.Errorf("%w: the token %d", errUnsupported, id)
			}
		}
	}
	return j, nil
}

func (v *value) objectMembers() []member {
	if v == nil {
		return nil
	}
	return v.members
}

// A reader takes scalars from a request; null is the same as absent.
type reader struct {
	request *value
	err     error
}

func (r *reader) fail(name string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: this value of %q", errUnsupported, name)
	}
}

func (r *reader) integer(name string, otherwise int64) int64 {
	v := r.request.get(name)
	if v.isNull() {
		return otherwise
	}
	n, ok := v.integer()
	if !ok {
		r.fail(name)
	}
	return n
}

func (r *reader) single(name string, otherwise float32) float32 {
	v := r.request.get(name)
	if v.isNull() {
		return otherwise
	}
	n, ok := v.number()
	if !ok || math.IsInf(n, 0) {
		r.fail(name)
	}
	return float32(n)
}

func (r *reader) boolean(name string) bool {
	v := r.request.get(name)
	if !v.isNull() && v.kind != 't' && v.kind != 'f' {
		r.fail(name)
	}
	return v != nil && v.kind == 't'
}

// readMessages makes the one prompt of a chat. Names of control tokens in a message are text.
func (j *job) readMessages(t *tokenizer, messages *value) error {
	if t.chat != ownTemplate {
		return fmt.Errorf("%w: the chat template of the model", errUnsupported)
	}
	if messages == nil || messages.kind != '[' {
		return fmt.Errorf("%w: no messages", errUnsupported)
	}
	for _, name := range strings.Fields("<|bos|> <|system|> <|user|> <|assistant|> <|end|>") {
		if !has(t.ids, name) {
			return fmt.Errorf("%w: the token %s of the chat template is missing", errUnsupported, name)
		}
	}
	ids := []uint32{t.ids["<|bos|>"]}
	for _, m := range messages.items {
		role := m.get("role")
		if role == nil || role.kind != '"' {
			return fmt.Errorf("%w: a message without role", errUnsupported)
		}
		name := role.text()
		if name == "developer" {
			name = "system"
		}
		if name != "system" && name != "user" && name != "assistant" {
			return fmt.Errorf("%w: the role %q", errUnsupported, name)
		}
		text := ""
		switch content := m.get("content"); {
		case content.isNull():
		case content.kind == '"':
			text = content.text()
		default:
			var texts []string
			for _, part := range content.items {
				if !part.get("type").isText("text") || part.get("text") == nil || part.get("text").kind != '"' {
					return fmt.Errorf("%w: a part that is no text", errUnsupported)
				}
				if t := part.get("text").text(); t != "" {
					texts = append(texts, t)
				}
			}
			text = strings.Join(texts, "\n")
		}
		ids = append(append(append(ids, t.ids["<|"+name+"|>"]), t.encode(text)...), t.ids["<|end|>"])
	}
	j.prompts = []prompt{{ids: append(ids, t.ids["<|assistant|>"])}}
	return nil
}

// readPrompts takes a text, texts, token ids, or lists of token ids.
func (j *job) readPrompts(t *tokenizer, v *value) error {
	one := func(v *value) error {
		if v.kind == '"' {
			j.prompts = append(j.prompts, prompt{t.encodeWithControls(v.text()), v.text()})
			return nil
		}
		if v.kind != '[' {
			return fmt.Errorf("%w: this prompt", errUnsupported)
		}
		p, raw := prompt{}, []byte{}
		for _, item := range v.items {
			id, ok := item.integer()
			if !ok || id < 0 || int(id) >= len(t.bytes) {
				return fmt.Errorf("%w: a token id of the prompt", errUnsupported)
			}
			p.ids = append(p.ids, uint32(id))
			raw = append(raw, t.bytes[id]...)
		}
		p.text = decode(raw, true)
		j.prompts = append(j.prompts, p)
		return nil
	}
	if v == nil || v.kind == '"' || v.kind == '[' && len(v.items) > 0 && v.items[0].kind == 'd' {
		if v == nil {
			return fmt.Errorf("%w: no prompt", errUnsupported)
		}
		return one(v)
	}
	for _, item := range v.items {
		if err := one(item); err != nil {
			return err
		}
	}
	return nil
}

// A result is what the engine answers to a job.
type result struct {
	prompts [][]uint32
	choices [][]uint32
	output  output
	scored  [][]scoredToken
	first   []float32 // the logits after the first prompt
}

// run computes a job: prompts × n choices.
func (j *job) run(m *model) (*result, error) {
	r := &result{}
	for _, p := range j.prompts {
		begin := newSequence(m)
		var logits []float32
		var echoed []scoredToken
		for i, id := range p.ids {
			if j.echo && j.scored {
				echoed = append(echoed, j.score(m.tokenizer, logits, id))
			}
			logits = begin.add(id, j.echo && j.scored || i == len(p.ids)-1)
		}
		if !isFinite(logits) {
			return nil, fmt.Errorf("%w: logits that are no numbers", errUnsupported)
		}
		if r.first == nil {
			r.first = logits
		}
		r.prompts = append(r.prompts, p.ids)
		for c := 0; c < j.n; c++ {
			s := begin
			if c < j.n-1 {
				s = begin.fork()
			}
			g := j.generate(m, s, logits, c)
			if j.echo {
				g.text = p.text + g.text
			}
			name := "text"
			if j.chat {
				name = "content"
			}
			channels := []channel{{name, g.text}, {"finish", g.finish}}
			r.output = append(r.output, outputChoice{len(r.choices), channels})
			r.choices = append(r.choices, g.ids)
			r.scored = append(r.scored, append(append([]scoredToken{}, echoed...), g.scored...))
		}
	}
	return r, nil
}

// shorten generates no more tokens than the longest of an answer that broke off has.
func (j *job) shorten(counts []int) {
	most := 0
	for _, n := range counts {
		if n > most {
			most = n
		}
	}
	if j.limit < 0 || most < j.limit {
		j.limit = most
	}
}

type generated struct {
	ids    []uint32
	text   string
	finish string
	scored []scoredToken
}

// generate samples a choice until it ends.
func (j *job) generate(m *model, s *sequence, logits []float32, choice int) generated {
	g, raw, used := generated{ids: []uint32{}, finish: "length"}, []byte{}, map[uint32]int{}
	limit := j.limit
	if limit < 0 {
		limit = m.positions - s.position
	}
	for len(g.ids) < limit {
		id := j.sampling.next(logits, used, choice, s.position)
		if j.scored {
			g.scored = append(g.scored, j.score(m.tokenizer, logits, id))
		}
		g.ids = append(g.ids, id)
		used[id]++
		raw = append(raw, m.tokenizer.bytes[id]...)
		if text, stopped := j.cut(decode(raw, false)); stopped {
			g.text, g.finish = text, "stop"
			return g
		}
		if m.ends[id] && !j.ignoring {
			g.finish = "stop"
			break
		}
		if len(g.ids) < limit {
			logits = s.add(id, true)
		}
	}
	// What was held back is text at the end, and may still complete a stop text.
	text, stopped := j.cut(decode(raw, true))
	if g.text = text; stopped {
		g.finish = "stop"
	}
	return g
}

// cut ends a text before the stop text that is completed first; of several that end at the same place, the longest.
func (j *job) cut(text string) (string, bool) {
	begin, end := 0, -1
	for _, stop := range j.stops {
		if at := strings.Index(text, stop); at >= 0 {
			if last := at + len(stop); end < 0 || last < end || last == end && at < begin {
				begin, end = at, last
			}
		}
	}
	if end < 0 {
		return text, false
	}
	return text[:begin], true
}

// list is the list of log-probabilities in which the tokens stand.
func (j *job) list() byte {
	if j.chat {
		return contentList
	}
	return parallelList
}

// score is a token among log-probabilities; the first token of a prompt has none.
func (j *job) score(t *tokenizer, logits []float32, id uint32) scoredToken {
	if logits == nil {
		return scoredToken{text: t.shown(id), number: math.NaN(), list: j.list()}
	}
	scores := logProbabilities(logits)
	made := scoredToken{text: t.shown(id), number: written(scores[id]), list: j.list()}
	isThere := false
	for _, other := range strongest(logits, j.top) {
		isThere = isThere || other == id
		made.alternatives = append(made.alternatives, scoredToken{text: t.shown(other), number: written(scores[other])})
	}
	// Completions show the token beside the strongest ones, chats do not.
	if !j.chat && !isThere {
		made.alternatives = append(made.alternatives, scoredToken{text: t.shown(id), number: written(scores[id])})
	}
	return made
}

// written is the double that a reader makes of a single, which is written with the fewest digits that tell it from
// others.
func written(x float32) float64 {
	n, _ := strconv.ParseFloat(strconv.FormatFloat(float64(x), 'g', -1, 32), 64)
	return n
}

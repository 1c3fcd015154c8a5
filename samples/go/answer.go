package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"sort"
	"strings"
	"unicode/utf16"
)

// An answer as docs/determinism.md reads it ("Reading an answer"), and the digests of what it says: dis-out/1 and
// dis-logprobs/1. What breaks a rule has no canonical form, and is an error.

const outputForm = "dis-out/1"

// An output is what dis-out/1 binds: the choices with their channels, in the order of the form.
type output []outputChoice

type outputChoice struct {
	index    int
	channels []channel
	finish   string
}

type channel struct{ name, text string }

// digest hashes the manifest of an output.
func (o output) digest() [32]byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nchoices %d\n", outputForm, len(o))
	for _, c := range o {
		for _, ch := range append(append([]channel{}, c.channels...), channel{"finish", c.finish}) {
			if text := strings.TrimRight(ch.text, "\uFFFD"); text != "" {
				fmt.Fprintf(&b, "%d %s %d %x\n", c.index, ch.name, len(text), sha256.Sum256([]byte(text)))
			}
		}
	}
	return sha256.Sum256([]byte(b.String()))
}

// A scoredToken is a token as log-probabilities show it. A number that is null is NaN.
type scoredToken struct {
	text         string
	number       float64
	alternatives []scoredToken
}

// logprobsDigest is dis-logprobs/1 of the tokens of each choice.
func logprobsDigest(choices [][]scoredToken) [32]byte {
	all := bytes.NewBufferString("dis-logprobs/1\n")
	for i, tokens := range choices {
		var stream bytes.Buffer
		write := func(t scoredToken) {
			binary.Write(&stream, binary.BigEndian, uint32(len(t.text)))
			stream.WriteString(t.text)
			bits := math.Float64bits(t.number)
			if math.IsNaN(t.number) {
				bits = 0x7ff8000000000000
			}
			binary.Write(&stream, binary.BigEndian, bits)
		}
		for _, t := range tokens {
			write(t)
			binary.Write(&stream, binary.BigEndian, uint32(len(t.alternatives)))
			for _, a := range t.alternatives {
				write(a)
			}
		}
		fmt.Fprintf(all, "%d %d %x\n", i, stream.Len(), sha256.Sum256(stream.Bytes()))
	}
	return sha256.Sum256(all.Bytes())
}

// An answer collects what its events, or its one JSON value, say.
type answer struct {
	logprobs bool // the client asked for log-probabilities
	stream   bool
	choices  map[int]*readChoice
	errored  bool
	tokens   map[int][]uint32 // ids as reported, by choice
	byNames  bool             // ids came with the choices
	bySglext bool             // ids came in sglext.output_ids
	partial  bool             // ids were reported for a part only
	least    uint64           // the last usage.completion_tokens
}

type readChoice struct {
	fragments map[string][]uint16
	names     string // the names by which reasoning came
	tools     map[int]*readTool
	callNamed bool
	finish    string
	finished  bool
	scored    []scoredToken
	refused   []scoredToken
}

type readTool struct {
	fragments        map[string][]uint16
	function, custom bool
	named            bool
	id               *value
}

// readAnswer reads the body of a response.
func readAnswer(body []byte, stream, logprobs bool) (*answer, error) {
	a := &answer{logprobs: logprobs, stream: stream, choices: map[int]*readChoice{}, tokens: map[int][]uint32{}}
	text := strings.TrimPrefix(string(body), "\uFEFF")
	if !stream {
		return a, a.event(text)
	}
	for _, data := range cutStream(text) {
		if strings.HasPrefix(data, "[DONE]") {
			break
		}
		if err := a.event(data); err != nil {
			return a, err
		}
	}
	return a, nil
}

// cutStream gives the data of each event of a stream (WHATWG HTML, 9.2.6).
func cutStream(text string) []string {
	var events, lines []string
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	for text != "" {
		line, rest, ended := strings.Cut(text, "\n")
		if text = rest; !ended {
			break
		}
		field, data, _ := strings.Cut(line, ":")
		switch {
		case line == "":
			if data := strings.Join(lines, "\n"); data != "" {
				events = append(events, data)
			}
			lines = nil
		case field == "data":
			lines = append(lines, strings.TrimPrefix(data, " "))
		}
	}
	return events
}

// members finds the members of an object that are read, and refuses names that some readers take for one of them.
func members(v *value, where, list string) (map[string]*value, error) {
	read, found := names(list), map[string]*value{}
	for _, m := range v.members {
		folded := strings.Map(func(c rune) rune {
			switch {
			case 'A' <= c && c <= 'Z':
				return c + 32
			case c == 0x17F:
				return 's'
			case c == 0x212A:
				return 'k'
			case c == 0x130 || c == 0x131:
				return 'i'
			}
			return c
		}, m.name)
		switch _, second := found[m.name]; {
		case m.half:
			return nil, fmt.Errorf("no canonical form: half of a surrogate pair in a name of %s", where)
		case m.name == "__proto__":
			return nil, fmt.Errorf("no canonical form: __proto__ in %s", where)
		case second:
			return nil, fmt.Errorf("no canonical form: a second %q in %s", m.name, where)
		case read[m.name]:
			found[m.name] = m.value
		case read[folded]:
			return nil, fmt.Errorf("no canonical form: %q in %s is another spelling of %q", m.name, where, folded)
		}
	}
	for name, v := range found {
		if v.kind == 'n' {
			found[name] = nil
		}
	}
	return found, nil
}

// object finds the members of a value that has to be an object, or null.
func object(v *value, where, list string) (map[string]*value, error) {
	if v.isNull() {
		return nil, nil
	}
	if v.kind != '{' {
		return nil, fmt.Errorf("no canonical form: %s is no object", where)
	}
	return members(v, where, list)
}

// objects are the elements of a value that has to be an array of objects, or null.
func objects(v *value, where string) ([]*value, error) {
	if v.isNull() {
		return nil, nil
	}
	if v.kind != '[' {
		return nil, fmt.Errorf("no canonical form: %s is no array", where)
	}
	for _, item := range v.items {
		if item.kind != '{' {
			return nil, fmt.Errorf("no canonical form: %s has an element that is no object", where)
		}
	}
	return v.items, nil
}

func (a *answer) event(data string) error {
	v, err := (&jsonReader{text: data, levels: 128, infinite: true}).document()
	if err != nil {
		return fmt.Errorf("no canonical form: %w", err)
	}
	if a.stream && v.kind == 'n' {
		return nil
	}
	if v.kind != '{' {
		return fmt.Errorf("no canonical form: the answer is no object")
	}
	top, err := members(v, "the answer", "choices error object usage prompt_token_ids sglext id created timings environment determinism")
	if err != nil {
		return err
	}
	if top["error"] != nil || top["object"].isText("error") {
		a.errored = true
	}
	if u := top["usage"]; u != nil && u.kind == '{' {
		usage, err := members(u, "usage", "prompt_tokens completion_tokens")
		if err != nil {
			return err
		}
		if n, ok := usage["completion_tokens"].whole(1<<63 - 1); ok {
			a.least = n
		}
	}
	choices, err := objects(top["choices"], "choices")
	if err != nil {
		return err
	}
	allowed, seen := 0, map[int]bool{}
	for at, c := range choices {
		n, err := a.choice(at, c, seen)
		if err != nil {
			return err
		}
		allowed += n
	}
	if s := top["sglext"]; s != nil && s.kind == '{' {
		ext, err := members(s, "sglext", "output_ids input_ids")
		if err != nil {
			return err
		}
		a.listed(ext["output_ids"])
	}
	if infinities(v) > allowed {
		return fmt.Errorf("no canonical form: Infinity or NaN outside of logprobs")
	}
	return nil
}

func infinities(v *value) int {
	n := 0
	if v.kind == 'i' {
		n = 1
	}
	for _, m := range v.members {
		n += infinities(m.value)
	}
	for _, item := range v.items {
		n += infinities(item)
	}
	return n
}

func position(v *value, otherwise int, where string) (int, error) {
	if v.isNull() {
		return otherwise, nil
	}
	n, ok := v.whole(math.MaxInt32)
	if !ok {
		return 0, fmt.Errorf("no canonical form: %s.index is no index", where)
	}
	return int(n), nil
}

// choice reads an element of choices, and says how many infinite numbers its logprobs have.
func (a *answer) choice(at int, v *value, seen map[int]bool) (int, error) {
	m, err := members(v, "choices", "index text finish_reason logprobs token_ids response_token_ids prompt_token_ids "+map[bool]string{false: "message", true: "delta"}[a.stream])
	if err != nil {
		return 0, err
	}
	index, err := position(m["index"], at, "choices")
	if err != nil {
		return 0, err
	}
	if seen[index] && !a.stream {
		return 0, fmt.Errorf("no canonical form: choice %d stands twice in a JSON answer", index)
	}
	seen[index] = true
	c := a.choices[index]
	if c == nil {
		c = &readChoice{fragments: map[string][]uint16{}, tools: map[int]*readTool{}}
		a.choices[index] = c
	}
	if finish := m["finish_reason"]; finish != nil {
		if finish.kind != '"' || hasHalf(finish.units) || strings.ContainsRune(finish.text(), 0xFFFD) {
			return 0, fmt.Errorf("no canonical form: a finish_reason of choice %d is none", index)
		}
		c.finish, c.finished = finish.text(), true
	}
	add(c.fragments, "text", m["text"])
	message := m["message"]
	if a.stream {
		message = m["delta"]
	}
	said, err := c.message(a.stream, message)
	if err != nil {
		return 0, err
	}
	said = said || len(fragment(m["text"])) > 0
	a.reported(index, m["token_ids"], m["response_token_ids"], said, m["finish_reason"] != nil)
	if m["logprobs"] == nil {
		return 0, nil
	}
	if a.logprobs {
		if err := c.scores(m["logprobs"]); err != nil {
			return 0, err
		}
	}
	return infinities(m["logprobs"]), nil
}

// message reads a message or delta, and says whether it has text.
func (c *readChoice) message(stream bool, v *value) (bool, error) {
	m, err := object(v, "message", "role content reasoning_content reasoning refusal function_call tool_calls")
	if err != nil {
		return false, err
	}
	add(c.fragments, "content", m["content"])
	add(c.fragments, "refusal", m["refusal"])
	first, second := m["reasoning_content"], m["reasoning"]
	if first != nil && second != nil && !same(first, second) {
		return false, fmt.Errorf("no canonical form: reasoning_content and reasoning differ")
	}
	by := ""
	if first != nil {
		by = "reasoning_content "
	}
	if second != nil {
		by += "reasoning"
		if first == nil {
			first = second
		}
	}
	if len(fragment(first)) > 0 {
		if stream && c.names != "" && c.names != by {
			return false, fmt.Errorf("no canonical form: reasoning comes by different names")
		}
		c.names = by
	}
	add(c.fragments, "reasoning", first)
	call, err := object(m["function_call"], "function_call", "name arguments")
	if err != nil {
		return false, err
	}
	if err := named(&c.callNamed, stream, call["name"]); err != nil {
		return false, err
	}
	add(c.fragments, "call.name", call["name"])
	add(c.fragments, "call.arguments", call["arguments"])
	calls, err := objects(m["tool_calls"], "tool_calls")
	if err != nil {
		return false, err
	}
	for at, call := range calls {
		if err := c.tool(stream, at, call); err != nil {
			return false, err
		}
	}
	return len(fragment(m["content"])) > 0 || len(fragment(first)) > 0, nil
}

// named refuses a second name of one call in a stream.
func named(already *bool, stream bool, name *value) error {
	if name.isNull() || name.kind == '"' && len(name.units) == 0 {
		return nil
	}
	if stream && *already {
		return fmt.Errorf("no canonical form: a second name of one call")
	}
	*already = true
	return nil
}

func (c *readChoice) tool(stream bool, at int, v *value) error {
	list := "id function custom"
	if stream {
		list += " index"
	}
	m, err := members(v, "tool_calls", list)
	if err != nil {
		return err
	}
	if at, err = position(m["index"], at, "tool_calls"); err != nil {
		return err
	}
	t := c.tools[at]
	if t == nil {
		t = &readTool{fragments: map[string][]uint16{}}
		c.tools[at] = t
	}
	if id := m["id"]; id != nil {
		if id.kind != '"' {
			return fmt.Errorf("no canonical form: an id of a tool call is no string")
		}
		if len(id.units) > 0 {
			if t.id != nil && !same(t.id, id) {
				return fmt.Errorf("no canonical form: a second id of one tool call")
			}
			t.id = id
		}
	}
	t.function = t.function || m["function"] != nil
	t.custom = t.custom || m["custom"] != nil
	if t.function && t.custom {
		return fmt.Errorf("no canonical form: function and custom in one tool call")
	}
	function, err := object(m["function"], "function", "name arguments")
	if err != nil {
		return err
	}
	custom, err := object(m["custom"], "custom", "name input")
	if err != nil {
		return err
	}
	for _, name := range []*value{function["name"], custom["name"]} {
		if err := named(&t.named, stream, name); err != nil {
			return err
		}
		add(t.fragments, "name", name)
	}
	add(t.fragments, "arguments", function["arguments"])
	add(t.fragments, "input", custom["input"])
	return nil
}

// same reports whether two values are the same fragment.
func same(a, b *value) bool {
	if a.kind == '"' && b.kind == '"' {
		if len(a.units) != len(b.units) {
			return false
		}
		for i := range a.units {
			if a.units[i] != b.units[i] {
				return false
			}
		}
		return true
	}
	return a.kind != '"' && b.kind != '"' && canonicalJSON(a) == canonicalJSON(b)
}

// fragment is what a value adds to its channel.
func fragment(v *value) []uint16 {
	switch {
	case v.isNull():
		return nil
	case v.kind == '"':
		return v.units
	}
	return utf16.Encode([]rune(canonicalJSON(v)))
}

func add(to map[string][]uint16, name string, v *value) {
	if units := fragment(v); len(units) > 0 {
		to[name] = append(to[name], units...)
	}
}

// scores reads the log-probabilities of an element of choices.
func (c *readChoice) scores(v *value) error {
	m, err := object(v, "logprobs", "content refusal tokens token_logprobs top_logprobs")
	if err != nil {
		return err
	}
	for name, to := range map[string]*[]scoredToken{"content": &c.scored, "refusal": &c.refused} {
		list, err := objects(m[name], "logprobs."+name)
		if err != nil {
			return err
		}
		for _, item := range list {
			t, err := scoredOf(item, true)
			if err != nil {
				return err
			}
			*to = append(*to, t)
		}
	}
	lists := map[string][]*value{}
	for _, name := range []string{"tokens", "token_logprobs", "top_logprobs"} {
		list := m[name]
		if list == nil || name == "top_logprobs" && list.kind == '[' && len(list.items) == 0 {
			continue
		}
		if list.kind != '[' || name != "tokens" && len(list.items) != len(lists["tokens"]) {
			return fmt.Errorf("no canonical form: logprobs.%s does not go with logprobs.tokens", name)
		}
		lists[name] = list.items
	}
	for i, token := range lists["tokens"] {
		if token.kind != '"' {
			return fmt.Errorf("no canonical form: an element of logprobs.tokens is no string")
		}
		t := scoredToken{text: token.text(), number: math.NaN()}
		if list := lists["token_logprobs"]; list != nil {
			if t.number, err = scoreOf(list[i]); err != nil {
				return err
			}
		}
		if list := lists["top_logprobs"]; list != nil && list[i].kind != 'n' {
			if list[i].kind != '{' {
				return fmt.Errorf("no canonical form: an element of logprobs.top_logprobs is no object")
			}
			for _, m := range list[i].members {
				number, err := scoreOf(m.value)
				if err != nil {
					return err
				}
				t.alternatives = append(t.alternatives, scoredToken{text: m.name, number: number})
			}
		}
		c.scored = append(c.scored, t)
	}
	return nil
}

func scoredOf(v *value, isToken bool) (scoredToken, error) {
	list := "token logprob"
	if isToken {
		list += " top_logprobs"
	}
	m, err := members(v, "logprobs", list)
	if err != nil {
		return scoredToken{}, err
	}
	if m["token"] == nil || m["token"].kind != '"' {
		return scoredToken{}, fmt.Errorf("no canonical form: a token of logprobs is no string")
	}
	t := scoredToken{text: m["token"].text()}
	if t.number, err = scoreOf(m["logprob"]); err != nil {
		return t, err
	}
	alternatives, err := objects(m["top_logprobs"], "top_logprobs")
	if err != nil {
		return t, err
	}
	for _, item := range alternatives {
		alternative, err := scoredOf(item, false)
		if err != nil {
			return t, err
		}
		t.alternatives = append(t.alternatives, alternative)
	}
	return t, nil
}

func scoreOf(v *value) (float64, error) {
	switch {
	case v.isNull() || v.kind == 'i' && v.digits == "":
		return math.NaN(), nil
	case v.kind == 'i':
		return -9999, nil
	}
	n, ok := v.number()
	if !ok {
		return 0, fmt.Errorf("no canonical form: a log-probability is no number")
	}
	return n, nil
}

func idsOf(v *value) ([]uint32, bool) {
	if v.kind != '[' {
		return nil, false
	}
	ids := []uint32{}
	for _, item := range v.items {
		id, ok := item.whole(math.MaxUint32)
		if !ok {
			return nil, false
		}
		ids = append(ids, uint32(id))
	}
	return ids, true
}

// reported takes the token ids that come with a choice.
func (a *answer) reported(index int, first, second *value, said, finished bool) {
	switch {
	case first != nil && second != nil:
		a.partial = true
		return
	case first == nil:
		first = second
	}
	if first == nil {
		// Text without ids: only known at the end whether ids come this way at all.
		if said && !finished {
			a.partial = a.partial || a.bySglext && a.tokens[index] != nil
			a.missing(index)
		}
		return
	}
	ids, ok := idsOf(first)
	a.partial = a.partial || !ok
	if !a.bySglext {
		a.byNames = true
		a.tokens[index] = append(a.tokens[index], ids...)
		if a.tokens[index] == nil {
			a.tokens[index] = []uint32{}
		}
	}
}

// missing notes that a choice had text without ids, by an impossible index, which reportedTokens finds.
func (a *answer) missing(index int) { a.tokens[-1-index] = []uint32{} }

// listed takes the token ids of sglext.output_ids.
func (a *answer) listed(v *value) {
	if v == nil {
		return
	}
	if v.kind != '[' {
		a.partial = true
		return
	}
	for index, list := range v.items {
		ids, ok := idsOf(list)
		if !ok {
			a.partial = true
			continue
		}
		if !a.byNames {
			a.bySglext = true
			a.partial = a.partial || a.tokens[index] != nil
			a.tokens[index] = append([]uint32{}, ids...)
		}
	}
}

// reportedTokens are the ids of all choices; false where the answer has them for a part only, or not at all.
func (a *answer) reportedTokens() ([][]uint32, bool) {
	count, all := uint64(0), [][]uint32{}
	for index := range a.tokens {
		if index < 0 && a.byNames || index >= len(a.choices) {
			return nil, false
		}
	}
	for i := range a.choicesInOrder() {
		ids, ok := a.tokens[i]
		if !ok {
			return nil, false
		}
		count += uint64(len(ids))
		all = append(all, ids)
	}
	return all, !a.partial && len(all) > 0 && count >= a.least
}

func (a *answer) choicesInOrder() []int {
	order := []int{}
	for index := range a.choices {
		order = append(order, index)
	}
	sort.Ints(order)
	return order
}

// finished reports whether an answer came to an end that is one.
func (a *answer) finished() bool {
	for at, index := range a.choicesInOrder() {
		c := a.choices[index]
		if at != index || !c.finished || c.finish == "" || c.finish == "abort" || c.finish == "error" {
			return false
		}
	}
	return len(a.choices) > 0 && !a.errored
}

// output is what the answer says, channel by channel.
func (a *answer) output() output {
	var o output
	for _, index := range a.choicesInOrder() {
		c := a.choices[index]
		made := outputChoice{index: index, finish: c.finish}
		add := func(prefix string, from map[string][]uint16, list string) {
			for _, name := range strings.Fields(list) {
				if units := from[name]; len(units) > 0 {
					made.channels = append(made.channels, channel{prefix + name, string(utf16.Decode(units))})
				}
			}
		}
		add("", c.fragments, "text content reasoning refusal call.name call.arguments")
		numbers := []int{}
		for number := range c.tools {
			numbers = append(numbers, number)
		}
		sort.Ints(numbers)
		for at, number := range numbers {
			add(fmt.Sprintf("tool.%d.", at), c.tools[number].fragments, "name arguments input")
		}
		o = append(o, made)
	}
	return o
}

// scored are the log-probabilities of each choice.
func (a *answer) scored() [][]scoredToken {
	var all [][]scoredToken
	for _, index := range a.choicesInOrder() {
		all = append(all, append(append([]scoredToken{}, a.choices[index].scored...), a.choices[index].refused...))
	}
	return all
}

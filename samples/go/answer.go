package main

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

// An answer as docs/determinism.md reads it ("Reading an answer"). What breaks a rule has no canonical form, and is an
// error.
type answer struct {
	stream  bool
	ended   bool // a recorded stream has its [DONE]
	choices map[int]*readChoice
	indexed map[bool]bool // choices of a stream had an index, or had none
	errored bool
	model   string
	usage   map[string]*uint64
	receipt *value // a receipt that stands in the answer
	ids     reportedIDs
}

type readChoice struct {
	fragments map[string][]uint16
	names     string // the names by which reasoning came
	role      string
	tools     map[int]*readTool
	indexed   map[bool]bool
	callNamed bool
	finish    string
	finished  bool
	scored    []scoredToken
	refused   []scoredToken
	extras    []string
}

type readTool struct {
	fragments        map[string][]uint16
	function, custom bool
	named            bool
	id               string
}

func newAnswer(stream bool, n int) *answer {
	return &answer{
		stream: stream, ended: true, choices: map[int]*readChoice{}, indexed: map[bool]bool{}, usage: map[string]*uint64{},
		ids: reportedIDs{n: n, choices: map[int][]uint32{}, listed: map[int][]uint32{}, prompts: map[int][]uint32{}, without: map[int]bool{}},
	}
}

// readAnswer reads the body of a response: a JSON answer, or a stream as the server sent it. n is the request's.
func readAnswer(body []byte, stream bool, n int) (*answer, error) {
	a := newAnswer(stream, n)
	if !stream {
		return a, a.event(strings.TrimPrefix(string(body), "\uFEFF"))
	}
	return a, a.recording(string(body))
}

func noForm(format string, args ...any) error {
	return fmt.Errorf("no canonical form: "+format, args...)
}

// Characters at which some clients cut lines that others don't.
const (
	cuts     = "\u0085\u2028\u2029"
	moreCuts = cuts + "\v\f\x1c\x1d\x1e"
)

// recording reads a recorded stream: strictly, because clients cut streams in different ways.
func (a *answer) recording(text string) error {
	a.ended = false
	if strings.HasPrefix(text, "\uFEFF") {
		return noForm("a byte order mark before the stream")
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if strings.Contains(text, "\r") {
		return noForm("a carriage return that no line feed follows")
	}
	data, has := "", false
	for text != "" {
		line, rest, whole := strings.Cut(text, "\n")
		text = rest
		if a.ended {
			if line != "" {
				return noForm("a line behind [DONE]")
			}
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		isData := field == "data" && line != "data"
		switch {
		case !isData && strings.ContainsAny(line, moreCuts):
			return noForm("a line that some clients cut")
		case line == "":
			if has && data != "" {
				if err := a.event(data); err != nil {
					return err
				}
			}
			data, has = "", false
		case isData && has:
			return noForm("an event with two lines of data")
		case isData && strings.HasPrefix(value, "[DONE]"):
			if strings.Trim(value[6:], " ") != "" {
				return noForm("something behind the word [DONE]")
			}
			a.ended = true
		case !whole:
			// What no empty line ends is dropped.
		case isData:
			data, has = value, true
		case strings.HasPrefix(line, ":"):
			if object := strings.TrimPrefix(line, ": dis-receipt "); object != line {
				v, err := parseJSON(object, 128)
				if err != nil || a.receipt != nil {
					return noForm("the receipt in the stream is malformed, or one of two")
				}
				a.receipt = v
			}
		case !strings.HasPrefix(line, "id:") && !strings.HasPrefix(line, "retry:") && line != "event: message" && line != "event:message":
			return noForm("a line that is no line of a stream")
		}
	}
	return nil
}

// An object's members: those that are read, by name, and the others in their order.
type object struct {
	read   map[string]*value
	others []member
}

func (o object) get(name string) *value { return o.read[name] }

// members finds the members of an object that are read, and refuses names that some readers take for one of them.
func members(v *value, where, list string) (object, error) {
	known, o := names(list), object{read: map[string]*value{}}
	seen := map[string]bool{}
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
		switch {
		case m.half():
			return o, noForm("half of a surrogate pair in a name of %s", where)
		case m.name == "__proto__":
			return o, noForm("__proto__ in %s", where)
		case known[m.name] && seen[m.name]:
			return o, noForm("a second %q in %s", m.name, where)
		case known[m.name]:
			if seen[m.name] = true; m.value.kind != 'n' {
				o.read[m.name] = m.value
			}
		case known[folded]:
			return o, noForm("%q in %s is another spelling of %q", m.name, where, folded)
		default:
			o.others = append(o.others, m)
		}
	}
	return o, nil
}

// objectOf finds the members of a value that has to be an object, or null.
func objectOf(v *value, where, list string) (object, error) {
	if v.isNull() {
		return object{}, nil
	}
	if v.kind != '{' {
		return object{}, noForm("%s is no object", where)
	}
	return members(v, where, list)
}

// objects are the elements of a value that has to be an array of objects, or null.
func objects(v *value, where string) ([]*value, error) {
	if v.isNull() {
		return nil, nil
	}
	if v.kind != '[' {
		return nil, noForm("%s is no array", where)
	}
	for _, item := range v.items {
		if item.kind != '{' {
			return nil, noForm("%s has an element that is no object", where)
		}
	}
	return v.items, nil
}

// texts refuses members that have to be strings and are not.
func (o object) texts(where, list string) error {
	for _, name := range strings.Fields(list) {
		if v := o.get(name); v != nil && v.kind != '"' {
			return noForm("%s of %s is no string", name, where)
		}
	}
	return nil
}

func (a *answer) event(data string) error {
	v, err := (&jsonReader{text: data, levels: 128, infinite: true}).document()
	if err != nil {
		return noForm("%v", err)
	}
	if a.stream && v.kind == 'n' {
		return nil
	}
	if v.kind != '{' {
		return noForm("the answer is no object")
	}
	top, err := members(v, "the answer", "choices error object model usage prompt_token_ids sglext id created timings environment determinism")
	if err != nil {
		return err
	}
	if !a.stream {
		a.receipt = top.get("determinism")
	} else if top.get("environment") != nil || top.get("determinism") != nil {
		return noForm("an event with environment or determinism")
	}
	if err := a.modelAndUsage(top); err != nil {
		return err
	}
	choices, err := objects(top.get("choices"), "choices")
	if err != nil {
		return err
	}
	if top.get("error") != nil || top.get("object").isText("error") {
		if a.errored = true; len(choices) > 0 {
			return noForm("an error beside choices")
		}
	}
	// Between choices and the model's name, which are bound, no client may cut the event.
	if a.stream {
		rest := data
		for _, bound := range []*value{top.get("choices"), top.get("model")} {
			if bound != nil {
				rest = strings.Replace(rest, data[bound.from:bound.to], "", 1)
			}
		}
		if strings.ContainsAny(rest, cuts) {
			return noForm("an event that some clients cut")
		}
	}
	infinite, last := 0, -1
	for at, c := range choices {
		index, n, err := a.choice(at, c, len(choices))
		if err != nil {
			return err
		}
		if index <= last {
			return noForm("choices that do not stand in their order, each once")
		}
		last, infinite = index, infinite+n
	}
	if infinities(v) > infinite {
		return noForm("Infinity or NaN outside of logprobs")
	}
	ext, err := objectOf(top.get("sglext"), "sglext", "output_ids input_ids")
	if err != nil {
		return err
	}
	a.ids.prompt(0, top.get("prompt_token_ids"))
	a.ids.prompt(0, ext.get("input_ids"))
	a.ids.list(ext.get("output_ids"))
	return nil
}

func (a *answer) modelAndUsage(top object) error {
	if m := top.get("model"); m != nil {
		if m.kind != '"' || hasHalf(m.units) || len(canonicalJSON(m)) > 1024 {
			return noForm("the model's name is none")
		}
		if name := m.text(); name != "" {
			if a.model != "" && a.model != name {
				return noForm("a second name of the model")
			}
			a.model = name
		}
	}
	const counts = "prompt_tokens completion_tokens total_tokens"
	usage, err := objectOf(top.get("usage"), "usage", counts)
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(counts) {
		if v := usage.get(name); v != nil {
			n, ok := v.whole(1<<63 - 1)
			if !ok {
				return noForm("%s is no count", name)
			}
			a.usage[name] = &n
		}
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

// position is an index, or the place of an element that has none.
func position(v *value, at int, where string) (int, error) {
	if v.isNull() {
		return at, nil
	}
	n, ok := v.whole(math.MaxInt32)
	if !ok {
		return 0, noForm("the index of %s is none", where)
	}
	return int(n), nil
}

// choice reads an element of choices, and says how many infinite numbers its logprobs have.
func (a *answer) choice(at int, v *value, count int) (index, infinite int, err error) {
	message, list := "message", "index text finish_reason logprobs token_ids response_token_ids prompt_token_ids "
	if a.stream {
		message = "delta"
	}
	o, err := members(v, "choices", list+message)
	if err != nil {
		return 0, 0, err
	}
	if index, err = position(o.get("index"), at, "choices"); err != nil {
		return 0, 0, err
	}
	a.indexed[o.get("index") != nil] = true
	if !a.stream && (index != at || count > 1 && o.get("index") == nil) || a.stream && len(a.indexed) > 1 {
		return 0, 0, noForm("choices with other indexes than their places, or with and without one")
	}
	if err := o.texts("choices", "text finish_reason"); err != nil {
		return 0, 0, err
	}
	c := a.choices[index]
	if c == nil {
		c = &readChoice{fragments: map[string][]uint16{}, tools: map[int]*readTool{}, indexed: map[bool]bool{}}
		a.choices[index] = c
	}
	var lines []string
	if err := extraLines(&lines, "choice", o.others); err != nil {
		return 0, 0, err
	}
	had := c.length()
	c.add("text", o.get("text"))
	if err := c.message(a.stream, o.get(message), &lines); err != nil {
		return 0, 0, err
	}
	if c.finish != "" && c.length() != had {
		return 0, 0, noForm("something behind the end of choice %d", index)
	}
	sort.Strings(lines)
	c.extras = append(c.extras, lines...)
	if finish := o.get("finish_reason"); finish != nil {
		if text := wtf8(finish.units); a.stream && c.finish != "" && text != "" && text != c.finish {
			return 0, 0, noForm("a second finish_reason of choice %d", index)
		} else {
			c.finish, c.finished = text, true
		}
	}
	a.ids.choice(index, o, c.said(o.get(message), o.get("text")))
	if o.get("logprobs") != nil {
		err = c.scores(o.get("logprobs"))
		infinite = infinities(o.get("logprobs"))
	}
	return index, infinite, err
}

// said reports whether an element has text of the kinds that ids belong to.
func (c *readChoice) said(message, text *value) bool {
	for _, v := range []*value{text, message.get("content"), message.get("reasoning_content"), message.get("reasoning")} {
		if v != nil && len(v.units) > 0 {
			return true
		}
	}
	return false
}

// length is what the channels of a choice have, other than its finish; a tool call counts by being there.
func (c *readChoice) length() int {
	n := 0
	for _, units := range c.fragments {
		n += len(units)
	}
	for _, t := range c.tools {
		n++
		for _, units := range t.fragments {
			n += len(units)
		}
	}
	return n
}

func (c *readChoice) add(name string, v *value) {
	if v != nil && len(v.units) > 0 {
		c.fragments[name] = append(c.fragments[name], v.units...)
	}
}

// message reads a message or delta.
func (c *readChoice) message(stream bool, v *value, lines *[]string) error {
	o, err := objectOf(v, "message", "role content reasoning_content reasoning refusal function_call tool_calls")
	if err != nil {
		return err
	}
	if err := o.texts("message", "role content reasoning_content reasoning refusal"); err != nil {
		return err
	}
	var others []member
	for _, m := range o.others {
		if m.name != "parsed" || stream {
			others = append(others, m)
		}
	}
	if err := extraLines(lines, "message", others); err != nil {
		return err
	}
	if role := o.get("role"); role != nil && len(role.units) > 0 {
		text := wtf8(role.units)
		if stream && c.role != "" && c.role != text {
			return noForm("a second role")
		}
		if c.role = text; c.finish != "" && text != "assistant" {
			return noForm("a role behind the end")
		}
	}
	c.add("content", o.get("content"))
	c.add("refusal", o.get("refusal"))
	if err := c.reasoning(stream, o.get("reasoning_content"), o.get("reasoning")); err != nil {
		return err
	}
	if call := o.get("function_call"); call != nil {
		f, err := function(call, "function_call", "name arguments")
		if err != nil {
			return err
		}
		if len(f.read) == 0 {
			return noForm("a function_call without name and arguments")
		}
		if err := nameOnce(&c.callNamed, stream, f.get("name")); err != nil {
			return err
		}
		c.add("call.name", f.get("name"))
		c.add("call.arguments", f.get("arguments"))
	}
	calls, err := objects(o.get("tool_calls"), "tool_calls")
	if err != nil {
		return err
	}
	if len(calls) > 0 && c.finish != "" {
		return noForm("a tool call behind the end")
	}
	last := -1
	for at, call := range calls {
		index, err := c.tool(stream, at, call, lines)
		if err != nil {
			return err
		}
		if index <= last {
			return noForm("tool calls that do not stand in their order, each once")
		}
		last = index
	}
	return nil
}

func (c *readChoice) reasoning(stream bool, first, second *value) error {
	by := map[[2]bool]string{{true, false}: "first", {false, true}: "second", {true, true}: "both"}[[2]bool{first != nil, second != nil}]
	if by == "both" && wtf8(first.units) != wtf8(second.units) {
		return noForm("reasoning_content and reasoning differ")
	}
	if first == nil {
		first = second
	}
	if first != nil && len(first.units) > 0 {
		if stream && c.names != "" && c.names != by {
			return noForm("reasoning comes by different names")
		}
		c.names = by
	}
	c.add("reasoning", first)
	return nil
}

// function reads a call's name and arguments, and refuses what else it has.
func function(v *value, where, list string) (object, error) {
	o, err := objectOf(v, where, list)
	if err != nil {
		return o, err
	}
	for _, m := range o.others {
		if m.name != "parsed_arguments" && m.value.kind != 'n' {
			return o, noForm("%q in %s", m.name, where)
		}
	}
	return o, o.texts(where, list)
}

// nameOnce refuses a second name of one call in a stream.
func nameOnce(already *bool, stream bool, name *value) error {
	if name == nil || len(name.units) == 0 {
		return nil
	}
	if stream && *already {
		return noForm("a second name of one call")
	}
	*already = true
	return nil
}

func (c *readChoice) tool(stream bool, at int, v *value, lines *[]string) (int, error) {
	list := "id type function custom"
	if stream {
		list += " index"
	}
	o, err := members(v, "tool_calls", list)
	if err != nil {
		return 0, err
	}
	if at, err = position(o.get("index"), at, "tool_calls"); err != nil {
		return 0, err
	}
	if c.indexed[o.get("index") != nil] = true; stream && len(c.indexed) > 1 {
		return 0, noForm("tool calls with and without an index")
	}
	t := c.tools[at]
	if t == nil {
		t = &readTool{fragments: map[string][]uint16{}}
		c.tools[at] = t
	}
	if err := o.texts("tool_calls", "id type"); err != nil {
		return 0, err
	}
	if id := o.get("id"); id != nil && len(id.units) > 0 {
		if stream && t.id != "" && t.id != wtf8(id.units) {
			return 0, noForm("a second id of one tool call")
		}
		t.id = wtf8(id.units)
	}
	kind := o.get("type")
	if kind != nil && len(kind.units) > 0 && !kind.isText("function") && !kind.isText("custom") {
		return 0, noForm("a tool call of an unknown type")
	}
	t.function = t.function || o.get("function") != nil || kind.isText("function")
	t.custom = t.custom || o.get("custom") != nil || kind.isText("custom")
	if t.function && t.custom || !stream && !t.function && !t.custom {
		return 0, noForm("a tool call of two kinds, or of none")
	}
	f, err := function(o.get("function"), "function", "name arguments")
	if err != nil {
		return 0, err
	}
	custom, err := function(o.get("custom"), "custom", "name input")
	if err != nil {
		return 0, err
	}
	for name, v := range map[string]*value{"name": f.get("name"), "arguments": f.get("arguments"), "input": custom.get("input")} {
		if name == "name" && v == nil {
			v = custom.get("name")
		}
		if name == "name" {
			if err := nameOnce(&t.named, stream, v); err != nil {
				return 0, err
			}
		}
		if v != nil {
			t.fragments[name] = append(t.fragments[name], v.units...)
		}
	}
	var others []member
	for _, m := range o.others {
		if m.name != "index" || stream {
			others = append(others, m)
		}
	}
	return at, extraLines(lines, fmt.Sprintf("tool.%d", at), others)
}

// extraLines adds a line of dis-extras/1 for each member that says something.
func extraLines(lines *[]string, of string, others []member) error {
	for _, m := range others {
		v := m.value
		if v.kind == 'n' || v.kind == '"' && len(v.units) == 0 || (v.kind == '[' || v.kind == '{') && len(v.items)+len(v.members) == 0 {
			continue
		}
		if infinities(v) > 0 {
			return noForm("Infinity or NaN outside of logprobs")
		}
		w := &writer{exact: true, sorted: true}
		w.value(&value{kind: '{', members: []member{m}})
		*lines = append(*lines, of+" "+w.String()+"\n")
	}
	return nil
}

// scores reads the log-probabilities of an element of choices.
func (c *readChoice) scores(v *value) error {
	o, err := objectOf(v, "logprobs", "content refusal tokens token_logprobs top_logprobs")
	if err != nil {
		return err
	}
	for list, name := range []string{"content", "refusal"} {
		items, err := objects(o.get(name), "logprobs."+name)
		if err != nil {
			return err
		}
		for _, item := range items {
			t, err := scoredOf(item, true)
			if err != nil {
				return err
			}
			if t.list = byte(list); list == 0 {
				c.scored = append(c.scored, t)
			} else {
				c.refused = append(c.refused, t)
			}
		}
	}
	lists := map[string][]*value{}
	for _, name := range []string{"tokens", "token_logprobs", "top_logprobs"} {
		list := o.get(name)
		if list == nil || name == "top_logprobs" && list.kind == '[' && len(list.items) == 0 {
			continue
		}
		if list.kind != '[' || name != "tokens" && len(list.items) != len(lists["tokens"]) {
			return noForm("logprobs.%s does not go with logprobs.tokens", name)
		}
		lists[name] = list.items
	}
	for i, token := range lists["tokens"] {
		if token.kind != '"' {
			return noForm("an element of logprobs.tokens is no string")
		}
		t := scoredToken{text: wtf8(token.units), number: math.NaN(), list: 2}
		if list := lists["token_logprobs"]; list != nil {
			if t.number, err = scoreOf(list[i]); err != nil {
				return err
			}
		}
		if list := lists["top_logprobs"]; list != nil && list[i].kind != 'n' {
			if list[i].kind != '{' {
				return noForm("an element of logprobs.top_logprobs is no object")
			}
			for _, m := range list[i].members {
				number, err := scoreOf(m.value)
				if err != nil {
					return err
				}
				t.alternatives = append(t.alternatives, scoredToken{text: wtf8(m.units), number: number})
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
	o, err := members(v, "logprobs", list)
	if err != nil {
		return scoredToken{}, err
	}
	if o.get("token") == nil || o.get("token").kind != '"' {
		return scoredToken{}, noForm("a token of logprobs is no string")
	}
	t := scoredToken{text: wtf8(o.get("token").units)}
	if t.number, err = scoreOf(o.get("logprob")); err != nil {
		return t, err
	}
	alternatives, err := objects(o.get("top_logprobs"), "top_logprobs")
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
		return 0, noForm("a log-probability is no number")
	}
	return n, nil
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
		for _, name := range strings.Fields("text content reasoning refusal call.name call.arguments") {
			made.channels = append(made.channels, channel{name, wtf8(c.fragments[name])})
		}
		if c.role != "assistant" {
			made.channels = append(made.channels, channel{"role", c.role})
		}
		numbers := []int{}
		for number := range c.tools {
			numbers = append(numbers, number)
		}
		sort.Ints(numbers)
		for _, number := range numbers {
			t, prefix := c.tools[number], fmt.Sprintf("tool.%d.", number)
			kind := map[bool]string{true: "custom"}[t.custom]
			if t.function {
				kind = "function"
			}
			made.channels = append(made.channels, channel{prefix + "type", kind})
			for _, name := range strings.Fields("name arguments input") {
				made.channels = append(made.channels, channel{prefix + name, wtf8(t.fragments[name])})
			}
		}
		o = append(o, made)
	}
	return o
}

// scored are the log-probabilities of each choice, and whether there are any.
func (a *answer) scored() (all [][]scoredToken, some bool) {
	for _, index := range a.choicesInOrder() {
		tokens := append(append([]scoredToken{}, a.choices[index].scored...), a.choices[index].refused...)
		all, some = append(all, tokens), some || len(tokens) > 0
	}
	return all, some
}

// extras are the lines of dis-extras/1 of each choice that has some.
func (a *answer) extras() map[int]string {
	all := map[int]string{}
	for index, c := range a.choices {
		if len(c.extras) > 0 {
			all[index] = strings.Join(c.extras, "")
		}
	}
	return all
}

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
	errored bool
	model   string
	usage   map[string]uint64
	receipt *value // a receipt that stands in the answer
	ids     reportedIDs

	// Whether the choices of a stream have indexes, and whether its tool calls have.
	choiceIndex, toolIndex indexing

	counted int    // choices and their tool calls
	data    string // the event that is read
	cuts    int    // characters of it at which some clients cut lines, and that were not found in what is bound
}

// indexing is whether elements have an index: all, or none.
type indexing struct{ with, without bool }

func (x *indexing) add(has bool) (mixed bool) {
	if has {
		x.with = true
	} else {
		x.without = true
	}
	return x.with && x.without
}

type readChoice struct {
	fragments map[string][]uint16
	length    int    // of all fragments
	reasoning string // the names by which reasoning came
	role      string
	tools     map[int]*readTool
	call      onceNamed
	finish    *string // the last finish_reason
	ended     string  // the first one that is not empty
	scored    []scoredToken
	refused   []scoredToken
	extras    []string
}

type readTool struct {
	fragments        map[string][]uint16
	function, custom bool
	name             onceNamed
	id               string
}

// readAnswer reads the body of a response: a JSON answer, or a stream as the server sent it. n is the request's.
func readAnswer(body []byte, stream bool, n int) (*answer, error) {
	a := &answer{
		stream: stream, ended: true, choices: map[int]*readChoice{}, usage: map[string]uint64{}, ids: newReportedIDs(n),
	}
	if !stream {
		return a, a.event(strings.TrimPrefix(string(body), "\uFEFF"))
	}
	return a, a.recording(string(body))
}

// isObject reports whether a body is a JSON answer: all else is a recorded stream.
func isObject(body []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(string(body), "\uFEFF"), " \t\r\n"), "{")
}

// count counts a choice or a tool call, of which an answer has a limited number.
func (a *answer) count() error {
	if a.counted++; a.counted > 16384 {
		return noForm("more than 16384 choices and tool calls")
	}
	return nil
}

func noForm(format string, args ...any) error {
	return fmt.Errorf("no canonical form: "+format, args...)
}

// Characters at which some clients cut lines that others don't. JSON may have the first ones in strings.
const (
	cuts     = "\u0085\u2028\u2029"
	moreCuts = cuts + "\v\f\x1c\x1d\x1e"
)

func cutsIn(text string) int {
	n := 0
	for _, cut := range cuts {
		n += strings.Count(text, string(cut))
	}
	return n
}

// recording reads a recorded stream: strictly, because clients cut streams in different ways.
func (a *answer) recording(text string) error {
	const carrier = ": dis-receipt "
	a.ended = false
	if strings.HasPrefix(text, "\uFEFF") {
		return noForm("a byte order mark before the stream")
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if strings.Contains(text, "\r") {
		return noForm("a carriage return that no line feed follows")
	}
	lines := strings.Split(text, "\n")
	var data *string // of the event that has begun
	for at, line := range lines {
		isLast := at == len(lines)-1 // which no line end follows
		content := strings.TrimPrefix(strings.TrimPrefix(line, "data:"), " ")
		isData := strings.HasPrefix(line, "data:")
		switch {
		case a.ended && line != "":
			return noForm("a line behind [DONE]")
		case !isData && strings.ContainsAny(line, moreCuts):
			return noForm("a line that some clients cut")
		case isData && data != nil:
			return noForm("an event with two lines of data")
		case isData:
			data = &content
		case line != "" && isLast:
			// What no empty line ends is dropped.
		case strings.HasPrefix(line, carrier):
			v, err := parseJSON(strings.TrimPrefix(line, carrier), 128)
			if err != nil || a.receipt != nil {
				return noForm("the receipt in the stream is malformed, or one of two")
			}
			a.receipt = v
		case line != "" && !isHarmless(line):
			return noForm("a line that is no line of a stream")
		}
		if data == nil || line != "" && !isLast {
			continue
		}
		// The event ends at an empty line. The last one may lack it.
		switch {
		case strings.HasPrefix(*data, "[DONE]"):
			if strings.Trim(*data, " ") != "[DONE]" {
				return noForm("something behind the word [DONE]")
			}
			a.ended = true
		case !isLast && *data != "":
			if err := a.event(*data); err != nil {
				return err
			}
		}
		data = nil
	}
	return nil
}

// isHarmless reports whether a line of a stream is a comment, or a field that no client acts upon.
func isHarmless(line string) bool {
	for _, begin := range []string{":", "id:", "retry:"} {
		if strings.HasPrefix(line, begin) {
			return true
		}
	}
	return line == "event: message" || line == "event:message"
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
		case hasHalf(m.name):
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

// othersBut are the members that are not read, but for one.
func (o object) othersBut(name string) (others []member) {
	for _, m := range o.others {
		if m.name != name {
			others = append(others, m)
		}
	}
	return others
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

// event reads a JSON answer, or the data of an event.
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
	a.data, a.cuts = data, cutsIn(data)
	top, err := members(v, "the answer",
		"choices error object model usage prompt_token_ids sglext id created timings environment determinism")
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
	ext, err := objectOf(top.get("sglext"), "sglext", "output_ids input_ids")
	if err != nil {
		return err
	}
	if top.get("error") != nil || top.get("object").isText("error") {
		if a.errored = true; len(choices) > 0 {
			return noForm("an error beside choices")
		}
	}
	// Text behind the list of a choice makes the report a partial one.
	list, element := top.get("sglext"), top.get("choices")
	isListFirst := list != nil && element != nil && list.from < element.from
	if isListFirst {
		a.ids.lists(ext.get("output_ids"))
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
	if a.stream && a.cuts > 0 {
		return noForm("an event that some clients cut")
	}
	a.ids.prompt(0, top.get("prompt_token_ids"))
	a.ids.prompt(0, ext.get("input_ids"))
	if !isListFirst {
		a.ids.lists(ext.get("output_ids"))
	}
	return nil
}

// bound notes that a part of the event is bound: at what stands in it, no client may cut unnoticed.
func (a *answer) bound(from, to int) { a.cuts -= cutsIn(a.data[from:to]) }

func (a *answer) modelAndUsage(top object) error {
	if m := top.get("model"); m != nil {
		if m.kind != '"' || hasHalf(m.text()) || m.to-m.from > 1024 {
			return noForm("the model's name is none")
		}
		if name := m.text(); name != "" {
			if a.model != "" && a.model != name {
				return noForm("a second name of the model")
			}
			a.model = name
		}
		a.bound(m.from, m.to)
	}
	usage, err := objectOf(top.get("usage"), "usage", strings.Join(countNames, " "))
	if err != nil {
		return err
	}
	for _, name := range countNames {
		if v := usage.get(name); v != nil {
			n, ok := v.whole(math.MaxInt64)
			if !ok {
				return noForm("%s is no count", name)
			}
			a.usage[name] = n
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
	message := "message"
	if a.stream {
		message = "delta"
	}
	o, err := members(v, "choices",
		"index text finish_reason logprobs token_ids response_token_ids prompt_token_ids "+message)
	if err != nil {
		return 0, 0, err
	}
	if index, err = position(o.get("index"), at, "choices"); err != nil {
		return 0, 0, err
	}
	if !a.stream && (index != at || count > 1 && o.get("index") == nil) {
		return 0, 0, noForm("choices with other indexes than their places, or without one")
	}
	if a.stream && a.choiceIndex.add(o.get("index") != nil) {
		return 0, 0, noForm("choices with and without an index")
	}
	if err := o.texts("choices", "text finish_reason"); err != nil {
		return 0, 0, err
	}
	c := a.choices[index]
	if c == nil {
		c = &readChoice{fragments: map[string][]uint16{}, tools: map[int]*readTool{}}
		a.choices[index] = c
		if err := a.count(); err != nil {
			return 0, 0, err
		}
	}
	var lines []string
	if err := a.extraLines(&lines, "choice", o.others); err != nil {
		return 0, 0, err
	}
	had := c.length
	a.add(c, c.fragments, "text", o.get("text"))
	hasText := c.length > had
	if read, err := a.message(c, o.get(message), &lines); err != nil {
		return 0, 0, err
	} else if read {
		hasText = true
	}
	if c.ended != "" && c.length > had {
		return 0, 0, noForm("something behind the end of choice %d", index)
	}
	sort.Strings(lines)
	c.extras = append(c.extras, lines...)
	if v := o.get("finish_reason"); v != nil {
		text := v.text()
		if a.stream && text == "" {
			return 0, 0, noForm("an empty finish_reason in an event")
		}
		if a.stream && c.ended != "" && text != c.ended {
			return 0, 0, noForm("a second finish_reason of choice %d", index)
		}
		if c.finish = &text; c.ended == "" {
			c.ended = text
		}
		a.bound(v.from, v.to)
	}
	a.ids.choice(index, o, hasText)
	if v := o.get("logprobs"); v != nil {
		err, infinite = a.scores(c, v), infinities(v)
	}
	return index, infinite, err
}

// add adds a fragment to a channel of a choice.
func (a *answer) add(c *readChoice, to map[string][]uint16, name string, v *value) {
	if v != nil {
		to[name] = append(to[name], v.units...)
		c.length += len(v.units)
		a.bound(v.from, v.to)
	}
}

// message reads a message or delta, and says whether it has text of the kinds that token ids belong to.
func (a *answer) message(c *readChoice, v *value, lines *[]string) (hasText bool, err error) {
	const texts = "role content reasoning_content reasoning refusal"
	o, err := objectOf(v, "message", texts+" function_call tool_calls")
	if err != nil {
		return false, err
	}
	if err := o.texts("message", texts); err != nil {
		return false, err
	}
	if err := a.extraLines(lines, "message", o.othersBut("parsed")); err != nil {
		return false, err
	}
	if role := o.get("role"); role != nil && len(role.units) > 0 {
		text := role.text()
		if a.stream && c.role != "" && c.role != text {
			return false, noForm("a second role")
		}
		if c.role = text; c.ended != "" && text != "assistant" {
			return false, noForm("a role behind the end")
		}
		a.bound(role.from, role.to)
	}
	had := c.length
	a.add(c, c.fragments, "content", o.get("content"))
	if err := a.reasoning(c, o.get("reasoning_content"), o.get("reasoning")); err != nil {
		return false, err
	}
	hasText = c.length > had
	a.add(c, c.fragments, "refusal", o.get("refusal"))
	if call := o.get("function_call"); call != nil {
		f, err := function(call, "function_call", "name arguments")
		if err != nil {
			return false, err
		}
		if len(f.read) == 0 {
			return false, noForm("a function_call without name and arguments")
		}
		if a.stream && c.call.again(f.get("name")) {
			return false, noForm("a second name of one call")
		}
		a.add(c, c.fragments, "call.name", f.get("name"))
		a.add(c, c.fragments, "call.arguments", f.get("arguments"))
	}
	return hasText, a.toolCalls(c, o.get("tool_calls"), lines)
}

// reasoning reads reasoning by its two names, which are to say the same.
func (a *answer) reasoning(c *readChoice, first, second *value) error {
	by, fragment := "both", first
	switch {
	case first == nil && second == nil:
		return nil
	case second == nil:
		by = "reasoning_content"
	case first == nil:
		by, fragment = "reasoning", second
	case first.text() != second.text():
		return noForm("reasoning_content and reasoning differ")
	default:
		a.bound(second.from, second.to)
	}
	if len(fragment.units) > 0 {
		if a.stream && c.reasoning != "" && c.reasoning != by {
			return noForm("reasoning comes by different names")
		}
		c.reasoning = by
	}
	a.add(c, c.fragments, "reasoning", fragment)
	return nil
}

// function reads a call's name and arguments, and refuses what else it has.
func function(v *value, where, list string) (object, error) {
	o, err := objectOf(v, where, list)
	if err != nil {
		return o, err
	}
	for _, m := range o.othersBut("parsed_arguments") {
		if m.value.kind != 'n' {
			return o, noForm("%q in %s", m.name, where)
		}
	}
	return o, o.texts(where, list)
}

// onceNamed is whether a call has its name, which comes in one fragment of a stream.
type onceNamed bool

func (n *onceNamed) again(name *value) bool {
	if name == nil || len(name.units) == 0 {
		return false
	}
	before := bool(*n)
	*n = true
	return before
}

func (a *answer) toolCalls(c *readChoice, v *value, lines *[]string) error {
	calls, err := objects(v, "tool_calls")
	if err != nil {
		return err
	}
	if len(calls) > 0 && c.ended != "" {
		return noForm("a tool call behind the end")
	}
	last := -1
	for at, call := range calls {
		index, err := a.tool(c, at, call, lines)
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

// tool reads an element of tool_calls, and says which tool call it is.
func (a *answer) tool(c *readChoice, at int, v *value, lines *[]string) (int, error) {
	list := "id type function custom"
	if a.stream {
		list += " index"
	}
	o, err := members(v, "tool_calls", list)
	if err != nil {
		return 0, err
	}
	if at, err = position(o.get("index"), at, "tool_calls"); err != nil {
		return 0, err
	}
	if a.stream && a.toolIndex.add(o.get("index") != nil) {
		return 0, noForm("tool calls with and without an index")
	}
	if err := o.texts("tool_calls", "id type"); err != nil {
		return 0, err
	}
	t := c.tools[at]
	if t == nil {
		t = &readTool{fragments: map[string][]uint16{}}
		c.tools[at] = t
		if err := a.count(); err != nil {
			return 0, err
		}
	}
	if id := o.get("id"); id != nil && len(id.units) > 0 {
		if a.stream && t.id != "" && t.id != id.text() {
			return 0, noForm("a second id of one tool call")
		}
		t.id = id.text()
	}
	kind := o.get("type")
	if kind != nil && len(kind.units) > 0 && !kind.isText("function") && !kind.isText("custom") {
		return 0, noForm("a tool call of an unknown type")
	}
	t.function = t.function || o.get("function") != nil || kind.isText("function")
	t.custom = t.custom || o.get("custom") != nil || kind.isText("custom")
	if t.function && t.custom || !a.stream && !t.function && !t.custom {
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
	// It is of one kind, so that one of the two has nothing.
	name := f.get("name")
	if name == nil {
		name = custom.get("name")
	}
	if a.stream && t.name.again(name) {
		return 0, noForm("a second name of one call")
	}
	a.add(c, t.fragments, "name", name)
	a.add(c, t.fragments, "arguments", f.get("arguments"))
	a.add(c, t.fragments, "input", custom.get("input"))
	others := o.others
	if !a.stream {
		others = o.othersBut("index")
	}
	return at, a.extraLines(lines, fmt.Sprintf("tool.%d", at), others)
}

// extraLines adds a line of dis-extras/1 for each member that says something.
func (a *answer) extraLines(lines *[]string, of string, others []member) error {
	for _, m := range others {
		v := m.value
		isEmpty := len(v.units)+len(v.items)+len(v.members) == 0
		if v.kind == 'n' || isEmpty && (v.kind == '"' || v.kind == '[' || v.kind == '{') {
			continue
		}
		if infinities(v) > 0 {
			return noForm("Infinity or NaN outside of logprobs")
		}
		w := &writer{exact: true, sorted: true}
		w.value(&value{kind: '{', members: []member{m}})
		*lines = append(*lines, of+" "+w.String()+"\n")
		a.bound(m.from, v.to)
	}
	return nil
}

// scores reads the log-probabilities of an element of choices.
func (a *answer) scores(c *readChoice, v *value) error {
	o, err := objectOf(v, "logprobs", "content refusal tokens token_logprobs top_logprobs")
	if err != nil {
		return err
	}
	for list, name := range []string{contentList: "content", refusalList: "refusal"} {
		items, err := objects(o.get(name), "logprobs."+name)
		if err != nil {
			return err
		}
		for _, item := range items {
			t, err := a.scoredOf(item, true)
			if err != nil {
				return err
			}
			if t.list = byte(list); list == contentList {
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
		t := scoredToken{text: token.text(), number: math.NaN(), list: parallelList}
		a.bound(token.from, token.to)
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
				t.alternatives = append(t.alternatives, scoredToken{text: m.name, number: number})
				a.bound(m.from, m.value.from)
			}
		}
		c.scored = append(c.scored, t)
	}
	return nil
}

func (a *answer) scoredOf(v *value, isToken bool) (scoredToken, error) {
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
	t := scoredToken{text: o.get("token").text()}
	a.bound(o.get("token").from, o.get("token").to)
	if t.number, err = scoreOf(o.get("logprob")); err != nil {
		return t, err
	}
	alternatives, err := objects(o.get("top_logprobs"), "top_logprobs")
	if err != nil {
		return t, err
	}
	for _, item := range alternatives {
		alternative, err := a.scoredOf(item, false)
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
		if at != index || c.finish == nil || *c.finish == "" || *c.finish == "abort" || *c.finish == "error" {
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
		made := outputChoice{index: index}
		add := func(name, text string) { made.channels = append(made.channels, channel{name, text}) }
		for _, name := range strings.Fields("text content reasoning refusal call.name call.arguments") {
			add(name, wtf8(c.fragments[name]))
		}
		if c.role != "assistant" {
			add("role", c.role)
		}
		numbers := []int{}
		for number := range c.tools {
			numbers = append(numbers, number)
		}
		sort.Ints(numbers)
		for _, number := range numbers {
			t, prefix, kind := c.tools[number], fmt.Sprintf("tool.%d.", number), ""
			if t.function {
				kind = "function"
			} else if t.custom {
				kind = "custom"
			}
			add(prefix+"type", kind)
			for _, name := range strings.Fields("name arguments input") {
				add(prefix+name, wtf8(t.fragments[name]))
			}
		}
		if c.finish != nil {
			add("finish", *c.finish)
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

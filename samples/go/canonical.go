package main

import (
	"crypto/sha256"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// The canonical request, dis-req/2: what the client asked for, as bytes. And what the engine got: the same with pins.

const requestForm = "dis-req/2"

// Rule 3: members that change neither an answer nor what is told about it.
var unbound = names("stream stream_options user safety_identifier metadata store service_tier rid priority " +
	"custom_labels tee receipt")

// Members that a pin can't replace.
var content = names("messages prompt suffix input input_ids tools functions tool_choice function_call " +
	"response_format prediction regex ebnf json_schema structural_tag")

// Members that no router drops.
var kept = names("model messages prompt max_tokens max_completion_tokens temperature top_p stop")

// Members that say nothing with these values: of both routes, and of chats alone.
var silent = []map[string]string{
	values("n=1e0 min_tokens=0 stop,stop_token_ids,stop_regex,bad_words,logits_processors,lora=[] " +
		"logit_bias,vllm_xargs,custom_params,structured_outputs={} " +
		"echo,ignore_eos,include_stop_str_in_output,no_stop_trim,use_beam_search,return_token_ids=false " +
		"return_tokens_as_token_ids,return_hidden_states,return_routed_experts=false " +
		"return_cached_tokens_details=false skip_special_tokens,spaces_between_special_tokens=true " +
		`response_format={"type":"text"}`),
	values("logprobs,continue_final_message=false tools,functions,documents=[] mm_processor_kwargs={} " +
		`add_generation_prompt,include_reasoning,separate_reasoning,stream_reasoning=true modalities=["text"]`),
}

func names(list string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(list) {
		set[name] = true
	}
	return set
}

func values(list string) map[string]string {
	set := map[string]string{}
	for _, item := range strings.Fields(list) {
		names, value, _ := strings.Cut(item, "=")
		for _, name := range strings.Split(names, ",") {
			set[name] = value
		}
	}
	return set
}

const chatPath, completionPath = "/v1/chat/completions", "/v1/completions"

func saysNothing(path, name, value string) bool {
	return silent[0][name] == value || path == chatPath && silent[1][name] == value
}

func parseRequest(body []byte) (*value, error) {
	v, err := parseJSON(strings.TrimPrefix(string(body), "\uFEFF"), 64)
	if err != nil {
		return nil, fmt.Errorf("the request has no canonical form: %w", err)
	}
	if v.kind != '{' {
		return nil, fmt.Errorf("the request has no canonical form: no object")
	}
	if err := v.distinct("the request"); err != nil {
		return nil, fmt.Errorf("the request has no canonical form: %w", err)
	}
	if where := halfIn(v, "the request"); where != "" {
		return nil, fmt.Errorf("the request has no canonical form: half of a surrogate pair in %s", where)
	}
	return v, nil
}

// A canonicalRequest is the members that are bound, by their names in canonical spelling.
type canonicalRequest map[string]string

func canonicalOf(path string, request *value) canonicalRequest {
	made := canonicalRequest{}
	for _, m := range request.members {
		if unbound[m.name] || m.value.kind == 'n' {
			continue
		}
		text := canonicalJSON(m.value)
		if m.value.kind == 'd' {
			text = exact(m.value.digits)
		} else if m.name == "logit_bias" && m.value.kind == '{' {
			text = biasJSON(m.value)
		}
		name := m.name
		if name == "max_completion_tokens" && path == chatPath && request.get("max_tokens").isNull() {
			name = "max_tokens"
		}
		if !saysNothing(path, name, text) {
			made[name] = text
		}
	}
	return made
}

func (r canonicalRequest) digest(path string) [32]byte {
	var list []string
	for _, name := range sorted(r) {
		list = append(list, quoted(name)+":"+r[name])
	}
	return sha256.Sum256([]byte(requestForm + "\n" + path + "\n{" + strings.Join(list, ",") + "}\n"))
}

// without finds out which members were dropped on the way where a request is not the sealed one, the fewest first. Of
// up to ten that may be dropped from a short request it tries all selections, of up to a hundred each one and all, of more all.
func (r canonicalRequest) without(isShort bool, isSealed func(canonicalRequest) bool) (dropped []string) {
	var others []string
	for _, name := range sorted(r) {
		if !kept[name] {
			others = append(others, name)
		}
	}
	try := func(names []string) bool {
		rest := canonicalRequest{}
		for name, text := range r {
			rest[name] = text
		}
		for _, name := range names {
			delete(rest, name)
		}
		return isSealed(rest)
	}
	var selections [][]string
	if len(others) > 100 {
		selections = append(selections, others)
	} else if len(others) > 10 || !isShort {
		for i := range others {
			selections = append(selections, others[i:i+1])
		}
		selections = append(selections, others)
	} else {
		for set := 1; set < 1<<len(others); set++ {
			var names []string
			for i, name := range others {
				if set>>i&1 == 1 {
					names = append(names, name)
				}
			}
			selections = append(selections, names)
		}
		sort.SliceStable(selections, func(i, j int) bool { return len(selections[i]) < len(selections[j]) })
	}
	for _, names := range selections {
		if len(names) > 0 && try(names) {
			return names
		}
	}
	return nil
}

// checkPin refuses what can't be a pin.
func checkPin(name, text string) error {
	pin, err := parseJSON(text, 1)
	isWhole := err == nil && pin.from == 0 && pin.to == len(text) && len(text) <= 200
	if !isWhole || !strings.ContainsRune(`dtf"`, rune(pin.kind)) {
		return fmt.Errorf("the pin %q is no number, boolean or string", name)
	}
	if unbound[name] || content[name] || pin.kind == '"' && hasHalf(pin.text()) {
		return fmt.Errorf("%q can't be a pin, or has half of a surrogate pair", name)
	}
	return nil
}

// engineRequest is what the engine got: the client's members with those of the pins replaced or added.
func engineRequest(request *value, pins map[string]string) *value {
	made := &value{kind: '{'}
	for _, m := range request.members {
		if _, pinned := pins[m.name]; !pinned && !unbound[m.name] {
			made.members = append(made.members, m)
		}
	}
	for _, name := range sorted(pins) {
		if pin, err := parseJSON(pins[name], 1); err == nil {
			made.members = append(made.members, member{name: name, value: pin})
		}
	}
	return made
}

// choicesPerPrompt is the n of a request as the engine got it: a whole number from 1 in any spelling, else 1.
func choicesPerPrompt(request *value) int {
	if n, ok := request.get("n").integer(); ok && n >= 1 && n <= math.MaxInt32 {
		return int(n)
	}
	return 1
}

func halfIn(v *value, path string) string {
	if v.kind == '"' && hasHalf(v.text()) {
		return path
	}
	for _, m := range v.members {
		if hasHalf(m.name) {
			return "a name in " + path
		}
		if where := halfIn(m.value, path+"."+m.name); where != "" {
			return where
		}
	}
	for i, item := range v.items {
		if where := halfIn(item, fmt.Sprintf("%s[%d]", path, i)); where != "" {
			return where
		}
	}
	return ""
}

// exact is a number by rule 7: its digits without zeros at either end, and the exponent of the last one.
func exact(number string) string {
	digits, sign, exponent := number, "", 0
	if strings.HasPrefix(digits, "-") {
		digits, sign = digits[1:], "-"
	}
	if at := strings.IndexAny(digits, "eE"); at >= 0 {
		if len(digits)-at-1 > 9 {
			return number
		}
		exponent, _ = strconv.Atoi(strings.TrimPrefix(digits[at+1:], "+"))
		digits = digits[:at]
	}
	if whole, fraction, ok := strings.Cut(digits, "."); ok {
		digits, exponent = whole+fraction, exponent-len(fraction)
	}
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	if trimmed = strings.TrimLeft(trimmed, "0"); trimmed == "" {
		return "0"
	}
	return fmt.Sprintf("%s%se%d", sign, trimmed, exponent)
}

// A writer writes canonical JSON; what differs between forms is said by its members.
type writer struct {
	strings.Builder
	exact  bool // numbers are exact values
	sorted bool // members are sorted by their quoted names
}

// canonicalJSON writes by rule 6: no white space, one spelling of strings, numbers as they came.
func canonicalJSON(v *value) string {
	w := &writer{}
	w.value(v)
	return w.String()
}

func biasJSON(v *value) string {
	var list []string
	for _, m := range v.members {
		text := canonicalJSON(m.value)
		if m.value.kind == 'd' {
			text = exact(m.value.digits)
		}
		list = append(list, quoted(m.name)+":"+text)
	}
	return "{" + strings.Join(list, ",") + "}"
}

func (w *writer) value(v *value) {
	switch v.kind {
	case '{':
		members := v.members
		if w.sorted {
			members = append([]member{}, members...)
			sort.SliceStable(members, func(i, j int) bool {
				return quoted(members[i].name) < quoted(members[j].name)
			})
		}
		w.WriteByte('{')
		for i, m := range members {
			if i > 0 {
				w.WriteByte(',')
			}
			w.WriteString(quoted(m.name) + ":")
			w.value(m.value)
		}
		w.WriteByte('}')
	case '[':
		w.WriteByte('[')
		for i, item := range v.items {
			if i > 0 {
				w.WriteByte(',')
			}
			w.value(item)
		}
		w.WriteByte(']')
	case '"':
		w.WriteString(quoted(v.text()))
	case 't':
		w.WriteString("true")
	case 'f':
		w.WriteString("false")
	case 'n':
		w.WriteString("null")
	default:
		if w.exact {
			w.WriteString(exact(v.digits))
		} else {
			w.WriteString(v.digits)
		}
	}
}

// quoted is a string of UTF-8, or WTF-8, by rule 6.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if c < 0x20 {
				fmt.Fprintf(&b, `\u%04x`, c)
			} else {
				b.WriteByte(c)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

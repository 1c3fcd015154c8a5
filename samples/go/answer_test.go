package main

import (
	"fmt"
	"strings"
	"testing"
)

func read(t *testing.T, body string) *answer {
	t.Helper()
	a, err := readAnswer([]byte(body), !isObject([]byte(body)), 1)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return a
}

// of writes the channels of an answer on a line.
func of(a *answer) string {
	var all []string
	for _, c := range a.output() {
		for _, ch := range c.channels {
			if ch.isListed() {
				all = append(all, fmt.Sprintf("%d %s %q", c.index, ch.name, ch.text))
			}
		}
	}
	return strings.Join(all, ", ")
}

// events makes a stream of choices.
func events(choices ...string) string {
	body := ""
	for _, c := range choices {
		body += `data: {"choices":[` + c + `]}` + "\n\n"
	}
	return body + "data: [DONE]\n\n"
}

func TestAnswersAreRead(t *testing.T) {
	calls := func(list string) string { return `{"delta":{"tool_calls":[` + list + `]}}` }
	for _, c := range [][2]string{
		{
			`{"choices":[{"message":{"role":"assistant","content":"x","reasoning":"r","reasoning_content":"r"}}]}`,
			`0 content "x", 0 reasoning "r"`,
		},
		{
			`{"choices":[{"message":{"tool_calls":[{"type":"","custom":{"name":"f","input":"i"},"index":7}]}}]}`,
			`0 tool.0.type "custom", 0 tool.0.name "f", 0 tool.0.input "i"`,
		},
		{events(`{"delta":{"content":"\ud83d"}}`, `{"delta":{"content":"\ude00\ud800"}}`), `0 content "😀\xed\xa0\x80"`},
		{
			events(`{"index":1,"text":"b"}`, `{"index":0,"text":"a"}`, `{"index":1,"text":"c","finish_reason":null}`),
			`0 text "a", 1 text "bc"`,
		},
		{
			events(calls(`{"index":2,"id":"i"}`), calls(`{"index":2,"function":{"name":"f"}}`)),
			`0 tool.2.type "function", 0 tool.2.name "f"`,
		},
		{
			events(`{"delta":{"role":"assistant"},"finish_reason":"stop"}`,
				`{"delta":{"content":"","role":"assistant"}}`),
			`0 finish "stop"`,
		},
		{events(calls(`{}`)), `0 tool.0.type ""`},
	} {
		if is := of(read(t, c[0])); is != c[1] {
			t.Errorf("%s: %s, not %s", c[0], is, c[1])
		}
	}
}

func TestWhatTwoReadersTakeDifferentlyHasNoForm(t *testing.T) {
	stream := events(`{"text":"x","finish_reason":"stop"}`)
	for name, body := range map[string]string{
		"case":                    `{"choices":[],"Choices":[]}`,
		"a long s":                `{"choices":[{"index":0,"finish_rea\u017fon":"stop"}]}`,
		"prototype":               `{"choices":[{"__proto__":{}}]}`,
		"half a pair in a name":   `{"choices":[{"\ud800":1}]}`,
		"two members":             `{"choices":[],"choices":[]}`,
		"an index":                `{"choices":[{"index":1}]}`,
		"an index missing":        `{"choices":[{"index":0},{}]}`,
		"null among choices":      `{"choices":[null]}`,
		"text of another type":    `{"choices":[{"text":1}]}`,
		"a count":                 `{"usage":{"total_tokens":1.0}}`,
		"a long model":            `{"model":"` + strings.Repeat(`\u0061`, 171) + `"}`,
		"reasoning":               `{"choices":[{"message":{"reasoning":"a","reasoning_content":""}}]}`,
		"two kinds":               `{"choices":[{"message":{"tool_calls":[{"type":"custom","function":{}}]}}]}`,
		"no kind":                 `{"choices":[{"message":{"tool_calls":[{"id":"x"}]}}]}`,
		"an unknown kind":         `{"choices":[{"message":{"tool_calls":[{"type":"web"}]}}]}`,
		"a member of a function":  `{"choices":[{"message":{"function_call":{"name":"f","x":1}}}]}`,
		"an empty function":       `{"choices":[{"message":{"function_call":{"parsed_arguments":1}}}]}`,
		"an error beside choices": `{"error":{},"choices":[{}]}`,
		"an error by its object":  `{"object":"error","choices":[{}]}`,
		"infinity":                `{"choices":[{"x":Infinity}]}`,
		"infinity elsewhere":      `{"choices":[],"x":[-Infinity]}`,
		"arrays of two lengths":   `{"choices":[{"logprobs":{"tokens":["a"],"token_logprobs":[]}}]}`,
		"too many calls":          events(`{"delta":{"tool_calls":[{}` + strings.Repeat(`,{}`, 16383) + `]}}`),
		"levels":                  `{"x":` + strings.Repeat("[", 128) + strings.Repeat("]", 128) + `}`,
		"an empty end":            events(`{"finish_reason":""}`, `{"text":"x","finish_reason":"stop"}`),
		"a second role":           events(`{"delta":{"role":"assistant"}}`, `{"delta":{"role":"user"}}`),
		"a second model":          "data: {\"model\":\"a\"}\n\ndata: {\"model\":\"b\"}\n\ndata: [DONE]\n\n",
		"text behind the end":     events(`{"text":"x","finish_reason":"stop"}`, `{"text":"y"}`),
		"behind an end and a gap": events(`{"finish_reason":"stop"}`, `{"finish_reason":""}`, `{"text":"y"}`),
		"a second end": events(`{"finish_reason":"stop"}`, `{"finish_reason":""}`,
			`{"finish_reason":"length"}`),
		"a tool behind the end": events(`{"finish_reason":"stop"}`, `{"delta":{"tool_calls":[{}]}}`),
		"a second name": events(`{"delta":{"function_call":{"name":"f"}}}`,
			`{"delta":{"function_call":{"name":"f"}}}`),
		"a second id": events(`{"delta":{"tool_calls":[{"id":"a"}]}}`,
			`{"delta":{"tool_calls":[{"id":"b"}]}}`),
		"choices without index":    events(`{"index":0}`, `{}`),
		"tools without index":      events(`{"delta":{"tool_calls":[{"index":0}]}},{"delta":{"tool_calls":[{}]}}`),
		"names of reasoning":       events(`{"delta":{"reasoning":"a"}}`, `{"delta":{"reasoning_content":"a"}}`),
		"a mark":                   "\uFEFF" + stream,
		"a return alone":           strings.Replace(stream, "\n", "\r", 1),
		"two lines of data":        "data: {}\n" + stream,
		"data behind the end":      stream + "data: {}\n\n",
		"more than the word":       strings.Replace(stream, "[DONE]", "[DONE] x", 1),
		"another event":            "event: x\n" + stream,
		"a line that is no field":  "x\n" + stream,
		"a line break":             ": \u2028\n" + stream,
		"a line break in a name":   "data: {\"x\u2028\":1}\n\n" + stream,
		"a line break in an id":    events(`{"delta":{"tool_calls":[{"id":"` + "\u0085" + `"}]}}`),
		"two receipts":             ": dis-receipt {}\n: dis-receipt {}\n" + stream,
		"a member of the server's": "data: {\"environment\":{}}\n\n" + stream,
	} {
		a, err := readAnswer([]byte(body), !isObject([]byte(body)), 1)
		if err == nil {
			t.Errorf("%s: %s", name, of(a))
		}
	}
}

func TestWhatIsHarmlessIsRead(t *testing.T) {
	cut := "\u2028"
	for name, body := range map[string]string{
		"line ends":            strings.ReplaceAll(events(`{"text":"x"}`), "\n", "\r\n"),
		"fields":               "id: 1\nretry: 2\nevent: message\n: x\ndata:{}\n\ndata:\n\n: y\n",
		"no line ends":         strings.TrimSpace(events(`{"text":"x"}`)),
		"a field in the end":   "data: [DONE]  \nid: 1\n\n",
		"line breaks in text":  events(`{"text":"` + cut + `","x` + cut + `":"` + cut + `"}`),
		"in log-probabilities": events(`{"logprobs":{"content":[{"token":"` + cut + `","logprob":-1}]}}`),
		"in alternatives":      events(`{"logprobs":{"tokens":["a"],"top_logprobs":[{"` + cut + `":1}]}}`),
		"in both reasonings":   events(`{"delta":{"reasoning":"` + cut + `","reasoning_content":"` + cut + `"}}`),
		"null":                 "data: null\n\ndata: [DONE]\n\n",
		"infinity":             `{"choices":[{"logprobs":{"content":[{"token":"a","logprob":-Infinity,"x":[NaN]}]}}]}`,
		"a parsed message":     events(`{"delta":{"parsed":{"x":1}}}`),
		"many calls":           events(`{"delta":{"tool_calls":[{}` + strings.Repeat(`,{}`, 16382) + `]}}`),
		"levels":               `{"x":` + strings.Repeat("[", 127) + strings.Repeat("]", 127) + `}`,
		"an index of a tool":   `{"choices":[{"message":{"tool_calls":[{"type":"function","Index":1,"index":3}]}}]}`,
	} {
		a, err := readAnswer([]byte(body), !isObject([]byte(body)), 1)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(name, "parsed") && len(a.extras()) > 0 {
			t.Error("parsed is an extra")
		}
	}
}

func TestTokenIDs(t *testing.T) {
	for name, c := range map[string]struct{ body, tokens, prompts string }{
		"with choices": {`{"choices":[{"text":"a","token_ids":[1,2]}],"prompt_token_ids":[3]}`, "[[1 2]]",
			"[[3]]"},
		"by the other name": {`{"choices":[{"response_token_ids":[]}]}`, "[[]]", "[]"},
		"by both names": {`{"choices":[{"response_token_ids":[1],"token_ids":[1]}],"prompt_token_ids":[3]}`, "[]",
			"[]"},
		"not all": {
			`{"choices":[{"token_ids":[1]}],"usage":{"completion_tokens":2},"prompt_token_ids":[3]}`, "[]", "[[3]]"},
		"of another type": {`{"choices":[{"token_ids":[1.0]}],"prompt_token_ids":[3]}`, "[]", "[]"},
		"too large":       {`{"choices":[{"token_ids":[4294967296]}]}`, "[]", "[]"},
		"in a list": {`{"choices":[{"text":"a"}],"sglext":{"output_ids":[[1]],"input_ids":[2]}}`, "[[1]]",
			"[[2]]"},
		"text behind it": {`{"sglext":{"output_ids":[[1]]},"choices":[{"text":"a"}]}`, "[]", "[]"},
		"by both ways":   {`{"choices":[{"token_ids":[1]}],"sglext":{"output_ids":[[1]]}}`, "[]", "[]"},
		"two prompts":    {`{"choices":[{"prompt_token_ids":[1]}],"prompt_token_ids":[2]}`, "[]", "[]"},
		"pieces":         {events(`{"text":"a","token_ids":[1]}`, `{"text":"b","token_ids":[2]}`), "[[1 2]]", "[]"},
		"an echo": {events(`{"text":"p"}`, `{"text":"b","token_ids":[2],"prompt_token_ids":[5]}`), "[]",
			"[]"},
		"text at the end": {events(`{"text":"b","token_ids":[2]}`, `{"text":"c","finish_reason":"stop"}`), "[[2]]",
			"[]"},
	} {
		a := read(t, c.body)
		tokens := a.ids.tokens(len(a.choices), a.usage["completion_tokens"])
		prompts := a.ids.promptLists(len(a.choices))
		if fmt.Sprint(tokens) != c.tokens || fmt.Sprint(prompts) != c.prompts {
			t.Errorf("%s: %v %v", name, tokens, prompts)
		}
	}
}

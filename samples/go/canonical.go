package main

import (
	"crypto/sha256"
	"fmt"
	"sort"
	"strings"
)

// The canonical request, dis-req/1: what the server computed an answer for, as bytes.

const requestForm = "dis-req/1"

// Rule 3: members that change neither an answer nor what is told about it.
var unbound = names("stream stream_options user safety_identifier metadata store service_tier rid priority custom_labels tee")

// Members that a pin can't replace: what a pin replaces is not bound.
var content = names("messages prompt suffix input input_ids tools functions tool_choice function_call response_format prediction regex ebnf json_schema structural_tag")

func names(list string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(list) {
		set[name] = true
	}
	return set
}

// canonicalRequest makes the members that are bound from a client's body and the pins of a statement: they are what is
// hashed, and what is computed.
func canonicalRequest(body []byte, pins map[string]string) (*value, error) {
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
	made := &value{kind: '{'}
	for _, m := range v.members {
		if _, pinned := pins[m.name]; !pinned && !unbound[m.name] {
			made.members = append(made.members, m)
		}
	}
	for _, name := range sorted(pins) {
		pin, err := parseJSON(pins[name], 1)
		if err != nil || strings.TrimSpace(pins[name]) != pins[name] || len(pins[name]) > 200 || !strings.ContainsRune(`dtf"`, rune(pin.kind)) {
			return nil, fmt.Errorf("the pin %q is no number, boolean or string", name)
		}
		if unbound[name] || content[name] {
			return nil, fmt.Errorf("%q can't be a pin", name)
		}
		made.members = append(made.members, member{name: name, value: pin})
	}
	sort.SliceStable(made.members, func(i, j int) bool { return made.members[i].name < made.members[j].name })
	return made, nil
}

func requestDigest(path string, request *value) [32]byte {
	return sha256.Sum256([]byte(requestForm + "\n" + path + "\n" + canonicalJSON(request) + "\n"))
}

func halfIn(v *value, path string) string {
	if v.kind == '"' && hasHalf(v.units) {
		return path
	}
	for _, m := range v.members {
		if m.half {
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

// canonicalJSON writes by rule 6: no white space, one spelling of strings, numbers as they came.
func canonicalJSON(v *value) string {
	var b strings.Builder
	writeJSON(&b, v)
	return b.String()
}

func writeJSON(b *strings.Builder, v *value) {
	switch v.kind {
	case '{':
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, m.name)
			b.WriteByte(':')
			writeJSON(b, m.value)
		}
		b.WriteByte('}')
	case '[':
		b.WriteByte('[')
		for i, item := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, item)
		}
		b.WriteByte(']')
	case '"':
		writeString(b, v.text())
	case 't':
		b.WriteString("true")
	case 'f':
		b.WriteString("false")
	case 'n':
		b.WriteString("null")
	default:
		b.WriteString(v.digits)
	}
}

func writeString(b *strings.Builder, text string) {
	b.WriteByte('"')
	for _, c := range text {
		switch c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
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
				fmt.Fprintf(b, `\u%04x`, c)
			} else {
				b.WriteRune(c)
			}
		}
	}
	b.WriteByte('"')
}

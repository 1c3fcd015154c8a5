package main

import (
	"fmt"
	"sort"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A value is JSON as it was written: members keep their order and repetitions, numbers keep their digits, and strings
// keep their UTF-16 units, halves of surrogate pairs included. A decoder that has number types and maps would lose what
// the canonical forms are made of.
type value struct {
	kind     byte     // '{' '[' '"' 'd' (number) 't' 'f' 'n', and 'i' for -Infinity, Infinity and NaN
	digits   string   // a number's text; "-" for -Infinity
	units    []uint16 // a string's UTF-16 units
	items    []*value
	members  []member
	from, to int // where the value stands in the text
}

type member struct {
	name  string // WTF-8, as the text of a string
	from  int    // where the name stands in the text
	value *value
}

// A jsonReader reads one value of RFC 8259.
type jsonReader struct {
	text     string
	at       int
	levels   int  // how deep objects and arrays may be nested
	infinite bool // -Infinity, Infinity and NaN may stand for numbers
}

func parseJSON(text string, levels int) (*value, error) {
	return (&jsonReader{text: text, levels: levels}).document()
}

func (r *jsonReader) document() (*value, error) {
	if !utf8.ValidString(r.text) {
		return nil, fmt.Errorf("not UTF-8")
	}
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if r.space(); r.at < len(r.text) {
		return nil, r.fail("something follows the value")
	}
	return v, nil
}

func (r *jsonReader) fail(what string) error {
	return fmt.Errorf("not JSON: %s at byte %d", what, r.at)
}

func (r *jsonReader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// next skips white space and says which byte comes then, 0 at the end.
func (r *jsonReader) next() byte {
	r.space()
	if r.at == len(r.text) {
		return 0
	}
	return r.text[r.at]
}

func (r *jsonReader) word(word string) bool {
	if len(r.text)-r.at >= len(word) && r.text[r.at:r.at+len(word)] == word {
		r.at += len(word)
		return true
	}
	return false
}

func (r *jsonReader) value(depth int) (*value, error) {
	r.space()
	from := r.at
	v, err := r.anyValue(depth)
	if v != nil {
		v.from, v.to = from, r.at
	}
	return v, err
}

func (r *jsonReader) anyValue(depth int) (*value, error) {
	switch c := r.next(); {
	case c == '{' || c == '[':
		if depth == r.levels {
			return nil, r.fail(fmt.Sprintf("more than %d levels", r.levels))
		}
		if c == '{' {
			return r.object(depth)
		}
		return r.array(depth)
	case c == '"':
		units, err := r.str()
		return &value{kind: '"', units: units}, err
	case r.word("true"):
		return &value{kind: 't'}, nil
	case r.word("false"):
		return &value{kind: 'f'}, nil
	case r.word("null"):
		return &value{kind: 'n'}, nil
	case r.infinite && (r.word("NaN") || r.word("Infinity")):
		return &value{kind: 'i'}, nil
	case r.infinite && r.word("-Infinity"):
		return &value{kind: 'i', digits: "-"}, nil
	case c == '-' || isDigit(c):
		return r.number()
	}
	return nil, r.fail("no value")
}

func (r *jsonReader) object(depth int) (*value, error) {
	v := &value{kind: '{'}
	r.at++
	if r.next() == '}' {
		r.at++
		return v, nil
	}
	for {
		if r.next() != '"' {
			return nil, r.fail("no name")
		}
		from := r.at
		units, err := r.str()
		if err != nil {
			return nil, err
		}
		if r.next() != ':' {
			return nil, r.fail("no colon")
		}
		r.at++
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.members = append(v.members, member{wtf8(units), from, item})
		switch r.next() {
		case ',':
			r.at++
		case '}':
			r.at++
			return v, nil
		default:
			return nil, r.fail("no comma")
		}
	}
}

func (r *jsonReader) array(depth int) (*value, error) {
	v := &value{kind: '['}
	r.at++
	if r.next() == ']' {
		r.at++
		return v, nil
	}
	for {
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, item)
		switch r.next() {
		case ',':
			r.at++
		case ']':
			r.at++
			return v, nil
		default:
			return nil, r.fail("no comma")
		}
	}
}

func (r *jsonReader) str() ([]uint16, error) {
	units := []uint16{}
	for r.at++; r.at < len(r.text); {
		c := r.text[r.at]
		switch {
		case c == '"':
			r.at++
			return units, nil
		case c < 0x20:
			return nil, r.fail("a control character in a string")
		case c != '\\':
			char, size := utf8.DecodeRuneInString(r.text[r.at:])
			units = append(units, utf16.Encode([]rune{char})...)
			r.at += size
		case r.at+1 < len(r.text) && r.text[r.at+1] == 'u':
			if r.at+6 > len(r.text) {
				return nil, r.fail("a broken escape")
			}
			unit, err := strconv.ParseUint(r.text[r.at+2:r.at+6], 16, 16)
			if err != nil {
				return nil, r.fail("a broken escape")
			}
			units = append(units, uint16(unit))
			r.at += 6
		default:
			const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
			known := -1
			for i := range from {
				if r.at+1 < len(r.text) && from[i] == r.text[r.at+1] {
					known = i
				}
			}
			if known < 0 {
				return nil, r.fail("an unknown escape")
			}
			units = append(units, uint16(to[known]))
			r.at += 2
		}
	}
	return nil, r.fail("a string without end")
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (r *jsonReader) number() (*value, error) {
	begin := r.at
	some := func() bool {
		first := r.at
		for r.at < len(r.text) && isDigit(r.text[r.at]) {
			r.at++
		}
		return r.at > first
	}
	r.word("-")
	if zero := r.word("0"); !zero && !some() || zero && r.at < len(r.text) && isDigit(r.text[r.at]) {
		return nil, r.fail("a broken number")
	}
	if r.word(".") && !some() {
		return nil, r.fail("a broken number")
	}
	if r.word("e") || r.word("E") {
		if !r.word("+") {
			r.word("-")
		}
		if !some() {
			return nil, r.fail("a broken number")
		}
	}
	return &value{kind: 'd', digits: r.text[begin:r.at]}, nil
}

// hasHalf reports whether a text in WTF-8 has a half of a surrogate pair.
func hasHalf(text string) bool { return !utf8.ValidString(text) }

// isNull reports whether a value is absent or null: most rules take both for the same.
func (v *value) isNull() bool { return v == nil || v.kind == 'n' }

func (v *value) isText(text string) bool { return v != nil && v.kind == '"' && v.text() == text }

// wtf8 is UTF-8 in which half of a pair that stays alone is its three bytes.
func wtf8(units []uint16) string {
	var b []byte
	for i := 0; i < len(units); i++ {
		switch {
		case units[i]&0xFC00 == 0xD800 && i+1 < len(units) && units[i+1]&0xFC00 == 0xDC00:
			b = utf8.AppendRune(b, utf16.DecodeRune(rune(units[i]), rune(units[i+1])))
			i++
		case units[i]&0xF800 == 0xD800:
			b = append(b, 0xE0|byte(units[i]>>12), 0x80|byte(units[i]>>6&0x3F), 0x80|byte(units[i]&0x3F))
		default:
			b = utf8.AppendRune(b, rune(units[i]))
		}
	}
	return string(b)
}

// text is a string's text in WTF-8.
func (v *value) text() string { return wtf8(v.units) }

// get finds a member of an object; nil where there is none.
func (v *value) get(name string) *value {
	if v != nil {
		for _, m := range v.members {
			if m.name == name {
				return m.value
			}
		}
	}
	return nil
}

// distinct refuses objects that have two members of one name, at any level.
func (v *value) distinct(path string) error {
	names := map[string]bool{}
	for _, m := range v.members {
		if names[m.name] {
			return fmt.Errorf("two members %q in %s", m.name, path)
		}
		names[m.name] = true
		if err := m.value.distinct(path + "." + m.name); err != nil {
			return err
		}
	}
	for i, item := range v.items {
		if err := item.distinct(fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

// levels are the objects and arrays within each other.
func (v *value) levels() int {
	deepest := 0
	for _, m := range v.members {
		deepest = max(deepest, m.value.levels())
	}
	for _, item := range v.items {
		deepest = max(deepest, item.levels())
	}
	if v.kind == '{' || v.kind == '[' {
		deepest++
	}
	return deepest
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

// whole is a number that is written in digits alone and at most the limit.
func (v *value) whole(limit uint64) (uint64, bool) {
	if v == nil || v.kind != 'd' {
		return 0, false
	}
	for i := range v.digits {
		if !isDigit(v.digits[i]) {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(v.digits, 10, 64)
	return n, err == nil && n <= limit
}

// number is the nearest double of a number.
func (v *value) number() (float64, bool) {
	if v == nil || v.kind != 'd' {
		return 0, false
	}
	n, _ := strconv.ParseFloat(v.digits, 64)
	return n, true
}

// integer is a number without fraction, in any spelling: 2, 2.0 and 2e0 are the same.
func (v *value) integer() (int64, bool) {
	if v == nil || v.kind != 'd' {
		return 0, false
	}
	if n, err := strconv.ParseInt(v.digits, 10, 64); err == nil {
		return n, true
	}
	n, _ := strconv.ParseFloat(v.digits, 64)
	if n != float64(int64(n)) || n >= 1<<53 || n <= -1<<53 {
		return 0, false
	}
	return int64(n), true
}

// sorted are the names of a map in the order of their bytes.
func sorted[T any](of map[string]T) []string {
	names := make([]string, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

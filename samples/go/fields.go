package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// errVersion is of forms that another version of the page has: nothing can be said of them.
var errVersion = errors.New("another version")

// fields reads members that have to be there, and keeps the first thing that is wrong.
type fields struct {
	what string // the document
	err  error
}

var nothing = &value{kind: 'n'}

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(f.what+": "+format, args...)
	}
}

// get finds a member; what is missing is an error, and null.
func (f *fields) get(v *value, name string) *value {
	if found := v.get(name); found != nil {
		return found
	}
	f.fail("%q is missing", name)
	return nothing
}

func (f *fields) of(v *value, name string, kind byte, what string) *value {
	found := f.get(v, name)
	if found.kind != kind {
		f.fail("%q is no %s", name, what)
		return &value{kind: kind}
	}
	return found
}

func (f *fields) object(v *value, name string) *value { return f.of(v, name, '{', "object") }

func (f *fields) list(v *value, name string) []*value { return f.of(v, name, '[', "array").items }

func (f *fields) isNull(v *value, name string) bool { return f.get(v, name).kind == 'n' }

func (f *fields) text(v *value, name string) string {
	return f.whole(name, f.of(v, name, '"', "string").text())
}

// whole refuses half of a surrogate pair.
func (f *fields) whole(name, text string) string {
	if hasHalf(text) {
		f.fail("%q has half of a surrogate pair", name)
	}
	return text
}

// named is a text that is one of these words.
func (f *fields) named(v *value, name, list string) string {
	text := f.text(v, name)
	if !names(list)[text] {
		f.fail("%q is none of %s", name, list)
	}
	return text
}

// is refuses another text as one of another version.
func (f *fields) is(v *value, name, known string) {
	if text := f.text(v, name); text != known && f.err == nil {
		f.err = fmt.Errorf("%w: %s: %q is %q and not %q", errVersion, f.what, name, text, known)
	}
}

func (f *fields) boolean(v *value, name string) bool {
	found := f.get(v, name)
	if found.kind != 't' && found.kind != 'f' {
		f.fail("%q is neither true nor false", name)
	}
	return found.kind == 't'
}

// hex are the digits of so many bytes, in lower case.
func (f *fields) hex(v *value, name string, size int) string {
	text := f.text(v, name)
	if raw, err := hex.DecodeString(text); err != nil || len(raw) != size || hex.EncodeToString(raw) != text {
		f.fail("%q does not have %d digits in lower case", name, 2*size)
	}
	return text
}

func (f *fields) hexOrNull(v *value, name string) string {
	if f.isNull(v, name) {
		return ""
	}
	return f.hex(v, name, 32)
}

func (f *fields) base64(v *value, name string) []byte {
	raw, err := any64(f.text(v, name))
	if err != nil {
		f.fail("%q: %w", name, err)
	}
	return raw
}

func (f *fields) time(v *value, name string) {
	const form = "2006-01-02T15:04:05Z"
	text := f.text(v, name)
	if at, err := time.Parse(form, text); err != nil || at.Format(form) != text {
		f.fail("%q is no time in UTC to the second", name)
	}
}

func (f *fields) count(v *value, name string, limit uint64) uint64 {
	n, ok := v.whole(limit)
	if !ok {
		f.fail("%q is no count", name)
	}
	return n
}

// only refuses objects that have other members than these.
func (f *fields) only(v *value, where, list string) {
	known := names(list)
	for _, m := range v.members {
		if !known[m.name] {
			f.fail("%s has an unknown member %q", where, m.name)
		}
	}
}

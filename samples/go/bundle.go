package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The bundle of docs/determinism.md: a receipt with what is needed to check it.

const bundleForm = "dis-bundle/2"

const (
	maxBytes         = 256 << 20 // of a bundle
	maxDocumentBytes = 4 << 20   // of a statement, a receipt or an environment document
	maxLevels        = 64        // of all of them
)

// errNoBundle is of files that are something else. Nothing is said of a receipt then.
var errNoBundle = errors.New("no bundle")

// A bundle is a receipt with what it is of, as far as that was given.
type bundle struct {
	path        string
	request     []byte // nil where it was not given
	response    []byte
	delivery    string
	receipt     receipt
	environment *environment
	vkey        string
}

// A receipt is the object determinism of an answer.
type receipt struct {
	id, statement, proof string
	salts                salts
	saltID               []byte // what the salt gives of the receipt's id; nil where there is only some of it
	trail                []byte // nil where there is none
}

// parseBundle reads a file. What is none of errNoBundle and errVersion is malformed.
func parseBundle(text string) (*bundle, error) {
	text = strings.TrimPrefix(text, "\uFEFF")
	v, err := parseJSON(strings.ToValidUTF8(text, "\uFFFD"), 2*maxLevels+1)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errNoBundle, err)
	}
	if err := isBundle(v); err != nil {
		return nil, err
	}
	f := &fields{what: "the bundle is malformed"}
	if !utf8.ValidString(text) {
		f.fail("it is not UTF-8")
	}
	if v.levels() > maxLevels || len(text) > maxBytes {
		f.fail("more than %d levels or %d MiB", maxLevels, maxBytes>>20)
	}
	if err := v.distinct("the bundle"); err != nil {
		f.fail("%w", err)
	}
	if name := halfName(v); name != "" {
		f.fail("half of a surrogate pair in the name %q", name)
	}
	f.is(v, "form", bundleForm)
	f.only(v, "the bundle", "form request response receipt environment vkey")
	b := &bundle{}
	f.receipt(f.object(v, "receipt"), &b.receipt)
	if v.get("request") != nil {
		request := f.object(v, "request")
		f.only(request, "the request", "path body body_base64")
		b.path = f.named(request, "path", chatPath+" "+completionPath)
		b.request = f.body(request)
	}
	if v.get("response") != nil {
		response := f.object(v, "response")
		f.only(response, "the response", "delivery content_type body body_base64")
		b.delivery = f.named(response, "delivery", "json sse")
		// Parameters such as charset may follow.
		types := map[string]string{"json": "application/json", "sse": "text/event-stream"}
		kind, _, _ := strings.Cut(f.text(response, "content_type"), ";")
		if strings.TrimSpace(kind) != types[b.delivery] {
			f.fail("delivery and content_type of the response do not fit")
		}
		b.response = f.body(response)
	}
	if v.get("environment") != nil {
		b.environment = f.environment(f.object(v, "environment"))
	}
	if v.get("vkey") != nil {
		b.vkey = f.text(v, "vkey")
	}
	return b, f.err
}

// isBundle refuses JSON that is something else, or two things at once.
func isBundle(v *value) error {
	if v.kind != '{' {
		return fmt.Errorf("%w: no object", errNoBundle)
	}
	for _, m := range v.members {
		if hasHalf(m.name) {
			return fmt.Errorf("%w: half of a surrogate pair in a name", errNoBundle)
		}
	}
	if v.get("form") == nil {
		return fmt.Errorf("%w: the member form is missing (this program reads no answers, and no receipts alone)",
			errNoBundle)
	}
	if v.get("choices") != nil || v.get("statement") != nil {
		return fmt.Errorf("%w: it is two things at once", errNoBundle)
	}
	return nil
}

func halfName(v *value) string {
	for _, m := range v.members {
		if hasHalf(m.name) {
			return m.name
		}
		if name := halfName(m.value); name != "" {
			return name
		}
	}
	for _, item := range v.items {
		if name := halfName(item); name != "" {
			return name
		}
	}
	return ""
}

func (f *fields) body(v *value) []byte {
	text, raw := v.get("body"), v.get("body_base64")
	switch {
	case (text == nil) == (raw == nil):
		f.fail("a body has to be there once, as body or as body_base64")
		return nil
	case text != nil:
		return []byte(f.text(v, "body"))
	}
	return append([]byte{}, f.base64(v, "body_base64")...)
}

func (f *fields) receipt(v *value, r *receipt) {
	if v.to-v.from > maxDocumentBytes {
		f.fail("the receipt has more than %d MiB", maxDocumentBytes>>20)
	}
	if v.get("receipt") != nil && v.get("statement") == nil && f.err == nil {
		f.err = fmt.Errorf("%w: a receipt of the first version", errVersion)
	}
	f.only(v, "the receipt", "receipt_id statement proof salt salts trail")
	r.id, r.statement, r.proof = f.text(v, "receipt_id"), f.text(v, "statement"), f.text(v, "proof")
	if v.get("trail") != nil {
		r.trail = append([]byte{}, f.base64(v, "trail")...)
	}
	r.salts = salts{}
	take := func(of *value, name string) []byte {
		raw := f.base64(of, name)
		if len(raw) != 32 {
			f.fail("%q does not have 32 bytes", name)
		}
		return raw
	}
	switch {
	case v.get("salt") != nil && v.get("salts") != nil:
		f.fail("salt and salts")
	case v.get("salt") != nil:
		salt := take(v, "salt")
		r.salts, r.saltID = allSalts(salt), derive(salt, "id")[:12]
	case v.get("salts") != nil:
		some := f.object(v, "salts")
		for _, label := range labels {
			if some.get(label) != nil {
				r.salts[label] = take(some, label)
			}
		}
	}
}

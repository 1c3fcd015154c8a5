package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// A verdict is a word of docs/determinism.md with the reason, and what was compared.
type verdict struct {
	word, reason string
	lines        []string
}

func (v verdict) String() string { return oneLine(v.word + ": " + v.reason) }

// oneLine replaces what would end a line of a report.
func oneLine(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || strings.ContainsRune(cuts, c) {
			return ' '
		}
		return c
	}, text)
}

func (v verdict) code() int { return codes[v.word] }

var codes = map[string]int{
	"VALID": 0, "REPRODUCED": 0, "CONTRADICTED": 10, "CORROBORATED": 11, "INCONCLUSIVE": 12, "TAMPERED": 13,
	"INCOMPLETE": 14, "UNTRUSTED": 17, "SIGNED": 18, "OTHER KEY": 19, "UNKNOWN VERSION": 21, "UNUSABLE": unusable,
}

// worst is the exit code of several verdicts.
func worst(found map[int]bool) int {
	for _, code := range []int{13, 10, unusable, 21, 19, 17, 14, 12, 11, 18} {
		if found[code] {
			return code
		}
	}
	return 0
}

// A report collects checks; the first one that fails decides.
type report struct {
	lines  []string
	failed string
}

func (r *report) say(name, format string, args ...any) {
	r.lines = append(r.lines, name+": "+fmt.Sprintf(format, args...))
}

// check notes a check that was made; an error is one that failed.
func (r *report) check(name string, err error) bool {
	if err == nil {
		r.say(name, "ok")
		return true
	}
	r.say(name, "FAILED: %v", err)
	if r.failed == "" {
		r.failed = name + ": " + err.Error()
	}
	return false
}

func (r *report) verdict(word, reason string) verdict { return verdict{word, reason, r.lines} }

// A verifier judges bundles. Without a folder nothing is computed.
type verifier struct {
	keys   []verifierKey
	folder string
	loaded *loadedModel // once it was needed
}

// How the checkpoint of a proof is trusted.
type trust int

const (
	noKey trust = iota
	bundleKey
	otherKey
	pinnedKey
)

// judge checks a bundle, recomputes its answer where there is a model, and says what comes of it. The error is
// errNoBundle.
func (v *verifier) judge(text string) (verdict, error) {
	r := &report{}
	b, err := parseBundle(text)
	switch {
	case errors.Is(err, errNoBundle):
		return verdict{}, err
	case errors.Is(err, errVersion):
		return r.verdict("UNKNOWN VERSION", err.Error()), nil
	case err != nil:
		return r.verdict("TAMPERED", err.Error()), nil
	}
	by, s, err := r.sealed(b, v.keys)
	switch {
	case r.failed != "":
		return r.verdict("TAMPERED", r.failed), nil
	case err != nil:
		return r.verdict("UNKNOWN VERSION", err.Error()), nil
	}
	o := r.opened(b, s)
	if r.failed != "" {
		return r.verdict("TAMPERED", r.failed), nil
	}
	r.say("never compared", "witnesses, and revocations of the key")
	if by == otherKey {
		return r.verdict("OTHER KEY", "the checkpoint names another key than the ones that were given"), nil
	}
	word, reason := "", "nothing was recomputed"
	if v.folder != "" {
		word, reason = v.recompute(r, b, s, o)
	}
	also := "; " + reason
	if word != "" {
		also = "; " + word + ": " + reason
	}
	isWhole := o.requestIsSealed && o.outputIsSealed
	switch {
	case by == noKey:
		return r.verdict("UNTRUSTED", "there is no key"+also), nil
	case by == bundleKey:
		return r.verdict("UNTRUSTED", "no key was given, and the one of the bundle shows only that its parts belong "+
			"together (key not pinned)"+also), nil
	case !s.complete:
		return r.verdict("INCOMPLETE", "the answer broke off"+also), nil
	case o.doubt != "":
		return r.verdict("INCONCLUSIVE", o.doubt), nil
	case word != "" && (word != "REPRODUCED" || isWhole):
		return r.verdict(word, reason), nil
	case !isWhole:
		return r.verdict("SIGNED", "request or answer was not given"+also), nil
	}
	return r.verdict("VALID", "request and answer are the sealed ones"+also), nil
}

// sealed checks that the log has sealed the statement, and says whose key shows it. The error is errVersion.
func (r *report) sealed(b *bundle, pinned []verifierKey) (by trust, s *statement, err error) {
	p, err := parseProof(b.receipt.proof)
	if err != nil {
		r.check("proof", err)
		return noKey, nil, nil
	}
	by, key, err := chooseKey(b, p.checkpoint, pinned)
	switch {
	case err != nil:
		r.check("key", err)
	case by == noKey:
		r.say("signature", "not checked: there is no key")
	case by == otherKey:
		r.say("signature", "not met: the checkpoint of %q names another key", p.checkpoint.origin)
	default:
		r.check("signature", p.checkpoint.signedBy(key))
	}
	r.check("inclusion", p.includes(receiptLine(b.receipt.statement)))
	if r.failed != "" {
		return by, nil, nil
	}
	s, err = parseStatement(b.receipt.statement)
	if errors.Is(err, errVersion) {
		return by, nil, err
	}
	if r.check("statement", err) && b.receipt.id != s.id {
		r.check("receipt id", errors.New("it is not the statement's"))
	}
	return by, s, nil
}

// chooseKey finds the key that the checkpoint is checked with: of those that are trusted the one that it names.
func chooseKey(b *bundle, c checkpoint, pinned []verifierKey) (trust, verifierKey, error) {
	for _, key := range pinned {
		if c.names(key) {
			return pinnedKey, key, nil
		}
	}
	if len(pinned) > 0 {
		// A checkpoint that names no key at all is not one of another key.
		if len(c.byLog()) == 0 {
			return pinnedKey, pinned[0], nil
		}
		return otherKey, verifierKey{}, nil
	}
	if b.vkey == "" {
		return noKey, verifierKey{}, nil
	}
	key, err := parseKey(b.vkey)
	return bundleKey, key, err
}

func isSealed(is, sealed string) error {
	if is != sealed {
		return errors.New("it is not what the log has sealed")
	}
	return nil
}

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
	"unicode"
)

// The environment of docs/determinism.md: facts, and reasons against their determinism.

const environForm = "dis-env/2"

// Sources of facts, the strongest first.
const sources = "measured engine-reported declared"

// Members that the server adds for devices, which say nothing.
const forDevices = "model-sha256 model_sha256 runtime-build-hash runtime_build_hash inference-profile " +
	"inference_profile profile"

type environment struct {
	id, class, source string
	facts             map[string]string
}

// environment reads a document, whose id and class are computed anew.
func (f *fields) environment(v *value) *environment {
	if v.to-v.from > maxDocumentBytes {
		f.fail("the environment has more than %d MiB", maxDocumentBytes>>20)
	}
	f.only(v, "the environment", "id class reasons facts "+forDevices)
	e := &environment{facts: map[string]string{}, class: "best-effort", source: "declared"}
	var reasons []string
	for _, item := range f.list(v, "reasons") {
		if item.kind != '"' || len(item.units) == 0 {
			f.fail("a reason of the environment is no text")
		}
		reasons = append(reasons, f.whole("reasons", item.text()))
	}
	weakest := 0
	facts := f.object(v, "facts")
	for _, m := range facts.members {
		if m.name == "" || strings.Trim(m.name, "abcdefghijklmnopqrstuvwxyz0123456789_.") != "" {
			f.fail("%q is no name of a fact", m.name)
		}
		if m.value.kind != '{' {
			f.fail("the fact %q is no object", m.name)
		}
		f.only(m.value, "the fact "+m.name, "value source")
		e.facts[m.name] = f.text(m.value, "value")
		source := f.named(m.value, "source", sources)
		if source == "declared" {
			reasons = append(reasons, "declared_fact:"+m.name)
		}
		for rank, name := range strings.Fields(sources) {
			if name == source && rank > weakest {
				weakest = rank
			}
		}
	}
	if len(facts.members) > 0 {
		e.source = strings.Fields(sources)[weakest]
	}
	if len(reasons) == 0 {
		e.class = "deterministic"
	}
	if e.id = environmentID(reasons, e.facts); f.hex(v, "id", 32) != e.id {
		f.fail("the environment's id is not that of its facts and reasons, %s", e.id)
	}
	if f.named(v, "class", "deterministic best-effort") != e.class {
		f.fail("the environment's class is not that of its reasons, %s", e.class)
	}
	return e
}

// environmentID is dis-env/2 of reasons, each of which counts once, and facts.
func environmentID(reasons []string, facts map[string]string) string {
	bound := func(text string) string {
		if len(text) > 200 || strings.IndexFunc(text, unicode.IsControl) >= 0 {
			return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))
		}
		return text
	}
	once := map[string]bool{}
	var lines []string
	for _, reason := range reasons {
		if line := bound(reason); !once[line] {
			once[line], lines = true, append(lines, line+"\n")
		}
	}
	sort.Strings(lines)
	all := environForm + "\n" + strings.Join(lines, "") + "\n"
	for _, key := range sorted(facts) {
		all += key + " " + bound(facts[key]) + "\n"
	}
	sum := sha256.Sum256([]byte(all))
	return hex.EncodeToString(sum[:])
}

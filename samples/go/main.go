// Command reexecute recomputes an answer of the embedded engine and compares it with what the log has sealed. It is
// written from docs/determinism.md, docs/arithmetic.md and docs/engine.md alone, and shares no code with the server.
//
//	reexecute --model DIR [--key FILE] BUNDLE.json
//
// The first line is the verdict, and the exit code is the one that docs/determinism.md gives it.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() { os.Exit(command(os.Args[1:])) }

func command(args []string) int {
	set := flag.NewFlagSet("reexecute", flag.ContinueOnError)
	folder := set.String("model", "", "folder of the model (required)")
	keyFile := set.String("key", "", "file with the verifier keys that are trusted, one per line, or the answer of /v1/receipts/key")
	set.Usage = func() {
		fmt.Fprintln(set.Output(), "reexecute --model DIR [--key FILE] BUNDLE.json")
		set.PrintDefaults()
	}
	if err := set.Parse(args); err != nil || set.NArg() != 1 || *folder == "" {
		if err == nil {
			set.Usage()
		}
		return 2
	}
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 2
	}
	text, err := os.ReadFile(set.Arg(0))
	if err != nil {
		return fail(err)
	}
	var keys []verifierKey
	if *keyFile != "" {
		if keys, err = readKeys(*keyFile); err != nil {
			return fail(err)
		}
	}
	if _, err := os.ReadDir(*folder); err != nil {
		return fail(err)
	}
	v := judge(string(text), keys, *folder)
	fmt.Println(v)
	return v.code
}

// readKeys reads verifier keys, one per line, or the JSON that a server gives.
func readKeys(file string) ([]verifierKey, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(string(raw))
	if v, err := parseJSON(text, 64); err == nil && v.kind == '{' {
		if text, err = textOf(v, "vkey"); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	var keys []verifierKey
	for _, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		key, err := parseKey(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: no key", file)
	}
	return keys, nil
}

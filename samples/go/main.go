// Command reexecute verifies receipts, and recomputes the answers of the embedded engine that they are of. It is
// written from docs/determinism.md, docs/arithmetic.md and docs/engine.md alone, and shares no code with the server.
//
//	reexecute [--model DIR] [--key FILE] BUNDLE.json|FOLDER
//
// The first line is the verdict, and the exit code is the one that docs/determinism.md gives it. Of a folder each file
// *.json has a line, and the exit code is that of the worst. What can't be used is exit code 2. Without --model nothing
// is recomputed.
package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() { os.Exit(command(os.Args[1:], os.Stdout, os.Stderr)) }

const unusable = 2

func command(args []string, out, diagnostics io.Writer) int {
	set := flag.NewFlagSet("reexecute", flag.ContinueOnError)
	set.SetOutput(diagnostics)
	folder := set.String("model", "", "folder of the model that recomputes the answer")
	keyFile := set.String("key", "",
		"file with the keys that are trusted: verifier keys, one per line, PEM, or the answer of /v1/receipts/key")
	set.Usage = func() {
		fmt.Fprintln(diagnostics, "reexecute [--model DIR] [--key FILE] BUNDLE.json|FOLDER")
		set.PrintDefaults()
	}
	if set.Parse(args) != nil {
		return unusable
	}
	if set.NArg() != 1 {
		set.Usage()
		return unusable
	}
	code, err := run(set.Arg(0), *folder, *keyFile, out)
	if err != nil {
		fmt.Fprintln(diagnostics, "error:", err)
		return unusable
	}
	return code
}

func run(path, folder, keyFile string, out io.Writer) (code int, err error) {
	v := &verifier{folder: folder}
	if keyFile != "" {
		if v.keys, err = readKeys(keyFile); err != nil {
			return 0, err
		}
	}
	if folder != "" {
		if _, err := os.ReadDir(folder); err != nil {
			return 0, err
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	if info.IsDir() {
		return v.runFolder(path, out)
	}
	made, err := v.judgeFile(path)
	if err != nil {
		return 0, err
	}
	fmt.Fprintln(out, made)
	for _, line := range made.lines {
		fmt.Fprintln(out, oneLine(line))
	}
	return made.code(), nil
}

func (v *verifier) judgeFile(path string) (verdict, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return verdict{}, err
	}
	made, err := v.judge(string(text))
	if err != nil {
		return verdict{}, fmt.Errorf("%s: %w", path, err)
	}
	return made, nil
}

// runFolder judges each file *.json of a folder, in the order of their names.
func (v *verifier) runFolder(folder string, out io.Writer) (code int, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	found := map[int]bool{}
	for _, entry := range entries {
		if entry.IsDir() || !strings.HasSuffix(entry.Name(), ".json") {
			continue
		}
		made, err := v.judgeFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			// The others are read all the same.
			made = verdict{word: "UNUSABLE", reason: err.Error()}
		}
		found[made.code()] = true
		fmt.Fprintf(out, "%s: %s\n", entry.Name(), made)
	}
	if len(found) == 0 {
		return 0, fmt.Errorf("%s: has no files *.json", folder)
	}
	return worst(found), nil
}

// readKeys reads keys as the command verify takes them.
func readKeys(file string) (keys []verifierKey, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(string(raw))
	switch {
	case strings.HasPrefix(text, "{"):
		v, err := parseJSON(text, maxLevels)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		f := &fields{what: file}
		if text = f.text(v, "vkey"); f.err != nil {
			return nil, f.err
		}
	case strings.Contains(text, "-----BEGIN"):
		return readPEM(file, raw)
	}
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

// readPEM reads public keys, which are those of logs of any name.
func readPEM(file string, rest []byte) (keys []verifierKey, err error) {
	for len(rest) > 0 {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		key, ok := parsed.(ed25519.PublicKey)
		if err != nil || !ok {
			return nil, fmt.Errorf("%s: a PEM block is no Ed25519 public key", file)
		}
		keys = append(keys, verifierKey{key: key})
	}
	if len(keys) == 0 || strings.Contains(string(rest), "-----BEGIN") {
		return nil, fmt.Errorf("%s: PEM that can't be read", file)
	}
	return keys, nil
}

package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// The log: a verifier key and a signed note (C2SP signed-note), a checkpoint (C2SP tlog-checkpoint), and a proof that a
// line stands in the tree (C2SP tlog-proof, RFC 6962).

// A verifierKey is the key of a log with the log's name.
type verifierKey struct {
	name string
	id   [4]byte
	key  ed25519.PublicKey
}

func parseKey(text string) (verifierKey, error) {
	parts := strings.SplitN(strings.TrimSpace(text), "+", 3)
	if len(parts) != 3 || parts[0] == "" || strings.ContainsAny(parts[0], " \t\n") {
		return verifierKey{}, fmt.Errorf("no verifier key: %q", text)
	}
	id, err := hex.DecodeString(parts[1])
	key, err2 := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || err2 != nil || len(id) != 4 || len(key) != 1+ed25519.PublicKeySize || key[0] != 1 {
		return verifierKey{}, fmt.Errorf("no verifier key of type 1: %q", text)
	}
	k := verifierKey{name: parts[0], key: key[1:]}
	sum := sha256.Sum256(append([]byte(k.name+"\n"), key...))
	if copy(k.id[:], sum[:]); !bytes.Equal(k.id[:], id) {
		return verifierKey{}, fmt.Errorf("the id of the verifier key is not that of its bytes: %q", text)
	}
	return k, nil
}

func (k verifierKey) String() string {
	return fmt.Sprintf("%s+%x+%s", k.name, k.id, base64.StdEncoding.EncodeToString(append([]byte{1}, k.key...)))
}

// A checkpoint is what a log signs: its name, its number of entries and its root.
type checkpoint struct {
	origin     string
	size       uint64
	root       [32]byte
	text       string // what is signed
	signatures []noteSignature
}

type noteSignature struct {
	name string
	id   [4]byte
	rest []byte
}

func parseCheckpoint(note string) (checkpoint, error) {
	at := strings.LastIndex(note, "\n\n")
	if at < 0 || !strings.HasSuffix(note, "\n") || len(note) == at+2 {
		return checkpoint{}, fmt.Errorf("the checkpoint is no signed note")
	}
	c := checkpoint{text: note[:at+1]}
	for _, line := range strings.Split(strings.TrimSuffix(note[at+2:], "\n"), "\n") {
		parts := strings.Split(line, " ")
		if len(parts) != 3 || parts[0] != "—" || parts[1] == "" {
			return c, fmt.Errorf("a signature line of the checkpoint is malformed")
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
		if err != nil || len(raw) < 5 {
			return c, fmt.Errorf("a signature line of the checkpoint is malformed")
		}
		s := noteSignature{name: parts[1], rest: raw[4:]}
		copy(s.id[:], raw)
		c.signatures = append(c.signatures, s)
	}
	if len(c.signatures) > 64 {
		return c, fmt.Errorf("the checkpoint has more than 64 signatures")
	}
	lines := strings.Split(c.text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return c, fmt.Errorf("the checkpoint is malformed")
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	root, err2 := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || err2 != nil || len(root) != 32 || strconv.FormatUint(size, 10) != lines[1] {
		return c, fmt.Errorf("the checkpoint is malformed")
	}
	c.origin, c.size = lines[0], size
	copy(c.root[:], root)
	return c, nil
}

// names reports whether a signature of the checkpoint names the key.
func (c checkpoint) names(k verifierKey) bool {
	for _, s := range c.signatures {
		if c.origin == k.name && s.name == k.name && s.id == k.id {
			return true
		}
	}
	return false
}

// signedBy refuses a checkpoint unless each signature that names the key is by it.
func (c checkpoint) signedBy(k verifierKey) error {
	if !c.names(k) {
		return fmt.Errorf("no signature of the checkpoint names the key %s+%x", k.name, k.id)
	}
	for _, s := range c.signatures {
		if s.name == k.name && s.id == k.id && (len(s.rest) != ed25519.SignatureSize || !ed25519.Verify(k.key, []byte(c.text), s.rest)) {
			return fmt.Errorf("the signature of the checkpoint is false")
		}
	}
	return nil
}

// A proof shows that an entry is in the tree of a checkpoint.
type proof struct {
	index      uint64
	path       [][32]byte
	checkpoint checkpoint
}

func parseProof(text string) (proof, error) {
	head, note, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return proof{}, fmt.Errorf("the proof is malformed")
	}
	var p proof
	var err error
	if p.index, err = strconv.ParseUint(lines[1][6:], 10, 63); err != nil || strconv.FormatUint(p.index, 10) != lines[1][6:] {
		return proof{}, fmt.Errorf("the index of the proof is malformed")
	}
	for _, line := range lines[2:] {
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(raw) != 32 {
			return proof{}, fmt.Errorf("a hash of the proof is malformed")
		}
		p.path = append(p.path, [32]byte(*(*[32]byte)(raw)))
	}
	p.checkpoint, err = parseCheckpoint(note)
	return p, err
}

func leafHash(line string) [32]byte { return sha256.Sum256([]byte("\x00" + line)) }

func nodeHash(left, right [32]byte) [32]byte {
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// includes refuses a proof that does not lead from the line to the root (RFC 9162, 2.1.3.2).
func (p proof) includes(line string) error {
	if p.index >= p.checkpoint.size {
		return fmt.Errorf("the entry is beyond the checkpoint")
	}
	at, last, hash := p.index, p.checkpoint.size-1, leafHash(line)
	for _, sibling := range p.path {
		if last == 0 {
			return fmt.Errorf("the proof is longer than the tree is high")
		}
		if at&1 == 1 || at == last {
			hash = nodeHash(sibling, hash)
			if at&1 == 0 {
				zeros := bits.TrailingZeros64(at)
				if at == 0 {
					zeros = bits.Len64(last)
				}
				at, last = at>>zeros, last>>zeros
			}
		} else {
			hash = nodeHash(hash, sibling)
		}
		at, last = at>>1, last>>1
	}
	if last != 0 || hash != p.checkpoint.root {
		return fmt.Errorf("the proof does not lead to the root of the checkpoint")
	}
	return nil
}

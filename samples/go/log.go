package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"unicode"
)

// The log: a verifier key and a signed note (C2SP signed-note), a checkpoint (C2SP tlog-checkpoint), and a proof that a
// line stands in the tree (C2SP tlog-proof, RFC 6962).

// A verifierKey is the key of a log with the log's name, which is empty where only the key is known.
type verifierKey struct {
	name string
	key  ed25519.PublicKey
}

// keyID is what tells the keys of one name apart in signature lines.
type keyID [4]byte

func (k verifierKey) id() (id keyID) {
	sum := sha256.Sum256(append([]byte(k.name+"\n\x01"), k.key...))
	copy(id[:], sum[:])
	return id
}

// under is the key under the name of a log.
func (k verifierKey) under(origin string) verifierKey { return verifierKey{origin, k.key} }

// isOrigin reports whether a text can be the name of a log: visible ASCII without a plus sign.
func isOrigin(text string) bool {
	other := func(c rune) bool { return c <= ' ' || c >= 0x7F || c == '+' }
	return text != "" && len(text) <= 200 && strings.IndexFunc(text, other) < 0
}

func parseKey(text string) (verifierKey, error) {
	parts := strings.SplitN(strings.TrimSpace(text), "+", 3)
	if len(parts) != 3 || !isOrigin(parts[0]) {
		return verifierKey{}, fmt.Errorf("no verifier key: %q", text)
	}
	key, err := standard64(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 1 {
		return verifierKey{}, fmt.Errorf("no verifier key of type 1: %q", text)
	}
	k := verifierKey{parts[0], key[1:]}
	if fmt.Sprintf("%x", k.id()) != parts[1] {
		return verifierKey{}, fmt.Errorf("the id of the verifier key is not that of its bytes: %q", text)
	}
	return k, nil
}

func (k verifierKey) String() string {
	return fmt.Sprintf("%s+%x+%s", k.name, k.id(), base64.StdEncoding.EncodeToString(append([]byte{1}, k.key...)))
}

// standard64 takes the alphabet of RFC 4648, section 4, with padding and in one spelling.
func standard64(text string) ([]byte, error) { return strict64(base64.StdEncoding, text) }

// any64 takes that of section 5 too.
func any64(text string) ([]byte, error) {
	if strings.ContainsAny(text, "-_") {
		return strict64(base64.URLEncoding, text)
	}
	return standard64(text)
}

func strict64(encoding *base64.Encoding, text string) ([]byte, error) {
	raw, err := encoding.Strict().DecodeString(text)
	// The decoder passes over line ends.
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("not base64")
	}
	return raw, nil
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
	id   keyID
	rest []byte
}

var errCheckpoint = errors.New("the checkpoint is malformed")

func parseCheckpoint(note string) (c checkpoint, err error) {
	at := strings.LastIndex(note, "\n\n")
	control := func(c rune) bool { return c != '\n' && unicode.IsControl(c) }
	if at < 0 || !strings.HasSuffix(note, "\n") || len(note) == at+2 || strings.IndexFunc(note, control) >= 0 {
		return c, fmt.Errorf("%w: no signed note", errCheckpoint)
	}
	c.text = note[:at+1]
	for _, line := range strings.Split(strings.TrimSuffix(note[at+2:], "\n"), "\n") {
		parts := strings.Split(line, " ")
		if len(parts) != 3 || parts[0] != "—" || parts[1] == "" || strings.Contains(parts[1], "+") {
			return c, fmt.Errorf("%w: a signature line", errCheckpoint)
		}
		raw, err := standard64(parts[2])
		if err != nil || len(raw) < 5 {
			return c, fmt.Errorf("%w: a signature line", errCheckpoint)
		}
		s := noteSignature{name: parts[1], rest: raw[4:]}
		copy(s.id[:], raw)
		c.signatures = append(c.signatures, s)
	}
	if len(c.signatures) > 64 {
		return c, fmt.Errorf("%w: more than 64 signatures", errCheckpoint)
	}
	// Further lines are extensions.
	lines := strings.Split(strings.TrimSuffix(c.text, "\n"), "\n")
	for _, line := range lines {
		if line == "" {
			return c, fmt.Errorf("%w: an empty line", errCheckpoint)
		}
	}
	if len(lines) < 3 {
		return c, errCheckpoint
	}
	root, err := standard64(lines[2])
	if c.size, err = wholeOf(lines[1], err); err != nil || len(root) != 32 {
		return c, fmt.Errorf("%w: size or root", errCheckpoint)
	}
	c.origin = lines[0]
	copy(c.root[:], root)
	return c, nil
}

// wholeOf reads a number below 2⁶³ without leading zeros, unless there was an error before.
func wholeOf(text string, err error) (uint64, error) {
	n, err2 := strconv.ParseUint(text, 10, 63)
	if err == nil && err2 == nil && strconv.FormatUint(n, 10) != text {
		err = errors.New("a number in another spelling")
	}
	if err == nil {
		err = err2
	}
	return n, err
}

// byLog are the signatures under the name of the log.
func (c checkpoint) byLog() (found []noteSignature) {
	for _, s := range c.signatures {
		if s.name == c.origin && isOrigin(c.origin) {
			found = append(found, s)
		}
	}
	return found
}

func (s noteSignature) isBy(k verifierKey, text string) bool {
	return len(s.rest) == ed25519.SignatureSize && ed25519.Verify(k.key, []byte(text), s.rest)
}

// names reports whether a signature names the key. One by the key under another id was changed: it names the key too,
// and is refused below.
func (c checkpoint) names(k verifierKey) bool {
	if k.name != "" && k.name != c.origin {
		return false
	}
	for _, s := range c.byLog() {
		if s.id == k.under(c.origin).id() || s.isBy(k, c.text) {
			return true
		}
	}
	return false
}

// signedBy refuses a checkpoint unless there is a signature that names the key, and each that does is by it.
func (c checkpoint) signedBy(k verifierKey) error {
	k = k.under(c.origin)
	named := 0
	for _, s := range c.byLog() {
		if s.id != k.id() {
			continue
		}
		if named++; !s.isBy(k, c.text) {
			return errors.New("the signature of the checkpoint is false")
		}
	}
	if named == 0 {
		return fmt.Errorf("no signature of the checkpoint names the key %s+%x", k.name, k.id())
	}
	return nil
}

// A proof shows that an entry is in the tree of a checkpoint.
type proof struct {
	index      uint64
	path       [][32]byte
	checkpoint checkpoint
}

func parseProof(text string) (p proof, err error) {
	head, note, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return p, errors.New("the proof is malformed")
	}
	if lines = lines[1:]; len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") || len(lines) > 65 {
		return p, errors.New("the proof is malformed")
	}
	if p.index, err = wholeOf(strings.TrimPrefix(lines[0], "index "), nil); err != nil {
		return p, errors.New("the index of the proof is malformed")
	}
	for _, line := range lines[1:] {
		raw, err := standard64(line)
		if err != nil || len(raw) != 32 {
			return p, errors.New("a hash of the proof is malformed")
		}
		p.path = append(p.path, *(*[32]byte)(raw))
	}
	p.checkpoint, err = parseCheckpoint(note)
	return p, err
}

func receiptLine(statement string) string {
	return fmt.Sprintf("dis-log/2 receipt %x\n", sha256.Sum256([]byte(statement)))
}

func leafHash(line string) [32]byte { return sha256.Sum256([]byte("\x00" + line)) }

func nodeHash(left, right [32]byte) [32]byte {
	return sha256.Sum256(bytes.Join([][]byte{{1}, left[:], right[:]}, nil))
}

// includes refuses a proof that does not lead from the line to the root (RFC 9162, 2.1.3.2).
func (p proof) includes(line string) error {
	if p.index >= p.checkpoint.size {
		return errors.New("the entry is beyond the checkpoint")
	}
	at, last, hash := p.index, p.checkpoint.size-1, leafHash(line)
	for _, sibling := range p.path {
		if last == 0 {
			return errors.New("the proof is longer than the tree is high")
		}
		if at&1 == 1 || at == last {
			hash = nodeHash(sibling, hash)
			if at&1 == 0 {
				// Levels at which the entry's subtree has no sibling. (at is not 0: it is last, which is not 0.)
				zeros := bits.TrailingZeros64(at)
				at, last = at>>zeros, last>>zeros
			}
		} else {
			hash = nodeHash(hash, sibling)
		}
		at, last = at>>1, last>>1
	}
	if last != 0 || hash != p.checkpoint.root {
		return errors.New("the proof does not lead to the root of the checkpoint")
	}
	return nil
}

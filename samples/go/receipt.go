package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Salts, commitments and token chains, as docs/determinism.md has them.

const (
	tokensForm = "dis-tokens/2"
	promptForm = "dis-prompt/2"
	commitForm = "dis-commit/2"
	saltForm   = "dis-salt/1"
)

// salts are what the parts of a receipt are opened with, by their labels.
type salts map[string][]byte

var labels = []string{"request", "output", "logprobs", "tokens", "prompt", "extras"}

// derive is salt(label) of a receipt's salt.
func derive(salt []byte, label string) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(saltForm + " " + label + "\x01"))
	return mac.Sum(nil)
}

func allSalts(salt []byte) salts {
	all := salts{}
	for _, label := range labels {
		all[label] = derive(salt, label)
	}
	return all
}

// commit hides a digest behind the salt of its label.
func (s salts) commit(label string, digest [32]byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", commitForm, label)
	h.Write(s[label])
	h.Write(digest[:])
	return hex.EncodeToString(h.Sum(nil))
}

// tokens is the digest of the choices' token ids with the trail that locates a difference.
func (s salts) tokens(choices [][]uint32) (digest string, trail []byte) {
	all := sha256.New()
	fmt.Fprintf(all, "%s\n", tokensForm)
	for i, ids := range choices {
		h := sha256.Sum256(binary.BigEndian.AppendUint32(append([]byte(tokensForm+"\n"), s["tokens"]...), uint32(i)))
		for _, id := range ids {
			h = sha256.Sum256(binary.BigEndian.AppendUint32(h[:], id))
			trail = append(trail, h[:2]...)
		}
		fmt.Fprintf(all, "%d %d %x\n", i, len(ids), h)
	}
	return hex.EncodeToString(all.Sum(nil)), trail
}

// prompts is the digest of the prompts' token ids.
func (s salts) prompts(prompts [][]uint32) string {
	all := sha256.New()
	fmt.Fprintf(all, "%s\n%s", promptForm, s["prompt"])
	for i, ids := range prompts {
		var raw []byte
		for _, id := range ids {
			raw = binary.BigEndian.AppendUint32(raw, id)
		}
		fmt.Fprintf(all, "%d %d %x\n", i, len(ids), sha256.Sum256(raw))
	}
	return hex.EncodeToString(all.Sum(nil))
}

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"sort"
	"strings"
)

// The digests of what an answer says: dis-out/2, dis-logprobs/2 and dis-extras/1.

const (
	outputForm   = "dis-out/2"
	logprobsForm = "dis-logprobs/2"
	extrasForm   = "dis-extras/1"
)

// An output is the choices with their channels, in the order of the form.
type output []outputChoice

type outputChoice struct {
	index    int
	channels []channel
	finish   string
}

type channel struct{ name, text string }

// digest hashes the manifest of an output.
func (o output) digest() [32]byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nchoices %d\n", outputForm, len(o))
	for _, c := range o {
		for _, ch := range append(append([]channel{}, c.channels...), channel{"finish", c.finish}) {
			if ch.text != "" || strings.HasSuffix(ch.name, ".type") {
				fmt.Fprintf(&b, "%d %s %d %x\n", c.index, ch.name, len(ch.text), sha256.Sum256([]byte(ch.text)))
			}
		}
	}
	return sha256.Sum256([]byte(b.String()))
}

// A scoredToken is a token as log-probabilities show it. A number that is null is NaN.
type scoredToken struct {
	text         string
	number       float64
	list         byte // 0 content, 1 refusal, 2 the parallel arrays of completions
	alternatives []scoredToken
}

func logprobsDigest(choices [][]scoredToken) [32]byte {
	all := bytes.NewBufferString(logprobsForm + "\n")
	for i, tokens := range choices {
		var stream bytes.Buffer
		write := func(t scoredToken) {
			binary.Write(&stream, binary.BigEndian, uint32(len(t.text)))
			stream.WriteString(t.text)
			bits := math.Float64bits(t.number)
			if math.IsNaN(t.number) {
				bits = 0x7ff8000000000000
			}
			binary.Write(&stream, binary.BigEndian, bits)
		}
		for _, t := range tokens {
			stream.WriteByte(t.list)
			write(t)
			binary.Write(&stream, binary.BigEndian, uint32(len(t.alternatives)))
			for _, a := range t.alternatives {
				write(a)
			}
		}
		fmt.Fprintf(all, "%d %d %x\n", i, stream.Len(), sha256.Sum256(stream.Bytes()))
	}
	return sha256.Sum256(all.Bytes())
}

func extrasDigest(choices map[int]string) [32]byte {
	order := []int{}
	for index := range choices {
		order = append(order, index)
	}
	sort.Ints(order)
	all := extrasForm + "\n"
	for _, index := range order {
		all += fmt.Sprintf("%d %d %x\n", index, len(choices[index]), sha256.Sum256([]byte(choices[index])))
	}
	return sha256.Sum256([]byte(all))
}

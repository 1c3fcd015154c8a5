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
}

// A channel without text is the same as none, except for the kind of a tool call.
type channel struct{ name, text string }

func (c channel) isListed() bool { return c.text != "" || strings.HasSuffix(c.name, ".type") }

// digest hashes the manifest of an output.
func (o output) digest() [32]byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nchoices %d\n", outputForm, len(o))
	for _, c := range o {
		for _, ch := range c.channels {
			if ch.isListed() {
				fmt.Fprintf(&b, "%d %s %d %x\n", c.index, ch.name, len(ch.text), sha256.Sum256([]byte(ch.text)))
			}
		}
	}
	return sha256.Sum256([]byte(b.String()))
}

// text is the text of a channel; empty where there is none.
func (c outputChoice) text(name string) string {
	for _, ch := range c.channels {
		if ch.name == name {
			return ch.text
		}
	}
	return ""
}

// firstDifference says where two outputs differ first: the first byte of the first channel; empty where they don't.
func (o output) firstDifference(other output) string {
	for i := 0; i < len(o) || i < len(other); i++ {
		if i >= len(o) || i >= len(other) || o[i].index != other[i].index {
			return fmt.Sprintf("there are %d choices, and not %d", len(o), len(other))
		}
		for _, ch := range append(append([]channel{}, o[i].channels...), other[i].channels...) {
			a, b := o[i].text(ch.name), other[i].text(ch.name)
			if a == b {
				continue
			}
			at := 0
			for at < len(a) && at < len(b) && a[at] == b[at] {
				at++
			}
			return fmt.Sprintf("byte %d of %s of choice %d, token unknown", at, ch.name, o[i].index)
		}
	}
	return ""
}

// A scoredToken is a token as log-probabilities show it. A number that is null is NaN.
type scoredToken struct {
	text         string
	number       float64
	list         byte
	alternatives []scoredToken
}

// Lists in which a token stands; the last one is the parallel arrays of completions.
const (
	contentList = iota
	refusalList
	parallelList
)

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

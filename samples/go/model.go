package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A model folder: configuration, weights, and the digest that statements name it by.

// errUnsupported is of what this program does not compute: nothing is said of the receipt then.
var errUnsupported = errors.New("not supported")

type model struct {
	hidden, heads, groups, width, vocabulary, positions int
	epsilon                                             float32
	theta                                               float64
	ends                                                map[uint32]bool
	embedding, head, gain                               []float32
	layers                                              []layer
	turns                                               [][2][]float32 // cosines and sines by position
	tokenizer                                           *tokenizer
}

type layer struct {
	inputGain, postGain        []float32
	q, k, v, o, gate, up, down matrix
}

// A matrix has a row per output.
type matrix struct {
	rows, columns int
	weights, bias []float32
}

func (m matrix) product(x []float32) []float32 {
	y := make([]float32, m.rows)
	for r := range y {
		y[r] = dot(m.weights[r*m.columns:(r+1)*m.columns], x)
		if m.bias != nil {
			y[r] += m.bias[r]
		}
	}
	return y
}

func loadModel(folder string) (*model, error) {
	var c struct {
		Architectures []string        `json:"architectures"`
		Hidden        int             `json:"hidden_size"`
		Intermediate  int             `json:"intermediate_size"`
		Heads         int             `json:"num_attention_heads"`
		Groups        int             `json:"num_key_value_heads"`
		Width         int             `json:"head_dim"`
		Layers        int             `json:"num_hidden_layers"`
		Vocabulary    int             `json:"vocab_size"`
		Positions     int             `json:"max_position_embeddings"`
		Epsilon       float64         `json:"rms_norm_eps"`
		Theta         float64         `json:"rope_theta"`
		Scaling       json.RawMessage `json:"rope_scaling"`
		Activation    string          `json:"hidden_act"`
		Tied          bool            `json:"tie_word_embeddings"`
		Ends          json.RawMessage `json:"eos_token_id"`
	}
	if err := readJSON(filepath.Join(folder, "config.json"), &c); err != nil {
		return nil, err
	}
	isLlama := len(c.Architectures) == 1 && c.Architectures[0] == "LlamaForCausalLM" && c.Activation == "silu"
	if !isLlama || isSet(c.Scaling) {
		return nil, fmt.Errorf("%w: a model of another architecture than Llama's without rope scaling", errUnsupported)
	}
	if c.Groups == 0 {
		c.Groups = c.Heads
	}
	if c.Width == 0 && c.Heads > 0 {
		c.Width = c.Hidden / c.Heads
	}
	if c.Theta == 0 {
		c.Theta = 10000
	}
	isShape := c.Hidden > 0 && c.Heads > 0 && c.Groups > 0 && c.Width > 0 && c.Vocabulary > 0
	if !isShape || c.Heads%c.Groups != 0 || c.Width%2 != 0 {
		return nil, fmt.Errorf("%w: the shape of the model", errUnsupported)
	}
	m := &model{
		hidden: c.Hidden, heads: c.Heads, groups: c.Groups, width: c.Width, vocabulary: c.Vocabulary,
		positions: c.Positions, epsilon: float32(c.Epsilon), theta: c.Theta, ends: map[uint32]bool{},
	}
	var g struct {
		Ends json.RawMessage `json:"eos_token_id"`
	}
	if err := readJSON(filepath.Join(folder, "generation_config.json"), &g); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for _, raw := range []json.RawMessage{c.Ends, g.Ends} {
		var one uint32
		var several []uint32
		if json.Unmarshal(raw, &one) == nil && isSet(raw) {
			several = []uint32{one}
		} else if isSet(raw) && json.Unmarshal(raw, &several) != nil {
			return nil, fmt.Errorf("%w: eos_token_id is neither an id nor a list of ids", errUnsupported)
		}
		for _, id := range several {
			m.ends[id] = true
		}
	}
	tensors, err := readTensors(folder)
	if err != nil {
		return nil, err
	}
	get := func(name string, shape ...int) []float32 {
		t, ok := tensors[name]
		if !ok || len(t.shape) != len(shape) {
			err = fmt.Errorf("the tensor %s is missing or has another shape", name)
			return nil
		}
		for i := range shape {
			if t.shape[i] != shape[i] {
				err = fmt.Errorf("the tensor %s has another shape", name)
				return nil
			}
		}
		return t.values
	}
	linear := func(name string, rows, columns int) matrix {
		w := matrix{rows: rows, columns: columns, weights: get(name+".weight", rows, columns)}
		if _, ok := tensors[name+".bias"]; ok {
			w.bias = get(name+".bias", rows)
		}
		return w
	}
	m.embedding = get("model.embed_tokens.weight", m.vocabulary, m.hidden)
	if m.head = m.embedding; !c.Tied {
		m.head = get("lm_head.weight", m.vocabulary, m.hidden)
	}
	m.gain = get("model.norm.weight", m.hidden)
	for i := 0; i < c.Layers; i++ {
		p := fmt.Sprintf("model.layers.%d.", i)
		m.layers = append(m.layers, layer{
			inputGain: get(p+"input_layernorm.weight", m.hidden),
			postGain:  get(p+"post_attention_layernorm.weight", m.hidden),
			q:         linear(p+"self_attn.q_proj", m.heads*m.width, m.hidden),
			k:         linear(p+"self_attn.k_proj", m.groups*m.width, m.hidden),
			v:         linear(p+"self_attn.v_proj", m.groups*m.width, m.hidden),
			o:         linear(p+"self_attn.o_proj", m.hidden, m.heads*m.width),
			gate:      linear(p+"mlp.gate_proj", c.Intermediate, m.hidden),
			up:        linear(p+"mlp.up_proj", c.Intermediate, m.hidden),
			down:      linear(p+"mlp.down_proj", m.hidden, c.Intermediate),
		})
	}
	if err != nil {
		return nil, err
	}
	m.tokenizer, err = loadTokenizer(folder)
	return m, err
}

func readJSON(path string, to any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(bytes.TrimPrefix(raw, []byte("\uFEFF")), to); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}

type tensor struct {
	shape  []int
	values []float32
}

// readTensors reads model.safetensors, or the shards that its index names.
func readTensors(folder string) (map[string]tensor, error) {
	files := map[string]bool{"model.safetensors": true}
	var index struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := readJSON(filepath.Join(folder, "model.safetensors.index.json"), &index); err == nil {
		files = map[string]bool{}
		for _, file := range index.Map {
			files[filepath.Base(file)] = true
		}
	} else if !os.IsNotExist(err) {
		return nil, err
	}
	all := map[string]tensor{}
	for _, file := range sorted(files) {
		raw, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			return nil, err
		}
		if len(raw) < 8 || binary.LittleEndian.Uint64(raw) > uint64(len(raw)-8) {
			return nil, fmt.Errorf("%s is no safetensors file", file)
		}
		size := int(binary.LittleEndian.Uint64(raw))
		var header map[string]json.RawMessage
		if err := json.Unmarshal(raw[8:8+size], &header); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for name, description := range header {
			var d struct {
				Type    string `json:"dtype"`
				Shape   []int  `json:"shape"`
				Offsets [2]int `json:"data_offsets"`
			}
			if name == "__metadata__" {
				continue
			}
			if err := json.Unmarshal(description, &d); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if d.Offsets[0] < 0 || d.Offsets[1] < d.Offsets[0] || d.Offsets[1] > len(raw)-8-size {
				return nil, fmt.Errorf("%s: the tensor %s is cut", file, name)
			}
			count := 1
			for _, n := range d.Shape {
				count *= n
			}
			values, err := widen(d.Type, raw[8+size+d.Offsets[0]:8+size+d.Offsets[1]])
			if err != nil || len(values) != count {
				return nil, fmt.Errorf("%w: the tensor %s of type %s", errUnsupported, name, d.Type)
			}
			all[name] = tensor{d.Shape, values}
		}
	}
	return all, nil
}

// widen makes singles of stored numbers, exactly.
func widen(kind string, raw []byte) ([]float32, error) {
	switch kind {
	case "F32":
		values := make([]float32, len(raw)/4)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		return values, nil
	case "BF16":
		values := make([]float32, len(raw)/2)
		for i := range values {
			values[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
		}
		return values, nil
	case "F16":
		values := make([]float32, len(raw)/2)
		for i := range values {
			bits := binary.LittleEndian.Uint16(raw[2*i:])
			exponent, fraction := int(bits>>10&31), float64(bits&0x3FF)
			number := math.Ldexp(fraction, -24)
			if exponent == 31 {
				return nil, errUnsupported
			} else if exponent > 0 {
				number = math.Ldexp(1024+fraction, exponent-25)
			}
			if bits>>15 == 1 {
				number = -number
			}
			values[i] = float32(number)
		}
		return values, nil
	}
	return nil, errUnsupported
}

// isLeftOut reports whether a file or folder is no part of a model's digest.
func isLeftOut(name string, isFolder bool) bool {
	if strings.HasPrefix(name, ".git") || isFolder {
		return strings.HasPrefix(name, ".git") || name == ".cache"
	}
	for _, begin := range []string{"README", "LICENSE"} {
		if strings.HasPrefix(name, begin) {
			return true
		}
	}
	pictures := names(".png .jpg .jpeg .gif .svg .webp .bmp .ico")
	return strings.HasSuffix(name, ".md") || pictures[strings.ToLower(filepath.Ext(name))]
}

// modelDigest is the digest of a folder: the hash of the hashes of the files that make the model.
func modelDigest(folder string) (string, error) {
	hashes := map[string]string{}
	if err := hashFolder(hashes, folder, ""); err != nil {
		return "", err
	}
	if len(hashes) == 0 {
		return "", fmt.Errorf("the folder %s has no files of a model", folder)
	}
	all := sha256.New()
	for _, path := range sorted(hashes) {
		fmt.Fprintf(all, "%s  %s\n", hashes[path], path)
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

// hashFolder adds the files of a folder and of those below it. Links are followed; one that leads in a circle ends in
// an error of the system.
func hashFolder(hashes map[string]string, folder, path string) error {
	entries, err := os.ReadDir(filepath.Join(folder, path))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name, below := entry.Name(), filepath.ToSlash(filepath.Join(path, entry.Name()))
		info, err := os.Stat(filepath.Join(folder, below))
		if err != nil {
			return err
		}
		if isLeftOut(name, info.IsDir()) {
			continue
		}
		if !utf8.ValidString(name) || strings.IndexFunc(name, unicode.IsControl) >= 0 || strings.Contains(name, "\\") {
			return fmt.Errorf("the name %q can't be part of a digest", name)
		}
		if info.IsDir() {
			err = hashFolder(hashes, folder, below)
		} else {
			hashes[below], err = hashFile(filepath.Join(folder, below))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func hashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	return hex.EncodeToString(hash.Sum(nil)), err
}

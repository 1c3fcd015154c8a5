package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A tokenizer is the part of tokenizer.json that turns text into ids and ids into bytes: byte-level BPE whose pieces a
// regular expression cuts, as the bundled model has it.
type tokenizer struct {
	ids      map[string]uint32
	bytes    [][]byte // of each id; nil for control tokens
	controls map[uint32]string
	named    []string // the texts of control tokens
	ranks    map[[2]string]int
	pieces   *regexp.Regexp
	chat     string // the chat template
}

type addedToken struct {
	ID      uint32 `json:"id"`
	Content string `json:"content"`
	Special bool   `json:"special"`
	Word    bool   `json:"single_word"`
	Left    bool   `json:"lstrip"`
	Right   bool   `json:"rstrip"`
}

type preTokenizer struct {
	Type    string         `json:"type"`
	List    []preTokenizer `json:"pretokenizers"`
	Pattern struct {
		Regex *string
	} `json:"pattern"`
	Behavior string `json:"behavior"`
	Invert   bool   `json:"invert"`
	Prefix   bool   `json:"add_prefix_space"`
	UseRegex *bool  `json:"use_regex"`
}

// pieces is the pattern by which a text is cut, in front of the letters for bytes.
func (p *preTokenizer) pieces() (*regexp.Regexp, error) {
	other := fmt.Errorf("%w: a pre-tokenizer other than Split and ByteLevel", errUnsupported)
	if p == nil || p.Type != "Sequence" || len(p.List) != 2 {
		return nil, other
	}
	split, letters := p.List[0], p.List[1]
	if split.Type != "Split" || split.Behavior != "Isolated" || split.Invert || split.Pattern.Regex == nil {
		return nil, other
	}
	if letters.Type != "ByteLevel" || letters.Prefix || letters.UseRegex == nil || *letters.UseRegex {
		return nil, other
	}
	pattern, err := regexp.Compile(withUnicodeSpace(*split.Pattern.Regex))
	if err != nil {
		return nil, fmt.Errorf("%w: the pattern of the pre-tokenizer: %v", errUnsupported, err)
	}
	return pattern, nil
}

func loadTokenizer(folder string) (*tokenizer, error) {
	var file struct {
		Added      []addedToken    `json:"added_tokens"`
		Normalizer json.RawMessage `json:"normalizer"`
		Pre        *preTokenizer   `json:"pre_tokenizer"`
		Post       json.RawMessage `json:"post_processor"`
		Model      struct {
			Type         string            `json:"type"`
			Vocabulary   map[string]uint32 `json:"vocab"`
			Merges       []json.RawMessage `json:"merges"`
			Dropout      *float64          `json:"dropout"`
			Prefix       *string           `json:"continuing_subword_prefix"`
			Suffix       *string           `json:"end_of_word_suffix"`
			Fallback     bool              `json:"byte_fallback"`
			IgnoreMerges bool              `json:"ignore_merges"`
		} `json:"model"`
	}
	if err := readJSON(filepath.Join(folder, "tokenizer.json"), &file); err != nil {
		return nil, err
	}
	m := file.Model
	isPlain := m.Type == "BPE" && m.Dropout == nil && m.Prefix == nil && m.Suffix == nil
	if !isPlain || m.Fallback || m.IgnoreMerges || isSet(file.Normalizer) || isSet(file.Post) {
		return nil, fmt.Errorf("%w: a tokenizer that is not plain byte-level BPE", errUnsupported)
	}
	t := &tokenizer{ids: m.Vocabulary, controls: map[uint32]string{}, ranks: map[[2]string]int{}}
	var err error
	if t.pieces, err = file.Pre.pieces(); err != nil {
		return nil, err
	}
	for rank, raw := range m.Merges {
		var pair [2]string
		var text string
		if json.Unmarshal(raw, &text) == nil {
			pair[0], pair[1], _ = strings.Cut(text, " ")
		} else if err := json.Unmarshal(raw, &pair); err != nil {
			return nil, fmt.Errorf("tokenizer.json: a merge: %w", err)
		}
		if !has(t.ids, pair[0]+pair[1]) {
			return nil, fmt.Errorf("%w: a merge gives %q, which is no token", errUnsupported, pair[0]+pair[1])
		}
		if _, known := t.ranks[pair]; !known {
			t.ranks[pair] = rank
		}
	}
	last := 0
	for _, id := range m.Vocabulary {
		last = max(last, int(id))
	}
	for _, a := range file.Added {
		last = max(last, int(a.ID))
	}
	if last >= 1<<24 {
		return nil, fmt.Errorf("%w: the token id %d", errUnsupported, last)
	}
	t.bytes = make([][]byte, last+1)
	from := map[rune]byte{}
	for b, c := range byteLetters() {
		if from[c] = byte(b); !has(m.Vocabulary, string(c)) {
			return nil, fmt.Errorf("%w: the byte %d is no token", errUnsupported, b)
		}
	}
	for text, id := range m.Vocabulary {
		raw := []byte{}
		for _, c := range text {
			b, known := from[c]
			if !known && !isAdded(file.Added, id) {
				return nil, fmt.Errorf("%w: the token %q is not one of bytes", errUnsupported, text)
			}
			raw = append(raw, b)
		}
		t.bytes[id] = raw
	}
	for _, a := range file.Added {
		if !a.Special || a.Word || a.Left || a.Right {
			return nil, fmt.Errorf("%w: an added token that is no plain control token", errUnsupported)
		}
		t.bytes[a.ID] = nil
		t.controls[a.ID] = a.Content
		t.ids[a.Content] = a.ID
		t.named = append(t.named, a.Content)
	}
	var configuration struct {
		Template json.RawMessage `json:"chat_template"`
	}
	if err := readJSON(filepath.Join(folder, "tokenizer_config.json"), &configuration); err == nil {
		_ = json.Unmarshal(configuration.Template, &t.chat)
	}
	return t, nil
}

func has(vocabulary map[string]uint32, text string) bool {
	_, known := vocabulary[text]
	return known
}

func isAdded(added []addedToken, id uint32) bool {
	for _, a := range added {
		if a.ID == id {
			return true
		}
	}
	return false
}

func isSet(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// withUnicodeSpace rewrites \s, which is ASCII in Go, as the white space of Unicode.
func withUnicodeSpace(pattern string) string {
	const space = `\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}`
	var b strings.Builder
	inClass := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			i++
			switch {
			case pattern[i] == 's' && inClass:
				b.WriteString(space)
			case pattern[i] == 's':
				b.WriteString("[" + space + "]")
			default:
				b.WriteString(pattern[i-1 : i+1])
			}
		default:
			inClass = c == '[' || inClass && c != ']'
			b.WriteByte(c)
		}
	}
	return b.String()
}

// byteLetters are the letters that stand for bytes in a byte-level vocabulary: printable bytes stand for themselves,
// the others for the letters from U+0100 on, in their order.
func byteLetters() [256]rune {
	var letters [256]rune
	next := rune(256)
	for b := range letters {
		if b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE {
			letters[b] = rune(b)
		} else {
			letters[b] = next
			next++
		}
	}
	return letters
}

// encode gives the ids of a text in which names of control tokens are text.
func (t *tokenizer) encode(text string) []uint32 {
	var ids []uint32
	at := 0
	for _, piece := range t.pieces.FindAllStringIndex(text, -1) {
		if piece[0] > at {
			ids = append(ids, t.merge(text[at:piece[0]])...)
		}
		ids = append(ids, t.merge(text[piece[0]:piece[1]])...)
		at = piece[1]
	}
	if at < len(text) {
		ids = append(ids, t.merge(text[at:])...)
	}
	return ids
}

// encodeWithControls gives the ids of a text in which names of control tokens are these tokens.
func (t *tokenizer) encodeWithControls(text string) []uint32 {
	var ids []uint32
	for text != "" {
		first, name := len(text), ""
		for _, n := range t.named {
			if at := strings.Index(text, n); n != "" && at >= 0 && (at < first || at == first && len(n) > len(name)) {
				first, name = at, n
			}
		}
		ids = append(ids, t.encode(text[:first])...)
		if text = text[first+len(name):]; name != "" {
			ids = append(ids, t.ids[name])
		}
	}
	return ids
}

// merge joins the letters of a piece, always the pair of lowest rank, of several the first.
func (t *tokenizer) merge(piece string) []uint32 {
	if piece == "" {
		return nil
	}
	letters := byteLetters()
	parts := make([]string, len(piece))
	for i := range parts {
		parts[i] = string(letters[piece[i]])
	}
	for {
		best, rank := -1, 0
		for i := 0; i+1 < len(parts); i++ {
			if r, ok := t.ranks[[2]string{parts[i], parts[i+1]}]; ok && (best < 0 || r < rank) {
				best, rank = i, r
			}
		}
		if best < 0 {
			break
		}
		parts[best] += parts[best+1]
		parts = append(parts[:best+1], parts[best+2:]...)
	}
	ids := make([]uint32, len(parts))
	for i, part := range parts {
		ids[i] = t.ids[part]
	}
	return ids
}

// shown is a token's text among log-probabilities.
func (t *tokenizer) shown(id uint32) string {
	if name, ok := t.controls[id]; ok {
		return name
	}
	if raw := t.bytes[id]; !utf8.Valid(raw) {
		text := "bytes:"
		for _, b := range raw {
			text += fmt.Sprintf(`\x%02x`, b)
		}
		return text
	}
	return string(t.bytes[id])
}

// decode is the text of bytes, with U+FFFD for each maximal part that is no character. Unless it is the end, a last
// part that may still become a character is held back.
func decode(raw []byte, end bool) string {
	var b strings.Builder
	for len(raw) > 0 {
		if c, size := utf8.DecodeRune(raw); c != utf8.RuneError || size > 1 {
			b.WriteRune(c)
			raw = raw[size:]
			continue
		}
		size := invalid(raw)
		if size == len(raw) && !end && !utf8.FullRune(raw) {
			break
		}
		b.WriteRune(utf8.RuneError)
		raw = raw[size:]
	}
	return b.String()
}

// invalid is the length of the maximal part that begins a character and does not end it (Unicode, table 3-7); 1 where
// nothing begins.
func invalid(raw []byte) int {
	need, low, high := 0, byte(0x80), byte(0xBF)
	switch b := raw[0]; {
	case b >= 0xC2 && b <= 0xDF:
		need = 1
	case b >= 0xE0 && b <= 0xEF:
		need = 2
		if b == 0xE0 {
			low = 0xA0
		} else if b == 0xED {
			high = 0x9F
		}
	case b >= 0xF0 && b <= 0xF4:
		need = 3
		if b == 0xF0 {
			low = 0x90
		} else if b == 0xF4 {
			high = 0x8F
		}
	}
	size := 1
	for ; size <= need && size < len(raw) && raw[size] >= low && raw[size] <= high; size++ {
		low, high = 0x80, 0xBF
	}
	return size
}

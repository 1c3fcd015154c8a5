package main

import "math"

// reportedIDs are the token ids that stand in an answer. A report of a part of them is a partial one, and binds none.
type reportedIDs struct {
	n                     int              // choices per prompt
	choices               map[int][]uint32 // with the choices
	listed                map[int][]uint32 // in sglext.output_ids
	prompts               map[int][]uint32
	name                  string // of the member of choices that has them
	alone                 bool   // an element of choices has text, and neither ids nor a finish reason
	partial               bool
	hasTokens, hasPrompts bool // something stands where ids do, readable or not
}

func newReportedIDs(n int) reportedIDs {
	return reportedIDs{
		n: n, choices: map[int][]uint32{}, listed: map[int][]uint32{}, prompts: map[int][]uint32{},
	}
}

// list reads ids; nil where there are none, or another value in their place.
func (r *reportedIDs) list(v *value) []uint32 {
	if v.isNull() {
		return nil
	}
	ids, fine := []uint32{}, v.kind == '['
	for _, item := range v.items {
		id, ok := item.whole(math.MaxUint32)
		ids, fine = append(ids, uint32(id)), fine && ok
	}
	if !fine {
		r.partial = true
		return nil
	}
	return ids
}

// prompt takes the ids of a prompt; a second list has to be the same.
func (r *reportedIDs) prompt(at int, v *value) {
	r.hasPrompts = r.hasPrompts || !v.isNull()
	ids := r.list(v)
	before, twice := r.prompts[at]
	switch {
	case ids == nil:
	case !twice:
		r.prompts[at] = ids
	case firstDifference(before, ids) >= 0:
		r.partial = true
	}
}

// firstDifference is the place from which on two lists differ; −1 where they don't.
func firstDifference(a, b []uint32) int {
	for i := 0; i < len(a) || i < len(b); i++ {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

// choice takes the ids of an element of choices, which may have text without any.
func (r *reportedIDs) choice(index int, o object, hasText bool) {
	r.prompt(index/r.n, o.get("prompt_token_ids"))
	first, second := o.get("token_ids"), o.get("response_token_ids")
	if first == nil && second == nil {
		if end := o.get("finish_reason"); hasText && (end == nil || end.text() == "") {
			_, behind := r.listed[index]
			r.alone, r.partial = true, r.partial || behind
		}
		return
	}
	name := "token_ids"
	if second != nil {
		name = "response_token_ids"
	}
	if r.name == "" {
		r.name = name
	}
	// Which of two lists is the right one is not said.
	r.hasTokens, r.partial = true, r.partial || first != nil && second != nil || name != r.name
	r.choices[index] = append(append(r.choices[index], r.list(first)...), r.list(second)...)
}

// lists takes sglext.output_ids.
func (r *reportedIDs) lists(v *value) {
	if v.isNull() {
		return
	}
	if v.kind != '[' {
		r.hasTokens, r.partial = true, true
	}
	for index, item := range v.items {
		r.hasTokens = r.hasTokens || item.kind != 'n'
		ids := r.list(item)
		_, twice := r.listed[index]
		r.listed[index], r.partial = ids, r.partial || twice || ids == nil
	}
}

// isPartial reports whether ids were given for a part of the answer.
func (r *reportedIDs) isPartial() bool {
	return r.partial || len(r.choices) > 0 && (len(r.listed) > 0 || r.alone)
}

// tokens are the ids of all choices; nil where the answer has them for a part only, or not at all. least is the number
// that the engine says it has generated.
func (r *reportedIDs) tokens(count int, least uint64) [][]uint32 {
	from := r.choices
	if len(from) == 0 {
		from = r.listed
	}
	total := 0
	for _, ids := range from {
		total += len(ids)
	}
	if r.isPartial() || uint64(total) < least {
		return nil
	}
	return inOrder(from, count)
}

// promptLists are the ids of all prompts of so many choices; nil likewise.
func (r *reportedIDs) promptLists(count int) [][]uint32 {
	if r.isPartial() || count == 0 {
		return nil
	}
	return inOrder(r.prompts, (count-1)/r.n+1)
}

// inOrder are the lists of 0 to count − 1; nil unless these are there and no others.
func inOrder(from map[int][]uint32, count int) (all [][]uint32) {
	if len(from) != count {
		return nil
	}
	for i := 0; i < count; i++ {
		ids, ok := from[i]
		if !ok {
			return nil
		}
		all = append(all, ids)
	}
	return all
}

package main

import "math"

// reportedIDs are the token ids that stand in an answer.
type reportedIDs struct {
	n       int
	choices map[int][]uint32 // with the choices
	listed  map[int][]uint32 // in sglext.output_ids
	prompts map[int][]uint32
	without map[int]bool // choices that had text without ids
	partial bool
}

// ids reads a list; false where there is none, or another value in its place.
func (r *reportedIDs) ids(v *value) ([]uint32, bool) {
	if v.isNull() {
		return nil, false
	}
	ids := []uint32{}
	for _, item := range v.items {
		id, ok := item.whole(math.MaxUint32)
		r.partial = r.partial || !ok
		ids = append(ids, uint32(id))
	}
	if v.kind != '[' {
		r.partial = true
		return nil, false
	}
	return ids, true
}

// prompt takes the ids of a prompt; a second list has to be the same.
func (r *reportedIDs) prompt(at int, v *value) {
	ids, ok := r.ids(v)
	if !ok {
		return
	}
	if before, twice := r.prompts[at]; twice {
		same := len(before) == len(ids)
		for i := range before {
			same = same && before[i] == ids[i]
		}
		r.partial = r.partial || !same
		return
	}
	r.prompts[at] = ids
}

// choice takes the ids of an element of choices, which may have text without any.
func (r *reportedIDs) choice(index int, o object, said bool) {
	r.prompt(index/r.n, o.get("prompt_token_ids"))
	first, isFirst := r.ids(o.get("token_ids"))
	second, isSecond := r.ids(o.get("response_token_ids"))
	r.partial = r.partial || isFirst && isSecond
	if isFirst || isSecond {
		r.choices[index] = append(append(r.choices[index], first...), second...)
	} else if said && o.get("finish_reason") == nil {
		_, behind := r.listed[index]
		r.without[index], r.partial = true, r.partial || behind
	}
}

// list takes sglext.output_ids.
func (r *reportedIDs) list(v *value) {
	if v.isNull() {
		return
	}
	r.partial = r.partial || v.kind != '['
	for index, item := range v.items {
		if ids, ok := r.ids(item); ok {
			_, twice := r.listed[index]
			r.listed[index], r.partial = ids, r.partial || twice
		} else {
			r.partial = true
		}
	}
}

// isPartial reports whether ids were given for a part of the answer: nothing is bound then.
func (r *reportedIDs) isPartial() bool {
	return r.partial || len(r.choices) > 0 && (len(r.listed) > 0 || len(r.without) > 0)
}

// tokens are the ids of all choices; false where the answer has them for a part only, or not at all.
func (r *reportedIDs) tokens(count int, least *uint64) ([][]uint32, bool) {
	from := r.choices
	if len(from) == 0 {
		from = r.listed
	}
	all, total := inOrder(from, count)
	return all, !r.isPartial() && count > 0 && all != nil && (least == nil || uint64(total) >= *least)
}

// promptLists are the ids of all prompts; false where the answer has them for a part only, or not at all.
func (r *reportedIDs) promptLists(count int) ([][]uint32, bool) {
	all, _ := inOrder(r.prompts, (count-1)/r.n+1)
	return all, !r.isPartial() && count > 0 && all != nil
}

// inOrder are the lists of 0 to count − 1; nil unless these are there and no others.
func inOrder(from map[int][]uint32, count int) (all [][]uint32, total int) {
	for i := 0; i < count; i++ {
		ids, ok := from[i]
		if !ok || len(from) != count {
			return nil, 0
		}
		all, total = append(all, ids), total+len(ids)
	}
	return all, total
}

package main

import (
	"math"
	"math/bits"
	"sort"
)

// The sampler of docs/arithmetic.md, section 5.

type sampling struct {
	temperature, topP, minP float32
	topK                    int
	frequency, presence     float32
	bias                    map[uint32]float32
	seed                    uint64
}

// next chooses the token at a position of a choice. What the choice generated before is counted in used.
func (p *sampling) next(logits []float32, used map[uint32]int, choice, position int) uint32 {
	z := append([]float32{}, logits...)
	for id, bias := range p.bias {
		z[id] += bias
	}
	for id, k := range used {
		z[id] -= float32(float32(k)*p.frequency) + p.presence
	}
	best := 0
	for i := range z {
		if z[i] > z[best] {
			best = i
		}
	}
	if p.temperature == 0 {
		return uint32(best)
	}
	weights := make([]float32, len(z))
	for i := range z {
		weights[i] = exp32((z[i] - z[best]) / p.temperature)
	}
	if p.topK > 0 || p.topP < 1 {
		p.cut(z, weights)
	}
	for i := range weights {
		if p.minP > 0 && weights[i] < p.minP {
			weights[i] = 0
		}
	}
	at, of := uint64(position), uint64(choice)
	counter := [4]uint32{uint32(at), uint32(at >> 32), uint32(of), uint32(of >> 32)}
	words := philox(counter, [2]uint32{uint32(p.seed), uint32(p.seed >> 32)})
	u := float64((uint64(words[0])<<32|uint64(words[1]))>>11) * (1.0 / (1 << 53))
	target, sum, last := u*sumOf(weights), 0.0, 0
	for i, w := range weights {
		if sum += float64(w); sum > target {
			return uint32(i)
		}
		if w > 0 {
			last = i
		}
	}
	return uint32(last)
}

// cut applies top_k and top_p.
func (p *sampling) cut(z, weights []float32) {
	var order []int
	for i := range z {
		if weights[i] > 0 {
			order = append(order, i)
		}
	}
	sort.Slice(order, func(a, b int) bool {
		i, j := order[a], order[b]
		return z[i] > z[j] || z[i] == z[j] && i < j
	})
	if p.topK > 0 && p.topK < len(order) {
		for _, i := range order[p.topK:] {
			weights[i] = 0
		}
		order = order[:p.topK]
	}
	if p.topP < 1 {
		limit, sum, stays := float64(p.topP)*sumOf(weights), 0.0, true
		for _, i := range order {
			if !stays {
				weights[i] = 0
				continue
			}
			sum += float64(weights[i])
			stays = !(sum >= limit)
		}
	}
}

func sumOf(weights []float32) float64 {
	sum := 0.0
	for _, w := range weights {
		sum += float64(w)
	}
	return sum
}

// philox is a block of Philox4x32-10 (Salmon, Moraes, Dror and Shaw: Parallel random numbers, as easy as 1, 2, 3).
func philox(counter [4]uint32, key [2]uint32) [4]uint32 {
	for round := 0; round < 10; round++ {
		high0, low0 := bits.Mul32(0xD2511F53, counter[0])
		high1, low1 := bits.Mul32(0xCD9E8D57, counter[2])
		counter = [4]uint32{high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0}
		key[0] += 0x9E3779B9
		key[1] += 0xBB67AE85
	}
	return counter
}

// logProbabilities of all tokens, of unmodified logits.
func logProbabilities(z []float32) []float32 {
	most := z[0]
	for _, x := range z {
		if x > most {
			most = x
		}
	}
	sum := 0.0
	for _, x := range z {
		sum += exp64(float64(x) - float64(most))
	}
	log, scores := ln64(sum), make([]float32, len(z))
	for i, x := range z {
		scores[i] = float32(float64(x) - float64(most) - log)
	}
	return scores
}

// strongest are the ids of the largest logits, the largest first; of equal ones the lower id first.
func strongest(z []float32, count int) []uint32 {
	order := make([]uint32, len(z))
	for i := range order {
		order[i] = uint32(i)
	}
	sort.Slice(order, func(a, b int) bool {
		i, j := order[a], order[b]
		return z[i] > z[j] || z[i] == z[j] && i < j
	})
	if count > len(order) {
		count = len(order)
	}
	return order[:count]
}

// isFinite reports whether all logits are numbers, which everything above takes for granted.
func isFinite(z []float32) bool {
	for _, x := range z {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return false
		}
	}
	return true
}

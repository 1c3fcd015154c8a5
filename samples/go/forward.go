package main

import "math"

// The forward pass of docs/arithmetic.md, section 4: one token at a time.

// A sequence is the tokens of one choice, with the keys and values of each layer.
type sequence struct {
	model    *model
	position int
	keys     [][][]float32 // by layer and key-value head, row after row
	values   [][][]float32
}

func newSequence(m *model) *sequence {
	s := &sequence{model: m}
	for range m.layers {
		s.keys = append(s.keys, make([][]float32, m.groups))
		s.values = append(s.values, make([][]float32, m.groups))
	}
	return s
}

// fork continues a sequence on its own: what both have in common is not computed twice.
func (s *sequence) fork() *sequence {
	f := &sequence{model: s.model, position: s.position}
	clone := func(from [][][]float32) (to [][][]float32) {
		for _, heads := range from {
			var copies [][]float32
			for _, head := range heads {
				copies = append(copies, append([]float32{}, head...))
			}
			to = append(to, copies)
		}
		return to
	}
	f.keys, f.values = clone(s.keys), clone(s.values)
	return f
}

func norm(x, gain []float32, epsilon float32) []float32 {
	c := 1 / sqrt32(dot(x, x)/float32(len(x))+epsilon)
	y := make([]float32, len(x))
	for i := range y {
		y[i] = float32(x[i]*c) * gain[i]
	}
	return y
}

// sqrt32 is the square root of a single: that of a double, rounded to single, is the correctly rounded one.
func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// turn has the cosines and sines of a position.
func (m *model) turn(p int) [2][]float32 {
	for len(m.turns) <= p {
		half := m.width / 2
		t := [2][]float32{make([]float32, half), make([]float32, half)}
		for i := 0; i < half; i++ {
			angle := float64(len(m.turns)) * exp64(-(float64(2*i)/float64(m.width))*ln64(m.theta))
			sin, cos := sinCos(angle)
			t[0][i], t[1][i] = float32(cos), float32(sin)
		}
		m.turns = append(m.turns, t)
	}
	return m.turns[p]
}

// add takes the next token of the sequence and gives the logits after it, where they are wanted.
func (s *sequence) add(id uint32, wanted bool) []float32 {
	m := s.model
	x := append([]float32{}, m.embedding[int(id)*m.hidden:(int(id)+1)*m.hidden]...)
	turn := m.turn(s.position)
	rotate := func(z []float32) {
		for half, i := m.width/2, 0; i < half; i++ {
			c, s, a, b := turn[0][i], turn[1][i], z[i], z[i+half]
			z[i] = float32(a*c) - float32(b*s)
			z[i+half] = float32(b*c) + float32(a*s)
		}
	}
	for at := range m.layers {
		l := &m.layers[at]
		u := norm(x, l.inputGain, m.epsilon)
		q, k, v := l.q.product(u), l.k.product(u), l.v.product(u)
		for h := 0; h < m.groups; h++ {
			head := k[h*m.width : (h+1)*m.width]
			rotate(head)
			s.keys[at][h] = append(s.keys[at][h], head...)
			s.values[at][h] = append(s.values[at][h], v[h*m.width:(h+1)*m.width]...)
		}
		o := make([]float32, m.heads*m.width)
		for h := 0; h < m.heads; h++ {
			head := q[h*m.width : (h+1)*m.width]
			rotate(head)
			group := h / (m.heads / m.groups)
			attend(head, s.keys[at][group], s.values[at][group], o[h*m.width:(h+1)*m.width])
		}
		addTo(x, l.o.product(o))
		u = norm(x, l.postGain, m.epsilon)
		a, t := l.gate.product(u), l.up.product(u)
		for i, g := range a {
			a[i] = (g / (1 + exp32(0-g))) * t[i]
		}
		addTo(x, l.down.product(a))
	}
	s.position++
	if !wanted {
		return nil
	}
	return matrix{rows: m.vocabulary, columns: m.hidden, weights: m.head}.product(norm(x, m.gain, m.epsilon))
}

func addTo(x, y []float32) {
	for i := range x {
		x[i] += y[i]
	}
}

// attend is the attention of one head over all positions.
func attend(q, keys, values, o []float32) {
	w := len(q)
	scale := 1 / sqrt32(float32(w))
	e := make([]float32, len(keys)/w)
	most := float32(math.Inf(-1))
	for j := range e {
		e[j] = dot(q, keys[j*w:(j+1)*w]) * scale
		if e[j] > most {
			most = e[j]
		}
	}
	for j := range e {
		e[j] = exp32(e[j] - most)
	}
	z := total(e)
	s := make([]float32, 4*w)
	for j, weight := range e {
		sums := s[j%4*w : (j%4+1)*w]
		for c, v := range values[j*w : (j+1)*w] {
			sum := float64(weight)*float64(v) + float64(sums[c])
			if isDoubtful(sum) {
				sums[c] = fmaSlowly(weight, v, sums[c])
			} else {
				sums[c] = float32(sum)
			}
		}
	}
	for c := range o {
		o[c] = ((s[c] + s[w+c]) + (s[2*w+c] + s[3*w+c])) / z
	}
}

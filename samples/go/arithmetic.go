package main

import "math"

// The arithmetic of docs/arithmetic.md, sections 1 to 3. A Go compiler may contract x*y + z to a fused operation on
// some processors; a conversion, as in float32(x*y) + z, forbids it. Where a comment says "exact", the product is exact
// and a contraction changes nothing.

// fma32 is a·b + c with one rounding. The product is exact in double. The sum is rounded twice, to double and to
// single, which differs from one rounding only if the double lies midway between two singles (or is close to their
// subnormal numbers); it is then moved off by the part that the first rounding lost.
func fma32(a, b, c float32) float32 {
	sum := float64(a)*float64(b) + float64(c) // the product is exact
	if isDoubtful(sum) {
		return fmaSlowly(a, b, c)
	}
	return float32(sum)
}

// isDoubtful reports whether a double lies midway between two singles, or where singles are subnormal.
func isDoubtful(sum float64) bool {
	bits := math.Float64bits(sum)
	return bits<<35 == 1<<63 || bits<<1 < 0x381<<53
}

func fmaSlowly(a, b, c float32) float32 {
	product := float64(a) * float64(b)
	return float32(roundToOdd(product, float64(c), product+float64(c)))
}

// roundToOdd is a + b, whose nearest double is sum, rounded to a double with an odd last bit unless it is exact. Such a
// double never lies midway between two numbers of less precision.
func roundToOdd(a, b, sum float64) float64 {
	virtual := sum - a
	lost := (a - (sum - virtual)) + (b - virtual)
	bits := math.Float64bits(sum)
	if lost == 0 || bits&1 == 1 || math.IsNaN(lost) {
		return sum
	}
	if (lost > 0) == (sum > 0) {
		return math.Float64frombits(bits + 1)
	}
	return math.Float64frombits(bits - 1)
}

func padded(n int) int { return (n + 15) &^ 15 }

// dot is the dot product of vectors of one length: 64 partial sums in a fixed order.
func dot(a, b []float32) float32 {
	var s [64]float32
	n := len(a)
	b = b[:n]
	for k := 0; k < n; k += 64 {
		end := n - k
		if end > 64 {
			end = 64
		}
		x, y := a[k:k+end], b[k:k+end]
		for i := range x {
			// This is fma32, which the compiler does not inline.
			sum := float64(x[i])*float64(y[i]) + float64(s[i&63])
			if isDoubtful(sum) {
				s[i&63] = fmaSlowly(x[i], y[i], s[i&63])
			} else {
				s[i&63] = float32(sum)
			}
		}
	}
	return combine(&s, n)
}

// total is the sum of a vector, in the order of the dot product.
func total(a []float32) float32 {
	var s [64]float32
	for k, x := range a {
		s[k%64] += x
	}
	return combine(&s, len(a))
}

func combine(s *[64]float32, n int) float32 {
	// Padding adds +0, which makes a partial sum of −0 one of +0.
	for k := n; k < padded(n); k++ {
		s[k%64] += 0
	}
	var t [16]float32
	for l := range t {
		t[l] = (s[l] + s[16+l]) + (s[32+l] + s[48+l])
	}
	for h := 8; h > 0; h /= 2 {
		for l := 0; l < h; l++ {
			t[l] += t[l+h]
		}
	}
	return t[0]
}

// exp32 is exp of a single.
func exp32(x float32) float32 {
	b := x
	if !(x >= -87) {
		b = -87
	}
	if !(b <= 88) {
		b = 88
	}
	n := float32(math.Floor(float64(fma32(b, 1.44269504088896341, 0.5))))
	r := fma32(n, -0.693359375, b)
	r = fma32(n, 2.12194440e-4, r)
	p := float32(1.9875691500e-4)
	for _, c := range [...]float32{
		1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
	} {
		p = fma32(p, r, c)
	}
	y := fma32(p, float32(r*r), r) + 1
	if !(x >= -87) {
		return 0
	}
	return float32(math.Ldexp(float64(y), int(n)))
}

// exp64 is exp of a double.
func exp64(x float64) float64 {
	if x < -700 {
		return 0
	}
	n := math.Floor(math.FMA(x, 1.44269504088896338700, 0.5))
	r := math.FMA(n, -1.90821492927058770002e-10, math.FMA(n, -6.93147180369123816490e-1, x))
	y := 1.0
	for k := 13; k >= 1; k-- {
		y = math.FMA(y, r/float64(k), 1)
	}
	return math.Ldexp(y, int(n))
}

// ln64 is the natural logarithm of a normal, positive double.
func ln64(x float64) float64 {
	fraction, e := math.Frexp(x)
	m, e := fraction*2, e-1
	if m > 1.41421356237309504880 {
		m, e = m*0.5, e+1
	}
	s := (m - 1) / (m + 1)
	q, a := s*s, 0.0
	for k := 21; k >= 1; k -= 2 {
		a = math.FMA(a, q, 1/float64(k))
	}
	high := float64(float64(e) * 6.93147180369123816490e-1)
	return high + math.FMA(float64(e), 1.90821492927058770002e-10, float64(2*s*a))
}

// sinCos is sine and cosine of a double from 0 to 2²⁶.
func sinCos(x float64) (sin, cos float64) {
	n := math.Floor(math.FMA(x, 6.36619772367581382433e-1, 0.5))
	r := math.FMA(n, -1.57079632673412561417, x)
	r = math.FMA(n, -6.07710050630396597660e-11, r)
	r = math.FMA(n, -2.02226624879595063154e-21, r)
	q, s, c := float64(r*r), 1.0, 1.0
	for k := 16.0; k >= 2; k -= 2 {
		s = math.FMA(s, -q/(k*(k+1)), 1)
		c = math.FMA(c, -q/(k*(k-1)), 1)
	}
	s *= r
	switch int64(n) & 3 {
	case 0:
		return s, c
	case 1:
		return c, -s
	case 2:
		return -s, -c
	}
	return -c, s
}

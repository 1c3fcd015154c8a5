package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"math/rand"
	"testing"
)

const bundled = "../../src/DeterministicInference.Server/models/demo-chat-1m"

func TestFusedMultiplyAddRoundsOnce(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	some := func() float32 {
		// Few bits and near exponents make sums that lie midway between two singles.
		f := float32(random.Intn(1<<13)-1<<12) * float32(math.Ldexp(1, random.Intn(30)-15))
		if random.Intn(3) == 0 {
			f = math.Float32frombits(random.Uint32()&0xBFFFFFFF | 0x20000000)
		}
		if random.Intn(8) == 0 {
			f *= 1e-20
		}
		return f
	}
	for i := 0; i < 300000; i++ {
		a, b, c := some(), some(), some()
		exact := new(big.Float).SetPrec(2000).Mul(big.NewFloat(float64(a)), big.NewFloat(float64(b)))
		exact.Add(exact, big.NewFloat(float64(c)))
		want, _ := exact.Float32()
		if is := fma32(a, b, c); is != want {
			t.Fatalf("fma(%x, %x, %x) = %x, not %x", a, b, c, is, want)
		}
	}
}

func TestPhiloxGivesThePublishedBlocks(t *testing.T) {
	const all = math.MaxUint32
	for _, c := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{want: [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{
			[4]uint32{all, all, all, all}, [2]uint32{all, all},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
		},
	} {
		if is := philox(c.counter, c.key); is != c.want {
			t.Errorf("%x", is)
		}
	}
}

func TestElementaryFunctionsAreClose(t *testing.T) {
	for x := 0.001; x < 600; x *= 1.37 {
		sin, cos := sinCos(x)
		for name, pair := range map[string][2]float64{
			"exp64": {exp64(-x), math.Exp(-x)}, "ln64": {ln64(x), math.Log(x)},
			"sin": {sin, math.Sin(x)}, "cos": {cos, math.Cos(x)},
		} {
			if math.Abs(pair[0]-pair[1]) > 1e-14*math.Abs(pair[1])+1e-15 {
				t.Errorf("%s(%g) = %g, not %g", name, x, pair[0], pair[1])
			}
		}
		is, want := float64(exp32(float32(-x))), math.Exp(float64(float32(-x)))
		if x < 80 && math.Abs(is-want) > 1e-6*want {
			t.Errorf("exp32(%g) = %g, not %g", -x, is, want)
		}
	}
}

// The digests are those that doctor prints, and README.md shows.
func TestTheWorkloadOfDoctorHasThePublishedDigests(t *testing.T) {
	m, err := loadModel(bundled)
	if err != nil {
		t.Fatal(err)
	}
	s, logits, hash := newSequence(m), []float32(nil), sha256.New()
	for i := 0; i < 40; i++ {
		id := philox([4]uint32{uint32(i)}, [2]uint32{})[0] % uint32(m.vocabulary)
		logits = s.add(id, true)
		binary.Write(hash, binary.LittleEndian, logits)
	}
	is := hex.EncodeToString(hash.Sum(nil))
	if is != "cb64a17a0fbcce8661249a1e62c7e2f931fecb1c9e6fd93250d943559d7f7e01" {
		t.Error("logits", is)
	}
	hash = sha256.New()
	p := sampling{temperature: 0.8, topP: 0.95, seed: 42}
	for i := 0; i < 100; i++ {
		id := p.next(logits, nil, 0, s.position)
		binary.Write(hash, binary.LittleEndian, id)
		logits = s.add(id, true)
	}
	is = hex.EncodeToString(hash.Sum(nil))
	if is != "057c0e473f65e3073aee56d81f3a7d9a374a3e2804659d9e579d2f8a1a381564" {
		t.Error("sampled", is)
	}
}

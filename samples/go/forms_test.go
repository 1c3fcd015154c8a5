package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// The vectors are those of docs/determinism.md.
func TestFormsHaveThePublishedValues(t *testing.T) {
	salt := make([]byte, 32)
	for i := range salt {
		salt[i] = byte(i)
	}
	s := allSalts(salt)
	fixed := func(text string) (digest [32]byte) {
		raw, _ := hex.DecodeString(text)
		copy(digest[:], raw)
		return digest
	}
	tokens, trail := s.tokens([][]uint32{{15496, 995, 50256}, {11}})
	leaf := func(line string) string { return fmt.Sprintf("%x", leafHash(line)) }
	open := "dis-log/2 open example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n"
	second, third := receiptLine(`{"_type":"https://in-toto.io/Statement/v1"}`), receiptLine("second")
	root := nodeHash(nodeHash(leafHash(open), leafHash(second)), leafHash(third))
	scored := []scoredToken{
		{text: "Hi", number: -0.25, alternatives: []scoredToken{{text: "Hi", number: -0.25}, {text: "Hey",
			number: -1.5}}},
		{text: "!", number: -0.5},
	}
	parallel := append([]scoredToken{}, scored...)
	for i := range parallel {
		parallel[i].list = parallelList
	}
	extra := read(t, `{"choices":[{"message":{"content":"","annotations":[{"url":"x","n":1.50}]},"stop_reason":"é"}]}`)
	facts := map[string]string{
		"engine.name": "embedded", "engine.semantics": "1", "forward.inject": "return_token_ids",
		"model.sha256": strings.Repeat("ab", 32),
	}
	request := fixed("53516e5f746c019faa1d510d6581c849c88452be0ffaca660c0c806a702c191a")
	output := fixed("98d38a1b5f079fa964bea2cc29c93372c6b092164012b6883c2c812e30d3041a")
	for name, pair := range map[string][2]string{
		"salt(request)": {
			hex.EncodeToString(s["request"]), "bdf94ca1c69a7b241992d1a26b79e5ec6318d87df32c1b219b82c854e5b5e24c",
		},
		"salt(output)": {
			hex.EncodeToString(s["output"]), "9871b7f576a220d329d70e371c1951c7a61ac847871982dbc33af13694fa2def",
		},
		"salt(tokens)": {
			hex.EncodeToString(s["tokens"]), "5ce3d272e4f3941af30fc97e2914281f644eeefacc321d9e3334a02aeaea9f7f",
		},
		"id": {hex.EncodeToString(derive(salt, "id")[:12]), "2c23b6d6bcff6d3e7a776aa7"},
		"commit(request)": {s.commit("request", request),
			"60102499a67937e3a975b01a6fb6aa6ff8f95c276b6d350d0709f1107b1802e5"},
		"commit(output)": {s.commit("output", output),
			"ca56d86517885763d469ecb38959baf77c11442ec2f94889ce57fd3a01a0bfb8"},
		"extras": {
			fmt.Sprintf("%x", extrasDigest(extra.extras())),
			"6dd7ed401bffdffa8033d8057e5b90d2f2a99323f0afd391491f39baa0ae7c86",
		},
		"tokens": {tokens, "dddfb9cb1cd6bcc117acd1e29fed07f847338afb8279c20a54e8c1555e29bfbf"},
		"trail":  {hex.EncodeToString(trail), "f9e980883cee5353"},
		"prompts": {s.prompts([][]uint32{{1, 2, 3}}),
			"ba0f7443567b20ce4b1f6ebed83f2ff9a7e43768d3f04c4b024aee84d0b546fc"},
		"logprobs": {
			fmt.Sprintf("%x", logprobsDigest([][]scoredToken{scored})),
			"c10e741853760c4c1e83eb13bf69731fd46a0297dcca8876f26edd490bafb6fc",
		},
		"logprobs of completions": {
			fmt.Sprintf("%x", logprobsDigest([][]scoredToken{parallel})),
			"44e3271c24a4a09ffdbdf8947559e60b019bdbeecb967158e280029bf31515c9",
		},
		"leaf 0":      {leaf(open), "5460349826b489138402988da651dc07497a044760b2944224d8e8265a2c304f"},
		"leaf 1":      {leaf(second), "d76a2459cafb9ff202184ad7e3f0dc562863b030cdaf95c261a51addd891eb96"},
		"leaf 2":      {leaf(third), "ed59a1bd511e6206a54e98bd4f441306ac3a1fa169bba33e9d9d39cd3e1aa2a7"},
		"root":        {base64.StdEncoding.EncodeToString(root[:]), "4i4Hu/TWQnoyeZmxvjavBrlcUbn7WZ1nTyLeBVpdEn0="},
		"environment": {environmentID(nil, facts), "ec9d7ca19a538998eeee6a445e9d54937f2b4aeda8a6004bce521137f0eca0c3"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %s", name, pair[0])
		}
	}
}

func TestRequestsHaveOneSpelling(t *testing.T) {
	for _, c := range [][2]string{
		{`{ "b":1.0, "a":"\u00e9\/\u000B", "user":"x", "top_p":null, "n":1 }`, `{"a":"é/\u000b","b":1e0}`},
		{`{"max_completion_tokens":5,"max_tokens":null}`, `{"max_tokens":5e0}`},
		{`{"max_completion_tokens":5,"max_tokens":6}`, `{"max_completion_tokens":5e0,"max_tokens":6e0}`},
		{
			`{"logit_bias":{"2":0.70,"1":-120},"x":{"a":1.0,"A":[ ]}}`,
			`{"logit_bias":{"2":7e-1,"1":-12e1},"x":{"a":1.0,"A":[]}}`,
		},
		// The sign is one of the nine characters, and zero is zero unless its exponent is longer.
		{`{"a":1e999999999,"b":1e+99999999,"c":1e+999999999}`, `{"a":1e999999999,"b":1e99999999,"c":1e+999999999}`},
		{`{"a":0.0e5,"b":0e1234567890,"c":1E-99999999}`, `{"a":0,"b":0e1234567890,"c":1e-99999999}`},
		{"\uFEFF{\"\uE000\":1,\"😀\":[-0.0,1E5]}", "{\"\uE000\":1e0,\"😀\":[-0.0,1E5]}"},
		{`{"tools":[],"logprobs":false,"response_format":{ "type" : "text" }}`, `{}`},
	} {
		body, want := c[0], c[1]
		request, err := parseRequest([]byte(body))
		if err != nil {
			t.Fatal(body, err)
		}
		var list []string
		made := canonicalOf(chatPath, request)
		for _, name := range sorted(made) {
			list = append(list, quoted(name)+":"+made[name])
		}
		if is := "{" + strings.Join(list, ",") + "}"; is != want {
			t.Errorf("%s: %s, not %s", body, is, want)
		}
	}
	for _, body := range []string{
		`[]`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"b":1}}`, `{"a":"\ud800"}`, `{"\udc00":1}`, `{"a":01}`, `{"a":1}x`,
		"{\"a\":\"\xff\"}",
		strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64) + " ", // 64 levels are fine
		strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65),
	} {
		if _, err := parseRequest([]byte(body)); (err == nil) != strings.HasSuffix(body, " ") {
			t.Errorf("%.60s: %v", body, err)
		}
	}
}

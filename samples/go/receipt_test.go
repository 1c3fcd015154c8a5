package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
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
	s := salts{}
	for _, label := range labels {
		s[label] = derive(salt, label)
	}
	fixed := func(text string) (digest [32]byte) {
		raw, _ := hex.DecodeString(text)
		copy(digest[:], raw)
		return digest
	}
	tokens, trail := s.tokens([][]uint32{{15496, 995, 50256}, {11}})
	leaf := func(statement string) [32]byte {
		return leafHash(fmt.Sprintf("dis-log/2 receipt %x\n", sha256.Sum256([]byte(statement))))
	}
	first := leafHash("dis-log/2 open example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n")
	second, third := leaf(`{"_type":"https://in-toto.io/Statement/v1"}`), leaf("second")
	root := nodeHash(nodeHash(first, second), third)
	scored := []scoredToken{
		{text: "Hi", number: -0.25, alternatives: []scoredToken{{text: "Hi", number: -0.25}, {text: "Hey", number: -1.5}}}, {text: "!", number: -0.5},
	}
	extra, err := readAnswer([]byte(`{"choices":[{"message":{"content":"","annotations":[{"url":"x","n":1.50}]},"stop_reason":"é","finish_reason":"stop"}]}`), false, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]string{
		"salt(request)":   {hex.EncodeToString(s["request"]), "bdf94ca1c69a7b241992d1a26b79e5ec6318d87df32c1b219b82c854e5b5e24c"},
		"salt(output)":    {hex.EncodeToString(s["output"]), "9871b7f576a220d329d70e371c1951c7a61ac847871982dbc33af13694fa2def"},
		"salt(tokens)":    {hex.EncodeToString(s["tokens"]), "5ce3d272e4f3941af30fc97e2914281f644eeefacc321d9e3334a02aeaea9f7f"},
		"id":              {hex.EncodeToString(derive(salt, "id")[:12]), "2c23b6d6bcff6d3e7a776aa7"},
		"commit(request)": {s.commit("request", fixed("53516e5f746c019faa1d510d6581c849c88452be0ffaca660c0c806a702c191a")), "60102499a67937e3a975b01a6fb6aa6ff8f95c276b6d350d0709f1107b1802e5"},
		"commit(output)":  {s.commit("output", fixed("98d38a1b5f079fa964bea2cc29c93372c6b092164012b6883c2c812e30d3041a")), "ca56d86517885763d469ecb38959baf77c11442ec2f94889ce57fd3a01a0bfb8"},
		"extras":          {fmt.Sprintf("%x", extrasDigest(extra.extras())), "6dd7ed401bffdffa8033d8057e5b90d2f2a99323f0afd391491f39baa0ae7c86"},
		"tokens":          {tokens, "dddfb9cb1cd6bcc117acd1e29fed07f847338afb8279c20a54e8c1555e29bfbf"},
		"trail":           {hex.EncodeToString(trail), "f9e980883cee5353"},
		"prompts":         {s.prompts([][]uint32{{1, 2, 3}}), "ba0f7443567b20ce4b1f6ebed83f2ff9a7e43768d3f04c4b024aee84d0b546fc"},
		"logprobs":        {fmt.Sprintf("%x", logprobsDigest([][]scoredToken{scored})), "c10e741853760c4c1e83eb13bf69731fd46a0297dcca8876f26edd490bafb6fc"},
		"leaf 0":          {hex.EncodeToString(first[:]), "5460349826b489138402988da651dc07497a044760b2944224d8e8265a2c304f"},
		"leaf 1":          {hex.EncodeToString(second[:]), "d76a2459cafb9ff202184ad7e3f0dc562863b030cdaf95c261a51addd891eb96"},
		"leaf 2":          {hex.EncodeToString(third[:]), "ed59a1bd511e6206a54e98bd4f441306ac3a1fa169bba33e9d9d39cd3e1aa2a7"},
		"root":            {base64.StdEncoding.EncodeToString(root[:]), "4i4Hu/TWQnoyeZmxvjavBrlcUbn7WZ1nTyLeBVpdEn0="},
		"environment": {environmentID(nil, map[string]string{
			"engine.name": "embedded", "engine.semantics": "1", "forward.inject": "return_token_ids", "model.sha256": strings.Repeat("ab", 32),
		}), "ec9d7ca19a538998eeee6a445e9d54937f2b4aeda8a6004bce521137f0eca0c3"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %s", name, pair[0])
		}
	}
}

// A seal makes a bundle of a log of its own, so that it can seal what no server would.
type seal struct {
	ids      [][]uint32
	text     string
	complete bool
	class    string
	kind     string
	model    string
	extra    string // a member of the request
}

var sealKey = ed25519.NewKeyFromSeed(make([]byte, 32))

func sealVerifierKey() verifierKey {
	k := verifierKey{name: "example.com/log", key: sealKey.Public().(ed25519.PublicKey)}
	sum := sha256.Sum256(append([]byte(k.name+"\n\x01"), k.key...))
	copy(k.id[:], sum[:])
	return k
}

func (x seal) bundle(t *testing.T) map[string]any {
	salt := make([]byte, 32)
	open := salts{}
	for _, label := range labels {
		open[label] = derive(salt, label)
	}
	body := `{"messages":[{"role":"user","content":"Who are you?"}],"max_tokens":3,"temperature":0,"seed":1` + x.extra + `}`
	request, err := parseRequest([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	digest, err := modelDigest(bundled)
	if err != nil {
		t.Fatal(err)
	}
	if x.model != "" {
		digest = x.model
	}
	facts, reasons := map[string]any{}, []string{}
	flat := map[string]string{"engine.name": "embedded", "engine.semantics": "1", "forward.inject": "return_token_ids", "model.sha256": digest}
	for name, fact := range flat {
		facts[name] = map[string]string{"value": fact, "source": "measured"}
	}
	if x.class == "best-effort" {
		reasons = append(reasons, "a_reason")
	}
	tokens, trail := open.tokens(x.ids)
	trailHash := sha256.Sum256(trail)
	id := "6b02bfc0" + hex.EncodeToString(derive(salt, "id")[:12])
	out := output{{0, []channel{{"content", x.text}}, "length"}}
	raw, _ := json.Marshal(map[string]any{
		"_type": statementType, "predicateType": x.kind,
		"subject": []any{map[string]any{"name": outputForm, "digest": map[string]string{"sha256": open.commit("output", out.digest())}}},
		"predicate": map[string]any{
			"receipt_id": id, "issued_at": "2026-11-22T10:11:12Z", "complete": x.complete, "class": x.class, "execution": "executed",
			"request": map[string]any{"form": requestForm, "path": "/v1/chat/completions", "commitment": open.commit("request", canonicalOf(chatPath, request).digest(chatPath)), "pins": map[string]string{}},
			"output": map[string]any{
				"delivery": "json", "tokens": map[string]any{"digest": tokens, "counts": countsOf(x.ids), "trail_sha256": hex.EncodeToString(trailHash[:])}, "prompt": nil, "logprobs": nil, "extras": nil, "model": nil, "usage": nil,
			},
			"environment": map[string]string{"id": environmentID(reasons, flat), "source": "measured"}, "model": map[string]string{"name": "demo", "sha256": digest}, "probe": nil,
		},
	})
	key := sealVerifierKey()
	first, last := leafHash("dis-log/2 open "+key.String()+"\n"), leafHash(fmt.Sprintf("dis-log/2 receipt %x\n", sha256.Sum256(raw)))
	root := nodeHash(first, last)
	note := fmt.Sprintf("%s\n2\n%s\n", key.name, base64.StdEncoding.EncodeToString(root[:]))
	signature := base64.StdEncoding.EncodeToString(append(key.id[:], ed25519.Sign(sealKey, []byte(note))...))
	answer, _ := json.Marshal(map[string]any{"choices": []any{map[string]any{"message": map[string]string{"content": x.text}, "finish_reason": "length", "token_ids": x.ids[0]}}})
	return map[string]any{
		"form": bundleForm, "request": map[string]string{"path": "/v1/chat/completions", "body": body}, "response": map[string]string{"delivery": "json", "body": string(answer)},
		"receipt": map[string]any{
			"receipt_id": id, "statement": string(raw), "salt": base64.StdEncoding.EncodeToString(salt), "trail": base64.StdEncoding.EncodeToString(trail),
			"proof": fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex 1\n%s\n\n%s\n— %s %s\n", base64.StdEncoding.EncodeToString(first[:]), note, key.name, signature),
		},
		"environment": map[string]any{"class": x.class, "reasons": reasons, "facts": facts}, "vkey": key.String(),
	}
}

func TestVerdicts(t *testing.T) {
	good := seal{ids: [][]uint32{{78, 350, 266}}, text: "I am the", complete: true, class: "deterministic", kind: predicateType}
	with := func(change func(*seal)) seal { x := good; change(&x); return x }
	key := []verifierKey{sealVerifierKey()}
	other := key[0]
	other.name = "example.com/other"
	receipt := func(b map[string]any) map[string]any { return b["receipt"].(map[string]any) }
	for name, c := range map[string]struct {
		seal   seal
		change func(map[string]any)
		keys   []verifierKey
		want   string
	}{
		"good":                  {good, nil, key, "REPRODUCED: the same"},
		"a second key":          {good, nil, []verifierKey{other, key[0]}, "REPRODUCED"},
		"another answer":        {with(func(x *seal) { x.ids, x.text = [][]uint32{{78, 350, 267}}, "I am a" }), nil, key, "CONTRADICTED: the environment of the receipt gives another answer: tokens, choice 0 from token 2 on, which is 266 here"},
		"more tokens":           {with(func(x *seal) { x.ids = [][]uint32{{78, 350, 266, 371}} }), nil, key, "CONTRADICTED: the environment of the receipt gives another answer: tokens, choice 0 has 4 tokens, and 3 here"},
		"another text":          {with(func(x *seal) { x.text = "I am not" }), nil, key, "CONTRADICTED: the environment of the receipt gives another answer: output"},
		"unknown member":        {with(func(x *seal) { x.text, x.extra = "I am not", `,"wizardry":1` }), nil, key, "INCONCLUSIVE: output, and this program does not know wizardry"},
		"unknown but the same":  {with(func(x *seal) { x.extra = `,"wizardry":1` }), nil, key, "REPRODUCED"},
		"best effort":           {with(func(x *seal) { x.class = "best-effort" }), nil, key, "CORROBORATED"},
		"best effort, another":  {with(func(x *seal) { x.class, x.text = "best-effort", "I am not" }), nil, key, "INCONCLUSIVE"},
		"another model":         {with(func(x *seal) { x.model = strings.Repeat("0", 64) }), nil, key, "INCONCLUSIVE: the answer was not recomputed: the folder's model is"},
		"broke off":             {with(func(x *seal) { x.complete, x.ids, x.text = false, [][]uint32{{78, 350}}, "I am" }), func(b map[string]any) { delete(b, "response") }, key, "INCOMPLETE: the answer broke off; its tokens are the first"},
		"whole though broken":   {with(func(x *seal) { x.complete, x.ids, x.text = false, [][]uint32{{78, 350}}, "I am" }), nil, key, "TAMPERED: output: the answer is whole"},
		"newer statement":       {with(func(x *seal) { x.kind = "urn:deterministic-inference-server:receipt:v9" }), nil, key, "UNKNOWN VERSION"},
		"newer bundle":          {good, func(b map[string]any) { b["form"] = "dis-bundle/9" }, key, "UNKNOWN VERSION"},
		"first version":         {good, func(b map[string]any) { b["receipt"] = map[string]any{"receipt": map[string]any{}} }, key, "UNKNOWN VERSION"},
		"no key":                {good, nil, nil, "UNTRUSTED"},
		"no key at all":         {good, func(b map[string]any) { delete(b, "vkey") }, nil, "UNTRUSTED: there is no key"},
		"other key":             {good, nil, []verifierKey{other}, "OTHER KEY"},
		"no salt":               {good, func(b map[string]any) { delete(receipt(b), "salt") }, key, "INCONCLUSIVE: there is no salt"},
		"no request":            {good, func(b map[string]any) { delete(b, "request") }, key, "SIGNED"},
		"no answer":             {good, func(b map[string]any) { delete(b, "response") }, key, "SIGNED"},
		"changed text":          {good, func(b map[string]any) { changeBody(b, "response", "I am the", "I am thy") }, key, "TAMPERED: output"},
		"changed token":         {good, func(b map[string]any) { changeBody(b, "response", "266", "267") }, key, "TAMPERED: tokens"},
		"changed request":       {good, func(b map[string]any) { changeBody(b, "request", "Who", "Why") }, key, "TAMPERED: request"},
		"changed path":          {good, func(b map[string]any) { b["request"].(map[string]string)["path"] = "/v1/completions" }, key, "TAMPERED: request"},
		"two members":           {good, func(b map[string]any) { changeBody(b, "request", `"seed":1`, `"seed":1,"seed":1`) }, key, "TAMPERED: request"},
		"a dropped member":      {good, func(b map[string]any) { changeBody(b, "request", `"seed":1`, `"seed":1,"min_p":0.5`) }, key, "INCONCLUSIVE: the sealed request lacks min_p"},
		"another spelling":      {good, func(b map[string]any) { changeBody(b, "request", `"seed":1`, `"seed":10e-1,"n":1.0,"stop":[]`) }, key, "REPRODUCED"},
		"unknown member beside": {good, func(b map[string]any) { b["note"] = "x" }, key, "TAMPERED: the bundle is malformed"},
		"an unsealed count": {good, func(b map[string]any) {
			changeBody(b, "response", `{"choices"`, `{"usage":{"total_tokens":3},"choices"`)
		}, key, "TAMPERED: usage"},
		"an unsealed member": {good, func(b map[string]any) { changeBody(b, "response", `"finish_reason"`, `"note":"x","finish_reason"`) }, key, "TAMPERED: extras"},
		"case":               {good, func(b map[string]any) { changeBody(b, "response", `"message"`, `"Message":{},"message"`) }, key, "TAMPERED: output"},
		"changed statement": {good, func(b map[string]any) {
			r := receipt(b)
			r["statement"] = strings.Replace(r["statement"].(string), "10:11:12", "10:11:13", 1)
		}, key, "TAMPERED: inclusion"},
		"changed trail":   {good, func(b map[string]any) { receipt(b)["trail"] = "AAAA" }, key, "TAMPERED: trail"},
		"salt of another": {good, func(b map[string]any) { receipt(b)["salt"] = strings.Repeat("B", 42) + "A=" }, key, "TAMPERED: receipt id"},
		"false signature": {good, func(b map[string]any) {
			r := receipt(b)
			r["proof"] = strings.Replace(r["proof"].(string), "\n2\n", "\n3\n", 1)
		}, key, "TAMPERED: signature"},
		"changed environment":  {good, func(b map[string]any) { b["environment"] = map[string]any{} }, key, "TAMPERED: environment"},
		"damaged verifier key": {good, func(b map[string]any) { b["vkey"] = "no key" }, nil, "TAMPERED: key"},
	} {
		b := c.seal.bundle(t)
		if c.change != nil {
			c.change(b)
		}
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if v := judge(string(raw), c.keys, bundled); !strings.HasPrefix(v.String(), c.want) || codes[v.word] != v.code {
			t.Errorf("%s: %s", name, v)
		}
	}
}

func changeBody(b map[string]any, of, from, to string) {
	part := b[of].(map[string]string)
	part["body"] = strings.Replace(part["body"], from, to, 1)
}

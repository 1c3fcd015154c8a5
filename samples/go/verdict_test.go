package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type jsonObject = map[string]any

// A seal makes a bundle of a log of its own, so that it can seal what no server would.
type seal struct {
	ids      [][]uint32
	text     string
	complete bool
	class    string
	model    string
	extra    string // a member of the request
	change   func(statement jsonObject)
}

var sealKey = ed25519.NewKeyFromSeed(make([]byte, 32))

func sealVerifierKey() verifierKey {
	return verifierKey{"example.com/log", sealKey.Public().(ed25519.PublicKey)}
}

var bundledDigest string

func (x seal) bundle(t *testing.T) jsonObject {
	salt := make([]byte, 32)
	open := allSalts(salt)
	body := `{"messages":[{"role":"user","content":"Who are you?"}],"max_tokens":3,"temperature":0,"seed":1`
	body += x.extra + `}`
	request, err := parseRequest([]byte(body))
	if err == nil && bundledDigest == "" {
		bundledDigest, err = modelDigest(bundled)
	}
	if err != nil {
		t.Fatal(err)
	}
	digest := bundledDigest
	if x.model != "" {
		digest = x.model
	}
	flat := map[string]string{
		"engine.name": "embedded", "engine.semantics": "2", "forward.inject": "return_token_ids",
		"model.sha256": digest,
	}
	facts, reasons := jsonObject{}, []string{}
	for name, fact := range flat {
		facts[name] = jsonObject{"value": fact, "source": "measured"}
	}
	if x.class == "best-effort" {
		reasons = append(reasons, "a_reason")
	}
	tokens, trail := open.tokens(x.ids)
	trailHash := sha256.Sum256(trail)
	id := "6b02bfc0" + hex.EncodeToString(derive(salt, "id")[:12])
	out := output{{0, []channel{{"content", x.text}, {"finish", "length"}}}}
	statement := jsonObject{
		"_type": statementType, "predicateType": predicateType,
		"subject": []any{jsonObject{"name": outputForm, "digest": jsonObject{"sha256": open.commit("output",
			out.digest())}}},
		"predicate": jsonObject{
			"receipt_id": id, "issued_at": "2026-11-22T10:11:12Z", "complete": x.complete, "class": x.class,
			"execution": "executed",
			"request": jsonObject{
				"form": requestForm, "path": chatPath, "pins": jsonObject{},
				"commitment": open.commit("request", canonicalOf(chatPath, request).digest(chatPath)),
			},
			"output": jsonObject{
				"delivery": "json", "prompt": nil, "logprobs": nil, "extras": nil, "model": nil, "usage": nil,
				"tokens": jsonObject{
					"digest": tokens, "counts": countsOf(x.ids), "trail_sha256": hex.EncodeToString(trailHash[:]),
				},
			},
			"environment": jsonObject{"id": environmentID(reasons, flat), "source": "measured"},
			"model":       jsonObject{"name": "demo", "sha256": digest}, "probe": nil,
		},
	}
	if x.change != nil {
		x.change(statement)
	}
	raw, _ := json.Marshal(statement)
	answer, _ := json.Marshal(jsonObject{"choices": []any{jsonObject{
		"message": jsonObject{"content": x.text}, "finish_reason": "length", "token_ids": x.ids[0],
	}}})
	return jsonObject{
		"form": bundleForm, "request": jsonObject{"path": chatPath, "body": body},
		"response": jsonObject{"delivery": "json", "content_type": "application/json", "body": string(answer)},
		"receipt": jsonObject{
			"receipt_id": id, "statement": string(raw), "salt": base64.StdEncoding.EncodeToString(salt),
			"trail": base64.StdEncoding.EncodeToString(trail), "proof": sealProof(string(raw)),
		},
		"environment": jsonObject{
			"id": environmentID(reasons, flat), "class": x.class, "reasons": reasons, "facts": facts,
		},
		"vkey": sealVerifierKey().String(),
	}
}

// sealProof is the proof of the second entry of a log.
func sealProof(statement string) string {
	key := sealVerifierKey()
	first, last := leafHash("dis-log/2 open "+key.String()+"\n"), leafHash(receiptLine(statement))
	root := nodeHash(first, last)
	note := fmt.Sprintf("%s\n2\n%s\n", key.name, base64.StdEncoding.EncodeToString(root[:]))
	id := key.id()
	signature := base64.StdEncoding.EncodeToString(append(id[:], ed25519.Sign(sealKey, []byte(note))...))
	return fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex 1\n%s\n\n%s\n— %s %s\n",
		base64.StdEncoding.EncodeToString(first[:]), note, key.name, signature)
}

// in finds an object within others.
func in(o jsonObject, path string) jsonObject {
	for _, name := range strings.Fields(path) {
		o = o[name].(jsonObject)
	}
	return o
}

func replace(path, from, to string) func(jsonObject) {
	return func(b jsonObject) {
		o := in(b, path[:strings.LastIndex(path, " ")])
		name := path[strings.LastIndex(path, " ")+1:]
		o[name] = strings.Replace(o[name].(string), from, to, 1)
	}
}

func drop(path, name string) func(jsonObject) {
	return func(b jsonObject) { delete(in(b, path), name) }
}

func set(path, name string, to any) func(jsonObject) {
	return func(b jsonObject) { in(b, path)[name] = to }
}

var good = seal{ids: [][]uint32{{78, 350, 266}}, text: "I am the", complete: true, class: "deterministic"}

func with(change func(*seal)) seal {
	x := good
	change(&x)
	return x
}

func sealing(change func(jsonObject)) seal { return with(func(x *seal) { x.change = change }) }

var lie = with(func(x *seal) { x.ids, x.text = [][]uint32{{78, 350, 267}}, "I am a" })

// salted gives derived salts of these labels in place of the receipt's.
func salted(some ...string) func(jsonObject) {
	return func(b jsonObject) {
		found := jsonObject{}
		for _, label := range some {
			found[label] = base64.StdEncoding.EncodeToString(derive(make([]byte, 32), label))
		}
		delete(in(b, "receipt"), "salt")
		in(b, "receipt")["salts"] = found
	}
}

type judged struct {
	seal   seal
	change func(jsonObject)
	keys   []verifierKey
	want   string // how the verdict begins
}

func (c judged) run(t *testing.T, name string, v *verifier) {
	b := c.seal.bundle(t)
	if c.change != nil {
		c.change(b)
	}
	raw, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	v.keys = c.keys
	made, err := v.judge(string(raw))
	if err != nil {
		made = verdict{word: "ERROR", reason: err.Error()}
	}
	if !strings.HasPrefix(made.String(), c.want) {
		t.Errorf("%s: %s", name, made)
	}
}

func TestVerdicts(t *testing.T) {
	key := []verifierKey{sealVerifierKey()}
	other := verifierKey{"example.com/other", key[0].key}
	nameless := verifierKey{"", key[0].key}
	otherBytes := verifierKey{"example.com/log", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7},
		32)).Public().(ed25519.PublicKey)}
	broken := with(func(x *seal) { x.complete, x.ids, x.text = false, [][]uint32{{78, 350}}, "I am" })
	brokenLie := with(func(x *seal) { x.complete, x.ids, x.text = false, [][]uint32{{78, 351}}, "I am" })
	stream := func(b jsonObject) {
		body := strings.Replace(in(b, "response")["body"].(string), "message", "delta", 1)
		in(b, "response")["body"] = "data: " + body + "\n\n"
		in(b, "response")["delivery"], in(b, "response")["content_type"] = "sse", "text/event-stream; charset=utf-8"
	}
	both := func(changes ...func(jsonObject)) func(jsonObject) {
		return func(b jsonObject) {
			for _, change := range changes {
				change(b)
			}
		}
	}
	out := func(name string, to any) seal { return sealing(set("predicate output", name, to)) }
	answer := func(from, to string) func(jsonObject) { return replace("response body", from, to) }
	const malformed, noStatement = "TAMPERED: the bundle is malformed", "TAMPERED: statement"
	v := &verifier{folder: bundled}
	for name, c := range map[string]judged{
		"good":         {good, nil, key, "REPRODUCED: the same environment gives the same answer"},
		"a second key": {good, nil, []verifierKey{other, key[0]}, "REPRODUCED"},
		"a PEM key":    {good, nil, []verifierKey{nameless}, "REPRODUCED"},
		"another answer": {lie, nil, key, "CONTRADICTED: the same environment differs at token 2 of choice 0: " +
			"token id 267 in the receipt, 266 here"},
		"without a trail": {lie, drop("receipt", "trail"), key,
			"CONTRADICTED: the same environment differs at token 2 of choice 0"},
		"without ids": {lie, both(drop("receipt", "trail"), drop("", "response")), key,
			"CONTRADICTED: the same environment differs at the tokens"},
		"more tokens": {with(func(x *seal) { x.ids = [][]uint32{{78, 350, 266, 371}} }), nil, key,
			"CONTRADICTED: the same environment differs at token 3 of choice 0: token id 371 in the receipt"},
		"another text": {with(func(x *seal) { x.text = "I am not" }), nil, key,
			"CONTRADICTED: the same environment differs at byte 5 of content of choice 0, token unknown"},
		"unknown member": {with(func(x *seal) { x.text, x.extra = "I am not", `,"wizardry":1` }), nil, key,
			"INCONCLUSIVE: it differs at byte 5 of content of choice 0, token unknown, and this program does not " +
				`know ["wizardry"]`},
		"unknown but the same": {with(func(x *seal) { x.extra = `,"wizardry":1` }), nil, key, "REPRODUCED"},
		"best effort":          {with(func(x *seal) { x.class = "best-effort" }), nil, key, "CORROBORATED"},
		"best effort, another": {with(func(x *seal) { x.class, x.text = "best-effort", "I am not" }), nil, key,
			"INCONCLUSIVE"},
		"another model": {with(func(x *seal) { x.model = strings.Repeat("0", 64) }), nil, key,
			"INCONCLUSIVE: the answer was not recomputed: the model of the folder is"},

		// The order in which verdicts are said.
		"no key":            {good, nil, nil, "UNTRUSTED: no key was given"},
		"no key, broke off": {broken, drop("", "response"), nil, "UNTRUSTED"},
		"no key, a lie": {lie, nil, nil,
			"UNTRUSTED: no key was given, and the one of the bundle shows only that its " +
				"parts belong together (key not pinned); CONTRADICTED"},
		"no key, no salt":           {good, drop("receipt", "salt"), nil, "UNTRUSTED"},
		"no key at all":             {good, drop("", "vkey"), nil, "UNTRUSTED: there is no key"},
		"another key":               {good, nil, []verifierKey{other}, "OTHER KEY"},
		"other bytes":               {good, nil, []verifierKey{otherBytes}, "OTHER KEY"},
		"another key, broke off":    {broken, drop("", "response"), []verifierKey{other}, "OTHER KEY"},
		"another key, changed":      {good, answer("the", "thy"), []verifierKey{other}, "TAMPERED: output"},
		"another key, a false vkey": {good, set("", "vkey", otherBytes.String()), []verifierKey{other}, "OTHER KEY"},
		"broke off": {broken, drop("", "response"), key,
			"INCOMPLETE: the answer broke off; its tokens are the first ones"},
		"broke off, another": {brokenLie, drop("", "response"), key,
			"INCOMPLETE: the answer broke off; its tokens are not the first ones"},
		"whole though broken": {broken, nil, key, "TAMPERED: output: the answer is whole"},
		"broke off, damaged":  {broken, both(stream, answer("data: {", "data: [")), key, "INCOMPLETE"},
		"broke off, another model": {broken, both(stream, answer(`{"choices"`, `{"model":"x","choices"`)), key,
			"TAMPERED: model"},
		"no salt": {good, drop("receipt", "salt"), key, "INCONCLUSIVE: request can't be opened"},
		"salts for the answer": {good, both(drop("", "request"), salted("output", "tokens")), key,
			"SIGNED: request or answer was not given; nothing was recomputed, without the sealed request"},
		"a salt for the output":  {good, both(drop("", "request"), salted("output")), key, "INCONCLUSIVE: tokens"},
		"a salt for the request": {good, salted("request"), key, "INCONCLUSIVE: output can't be opened"},
		"no request":             {good, drop("", "request"), key, "SIGNED"},
		"no answer": {good, drop("", "response"), key,
			"SIGNED: request or answer was not given; REPRODUCED"},
		"no answer, a lie": {lie, drop("", "response"), key, "CONTRADICTED"},
		"no answer, best effort": {with(func(x *seal) { x.class = "best-effort" }), drop("", "response"), key,
			"CORROBORATED"},
		"a recording without end": {good, stream, key, "INCONCLUSIVE: the recording broke off"},

		// Versions.
		"newer statement": {sealing(set("", "predicateType", "urn:deterministic-inference-server:receipt:v9")),
			nil, key, "UNKNOWN VERSION"},
		"newer, without subject": {sealing(both(set("", "predicateType", "x"), drop("", "subject"))), nil, key,
			"UNKNOWN VERSION"},
		"newer request form": {sealing(set("predicate request", "form", "dis-req/9")), nil, key, "UNKNOWN VERSION"},
		"newer bundle":       {good, set("", "form", "dis-bundle/9"), key, "UNKNOWN VERSION"},
		"first version": {good, set("", "receipt", jsonObject{"receipt": jsonObject{}}), key,
			"UNKNOWN VERSION"},

		// Bundles and receipts that are none.
		"unknown member beside":         {good, set("", "note", "x"), key, malformed},
		"unknown in the receipt":        {good, set("receipt", "note", "x"), key, malformed},
		"an environment in the receipt": {good, set("receipt", "environment", jsonObject{}), key, malformed},
		"unknown in a fact":             {good, set("environment facts engine.name", "note", "x"), key, malformed},
		"two bodies":                    {good, set("request", "body_base64", "e30="), key, malformed},
		"no body":                       {good, drop("request", "body"), key, malformed},
		"null":                          {good, set("", "response", nil), key, malformed},
		"another path":                  {good, set("request", "path", "/v1/embeddings"), key, malformed},
		"no content type":               {good, drop("response", "content_type"), key, malformed},
		"another content type":          {good, set("response", "content_type", "text/event-stream"), key, malformed},
		"a key that is no text":         {good, set("", "vkey", 1), key, malformed},
		"salt and salts":                {good, set("receipt", "salts", jsonObject{}), key, malformed},
		"a salt of 31 bytes":            {good, set("receipt", "salt", strings.Repeat("A", 42)+"=="), key, malformed},
		"levels": {good, set("receipt", "note", json.RawMessage(strings.Repeat("[",
			63)+strings.Repeat("]", 63))), key, "TAMPERED"},
		"two things":             {good, set("", "choices", []any{}), key, "ERROR: no bundle"},
		"no form":                {good, drop("", "form"), key, "ERROR: no bundle"},
		"damaged verifier key":   {good, set("", "vkey", "no key"), nil, "TAMPERED: key"},
		"not needed":             {good, set("", "vkey", "no key"), key, "REPRODUCED"},
		"a vkey of another name": {good, set("", "vkey", other.String()), nil, "UNTRUSTED"},

		// Statements that are none.
		"a pin that is content": {sealing(set("predicate request", "pins", jsonObject{"messages": "1"})), nil, key,
			noStatement},
		"a pin that is no scalar": {sealing(set("predicate request", "pins", jsonObject{"seed": "[1]"})), nil, key,
			noStatement},
		"a member missing":  {sealing(drop("predicate", "probe")), nil, key, noStatement},
		"an unknown class":  {sealing(set("predicate", "class", "x")), nil, key, noStatement},
		"an unknown source": {sealing(set("predicate environment", "source", "x")), nil, key, noStatement},
		"a time of fractions": {sealing(set("predicate", "issued_at", "2026-11-22T10:11:12.5Z")), nil, key,
			noStatement},
		"no origin":         {sealing(set("predicate", "execution", "memo")), nil, key, noStatement},
		"an unknown member": {sealing(set("predicate", "note", jsonObject{"x": 1})), nil, key, "REPRODUCED"},

		// Parts.
		"changed text":     {good, answer("I am the", "I am thy"), key, "TAMPERED: output"},
		"changed token":    {good, answer("266", "267"), key, "TAMPERED: tokens"},
		"unreadable token": {good, answer("266", "266.0"), key, "TAMPERED: tokens"},
		"no tokens":        {good, answer("token_ids", "x"), key, "TAMPERED: extras"},
		"unsealed tokens": {out("tokens", nil), drop("receipt", "trail"), key,
			"TAMPERED: tokens: the log has sealed none"},
		"tokens of a part": {out("tokens", nil), both(drop("receipt", "trail"),
			answer(`{"choices"`, `{"usage":{"completion_tokens":4},"choices"`)), key, "TAMPERED: usage"},
		"the count of another": {sealing(set("predicate output tokens", "counts", []int{4})), drop("receipt",
			"trail"), key, "TAMPERED: tokens"},
		"changed request": {good, replace("request body", "Who", "Why"), key, "TAMPERED: request"},
		"changed path":    {good, set("request", "path", completionPath), key, "TAMPERED: request"},
		"two members": {good, replace("request body", `"seed":1`, `"seed":1,"seed":1`), key,
			"TAMPERED: request"},
		"a dropped member": {good, replace("request body", `"seed":1`, `"seed":1,"min_p":0.5`), key,
			"INCONCLUSIVE: the sealed request lacks min_p"},
		"a member that no router drops": {good, replace("request body", `"seed":1`, `"seed":1,"top_p":0.5`), key,
			"TAMPERED: request"},
		"one of many": {good, replace("request body", `"seed":1`,
			`"seed":1,"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1`), key,
			"TAMPERED: request"}, // with the seed they are eleven, of which all, or one, are not these ten
		"another spelling": {good, replace("request body", `"seed":1`, `"seed":10e-1,"n":1.0,"stop":[]`), key,
			"REPRODUCED"},
		"an unsealed count": {good, answer(`{"choices"`, `{"usage":{"total_tokens":3},"choices"`), key,
			"TAMPERED: usage"},
		"a sealed count": {out("usage", jsonObject{"prompt_tokens": nil, "completion_tokens": nil, "total_tokens": 3}),
			answer(`{"choices"`, `{"usage":{"total_tokens":3},"choices"`), key, "REPRODUCED"},
		"an unsealed model":  {good, answer(`{"choices"`, `{"model":"x","choices"`), key, "TAMPERED: model"},
		"an unsealed member": {good, answer(`"finish_reason"`, `"note":"x","finish_reason"`), key, "TAMPERED: extras"},
		"unsealed scores": {good, answer(`"finish_reason"`, `"logprobs":{"content":[{"token":"I"}]},"finish_reason"`),
			key,
			"TAMPERED: logprobs"},
		"extras of a stream": {sealing(both(set("predicate output", "extras", strings.Repeat("0", 64)),
			set("predicate output", "delivery", "sse"))), answer(`"finish_reason"`, `"note":"x","finish_reason"`),
			key, "REPRODUCED"},
		"case": {good, answer(`"message"`, `"Message":{},"message"`), key, "TAMPERED: output"},
		"another delivery": {good, both(set("response", "delivery", "sse"), set("response", "content_type",
			"text/event-stream")), key,
			"TAMPERED: output: its delivery"},
		"another receipt": {good, answer(`{"choices"`, `{"determinism":{"statement":"x"},"choices"`), key,
			"TAMPERED: output: "},
		"another id": {good, answer(`{"choices"`, `{"determinism":{"receipt_id":"x"},"choices"`), key,
			"TAMPERED: output: it carries another"},
		"unknown in its own": {good, func(b jsonObject) {
			own := jsonObject{"note": 1}
			for name, v := range in(b, "receipt") {
				own[name] = v
			}
			raw, _ := json.Marshal(own)
			answer(`{"choices"`, `{"determinism":`+string(raw)+`,"choices"`)(b)
		}, key, "TAMPERED: output: it carries another receipt"},
		"for devices": {good, set("environment", "profile", "x"), key, "REPRODUCED"},
		"its own id": {good, answer(`{"choices"`, `{"determinism":{"receipt_id":"6b02bfc0`+
			hex.EncodeToString(derive(make([]byte, 32), "id")[:12])+`"},"choices"`), key, "REPRODUCED"},
		"changed statement": {good, replace("receipt statement", "10:11:12", "10:11:13"), key,
			"TAMPERED: inclusion"},
		"changed id":    {good, replace("receipt receipt_id", "6b", "7b"), key, "TAMPERED: receipt id"},
		"changed trail": {good, set("receipt", "trail", "AAAA"), key, "TAMPERED: trail"},
		"salt of another": {good, set("receipt", "salt", strings.Repeat("B", 42)+"A="), key,
			"TAMPERED: receipt id"},
		"false signature": {good, replace("receipt proof", "\n2\n", "\n3\n"), key, "TAMPERED: signature"},
		"no signature of the log": {good, replace("receipt proof", "— example.com/log ", "— example.com/lag "), key,
			"TAMPERED: signature"},
		"extra data in the proof": {good, replace("receipt proof", "\nindex", "\nextra AAAA\nindex"), key,
			"REPRODUCED"},
		"a control character": {good, replace("receipt proof", "— example.com/log ", "— example.com/log\u0085 "),
			key, "TAMPERED: proof"},
		"changed environment": {good, set("environment facts engine.name", "value", "x"), key, malformed},
		"another source": {good, set("environment facts engine.name", "source", "engine-reported"), key,
			"TAMPERED: environment"},
		"a source that is a reason": {good, set("environment facts engine.name", "source", "declared"), key,
			"TAMPERED: the bundle is malformed: the environment's id"},
		"no class": {good, drop("environment", "class"), key, malformed},
	} {
		c.run(t, name, v)
	}
	// Without a model nothing is recomputed.
	for name, c := range map[string]judged{
		"good, no model":    {good, nil, key, "VALID: request and answer are the sealed ones; nothing was recomputed"},
		"a lie, no model":   {lie, nil, key, "VALID"},
		"no key, no model":  {good, nil, nil, "UNTRUSTED"},
		"signed, no model":  {good, drop("", "response"), key, "SIGNED"},
		"no salt, no model": {good, drop("receipt", "salt"), key, "INCONCLUSIVE"},
	} {
		c.run(t, name, &verifier{})
	}
}

func TestTheCommandJudgesFilesAndFolders(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bundleText := func(x seal) string {
		raw, _ := json.Marshal(x.bundle(t))
		return string(raw)
	}
	key := file("key.txt", sealVerifierKey().String()+"\n")
	told := file("told", `{"vkey":"`+sealVerifierKey().String()+`"}`)
	der, err := x509.MarshalPKIXPublicKey(sealKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	block := file("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	valid, lied := file("b.json", bundleText(good)), file("c.json", bundleText(lie))
	for _, c := range []struct {
		args []string
		code int
		out  string
	}{
		{[]string{"--key", key, valid}, 0, "VALID: "},
		{[]string{"--key", told, valid}, 0, "VALID: "},
		{[]string{"--key", block, valid}, 0, "VALID: "},
		{[]string{valid}, 17, "UNTRUSTED: "},
		{[]string{"--model", bundled, "--key", key, valid}, 0, "REPRODUCED: "},
		{[]string{"--model", bundled, "--key", key, lied}, 10, "CONTRADICTED: "},
		{[]string{"--model", bundled, "--key", key, folder}, 10,
			"b.json: REPRODUCED: the same environment gives the same " +
				"answer\nc.json: CONTRADICTED: "},
		{[]string{"--key", key, folder}, 0, "b.json: VALID: "},
		{nil, 2, ""}, {[]string{"--x", valid}, 2, ""}, {[]string{valid, valid}, 2, ""}, {[]string{folder + "/none"},
			2, ""},
		{[]string{"--model", folder + "/none", valid}, 2, ""}, {[]string{"--key", folder, valid}, 2, ""},
		{[]string{key}, 2, ""}, {[]string{t.TempDir()}, 2, ""},
	} {
		var out, diagnostics bytes.Buffer
		code := command(c.args, &out, &diagnostics)
		if code != c.code || !strings.HasPrefix(out.String(), c.out) || (code == 2) != (diagnostics.Len() > 0) {
			t.Errorf("%v: %d %s%s", c.args, code, out.String(), diagnostics.String())
		}
	}
	file("a.json", "{}")
	var out bytes.Buffer
	if code := command([]string{"--key", key, folder}, &out, &out); code != 2 || !strings.HasPrefix(out.String(),
		"a.json: UNUSABLE: "+folder+"/a.json: no bundle: the member form is missing") {
		t.Error(code, out.String())
	}
}

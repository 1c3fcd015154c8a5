package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"strings"
	"testing"
)

// testdata/answers.json has requests with the answers of a server, for whoever writes another implementation.
// testdata/README.md says what stands in it and how it is made again.

const answersFile = "testdata/answers.json"

type recordedAnswer struct {
	Name    string           `json:"name"`
	Path    string           `json:"path"`
	Request json.RawMessage  `json:"request"`
	Prompts [][]uint32       `json:"prompt_token_ids"`
	Choices []recordedChoice `json:"choices"`
	Logits  []string         `json:"first_logits"`
}

type recordedChoice struct {
	IDs      []uint32   `json:"token_ids"`
	Text     string     `json:"text"`
	Finish   string     `json:"finish_reason"`
	LogProbs []*float64 `json:"logprobs,omitempty"` // null for a prompt's first token
}

func readRecorded(t *testing.T) []recordedAnswer {
	raw, err := os.ReadFile(answersFile)
	if err != nil {
		t.Fatal(err)
	}
	var all []recordedAnswer
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func compute(t *testing.T, m *model, a recordedAnswer) *result {
	request, err := parseRequest(a.Request)
	if err != nil {
		t.Fatal(err)
	}
	j, err := newJob(m, a.Path, request)
	if err != nil {
		t.Fatal(err)
	}
	r, err := j.run(m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func firstLogits(r *result) []string {
	var bits []string
	for _, x := range r.first[:8] {
		bits = append(bits, fmt.Sprintf("%08x", math.Float32bits(x)))
	}
	return bits
}

func TestAnswersAreThoseOfTheServer(t *testing.T) {
	m, err := loadModel(bundled)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range readRecorded(t) {
		r := compute(t, m, a)
		same := func(what string, is, want any) {
			if fmt.Sprint(is) != fmt.Sprint(want) {
				t.Errorf("%s: %s: %v, not %v", a.Name, what, is, want)
			}
		}
		same("prompts", r.prompts, a.Prompts)
		same("logits", firstLogits(r), a.Logits)
		same("choices", len(r.choices), len(a.Choices))
		for i, c := range a.Choices {
			same("ids", r.choices[i], c.IDs)
			same("text", r.output[i].text("text")+r.output[i].text("content"), c.Text)
			same("finish", r.output[i].text("finish"), c.Finish)
			for k, number := range c.LogProbs {
				if is := r.scored[i][k].number; number == nil && !math.IsNaN(is) || number != nil && is != *number {
					t.Errorf("%s: log-probability %d is %v", a.Name, k, is)
				}
			}
		}
	}
}

// With RECORD_FROM=http://127.0.0.1:8080 the requests are asked of that server, and its answers are written.
func TestRecord(t *testing.T) {
	url := os.Getenv("RECORD_FROM")
	if url == "" {
		t.Skip("RECORD_FROM names no server")
	}
	m, err := loadModel(bundled)
	if err != nil {
		t.Fatal(err)
	}
	all := readRecorded(t)
	for i := range all {
		a := &all[i]
		response, err := http.Post(url+a.Path, "application/json", bytes.NewReader(a.Request))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		type scored struct {
			Content []struct {
				LogProb *float64 `json:"logprob"`
			} `json:"content"`
			TokenLogProbs []*float64 `json:"token_logprobs"`
		}
		var answer struct {
			Prompt  []uint32 `json:"prompt_token_ids"`
			Choices []struct {
				Text     string                   `json:"text"`
				Message  struct{ Content string } `json:"message"`
				Finish   string                   `json:"finish_reason"`
				IDs      []uint32                 `json:"token_ids"`
				Prompt   []uint32                 `json:"prompt_token_ids"`
				LogProbs *scored                  `json:"logprobs"`
			} `json:"choices"`
		}
		if err := json.Unmarshal(body, &answer); err != nil || response.StatusCode != 200 {
			t.Fatalf("%s: %s", a.Name, body)
		}
		var asked struct{ N int }
		_ = json.Unmarshal(a.Request, &asked)
		if asked.N == 0 {
			asked.N = 1
		}
		a.Prompts, a.Choices = nil, nil
		if answer.Prompt != nil {
			a.Prompts = [][]uint32{answer.Prompt}
		}
		for i, c := range answer.Choices {
			if c.Prompt != nil && i%asked.N == 0 {
				a.Prompts = append(a.Prompts, c.Prompt)
			}
			made := recordedChoice{IDs: c.IDs, Text: c.Text + c.Message.Content, Finish: c.Finish}
			if c.LogProbs != nil {
				for _, token := range c.LogProbs.Content {
					made.LogProbs = append(made.LogProbs, token.LogProb)
				}
				made.LogProbs = append(made.LogProbs, c.LogProbs.TokenLogProbs...)
			}
			a.Choices = append(a.Choices, made)
		}
		a.Logits = firstLogits(compute(t, m, *a))
	}
	// One answer on a line, so that changes can be read.
	var lines []string
	for _, a := range all {
		line := &bytes.Buffer{}
		encoder := json.NewEncoder(line)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(a); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.TrimSpace(line.String()))
	}
	if err := os.WriteFile(answersFile, []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

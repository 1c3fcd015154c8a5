package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// What the bundle has, against the commitments of the statement.

// An opening is what the salts of a receipt open.
type opening struct {
	request         *value // as the engine got it; nil where it was not given
	answer          *answer
	requestIsSealed bool
	outputIsSealed  bool
	doubt           string // what leaves the comparison without a result, and accuses nobody
}

const noSalt = "the receipt has no salt for it"

func (o *opening) doubts(why string) {
	if o.doubt == "" {
		o.doubt = why
	}
}

// closed notes that something was given and can't be compared.
func (r *report) closed(o *opening, name string) {
	r.say(name, "not checked: %s", noSalt)
	o.doubts(name + " can't be opened: " + noSalt)
}

func (r *report) opened(b *bundle, s *statement) *opening {
	o := &opening{}
	if id := b.receipt.saltID; id != nil {
		var wrong error
		if s.id[8:] != hex.EncodeToString(id) {
			wrong = errors.New("the salt is not the one of this receipt")
		}
		r.check("receipt id", wrong)
	}
	r.openedRequest(b, s, o)
	r.openedAnswer(b, s, o)
	if b.receipt.trail == nil {
		r.say("trail", "not checked: the receipt has none")
	} else {
		r.check("trail", checkTrail(b.receipt.trail, s.tokens))
	}
	if e := b.environment; e == nil {
		r.say("environment", "not checked: the bundle does not have it")
	} else if e.id != s.environment || e.source != s.source || e.class != s.class {
		r.check("environment", fmt.Errorf("%s (%s, %s) is not what the log has sealed", e.id, e.class, e.source))
	} else {
		r.check("environment", nil)
	}
	return o
}

func checkTrail(trail []byte, tokens *sealedIDs) error {
	if tokens == nil {
		return errors.New("there is a trail and no tokens")
	}
	bytes := 0
	for _, n := range tokens.counts {
		bytes += 2 * n
	}
	if len(trail) != bytes {
		return errors.New("it is of another number of tokens")
	}
	sum := sha256.Sum256(trail)
	return isSealed(hex.EncodeToString(sum[:]), tokens.trail)
}

func (r *report) openedRequest(b *bundle, s *statement, o *opening) {
	if b.request == nil {
		r.say("request", "not checked: it was not given")
		return
	}
	request, err := parseRequest(b.request)
	if err == nil {
		o.request = engineRequest(request, s.pins)
	}
	salt := b.receipt.salts["request"]
	switch {
	case salt == nil:
		r.closed(o, "request")
		return
	case b.path != s.path:
		r.check("request", errors.New("its path is not the one that the log has sealed"))
		return
	case err != nil:
		r.check("request", err)
		return
	}
	fits := func(c canonicalRequest) bool { return b.receipt.salts.commit("request", c.digest(b.path)) == s.request }
	c := canonicalOf(b.path, request)
	if o.requestIsSealed = fits(c); o.requestIsSealed {
		r.check("request", nil)
	} else if dropped := c.without(len(b.request) <= 1<<16, fits); dropped != nil {
		o.doubts("the sealed request lacks " + strings.Join(dropped, ", "))
		r.say("request", "not met: %s", o.doubt)
	} else {
		r.check("request", isSealed("", s.request))
	}
	for _, name := range sorted(s.pins) {
		was := "nothing"
		if v := request.get(name); v != nil {
			was = canonicalJSON(v)
		}
		r.say("set", "%s is %s by the server, and %s by the client", name, s.pins[name], was)
	}
}

// readOpened reads the answer, and refuses one that is of another receipt or delivery.
func readOpened(b *bundle, s *statement, n int) (*answer, error) {
	if isObject(b.response) != (b.delivery == "json") {
		return nil, errors.New("its delivery is another one than is said")
	}
	a, err := readAnswer(b.response, b.delivery == "sse", n)
	if err != nil || a.receipt == nil {
		return a, err
	}
	return a, checkCarried(a.receipt, s)
}

// checkCarried refuses the receipt in an answer, or its id alone, unless it is the statement's.
func checkCarried(v *value, s *statement) error {
	if v.get("statement") == nil && v.get("receipt") == nil {
		if !v.get("receipt_id").isText(s.id) {
			return errors.New("it carries another receipt")
		}
		return nil
	}
	f, carried := &fields{what: "the receipt that it carries"}, receipt{}
	if err := v.distinct("the receipt"); err != nil {
		f.fail("%w", err)
	}
	f.receipt(v, &carried)
	if f.err == nil && carried.statement != s.text {
		f.fail("it is another one")
	}
	return f.err
}

func (r *report) openedAnswer(b *bundle, s *statement, o *opening) {
	if b.response == nil {
		r.say("output", "not checked: the answer was not given")
		return
	}
	salts, n := b.receipt.salts, 1
	if o.request != nil {
		n = choicesPerPrompt(o.request)
	}
	a, err := readOpened(b, s, n)
	partial := "" // why parts of it may be missing
	switch {
	case !s.complete:
		partial = "the answer broke off, and who holds it may have received less than was sealed"
	case err == nil && !a.ended:
		partial = "the recording broke off"
	}
	switch {
	case err == nil && !s.complete && a.ended && a.finished():
		r.check("output", errors.New("the answer is whole, and the sealed one broke off"))
	case !s.complete:
		r.say("output", "not checked: %s", partial)
	case salts["output"] == nil:
		r.closed(o, "output")
	case err != nil:
		r.check("output", err)
	case partial != "":
		o.doubts(partial)
		r.say("output", "not met: %s", partial)
	default:
		err := isSealed(salts.commit("output", a.output().digest()), s.output)
		if err == nil && !a.finished() {
			err = errors.New("the answer is not finished, or reports an error")
		}
		o.outputIsSealed = r.check("output", err)
	}
	if err != nil {
		return
	}
	o.answer = a
	scored, some := a.scored()
	r.part(b, o, "logprobs", some, s.logprobs, logprobsDigest(scored), partial)
	extras, lacking := a.extras(), partial
	if s.delivery == "sse" && b.delivery == "json" {
		lacking = "a client put the stream together to one object"
	}
	r.part(b, o, "extras", len(extras) > 0, s.extras, extrasDigest(extras), lacking)
	r.counts(a, s, partial)
	if a.model != "" {
		r.check("model", isSealed(a.model, s.answerModel))
	}
	r.tokenIDs(b, s, o, partial)
}

// part compares a part that is committed to. What is given has to be sealed too.
func (r *report) part(b *bundle, o *opening, name string, given bool, sealed string, is [32]byte, partial string) {
	switch {
	case !given:
		r.say(name, "not checked: the answer has none")
	case sealed == "":
		r.check(name, errors.New("the log has sealed none"))
	case partial != "":
		r.say(name, "not checked: %s", partial)
	case b.receipt.salts[name] == nil:
		r.closed(o, name)
	default:
		r.check(name, isSealed(b.receipt.salts.commit(name, is), sealed))
	}
}

func (r *report) counts(a *answer, s *statement, partial string) {
	if len(a.usage) == 0 {
		return
	}
	if partial != "" && len(s.usage) > 0 {
		r.say("usage", "not checked: %s", partial)
		return
	}
	var err error
	for _, name := range countNames {
		is, given := a.usage[name]
		if sealed, bound := s.usage[name]; given && (!bound || is != sealed) {
			err = fmt.Errorf("%s is not what the log has sealed", name)
		}
	}
	r.check("usage", err)
}

// tokenIDs compares the ids of tokens and prompts.
func (r *report) tokenIDs(b *bundle, s *statement, o *opening, partial string) {
	a, salts := o.answer, b.receipt.salts
	one := func(name string, sealed *sealedIDs, has bool, all [][]uint32, digest func() string) {
		switch {
		case sealed == nil && all != nil:
			r.check(name, errors.New("the log has sealed none"))
		case sealed == nil:
			r.say(name, "not bound")
		case !has:
			r.say(name, "not checked: the answer does not have them")
		case salts[name] == nil:
			r.closed(o, name)
		case all == nil:
			r.check(name, errors.New("they can't be read, or are not all"))
		default:
			err := isSealed(digest(), sealed.digest)
			if fmt.Sprint(countsOf(all)) != fmt.Sprint(sealed.counts) {
				err = errors.New("they are another number than the log has sealed")
			}
			r.check(name, err)
		}
	}
	if partial != "" && a.ids.hasTokens {
		r.say("tokens", "not checked: %s", partial)
	} else {
		tokens := a.ids.tokens(len(a.choices), a.usage["completion_tokens"])
		one("tokens", s.tokens, a.ids.hasTokens, tokens, func() string {
			digest, _ := salts.tokens(tokens)
			return digest
		})
	}
	count := 0
	for index := range a.choices {
		count = max(count, index+1)
	}
	// Without the request it is not known how many choices a prompt has.
	isKnown := o.request != nil || len(a.choices) == 1
	var prompts [][]uint32
	if isKnown {
		prompts = a.ids.promptLists(count)
	}
	if partial != "" && s.prompt != nil && a.ids.hasPrompts && len(prompts) < len(s.prompt.counts) {
		r.say("prompt", "not checked: %s", partial)
		return
	}
	one("prompt", s.prompt, isKnown && a.ids.hasPrompts, prompts, func() string { return salts.prompts(prompts) })
}

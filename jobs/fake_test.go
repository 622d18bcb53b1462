package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/platforms"
)

// server is a small platform: what it accepted, and how it misbehaves.
type server struct {
	mu       sync.Mutex
	posts    []accepted
	tokens   map[string]bool // access tokens that work; nil: all
	faults   []string        // taken one a publish or step call
	lookFail []string        // taken one a look
	calls    map[string]int
	inFlight map[string]int
	overlap  bool
	now      func() time.Time
	hold     chan struct{} // "slow" waits for it, and "slow_…" before another fault
	entered  chan struct{}
	renewals atomic.Int64
	renewAs  []string
	onRenew  func()          // called before a renewal is answered
	spends   map[string]bool // refresh tokens that were used; nil: they can be used again
	moment   func()          // called before and after a post is accepted
	deleted  map[string]bool // ids of posts that somebody deleted there
}

// accepted is a post as the platform keeps it. Of what follows another one it knows
// the first of all, and the one before.
type accepted struct {
	Account, Key, Text string
	Root, Parent       platforms.Ref
	At                 time.Time
}

// request is what a call says.
type request struct {
	Account, Key, Text string
	Root, Parent       platforms.Ref
}

// deleteByHand lets somebody delete a post on the platform.
func (s *server) deleteByHand(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deleted == nil {
		s.deleted = map[string]bool{}
	}
	s.deleted[id] = true
}

// gone reports whether what a request follows is not there, or was never public.
func (s *server) gone(parent platforms.Ref) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if parent.ID == "" {
		return false
	}
	n, err := strconv.Atoi(strings.TrimPrefix(parent.ID, "id-"))
	return err != nil || n > len(s.posts) || s.deleted[parent.ID] || parent.Version != "" && parent.Version != "v-"+parent.ID
}

// count is how often an address was called.
func (s *server) count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[path]
}

// took lists what was accepted, in order.
func (s *server) took() []accepted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.posts)
}

// forgetRenewals lets each refresh token be used once more: of another account.
func (s *server) forgetRenewals() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.spends)
}

// misbehave arms faults for the next calls.
func (s *server) misbehave(faults ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
}

func (s *server) overlapped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.overlap
}

func (s *server) take(list *[]string) string {
	if len(*list) == 0 {
		return ""
	}
	f := (*list)[0]
	*list = (*list)[1:]
	return f
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var p request
	_ = json.NewDecoder(r.Body).Decode(&p)
	s.mu.Lock()
	s.calls[r.URL.Path]++
	s.inFlight[p.Account]++
	s.overlap = s.overlap || s.inFlight[p.Account] > 1
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.inFlight[p.Account]--
		s.mu.Unlock()
	}()
	switch r.URL.Path {
	case "/look":
		s.look(w, p)
	case "/renew":
		s.renew(w, r.Header.Get("Authorization"))
	case "/step":
		s.act(w, r, func() string { return "step-" + p.Key })
	case "/publish":
		if s.gone(p.Parent) {
			w.WriteHeader(http.StatusNotFound)
			_ = json.NewEncoder(w).Encode(map[string]string{"kind": string(platforms.Rejected), "code": platforms.CodeParentGone})
			return
		}
		s.act(w, r, func() string { return s.keep(p) })
	case "/numbers":
		s.act(w, r, func() string { return "1" })
	}
}

func (s *server) accept(account, key, text string) string {
	return s.keep(request{Account: account, Key: key, Text: text})
}

func (s *server) keep(p request) string {
	if s.moment != nil {
		s.moment()
		defer s.moment()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts = append(s.posts, accepted{p.Account, p.Key, p.Text, p.Root, p.Parent, s.now()})
	return "id-" + strconv.Itoa(len(s.posts))
}

func (s *server) act(w http.ResponseWriter, r *http.Request, do func() string) {
	s.mu.Lock()
	fault := s.take(&s.faults)
	if s.tokens != nil && !s.tokens[r.Header.Get("Authorization")] {
		fault = "expired"
	}
	s.mu.Unlock()
	refuse := func(status int, kind platforms.Kind) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"kind": string(kind)})
	}
	if answer, slow := strings.CutPrefix(fault, "slow"); slow {
		s.entered <- struct{}{}
		<-s.hold
		fault = strings.TrimPrefix(answer, "_")
	}
	switch fault {
	case "reset_before":
		panic(http.ErrAbortHandler)
	case "reset_after":
		do()
		panic(http.ErrAbortHandler)
	case "error_before":
		w.WriteHeader(http.StatusInternalServerError)
	case "error_after":
		do()
		w.WriteHeader(http.StatusInternalServerError)
	case "empty":
		do()
	case "same_id": // it acts, and names the first post
		do()
		_ = json.NewEncoder(w).Encode(map[string]string{"id": "id-1"})
	case "rejected":
		refuse(400, platforms.Rejected)
	case "version_over":
		refuse(426, platforms.VersionOver)
	case "media":
		refuse(400, platforms.MediaRejected)
	case "expired":
		refuse(401, platforms.Expired)
	case "revoked":
		refuse(401, platforms.Revoked)
	case "rate_limited":
		w.Header().Set("Retry-After", "600")
		refuse(429, platforms.RateLimited)
	case "rate_limited_bare":
		refuse(429, platforms.RateLimited)
	case "duplicate":
		refuse(422, platforms.Duplicate)
	case "duplicate_of_first": // it names an earlier post
		w.WriteHeader(422)
		_ = json.NewEncoder(w).Encode(map[string]string{"kind": string(platforms.Duplicate), "ref": "id-1"})
	default:
		_ = json.NewEncoder(w).Encode(map[string]string{"id": do()})
	}
}

func (s *server) look(w http.ResponseWriter, by request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.take(&s.lookFail) {
	case "error":
		w.WriteHeader(http.StatusInternalServerError)
		return
	case "forbidden":
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]string{"kind": string(platforms.Rejected)})
		return
	case "version_over":
		w.WriteHeader(http.StatusUpgradeRequired)
		_ = json.NewEncoder(w).Encode(map[string]string{"kind": string(platforms.VersionOver)})
		return
	case "blind":
		_ = json.NewEncoder(w).Encode(map[string]any{"ids": []string{}})
		return
	}
	ids := []string{}
	for i, p := range s.posts {
		if p.Account == by.Account && p.Text == by.Text && p.Parent.ID == by.Parent.ID {
			ids = append(ids, "id-"+strconv.Itoa(i+1))
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"ids": ids})
}

func (s *server) renew(w http.ResponseWriter, with string) {
	if s.onRenew != nil {
		s.onRenew()
	}
	n := s.renewals.Add(1)
	s.mu.Lock()
	as := s.take(&s.renewAs)
	if s.spends != nil {
		if s.spends[with] {
			as = "revoked"
		}
		s.spends[with] = true
	}
	s.mu.Unlock()
	switch as {
	case "error":
		w.WriteHeader(http.StatusInternalServerError)
		return
	case "revoked":
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"kind": string(platforms.Revoked)})
		return
	}
	token := "renewed-" + strconv.FormatInt(n, 10)
	s.mu.Lock()
	if s.tokens != nil {
		s.tokens["Bearer "+token] = true
	}
	s.mu.Unlock()
	refresh := "refresh-" + token
	if as == "empty" {
		refresh = ""
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"access": token, "refresh": refresh})
}

// fake speaks to server. Its class and its steps are chosen by the test.
type fake struct {
	url       string
	client    *http.Client
	certainty platforms.Certainty
	pictures  int           // safe steps before publishing
	waits     int           // looks before processing ends
	sends     int64         // bytes that each safe step sends
	within    time.Duration // limit of the irreversible call, and of the wait
	patience  atomic.Int64  // how long the last call might take
	waited    atomic.Int64
	renewal   platforms.Renewal
	now       func() time.Time
	maxText   int
	photos    int // at most
	linkFirst bool
	repeats   bool // the same text twice is refused
	api       platforms.API
	nameless  atomic.Bool      // looks find it without its id
	onRenewed func()           // called when the answer to a renewal is there
	dates     func() time.Time // what answers say of the time; nil: nothing
	asked     atomic.Int64     // how often it was asked for the time
	thread    int              // posts of a thread at most; 0: it takes none
	comments  bool             // it takes a first comment
	// replyCertainty is that of what follows a post, where it differs.
	replyCertainty platforms.Certainty
}

func (f *fake) Info() platforms.Info {
	return platforms.Info{ID: "fake", Name: "Fake", Certainty: f.certainty, Renewal: f.renewal, RefusesRepeats: f.repeats, API: f.api, ReplyCertainty: f.replyCertainty}
}

func (f *fake) Rules(platforms.Account) platforms.Rules {
	limit := f.maxText
	if limit == 0 {
		limit = 1000
	}
	text := []platforms.TextRule{{
		Unit: "characters", Max: limit, Measure: func(s string) int { return len(s) }, Code: platforms.CodeTextTooLong,
	}}
	rules := platforms.FormatRules{Media: platforms.MediaRules{Max: f.photos}, Text: text, Parts: platforms.PartRules{Thread: f.thread}}
	if f.comments {
		rules.Parts.Comment = &platforms.FormatRules{Text: text}
	}
	return platforms.OneFormat(rules)
}

func (f *fake) Preview(platforms.Preview) templ.Component { return templ.NopComponent }

func (f *fake) Check(context.Context, platforms.Session) (platforms.Account, error) {
	return platforms.Account{}, nil
}

// AskTime implements platforms.TimeTeller.
func (f *fake) AskTime(ctx context.Context, _ platforms.Account) error {
	f.asked.Add(1)
	f.date(ctx)
	return nil
}

func (f *fake) date(ctx context.Context) {
	if f.dates != nil {
		platforms.ReportDate(ctx, "fake.example", f.dates().Truncate(time.Second))
	}
}

func (f *fake) Plan(_ platforms.Publication, done []platforms.StepResult) platforms.Step {
	switch {
	case len(done) < f.pictures:
		return platforms.Step{Kind: "upload", Index: len(done), Sends: f.sends}
	case f.waits > 0 && len(done) == f.pictures:
		return platforms.Step{Kind: "status", Waits: true, Within: f.within}
	}
	return platforms.Step{Kind: "publish", Irreversible: true, Within: f.within}
}

func (f *fake) Perform(ctx context.Context, s platforms.Session, p platforms.Publication, _ []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	if end, ok := ctx.Deadline(); ok {
		f.patience.Store(int64(time.Until(end)))
	}
	if step.Waits {
		state := platforms.StepDone
		if f.waited.Add(1) < int64(f.waits) {
			state = platforms.StepWorking
		}
		return platforms.StepResult{Kind: step.Kind, State: state}, nil
	}
	path := "/publish"
	if !step.Irreversible {
		path = "/step"
	}
	var a struct{ ID string }
	if err := f.call(ctx, path, s, p, &a); err != nil {
		return platforms.StepResult{}, err
	}
	r := platforms.StepResult{Kind: step.Kind, Index: step.Index, Ref: a.ID, State: platforms.StepDone}
	if step.Irreversible {
		r.RemoteID = a.ID
		if a.ID != "" {
			r.RemoteVersion = "v-" + a.ID
		}
		if !f.linkFirst && a.ID != "" {
			r.RemoteURL = "https://fake.example/" + a.ID
		}
	}
	return r, nil
}

func (f *fake) Settle(ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult, _ time.Time) (platforms.Evidence, error) {
	for _, d := range done {
		if d.Kind == platforms.DuplicateOf { // that it is there needs no look
			return platforms.ReadBack(platforms.Match{RemoteID: d.Ref}), nil
		}
	}
	var a struct{ IDs []string }
	if err := f.call(ctx, "/look", s, p, &a); err != nil {
		return platforms.Evidence{}, err
	}
	if len(a.IDs) == 0 && f.certainty == platforms.CertainByStatus {
		return platforms.Evidence{Verdict: platforms.SeenNotPublic, Proof: "container_status"}, nil
	}
	var found []platforms.Match
	for _, id := range a.IDs {
		found = append(found, platforms.Match{RemoteID: id})
	}
	e := platforms.ReadBack(found...)
	e.Known = f.certainty != platforms.CertainByLooking && len(found) == 1
	if e.RemoteID != "" {
		e.RemoteVersion = "v-" + e.RemoteID
	}
	if f.nameless.Load() {
		e.RemoteID, e.Matches = "", nil
	}
	return e, nil
}

func (f *fake) Permalink(_ context.Context, _ platforms.Session, id string) (string, error) {
	return "https://fake.example/" + id, nil
}

func (f *fake) PostNumbers(ctx context.Context, s platforms.Session, id string) (platforms.Numbers, error) {
	var a struct{ ID string }
	if err := f.call(ctx, "/numbers", s, platforms.Publication{Key: id}, &a); err != nil {
		return platforms.Numbers{}, err
	}
	return platforms.Numbers{
		Values: map[platforms.Number]int64{platforms.Likes: 1},
		Named:  map[string]int64{"hearts": 1},
		Raw:    []byte(`{"hearts":1,"client_secret":"s3cret","next":"https://x.example/p?access_token=leaked","echo":"` + s.Access.Reveal() + `"}`),
	}, nil
}

func (f *fake) AccountNumbers(context.Context, platforms.Session) (platforms.Numbers, error) {
	return platforms.Numbers{Values: map[platforms.Number]int64{platforms.Followers: 120}}, nil
}

func (f *fake) call(ctx context.Context, path string, s platforms.Session, p platforms.Publication, into any) error {
	says := request{Account: s.Account.RemoteID, Key: p.Key, Text: p.Text}
	if p.Reply != nil {
		says.Root, says.Parent = p.Reply.Root, p.Reply.Parent
	}
	body, _ := json.Marshal(says)
	return f.post(ctx, path, "Bearer "+s.Access.Reveal(), body, into)
}

func (f *fake) post(ctx context.Context, path, auth string, body []byte, into any) error {
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.GetBody, req.Close = nil, true
	req.Header.Set("Authorization", auth)
	fail := func(kind platforms.Kind) *platforms.Error {
		return &platforms.Error{Kind: kind, Code: "code_" + string(kind), Platform: "fake", Op: path}
	}
	resp, err := f.client.Do(req)
	if err != nil && !wrote.Load() {
		return fail(platforms.NotSent)
	}
	if err != nil {
		return fail(platforms.Unknown)
	}
	defer resp.Body.Close()
	f.date(ctx)
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 500 {
		return fail(platforms.Unknown)
	}
	if resp.StatusCode >= 400 {
		var a struct {
			Kind      platforms.Kind
			Code, Ref string
		}
		_ = json.Unmarshal(b, &a)
		e := fail(a.Kind)
		if a.Code != "" {
			e.Code = a.Code
		}
		e.Ref = a.Ref
		e.Status = resp.StatusCode
		if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
			e.RetryAt = f.now().Add(time.Duration(n) * time.Second)
		}
		return e
	}
	if len(b) == 0 {
		return nil
	}
	return json.Unmarshal(b, into)
}

// renewingFake can also renew.
type renewingFake struct{ *fake }

func (f renewingFake) Renew(ctx context.Context, _ platforms.App, _ platforms.Account, refresh platforms.Secret) (platforms.Tokens, error) {
	var a struct{ Access, Refresh string }
	if err := f.post(ctx, "/renew", "Bearer "+refresh.Reveal(), []byte("{}"), &a); err != nil {
		return platforms.Tokens{}, err
	}
	if f.onRenewed != nil {
		f.onRenewed()
	}
	return platforms.Tokens{
		Access: platforms.NewSecret(a.Access), AccessExpires: f.now().Add(2 * time.Hour), Refresh: platforms.NewSecret(a.Refresh),
	}, nil
}

type noMedia struct{}

func (noMedia) Prepare(context.Context, int64, []string, platforms.ImageRules, map[string]platforms.Fit) ([]platforms.Media, error) {
	return nil, errors.New("no pictures in these tests")
}

func (noMedia) Source(int64, platforms.ImageRules, map[string]platforms.Fit) platforms.MediaSource {
	return nil
}

func (noMedia) Sweep(context.Context) (int, error) { return 0, nil }

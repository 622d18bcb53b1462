package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// refusal is an error envelope.
type refusal struct {
	Status    int // 400 if zero
	Code, Sub int
	Type      string // "OAuthException" if empty
	Text      string
	UserText  string
	Transient bool
	Regain    time.Duration // told in the usage header
	// Original is what a write would have answered: it was done, and reading back
	// what it made went wrong.
	Original any
}

func refuse(code, sub int, text string) *refusal { return &refusal{Code: code, Sub: sub, Text: text} }

// The refusals that occur in several places.
var (
	errNotFound = refuse(100, 33, "Unsupported request. Object does not exist, cannot be loaded due to missing permissions, or does not support this operation.")
	errExpired  = refuse(190, 463, "Error validating access token: Session has expired.")
	errPassword = refuse(190, 460, "Error validating access token: The session has been invalidated because the user changed their password.")
	errNotFresh = refuse(9007, 2207027, "The media is not ready for publishing, please wait for a moment.")
)

func (f *refusal) write(w http.ResponseWriter, kind string) {
	e := map[string]any{
		"message": f.Text, "type": "OAuthException", "code": f.Code, "is_transient": f.Transient, "fbtrace_id": simkit.Token("A")[:12],
	}
	if f.Type != "" {
		e["type"] = f.Type
	}
	if f.Sub != 0 {
		e["error_subcode"] = f.Sub
	}
	if f.UserText != "" {
		e["error_user_title"], e["error_user_msg"] = "Cannot post", f.UserText
	}
	if f.Original != nil {
		e["original_response"] = f.Original
	}
	if f.Regain > 0 {
		w.Header().Set("X-Business-Use-Case-Usage", bucket(kind, 100, f.Regain))
	}
	status := f.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	writeJSON(w, status, map[string]any{"error": e})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "answer could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// bucket is the header that says how much of a limit is used.
func bucket(kind string, percent int, regain time.Duration) string {
	b, err := json.Marshal(map[string]any{pages[0].ID: []map[string]any{{
		"type": kind, "call_count": percent, "total_cputime": percent / 2, "total_time": percent / 2,
		"estimated_time_to_regain_access": int(regain.Minutes()),
	}}})
	if err != nil {
		return ""
	}
	return string(b)
}

// call is one request to the API after its token was looked at.
type call struct {
	*http.Request
	form  url.Values
	path  []string // below the version
	token *token   // nil only where none is needed
	raw   string   // the token as it was sent
	wants []want   // the fields that are asked for
	fault string   // a fault that is played where the object is known
}

// route is who answers a call, and under which names faults are armed for it.
type route struct {
	platform platforms.ID // empty: both
	ops      []string
	open     bool // no token is looked at
	params   []string
	node     *node  // what comes back, if that is one or a list of them
	file     string // name of the part that holds a file, if one is taken
	free     bool   // nothing is there: parameters are not looked at
	answer   func(*call) (any, *refusal)
}

func (rt route) of() []platforms.ID {
	if rt.platform == "" {
		return []platforms.ID{facebook, instagram}
	}
	return []platforms.ID{rt.platform}
}

var versionForm = regexp.MustCompile(`^v\d+\.\d+$`)

// maxForm is the most that is read of a request: a picture of 10 MB and some.
const maxForm = 12 << 20

func (s *server) serveGraph(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseMultipartForm(maxForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		refuse(100, 0, "The request could not be read.").write(w, "pages")
		return
	}
	c := &call{Request: r, form: r.Form, path: strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/graph/"), "/"), "/")}
	version := graph.Version
	if versionForm.MatchString(c.path[0]) {
		version, c.path = c.path[0], c.path[1:]
	}
	w.Header().Set("Facebook-Api-Version", graph.Served(version, s.Now()))
	if no := retired(c); no != nil {
		no.write(w, "pages")
		return
	}
	rt := s.route(r.Method, c)
	kind := "pages"
	if rt.platform == instagram {
		kind = "instagram"
	}
	fault := ""
	for _, op := range rt.ops {
		for _, id := range rt.of() {
			if fault == "" {
				fault = s.Take(id, op)
			}
		}
	}
	act := func(w http.ResponseWriter, _ *http.Request) {
		percent, left := s.count()
		w.Header().Set("X-App-Usage", fmt.Sprintf(`{"call_count":%d,"total_time":%d,"total_cputime":%d}`, percent, percent/2, percent/2))
		if !rt.open {
			w.Header().Set("X-Business-Use-Case-Usage", bucket(kind, percent, 0))
		}
		answer, no := s.answer(c, rt, percent, left)
		if no != nil {
			no.write(w, kind)
			return
		}
		writeJSON(w, http.StatusOK, answer)
	}
	if f := played(rt, fault); f != nil {
		f.write(w, kind)
		return
	}
	switch fault {
	case simkit.Stuck, simkit.Media, simkit.Lapsed, simkit.Unpublished, simkit.ExpiredToken, simkit.RevokedToken, faultPortfolio, faultUndated, faultUnnamed, simkit.MadeInError:
		c.fault, fault = fault, "" // played where the object is known
	}
	s.Misbehave(w, r, fault, act)
}

func (s *server) answer(c *call, rt route, percent int, left time.Duration) (any, *refusal) {
	if percent >= 100 && !rt.open {
		code := 80001
		if rt.platform == instagram {
			code = 80002
		}
		f := refuse(code, 0, "There have been too many calls from this account. Wait a bit and try again.")
		f.Regain = left
		return nil, f
	}
	if !rt.open {
		t, no := s.authorise(c)
		if no != nil {
			return nil, no
		}
		c.token = t
	}
	if no := rt.takes(c); no != nil {
		return nil, no
	}
	answer, no := rt.answer(c)
	if no != nil || c.Method != http.MethodPost || rt.node == nil {
		return answer, no
	}
	return rt.readBack(c, answer)
}

// opLook is the operation under which faults are armed for a look at a token.
const opLook = "look"

// retired refuses what apps made since 4 November 2026 cannot use in any version
// of the API, and everybody not since v26.0: every club makes a new app.
// https://developers.facebook.com/docs/graph-api/changelog, v27.0, 2026-11-30.
func retired(c *call) *refusal {
	if len(c.path) == 0 || c.path[0] == "" || c.form.Has("ids") {
		return refuse(100, 0, "(#100) Requests for several objects are no longer supported.")
	}
	if c.form.Has("method") {
		// The request is taken for what it is.
		_, no := nowhere(c.Method, c.path[0]).answer(c)
		return no
	}
	for _, name := range []string{"callback", "date_format", "pretty", "debug", "batch", "suppress_http_code"} {
		if c.form.Has(name) {
			return refuse(100, 0, "(#100) The parameter "+name+" is no longer supported.")
		}
	}
	return nil
}

// takes checks the parameters of a call, whatever their values.
func (rt route) takes(c *call) *refusal {
	if rt.free {
		return nil
	}
	for name := range c.form {
		base, _, _ := strings.Cut(name, "[")
		known := oneOf(name, "access_token", "appsecret_proof") || name == "fields" && rt.node != nil ||
			slices.Contains(rt.params, base) && (base == name || base == "attached_media")
		if !known {
			return refuse(100, 0, "(#100) Unknown parameter "+name)
		}
	}
	for _, name := range []string{"published", "temporary", "no_story", "is_carousel_item"} {
		if c.form.Has(name) && !oneOf(c.form.Get(name), "true", "false") {
			return refuse(100, 0, "(#100) Param "+name+" must be a boolean")
		}
	}
	for _, name := range []string{"since", "until"} {
		if _, err := strconv.ParseInt(c.form.Get(name), 10, 64); c.form.Has(name) && err != nil {
			return refuse(100, 0, "(#100) Param "+name+" must be a time")
		}
	}
	if f := c.MultipartForm; f != nil {
		for name := range f.File {
			if name != rt.file {
				return refuse(100, 0, "(#100) Unknown file "+name)
			}
		}
	}
	if !c.form.Has("fields") {
		return nil
	}
	var no *refusal
	if c.wants, no = readFields(c.form.Get("fields")); no != nil {
		return no
	}
	if c.Method == http.MethodPost {
		return nil // they are looked at when the write is done
	}
	return rt.node.check(c.wants)
}

// readBack answers a write with the fields that were asked for of what it made.
// The write stands if that goes wrong, and the error carries its answer.
func (rt route) readBack(c *call, answer any) (any, *refusal) {
	made, ok := answer.(map[string]any)
	if !ok || len(c.wants) == 0 && c.fault != simkit.MadeInError {
		return map[string]any{"id": made["id"]}, nil
	}
	no := rt.node.check(c.wants)
	if no == nil && c.fault == simkit.MadeInError {
		no = refuse(100, 0, "(#100) Tried accessing nonexisting field (permalink_url) on node type ("+rt.node.name+")")
	}
	if no != nil {
		no.Original = map[string]any{"id": made["id"], "post_supports_client_mutation_id": true}
		return nil, no
	}
	return rt.node.pick(made, c.wants), nil
}

// played is the platform's own way of going wrong, or nil if the fault looks
// the same everywhere.
func played(rt route, fault string) *refusal {
	insta := rt.platform == instagram
	if rt.ops[0] == opLook && oneOf(fault, simkit.ExpiredToken, simkit.RevokedToken) {
		return nil // it is the token asked about that is dead: the answer says so
	}
	switch fault {
	case simkit.RateLimited:
		f := refuse(80001, 2446079, "There have been too many calls to this Page account. Wait a bit and try again.")
		if insta {
			f = refuse(80002, 0, "There have been too many calls to this Instagram account. Wait a bit and try again.")
		}
		f.Regain = 17 * time.Minute
		return f
	case simkit.ExpiredToken:
		return errExpired
	case simkit.RevokedToken:
		return errPassword
	case simkit.Rejected:
		f := refuse(100, 1346003, "Invalid parameter")
		if insta {
			f = refuse(100, 0, "Invalid parameter")
		}
		f.UserText = "This content goes against our Community Standards."
		return f
	case simkit.AppLimited:
		return refuse(4, 0, "(#4) Application request limit reached")
	case simkit.Transient:
		f := refuse(2, 0, "An unexpected error has occurred. Please retry your request later.")
		f.Status, f.Transient = http.StatusInternalServerError, true
		return f
	case simkit.NoPermission:
		if insta {
			return refuse(10, 0, "(#10) Application does not have permission for this action")
		}
		return refuse(200, 0, "(#200) If posting to a page, requires both pages_read_engagement and pages_manage_posts as an admin with sufficient administrative permission")
	case simkit.Restricted:
		f := refuse(368, 0, "The action attempted has been deemed abusive or is otherwise disallowed")
		f.UserText = "You can't use this feature right now."
		return f
	case simkit.AccountGone:
		return errNotFound
	case simkit.VersionGone:
		return refuse(2635, 0, "(#2635) You are calling a deprecated version of the API. Please update to the latest version: "+graph.Versions[0].Version+".")
	case simkit.Duplicate:
		f := refuse(506, 1455006, "Duplicate status message")
		f.UserText = "This status update is identical to the last one you posted."
		return f
	case simkit.Media:
		switch {
		case rt.ops[0] == "status":
			return nil // the container says so instead
		case insta:
			return refuse(36001, 2207005, "The image format is not supported.")
		}
		return refuse(100, 2069019, "The file is not a valid image.")
	}
	return nil
}

// authorise looks at the token of a call, and that the caller knows the secret
// of the app it belongs to.
func (s *server) authorise(c *call) (*token, *refusal) {
	raw, ok := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	if !ok {
		raw = c.form.Get("access_token")
	}
	c.raw = raw
	if raw == "" {
		return nil, refuse(2500, 0, "An active access token must be used to query information about the current user.")
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if id, secret, isApp := strings.Cut(raw, "|"); isApp {
		if want, known := s.State.Apps[id]; id == "" || secret == "" || known && want != secret {
			return nil, refuse(190, 0, "Error validating application. Cannot get application info due to a system error.")
		}
		return &token{Kind: tokenApp, App: id}, nil
	}
	t, no := s.alive(raw)
	if no != nil {
		return nil, no
	}
	mac := hmac.New(sha256.New, []byte(s.State.Apps[t.App]))
	mac.Write([]byte(raw))
	got, err := hex.DecodeString(c.form.Get("appsecret_proof"))
	if err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		f := refuse(100, 0, "Invalid appsecret_proof provided in the API argument")
		f.Type = "GraphMethodException"
		return nil, f
	}
	return t, nil
}

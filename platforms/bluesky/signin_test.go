package bluesky_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/bluesky"
)

func TestSignInRefusesBesideTheField(t *testing.T) {
	t.Parallel()
	const good = "abcd-efgh-ijkl-mnop"
	n := simulated(t)
	for name, c := range map[string]struct {
		typed       map[string]string
		field, code string
		kind        platforms.Kind
	}{
		"main password":    {map[string]string{"handle": "riversidefc.test", "password": "correct horse"}, "password", platforms.CodeNeedsAppPassword, platforms.Rejected},
		"empty password":   {map[string]string{"handle": "riversidefc.test"}, "password", platforms.CodeNeedsAppPassword, platforms.Rejected},
		"wrong password":   {map[string]string{"handle": "riversidefc.test", "password": "wron-gggg-gggg-gggg"}, "password", platforms.CodeSignInWrong, platforms.Rejected},
		"no handle":        {map[string]string{"password": good}, "handle", platforms.CodeSignInWrong, platforms.Rejected},
		"half a handle":    {map[string]string{"handle": "riversidefc", "password": good}, "handle", platforms.CodeSignInWrong, platforms.Rejected},
		"handle of nobody": {map[string]string{"handle": "nobody.test", "password": good}, "handle", platforms.CodeSignInWrong, platforms.Rejected},
		"foreign handle":   {map[string]string{"handle": "nobody.example.org", "password": good}, "handle", platforms.CodeSignInWrong, platforms.Rejected},
		"server in words":  {map[string]string{"handle": "riversidefc.test", "password": good, "host": "ftp://x"}, "host", platforms.CodeUnreachable, platforms.Rejected},
		"server not there": {map[string]string{"handle": "riversidefc.test", "password": good, "host": "http://127.0.0.1:1"}, "", platforms.CodeUnreachable, platforms.NotSent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := n.platform().SignIn(t.Context(), c.typed)
			e, ok := errors.AsType[*platforms.Error](err)
			if !ok || e.Field != c.field || e.Code != c.code || e.Kind != c.kind {
				t.Errorf("got %#v, want field %q, code %q, kind %q", err, c.field, c.code, c.kind)
			}
			if p := c.typed["password"]; p != "" && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), p) {
				t.Errorf("the error holds what was typed: %v", err)
			}
		})
	}
}

func TestSignInTakesWhatPeopleType(t *testing.T) {
	t.Parallel()
	n := simulated(t)
	did := n.resolve(t, "riversidefc.test")
	for _, typed := range []map[string]string{
		{"handle": "@RiversideFC.test", "password": " abcd-efgh-ijkl-mnop\n"},
		{"handle": did, "password": "abcd-efgh-ijkl-mnop"},
		{"handle": "riversidefc.test", "password": "abcd-efgh-ijkl-mnop", "host": n.endpoints["entryway"] + "/"},
	} {
		a, err := n.platform().SignIn(t.Context(), typed)
		if err != nil || a.RemoteID != did || a.Handle != "riversidefc.test" {
			t.Errorf("%q: %+v, %v", typed["handle"], a, err)
		}
	}
}

// answers is a server that says one thing for each method.
func answers(t *testing.T, by map[string]string) network {
	t.Helper()
	var url string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		body, ok := by[name]
		status := http.StatusOK
		if strings.HasPrefix(body, "!") {
			status, body = http.StatusBadRequest, body[1:]
		}
		if !ok {
			status, body = http.StatusInternalServerError, `{"error":"InternalServerError","message":"Internal Server Error"}`
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(strings.ReplaceAll(body, "SELF", url)))
	}))
	t.Cleanup(server.Close)
	url = server.URL
	return network{
		client: server.Client(), now: func() time.Time { return time.Unix(1795200000, 0) },
		endpoints: map[string]string{"entryway": url, "plc": url, "appview": url, "web": url},
	}
}

const someDID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"

// contradict is a sign-in where everything fits; tests change one thing.
func contradict(changes map[string]string) map[string]string {
	out := map[string]string{
		"com.atproto.identity.resolveHandle": `{"did":"` + someDID + `"}`,
		"com.atproto.server.createSession":   `{"accessJwt":"a","refreshJwt":"r","did":"` + someDID + `","handle":"club.example.org"}`,
		someDID:                              `{"id":"` + someDID + `","alsoKnownAs":["at://club.example.org"],"service":[{"id":"#atproto_pds","type":"AtprotoPersonalDataServer","serviceEndpoint":"SELF"}]}`,
		"com.atproto.repo.getRecord":         `!{"error":"RecordNotFound","message":"Could not locate record"}`,
	}
	for k, v := range changes {
		out[k] = v
	}
	return out
}

func TestSignInBelievesNoContradictions(t *testing.T) {
	t.Parallel()
	const other = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
	for name, c := range map[string]struct {
		method, answer string
		kind           platforms.Kind
		code           string
	}{
		"session of another":    {"com.atproto.server.createSession", `{"accessJwt":"a","refreshJwt":"r","did":"` + other + `"}`, platforms.Rejected, platforms.CodeWrongAccount},
		"session without token": {"com.atproto.server.createSession", `{"did":"` + someDID + `"}`, platforms.Unknown, platforms.CodePlatformDown},
		"handle of no DID":      {"com.atproto.identity.resolveHandle", `{"did":"root"}`, platforms.Unknown, platforms.CodePlatformDown},
		"handle not claimed":    {someDID, `{"id":"` + someDID + `","alsoKnownAs":["at://x.example.org"],"service":[{"id":"#atproto_pds","type":"AtprotoPersonalDataServer","serviceEndpoint":"SELF"}]}`, platforms.Rejected, platforms.CodeSignInWrong},
		"server of a file":      {someDID, `{"id":"` + someDID + `","alsoKnownAs":["at://club.example.org"],"service":[{"id":"#atproto_pds","type":"AtprotoPersonalDataServer","serviceEndpoint":"file:///etc"}]}`, platforms.Unknown, platforms.CodePlatformDown},
		"document of another":   {someDID, `{"id":"` + other + `"}`, platforms.Unknown, platforms.CodePlatformDown},
		"two factors":           {"com.atproto.server.createSession", `!{"error":"AuthFactorTokenRequired","message":"x"}`, platforms.Rejected, platforms.CodeNeedsAppPassword},
		"taken down":            {"com.atproto.server.createSession", `!{"error":"AccountTakedown","message":"x"}`, platforms.Rejected, platforms.CodeRestricted},
		"profile broken":        {"com.atproto.repo.getRecord", `{"value":[]}`, platforms.Unknown, platforms.CodePlatformDown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := answers(t, contradict(map[string]string{c.method: c.answer}))
			_, err := n.platform().SignIn(t.Context(), map[string]string{"handle": "club.example.org", "password": "abcd-efgh-ijkl-mnop"})
			e, ok := errors.AsType[*platforms.Error](err)
			if !ok || e.Kind != c.kind || e.Code != c.code {
				t.Errorf("got %#v, want %s %s", err, c.kind, c.code)
			}
		})
	}
	n := answers(t, contradict(nil))
	a, err := n.platform().SignIn(t.Context(), map[string]string{"handle": "club.example.org", "password": "abcd-efgh-ijkl-mnop"})
	if err != nil || a.Name != "club.example.org" || a.Unusable != "" {
		t.Errorf("without contradiction: %+v, %v", a, err)
	}
	n = answers(t, contradict(map[string]string{
		"com.atproto.server.createSession": `{"accessJwt":"a","refreshJwt":"r","did":"` + someDID + `","handle":"club.example.org","active":false,"status":"deactivated"}`,
	}))
	a, err = n.platform().SignIn(t.Context(), map[string]string{"handle": "club.example.org", "password": "abcd-efgh-ijkl-mnop"})
	if err != nil || a.Unusable != platforms.CodeRestricted || len(a.Granted) != 0 {
		t.Errorf("account that is switched off: %+v, %v", a, err)
	}
}

// elsewhere is a sign-in of an account that lives on another server than
// Bluesky's own, and that server.
func elsewhere(t *testing.T, own map[string]string) (n, home network) {
	t.Helper()
	home = answers(t, contradict(nil))
	doc := strings.ReplaceAll(contradict(nil)[someDID], "SELF", home.endpoints["entryway"])
	entryway := map[string]string{someDID: doc, "com.atproto.server.createSession": `!{"error":"AuthenticationRequired","message":"Invalid identifier or password"}`}
	maps.Copy(entryway, own)
	return answers(t, contradict(entryway)), home
}

func TestAccountOnAnotherServerSignsInThere(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/bluesky-account-on-another-server.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var seen struct {
		Typed    map[string]string
		Resolved json.RawMessage   `json:"resolveHandle at the entryway"`
		Session  []json.RawMessage `json:"createSession at the entryway"`
	}
	if err := json.Unmarshal(raw[bytes.IndexByte(raw, '{'):], &seen); err != nil {
		t.Fatal(err)
	}
	n, home := elsewhere(t, map[string]string{
		"com.atproto.identity.resolveHandle": string(seen.Resolved), "com.atproto.server.createSession": "!" + string(seen.Session[1]),
	})
	if a, err := n.platform().SignIn(t.Context(), seen.Typed); err != nil || a.Host != home.endpoints["entryway"] {
		t.Errorf("as seen: %+v, %v", a, err)
	}
	for _, host := range []string{"", n.endpoints["entryway"], home.endpoints["entryway"] + "/"} {
		a, err := n.platform().SignIn(t.Context(), map[string]string{"handle": "club.example.org", "password": "abcd-efgh-ijkl-mnop", "host": host})
		if err != nil || a.Host != home.endpoints["entryway"] || a.RemoteID != someDID {
			t.Errorf("server %q: %+v, %v", host, a, err)
		}
	}
}

func TestWrongServerIsSaidAsSuch(t *testing.T) {
	t.Parallel()
	wrong := `!{"error":"AuthenticationRequired","message":"Invalid identifier or password"}`
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>Our club</title>"))
	}))
	t.Cleanup(web.Close)
	n, home := elsewhere(t, nil)
	for name, host := range map[string]string{
		"another server":                answers(t, contradict(map[string]string{"com.atproto.server.createSession": wrong})).endpoints["entryway"],
		"one that knows only its own":   answers(t, contradict(map[string]string{"com.atproto.server.createSession": wrong, "com.atproto.identity.resolveHandle": `!{"error":"HandleNotFound","message":"Unable to resolve handle"}`})).endpoints["entryway"],
		"a web site":                    web.URL,
		"one that has no such sign-ins": answers(t, contradict(map[string]string{"com.atproto.server.createSession": `!{"error":"MethodNotImplemented","message":"Method Not Implemented"}`})).endpoints["entryway"],
	} {
		_, err := n.platform().SignIn(t.Context(), map[string]string{"handle": "club.example.org", "password": "abcd-efgh-ijkl-mnop", "host": host})
		e, ok := errors.AsType[*platforms.Error](err)
		server, _, _ := strings.Cut(strings.TrimPrefix(home.endpoints["entryway"], "http://"), ":")
		if !ok || e.Field != "host" || e.Code != platforms.CodeWrongServer || e.Args["server"] != server || e.Kind != platforms.Rejected {
			t.Errorf("%s: %#v", name, err)
		}
	}
	// A server that is down, or asks for patience, is not called wrong.
	for _, c := range []struct {
		answer string
		kind   platforms.Kind
	}{{`!{"error":"RateLimitExceeded","message":"Rate Limit Exceeded"}`, platforms.RateLimited}, {"", platforms.Unknown}} {
		own := contradict(map[string]string{"com.atproto.server.createSession": c.answer})
		if c.answer == "" {
			delete(own, "com.atproto.server.createSession") // 500
		}
		_, err := n.platform().SignIn(t.Context(), map[string]string{"handle": "club.example.org", "password": "abcd-efgh-ijkl-mnop", "host": answers(t, own).endpoints["entryway"]})
		if platforms.KindOf(err) != c.kind {
			t.Errorf("%q: %v, want %s", c.answer, err, c.kind)
		}
	}
	// At home only the password can be wrong.
	n = answers(t, contradict(map[string]string{"com.atproto.server.createSession": wrong}))
	_, err := n.platform().SignIn(t.Context(), map[string]string{"handle": "club.example.org", "password": "abcd-efgh-ijkl-mnop"})
	if e, ok := errors.AsType[*platforms.Error](err); !ok || e.Field != "password" || e.Code != platforms.CodeSignInWrong {
		t.Errorf("wrong password at home: %#v", err)
	}
}

func TestPasswordIsNotSentForAHandleThatIsNotTheAccounts(t *testing.T) {
	t.Parallel()
	var asked atomic.Bool
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(true)
		http.NotFound(w, r)
	}))
	t.Cleanup(home.Close)
	n := answers(t, contradict(map[string]string{
		someDID: `{"id":"` + someDID + `","alsoKnownAs":["at://other.example.org"],"service":[{"id":"#atproto_pds","type":"AtprotoPersonalDataServer","serviceEndpoint":"` + home.URL + `"}]}`,
	}))
	_, err := n.platform().SignIn(t.Context(), map[string]string{"handle": "club.example.org", "password": "abcd-efgh-ijkl-mnop"})
	if e, ok := errors.AsType[*platforms.Error](err); !ok || e.Field != "handle" || asked.Load() {
		t.Errorf("asked the server of another: %v; %v", asked.Load(), err)
	}
}

func TestNumbersThatAreNotThereAreAbsent(t *testing.T) {
	t.Parallel()
	const uri = "at://did:plc:x/app.bsky.feed.post/3kabc"
	for name, c := range map[string]struct {
		answer string
		want   map[platforms.Number]int64
		kind   platforms.Kind
	}{
		"all":               {`{"posts":[{"uri":"` + uri + `","likeCount":3,"replyCount":2,"repostCount":1,"quoteCount":9}]}`, map[platforms.Number]int64{"likes": 3, "comments": 2, "shares": 1}, ""},
		"some":              {`{"posts":[{"uri":"` + uri + `","likeCount":3,"replyCount":null,"repostCount":-1}]}`, map[platforms.Number]int64{"likes": 3}, ""},
		"post not seen":     {`{"posts":[]}`, nil, ""},
		"another post":      {`{"posts":[{"uri":"at://x","likeCount":3}]}`, nil, ""},
		"no public view":    {`!{"error":"InvalidRequest","message":"No service configured for app.bsky.feed.getPosts"}`, nil, ""},
		"not a list":        {`{"posts":"x"}`, nil, platforms.Unknown},
		"nothing":           {`{}`, nil, platforms.Unknown},
		"another refusal":   {`!{"error":"InvalidRequest","message":"Error: uris must be valid"}`, nil, platforms.Rejected},
		"slow down":         {`!{"error":"RateLimitExceeded","message":"Rate Limit Exceeded"}`, nil, platforms.RateLimited},
		"posts of nonsense": {`{"posts":[1,{"uri":2},null]}`, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := answers(t, map[string]string{"app.bsky.feed.getPosts": c.answer})
			got, err := n.platform().PostNumbers(t.Context(), platforms.Session{}, uri)
			if c.kind != "" {
				if platforms.KindOf(err) != c.kind {
					t.Errorf("got %v, want %s", err, c.kind)
				}
				return
			}
			if diff := cmp.Diff(c.want, got.Values); diff != "" || err != nil {
				t.Errorf("%v; values (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestPublishWithoutUsableAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"no address":      `{"cid":"bafy"}`,
		"other address":   `{"uri":"at://did:plc:x/app.bsky.feed.post/other","cid":"bafy"}`,
		"refusal of form": `!{"message":"a proxy says no"}`,
		"nothing":         ``,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := answers(t, map[string]string{"com.atproto.repo.putRecord": answer, "com.atproto.repo.getRecord": answer})
			b := n.platform()
			s := platforms.Session{Account: platforms.Account{RemoteID: someDID, Host: n.endpoints["entryway"]}}
			p := publication(platforms.Draft{Text: "x"})
			if _, err := try(t, b, s, p); platforms.KindOf(err) != platforms.Unknown {
				t.Errorf("publish: %v", err)
			}
			if e, err := b.Settle(t.Context(), s, p, nil, n.now()); err == nil || platforms.KindOf(err) != platforms.Unknown {
				t.Errorf("settle: %+v, %v", e, err)
			}
		})
	}
}

func TestPicturesThatAreGoneSendNothing(t *testing.T) {
	t.Parallel()
	n := simulated(t)
	b := n.platform()
	a, err := b.SignIn(t.Context(), n.typed)
	if err != nil {
		t.Fatal(err)
	}
	s := platforms.Session{Account: a, Access: a.Tokens.Access, Media: pictures}
	p := publication(platforms.Draft{Text: "x", Media: []platforms.Media{{ID: "gone.png"}}})
	_, err = try(t, b, s, p)
	if e, ok := errors.AsType[*platforms.Error](err); !ok || e.Kind != platforms.MediaRejected || e.Code != platforms.CodeMediaGone {
		t.Errorf("got %#v", err)
	}
}

var _ interface {
	platforms.Platform
	platforms.PasswordSignIn
	platforms.Renewer
	platforms.Revoker
	platforms.NumbersReader
	platforms.AccountNumbersReader
} = (*bluesky.Bluesky)(nil)

func TestDisconnectingTwiceIsFineAndTroubleIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		kind   platforms.Kind
	}{
		"done":         {``, ""},
		"expired":      {`!{"error":"ExpiredToken","message":"Token has expired"}`, ""},
		"unknown":      {`!{"error":"InvalidToken","message":"Token could not be verified"}`, ""},
		"slow down":    {`!{"error":"RateLimitExceeded","message":"Rate Limit Exceeded"}`, platforms.RateLimited},
		"another word": {`!{"error":"InvalidRequest","message":"x"}`, platforms.Rejected},
	} {
		n := answers(t, map[string]string{"com.atproto.server.deleteSession": c.answer})
		err := n.platform().Revoke(t.Context(), nil, platforms.Account{Host: n.endpoints["entryway"]}, platforms.Tokens{})
		if (err == nil) != (c.kind == "") || err != nil && platforms.KindOf(err) != c.kind {
			t.Errorf("%s: %v, want %q", name, err, c.kind)
		}
	}
}

package handlers

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/handlers/accounts"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/facebook"
	"github.com/bandstand-app/bandstand/platforms/x"
)

// programs are addresses of the make-believe platforms that only programs call.
var programs = []string{
	"POST bluesky/xrpc/com.atproto.server.createSession", "POST bluesky/xrpc/com.atproto.repo.uploadBlob", "POST bluesky/xrpc/com.atproto.repo.putRecord",
	"GET bluesky/xrpc/com.atproto.repo.getRecord", "GET bluesky/appview/xrpc/app.bsky.feed.getPosts", "GET bluesky/plc/did:plc:x",
	"POST x/api/2/oauth2/token", "POST x/api/2/media/upload", "POST x/api/2/tweets", "GET x/api/2/users/me", "GET x/api/2/tweets",
	"POST meta/graph/oauth/access_token", "POST meta/graph/v26.0/1001/photos", "GET meta/graph/v26.0/me/accounts", "GET meta/graph/me",
	"GET nowhere/web/x", "POST nowhere/web/x", "GET x/nothing", "POST x/web/riversidefc",
}

// TestBrowsersReachNoInterfaceOfAMakeBelievePlatform: whoever is signed in once
// signed in there, stored what they liked and had it served from our address.
func TestBrowsersReachNoInterfaceOfAMakeBelievePlatform(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	w := st.world()
	before := w.saved(t)
	for _, role := range []club.Role{club.Viewer, club.Writer, club.Publisher, club.Admin} {
		b := st.as(role)
		for _, p := range programs {
			method, path, _ := strings.Cut(p, " ")
			a := b.do(method, "/practice/"+path, url.Values{"identifier": {"riversidefc.test"}}, nil)
			if want := map[bool]int{true: http.StatusForbidden, false: http.StatusNotFound}[method == http.MethodPost && !role.Can(club.ConnectAccount)]; a.StatusCode != want {
				t.Errorf("%s %s as %s answered %d, want %d", method, path, role, a.StatusCode, want)
			}
			if ct := a.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/html") {
				t.Errorf("%s %s as %s answers with %s", method, path, role, ct)
			}
		}
	}
	if after := w.saved(t); after != before {
		t.Errorf("something was kept of that:\n%s\n%s", before, after)
	}
}

// world is the practice world of the club.
func (st *stage) world() *madeUp {
	st.t.Helper()
	w, err := st.server.Worlds.Of(st.club.ID)
	if err != nil {
		st.t.Fatal(err)
	}
	return &madeUp{w}
}

type madeUp struct{ *practice.World }

// saved is what is public there, as text.
func (w *madeUp) saved(t *testing.T) string {
	t.Helper()
	b, err := json.Marshal(w.Posts())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// consents are the consent pages of the make-believe platforms.
var consents = map[platforms.ID]string{facebook.ID: "/practice/meta/www/v26.0/dialog/oauth", x.ID: "/practice/x/web/i/oauth2/authorize"}

func askingFor(redirect string) url.Values {
	return url.Values{
		"client_id": {"practice"}, "redirect_uri": {redirect}, "state": {"s"}, "response_type": {"code"},
		"code_challenge": {"c"}, "code_challenge_method": {"plain"}, "answer": {"allow"},
	}
}

var scopesOf = map[platforms.ID]string{facebook.ID: "pages_show_list", x.ID: "tweet.read"}

// TestAMakeBelieveConsentLeadsHomeAlone: it once sent people, and what stands in
// the address, wherever a link said.
func TestAMakeBelieveConsentLeadsHomeAlone(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	maeve := st.as(club.Admin)
	home := st.server.URL(accounts.CallbackPath(x.ID))
	for id, path := range consents {
		for _, to := range []string{
			"https://evil.example", "https://evil.example/oauth/x/callback", home + "/../../evil", home + "?next=https://evil.example", home + "#x",
			strings.Replace(home, "://", "://x@", 1), strings.ToUpper(home), "//evil.example", "javascript:alert(1)", "",
		} {
			q := askingFor(to)
			q.Set("scope", scopesOf[id])
			for _, a := range []*answer{maeve.get(path + "?" + q.Encode()), maeve.post(path, q)} {
				if a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" || strings.Contains(a.Header.Get("Content-Security-Policy"), "evil") {
					t.Errorf("%s: %s to %q answered %d, leads to %q, %s", id, a.what, to, a.StatusCode, a.Header.Get("Location"), a.Header.Get("Content-Security-Policy"))
				}
			}
		}
		q := askingFor(st.server.URL(accounts.CallbackPath(id)))
		q.Set("scope", scopesOf[id])
		maeve.get(path + "?" + q.Encode()).want(http.StatusOK)
		if to := maeve.post(path, q).want(http.StatusSeeOther).Header.Get("Location"); !strings.HasPrefix(to, st.server.URL(accounts.CallbackPath(id))+"?") {
			t.Errorf("%s: the way home leads to %s", id, to)
		}
	}
}

// TestOnlyWhoMayConnectLetsAnAppIn, also where everything is make-believe.
func TestOnlyWhoMayConnectLetsAnAppIn(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	for id, path := range consents {
		q := askingFor(st.server.URL(accounts.CallbackPath(id)))
		q.Set("scope", scopesOf[id])
		for role, want := range map[club.Role]int{club.Viewer: http.StatusForbidden, club.Writer: http.StatusForbidden, club.Publisher: http.StatusOK, club.Admin: http.StatusOK} {
			b := st.as(role)
			b.get(path + "?" + q.Encode()).want(want)
			if want == http.StatusForbidden {
				b.post(path, q).want(want)
			}
		}
	}
	vera := st.as(club.Viewer)
	for _, path := range []string{"/practice/x/web/riversidefc", "/practice/meta/www/riversidefc", "/practice/bluesky/web/profile/riversidefc.test", "/practice/x/pages.css"} {
		vera.get(path).want(http.StatusOK)
	}
}

// TestAPictureFromAMakeBelievePlatformRunsNothing: a Viewer once put a drawing
// with a script on our address and took an Admin's password with it. Drawings
// are refused, pictures are drawn anew, and whatever is no page of ours could
// not run if it were one.
func TestAPictureFromAMakeBelievePlatformRunsNothing(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	client := st.server.Worlds.Client(st.club.ID)
	base := st.server.URL(practice.Path) + "/bluesky"
	call := func(method, typ, token string, body []byte) (int, map[string]any) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/xrpc/"+method, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", typ)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		var out map[string]any
		if err == nil {
			err = json.Unmarshal(b, &out)
		}
		if err != nil {
			t.Fatalf("%s: %v: %s", method, err, b)
		}
		return resp.StatusCode, out
	}
	_, in := call("com.atproto.server.createSession", "application/json", "", []byte(`{"identifier":"riversidefc.test","password":"abcd-efgh-ijkl-mnop"}`))
	token, did := in["accessJwt"].(string), in["did"].(string)
	const script = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert("taken")</script></svg>`
	for _, typ := range []string{"image/svg+xml", "Image/SVG+xml", "image/svg+xml; charset=utf-8"} {
		if status, _ := call("com.atproto.repo.uploadBlob", typ, token, []byte(script)); status != http.StatusBadRequest {
			t.Errorf("a drawing sent as %s answered %d", typ, status)
		}
	}
	put := func(data []byte, typ string) int {
		t.Helper()
		_, up := call("com.atproto.repo.uploadBlob", typ, token, data)
		blob, err := json.Marshal(up["blob"])
		if err != nil {
			t.Fatal(err)
		}
		status, _ := call("com.atproto.repo.createRecord", "application/json", token, []byte(`{"repo":"`+did+`","collection":"app.bsky.feed.post","record":{"$type":"app.bsky.feed.post",
			"text":"Trials","createdAt":"2026-11-24T12:00:00.000Z","embed":{"$type":"app.bsky.embed.images","images":[{"alt":"","image":`+string(blob)+`}]}}}`))
		return status
	}
	// What is called a picture and is none is never served at all.
	put([]byte("<!doctype html>"+script), "image/png")
	put([]byte("no picture: "+script), "image/png")
	if status := put(append(picture(t, 40, 30), script...), "image/jpeg"); status != http.StatusOK {
		t.Fatalf("a picture with something behind it answered %d", status)
	}
	vera := st.as(club.Viewer)
	page := vera.get("/practice/bluesky/web/profile/riversidefc.test").want(http.StatusOK)
	seen := 0
	for _, src := range page.doc().Find("img").EachIter() {
		at, err := parse(t, st.web.URL+"/practice/bluesky/web/profile/riversidefc.test").Parse(src.AttrOr("src", ""))
		if err != nil {
			t.Fatal(err)
		}
		a := vera.get(at.Path)
		if csp := a.Header.Get("Content-Security-Policy"); csp != picturePolicy && a.StatusCode == http.StatusOK {
			t.Errorf("%s comes with %q", at.Path, csp)
		}
		if strings.Contains(a.body, "script") && a.StatusCode == http.StatusOK {
			t.Errorf("%s holds what was sent", at.Path)
		}
		if a.StatusCode != http.StatusOK {
			continue
		}
		seen++
		if a.Header.Get("Content-Type") != "image/jpeg" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s is %s", at.Path, a.Header.Get("Content-Type"))
		}
	}
	if seen != 1 {
		t.Errorf("%d pictures are shown, want 1", seen)
	}
	if css := vera.get("/practice/bluesky/pages.css").Header.Get("Content-Security-Policy"); css != picturePolicy {
		t.Errorf("a style sheet comes with %q", css)
	}
}

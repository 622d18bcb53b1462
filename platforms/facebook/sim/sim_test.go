package sim

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

var start = time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)

const (
	appID  = "4711"
	secret = "app-secret"
)

// site is a simulator on a server of its own.
type site struct {
	*testing.T
	sim    *server
	url    string
	client *http.Client
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{T: t}
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	s.url, s.client = srv.URL+"/meta", srv.Client()
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	sim, ok := New(platforms.SimEnv{Now: func() time.Time { return start }, Fetch: s.client, BaseURL: srv.URL}).(*server)
	if !ok {
		t.Fatal("not the server")
	}
	s.sim = sim
	mux.Handle("/meta/", http.StripPrefix("/meta", sim))
	return s
}

// do sends a form and returns status, header and body.
func (s *site) do(method, path, token string, form url.Values) (int, http.Header, string) {
	s.Helper()
	if form == nil {
		form = url.Values{}
	}
	if token != "" {
		proof := graph.Proof(platforms.App{"client_secret": platforms.NewSecret(secret)}, platforms.NewSecret(token))
		if !form.Has("appsecret_proof") {
			form.Set("appsecret_proof", proof)
		}
	}
	address, body := s.url+path, io.Reader(nil)
	if method == http.MethodGet {
		if len(form) > 0 {
			address += "?" + form.Encode()
		}
	} else {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(s.Context(), method, address, body)
	if err != nil {
		s.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func (s *site) read(body string, into any) {
	s.Helper()
	if err := json.Unmarshal([]byte(body), into); err != nil {
		s.Fatalf("%v in %s", err, body)
	}
}

func query(extra url.Values) url.Values {
	q := url.Values{
		"client_id": {appID}, "redirect_uri": {"https://club.example/cb"}, "state": {"s"}, "response_type": {"code"},
		"scope": {"pages_show_list,pages_read_engagement,pages_manage_posts,instagram_basic"},
	}
	for k, v := range extra {
		q[k] = v
	}
	return q
}

// pageToken clicks through the dialog and gives the token of the first Page.
func (s *site) pageToken() string {
	s.Helper()
	_, h, _ := s.do(http.MethodPost, "/www/v26.0/dialog/oauth", "", query(url.Values{
		simkit.AnswerField: {simkit.AnswerAllow}, "page": {"1001"}, "permission": {"pages_show_list", "pages_read_engagement", "pages_manage_posts"},
	}))
	back, err := url.Parse(h.Get("Location"))
	if err != nil {
		s.Fatal(err)
	}
	var a struct {
		Token string `json:"access_token"`
	}
	_, _, body := s.do(http.MethodPost, "/graph/v26.0/oauth/access_token", "", url.Values{
		"client_id": {appID}, "client_secret": {secret}, "redirect_uri": {"https://club.example/cb"}, "code": {back.Query().Get("code")},
	})
	s.read(body, &a)
	var list struct {
		Data []struct {
			Token string `json:"access_token"`
		}
	}
	_, _, body = s.do(http.MethodGet, "/graph/v26.0/me/accounts", a.Token, nil)
	s.read(body, &list)
	if len(list.Data) != 1 {
		s.Fatalf("Pages: %s", body)
	}
	return list.Data[0].Token
}

func TestDialogAsksWithBoxes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	status, h, body := s.do(http.MethodGet, "/www/v26.0/dialog/oauth", "", query(nil))
	if status != http.StatusOK || !strings.Contains(h.Get("Content-Security-Policy"), "form-action 'self' https://club.example") {
		t.Errorf("got %d, policy %s", status, h.Get("Content-Security-Policy"))
	}
	for _, want := range []string{
		"Make-believe Facebook", "Maeve Byrne", `value="1001"`, "Riverside FC Juniors", "@riversidefc", `value="pages_manage_posts"`,
		"Create and manage posts on your Pages",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	if strings.Contains(body, "pages_messaging") {
		t.Errorf("page offers a permission that was not asked for")
	}
}

func TestDialogRefusesWhatFacebookRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, q := range map[string]url.Values{
		"no app": {"client_id": {""}}, "unknown scope": {"scope": {"pages_everything"}}, "no redirect": {"redirect_uri": {""}},
		"odd redirect": {"redirect_uri": {"javascript:alert(1)"}}, "token answer": {"response_type": {"token"}},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			status, h, _ := s.do(method, "/www/v26.0/dialog/oauth", "", query(q))
			if status != http.StatusBadRequest || h.Get("Location") != "" {
				t.Errorf("%s %s: got %d to %q", name, method, status, h.Get("Location"))
			}
		}
	}
}

func TestCancelComesBackAsDenial(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	status, h, _ := s.do(http.MethodPost, "/www/v26.0/dialog/oauth", "", query(url.Values{simkit.AnswerField: {simkit.AnswerDeny}}))
	u, err := url.Parse(h.Get("Location"))
	if err != nil || status != http.StatusSeeOther || u.Host != "club.example" || u.Query().Get("error") != "access_denied" ||
		u.Query().Get("error_reason") != "user_denied" || u.Query().Get("state") != "s" || u.Query().Has("code") {
		t.Errorf("got %d to %s", status, h.Get("Location"))
	}
}

func TestEveryCallNeedsItsProof(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.pageToken()
	for _, proof := range []string{"", "00", strings.Repeat("0", 64), "zz"} {
		status, _, body := s.do(http.MethodGet, "/graph/v26.0/1001", token, url.Values{"appsecret_proof": {proof}})
		if status != http.StatusBadRequest || !strings.Contains(body, "appsecret_proof") {
			t.Errorf("proof %q: got %d %s", proof, status, body)
		}
	}
	if status, _, body := s.do(http.MethodGet, "/graph/v26.0/1001", token, nil); status != http.StatusOK {
		t.Errorf("with the proof: got %d %s", status, body)
	}
}

func TestTokensOpenOnlyTheirOwnPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.pageToken()
	for path, want := range map[string]string{
		"/graph/v26.0/1002/feed": `"code":200`, "/graph/v26.0/17841400000000001/media": `"code":100`,
	} {
		if status, _, body := s.do(http.MethodPost, path, token, url.Values{"message": {"x"}}); status != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	if status, _, body := s.do(http.MethodGet, "/graph/v26.0/1001", "EAABunknown", nil); status != http.StatusBadRequest || !strings.Contains(body, `"code":190`) {
		t.Errorf("unknown token: got %d %s", status, body)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.pageToken()
	for path, want := range map[string]string{
		"/graph/v26.0/1001": "v26.0", "/graph/v18.0/1001": "v21.0", "/graph/v24.0/1001": "v24.0", "/graph/1001": "v26.0",
	} {
		status, h, _ := s.do(http.MethodGet, path, token, nil)
		if got := h.Get("Facebook-Api-Version"); status != http.StatusOK || got != want {
			t.Errorf("%s: got %d as %s, want %s", path, status, got, want)
		}
	}
	if status, _, _ := s.do(http.MethodGet, "/graph/v26.0/", token, url.Values{"ids": {"1001,1002"}}); status != http.StatusBadRequest {
		t.Errorf("several ids at the root: got %d", status)
	}
}

func TestUsageClimbsUntilCallsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.pageToken()
	s.sim.State.Calls.Count = budget * 97 / 100
	_, h, _ := s.do(http.MethodGet, "/graph/v26.0/1001", token, nil)
	if got := h.Get("X-App-Usage"); !strings.Contains(got, `"call_count":97`) {
		t.Errorf("got %s", got)
	}
	s.sim.State.Calls.Count = budget
	status, h, body := s.do(http.MethodGet, "/graph/v26.0/1001", token, nil)
	if status != http.StatusBadRequest || !strings.Contains(body, `"code":80001`) {
		t.Errorf("got %d %s", status, body)
	}
	if got := h.Get("X-Business-Use-Case-Usage"); !strings.Contains(got, `"estimated_time_to_regain_access":1440`) {
		t.Errorf("got %s", got)
	}
	s.sim.Advance(24 * time.Hour)
	// The token was made from a short-lived one and is over by now, which is
	// said only once calls are let through again.
	if _, _, body := s.do(http.MethodGet, "/graph/v26.0/1001", token, nil); !strings.Contains(body, `"error_subcode":463`) {
		t.Errorf("a day later: got %s", body)
	}
}

func TestRemovedMetricsFailTheWholeCall(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.pageToken()
	var made struct{ ID string }
	_, _, body := s.do(http.MethodPost, "/graph/v26.0/1001/feed", token, url.Values{"message": {"Hello"}})
	s.read(body, &made)
	for metric, want := range map[string]int{
		"post_impressions": 400, "post_impressions_unique": 400, "post_media_view,post_engaged_users": 400, "": 400, "post_media_view": 200,
	} {
		if status, _, body := s.do(http.MethodGet, "/graph/v26.0/"+made.ID+"/insights", token, url.Values{"metric": {metric}}); status != want {
			t.Errorf("%q: got %d %s", metric, status, body)
		}
	}
}

func TestPublicPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.pageToken()
	var made struct{ ID string }
	_, _, body := s.do(http.MethodPost, "/graph/v26.0/1001/feed", token, url.Values{"message": {"Hello <all>"}, "link": {"https://a.example/"}})
	s.read(body, &made)
	for path, want := range map[string]string{
		"/www/" + made.ID: "Hello &lt;all&gt;", "/www/riversidefc": "Hello &lt;all&gt;", "/www/1002": "Nothing was posted yet",
		"/www/p/riversidefc/": "Make-believe Instagram", "/pages.css": ":focus-visible",
	} {
		if status, _, body := s.do(http.MethodGet, path, "", nil); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	for _, path := range []string{"/www/nobody", "/www/p/NOPE/", "/pictures/none", "/elsewhere"} {
		if status, _, _ := s.do(http.MethodGet, path, "", nil); status != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, status)
		}
	}
}

func TestFaultsThatDoNotExistAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, f := range []platforms.SimFault{
		{Platform: "parrot", Operation: "publish", Fault: simkit.ResetAfter},
		{Platform: instagram, Operation: "publish", Fault: simkit.Duplicate},
		{Platform: facebook, Operation: "publish"},
		{Platform: facebook, Operation: "publish", Fault: "flood"},
	} {
		if err := s.sim.Fault(f); err == nil {
			t.Errorf("%+v was armed", f)
		}
	}
}

func TestAFaultHitsOnlyItsPlatform(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.pageToken()
	if err := s.sim.Fault(platforms.SimFault{Platform: instagram, Operation: "*", Fault: simkit.RateLimited, Count: 1}); err != nil {
		t.Fatal(err)
	}
	if status, _, body := s.do(http.MethodGet, "/graph/v26.0/1001", token, nil); status != http.StatusOK {
		t.Errorf("a Page met the fault: %d %s", status, body)
	}
}

func TestTakingTheAppAwayEndsEveryToken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	page := s.pageToken()
	var user string
	for raw, tok := range s.sim.State.Tokens {
		if tok.Kind == tokenUser {
			user = raw
		}
	}
	me := "/graph/v26.0/" + personOf(appID) + "/permissions"
	for name, c := range map[string]struct{ path, token, want string }{
		"no token": {me, "", `"code":2500`}, "unknown token": {me, "EAABunknown", `"code":190`}, "a Page's token": {me, page, `"code":100`},
		"somebody else": {"/graph/v26.0/21840000000001/permissions", user, `"error_subcode":33`},
	} {
		if status, body := s.remove(c.path, c.token); status != http.StatusBadRequest || !strings.Contains(body, c.want) {
			t.Errorf("%s: got %d %s", name, status, body)
		}
	}
	if status, _, body := s.do(http.MethodGet, "/graph/v26.0/1001", page, nil); status != http.StatusOK {
		t.Fatalf("refusals took the app away: %d %s", status, body)
	}
	_, _, body := s.do(http.MethodGet, "/www/v26.0/dialog/oauth", "", query(nil))
	if !strings.Contains(body, "You let this app in on 24 November 2026") {
		t.Error("the dialog does not say that the app was let in")
	}
	if status, body := s.remove(me, user); status != http.StatusOK || body != `{"success":true}` {
		t.Errorf("got %d %s", status, body)
	}
	for name, token := range map[string]string{"the person's": user, "the Page's": page} {
		for range 2 {
			status, body := s.remove(me, token)
			if status != http.StatusBadRequest || !strings.Contains(body, `"error_subcode":458`) || !strings.Contains(body, "has not authorized application "+appID) {
				t.Errorf("%s token afterwards: got %d %s", name, status, body)
			}
		}
	}
	_, _, body = s.do(http.MethodGet, "/www/v26.0/dialog/oauth", "", query(nil))
	if !strings.Contains(body, "This app was removed from your account on 24 November 2026. It has no access now.") {
		t.Error("the dialog does not say that the app was removed")
	}
	_, _, body = s.do(http.MethodGet, "/www/v26.0/dialog/oauth", "", query(url.Values{"client_id": {"4712"}}))
	if !strings.Contains(body, "This app has no access to your account yet.") {
		t.Error("the dialog takes one app for another")
	}
	if status, _, body := s.do(http.MethodGet, "/graph/v26.0/1001", s.pageToken(), nil); status != http.StatusOK {
		t.Errorf("let in again: got %d %s", status, body)
	}
}

// remove takes the app away, with the parameters of the call in its address.
func (s *site) remove(path, token string) (int, string) {
	s.Helper()
	proof := graph.Proof(platforms.App{"client_secret": platforms.NewSecret(secret)}, platforms.NewSecret(token))
	req, err := http.NewRequestWithContext(s.Context(), http.MethodDelete, s.url+path+"?appsecret_proof="+proof, nil)
	if err != nil {
		s.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

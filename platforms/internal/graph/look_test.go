package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

// Apps made since November 2026 may not let a POST stand for a GET.
func TestNewAppCanLookAtAToken(t *testing.T) {
	t.Parallel()
	type call struct {
		Method, Path, Bearer string
		Query                url.Values
		Length               int64
	}
	got := make(chan call, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- call{r.Method, r.URL.Path, r.Header.Get("Authorization"), r.URL.Query(), r.ContentLength}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"data":{"is_valid":true,"app_id":"123","user_id":"77","scopes":["x"]}}`))
	}))
	t.Cleanup(server.Close)
	c := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}, Now: func() time.Time { return now }}, "parrot", nil)
	d, err := c.Debug(t.Context(), app, platforms.NewSecret("EAABtoken"))
	if err != nil || d.SignIn() != "meta/123/77" {
		t.Errorf("got %+v, %v", d, err)
	}
	want := call{http.MethodGet, "/" + Version + "/debug_token", "Bearer 123|bandstand-test-secret", url.Values{"input_token": {"EAABtoken"}}, 0}
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("call (-want +got):\n%s", diff)
	}
}

// A look that fails is about the app or the line. It must not be shown as "the
// account was deleted", and it must not end a sign-in.
func TestAFailedLookAtATokenSaysNothingOfTheAccount(t *testing.T) {
	t.Parallel()
	look := func(t *testing.T, status int, header http.Header, body string) *platforms.Error {
		t.Helper()
		_, err := answering(t, status, header, body).Debug(t.Context(), app, platforms.NewSecret("EAABtoken"))
		e, ok := errors.AsType[*platforms.Error](err)
		if !ok {
			t.Fatalf("got %v, want a *platforms.Error", err)
		}
		return e
	}
	type result struct {
		Kind platforms.Kind
		Code string
	}
	unclear := result{platforms.Unknown, platforms.CodePlatformDown}
	other := result{platforms.Unknown, platforms.CodeUnknownRefusal}
	wrongApp := result{platforms.Unknown, platforms.CodePlatformAppInvalid}
	slow := result{platforms.RateLimited, platforms.CodeRateLimited}
	for _, tc := range []struct {
		name   string
		status int
		body   string
		want   result
	}{
		{"unsupported request", 400, envelope(100, 33, ""), other},
		{"unsupported request, short", 400, envelope(33, 0, ""), other},
		{"unknown alias", 404, envelope(803, 0, ""), other},
		{"no capability", 400, envelope(3, 0, ""), other},
		{"no permission", 403, envelope(10, 0, ""), other},
		{"no permission, in the block", 403, envelope(210, 0, ""), other},
		{"restricted", 400, envelope(368, 0, ""), other},
		{"not known", 400, envelope(100, 0, ""), other},
		{"the app's token is wrong", 400, envelope(190, 0, ""), wrongApp},
		{"the app's token has ended", 401, envelope(190, 463, ""), wrongApp},
		{"the app's token was taken back", 401, envelope(190, 460, ""), wrongApp},
		{"no session of the app", 401, envelope(102, 0, ""), wrongApp},
		{"unknown app", 400, envelope(101, 0, ""), wrongApp},
		{"bad signature", 400, envelope(104, 0, ""), wrongApp},
		{"too many calls", 400, envelope(4, 0, ""), slow},
		{"busy", 500, envelope(2, 0, ""), unclear},
		{"passing", 400, envelope(4711, 0, `,"is_transient":true`), unclear},
		{"new, while down", 500, envelope(4711, 0, ""), unclear},
		{"no envelope", 400, `{"error":"internal"}`, unclear},
		{"nothing", 200, ``, unclear},
		{"nothing in it", 200, `{}`, unclear},
		{"no data", 200, `{"data":{}}`, unclear},
		{"null", 200, `{"data":null}`, unclear},
		{"not said whether valid", 200, `{"data":{"app_id":"123","scopes":["x"]}}`, unclear},
		{"another app's token", 200, `{"data":{"is_valid":false,"error":{"code":100,"message":"The App_id in the input_token did not match the Viewing App"}}}`, other},
		{"of an object that is gone", 200, `{"data":{"is_valid":false,"error":{"code":100,"subcode":33}}}`, other},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := look(t, tc.status, nil, tc.body)
			if diff := cmp.Diff(tc.want, result{e.Kind, e.Code}); diff != "" || e.Op != OpLook {
				t.Errorf("operation %s (-want +got):\n%s", e.Op, diff)
			}
		})
	}
	if e := look(t, 200, http.Header{"Content-Type": {"text/html"}}, "<html>"); e.Kind != platforms.Unknown {
		t.Errorf("a web page: got %v", e)
	}
}

// What the answer says of the token itself does end a sign-in.
func TestADeadTokenIsTold(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]platforms.Kind{
		`{"code":190,"subcode":463}`: platforms.Expired, `{"code":190,"subcode":460}`: platforms.Revoked, `{"code":190}`: platforms.Revoked,
		`{"code":102}`: platforms.Revoked, `null`: platforms.Revoked,
	} {
		_, err := answering(t, 200, nil, `{"data":{"is_valid":false,"error":`+said+`}}`).Debug(t.Context(), app, platforms.NewSecret("EAABtoken"))
		if platforms.KindOf(err) != want {
			t.Errorf("%s: got %v, want %s", said, err, want)
		}
	}
}

func TestAShortTokenWithoutADateStillEnds(t *testing.T) {
	t.Parallel()
	body := fmt.Sprintf(`{"data":{"is_valid":true,"expires_at":%d}}`, now.Add(time.Hour).Unix())
	d, err := answering(t, 200, nil, body).Debug(t.Context(), app, platforms.NewSecret("EAABtoken"))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Tokens(Page{AccessToken: "page"}, platforms.Grant{}).AccessExpires; !got.Equal(now.Add(time.Hour)) {
		t.Errorf("the token ends %v, want in an hour", got)
	}
}

// Facebook writes, then reads back what was asked for. If reading fails, its
// error carries the answer of the write: the post is public.
func TestAnErrorThatNamesThePostIsNoFailure(t *testing.T) {
	t.Parallel()
	const made = `{"id":"1001_2002","post_supports_client_mutation_id":true}`
	inside := func(code, sub int, rest string) string {
		return envelope(code, sub, rest+`,"original_response":`+made)
	}
	for name, tc := range map[string]struct {
		status int
		body   string
	}{
		"no such field":     {400, inside(100, 0, "")},
		"success with it":   {200, inside(100, 0, "")},
		"server error":      {500, inside(1, 0, "")},
		"passing":           {503, inside(2, 0, `,"is_transient":true`)},
		"too many calls":    {400, inside(4, 0, "")},
		"token ended since": {400, inside(190, 463, "")},
		"gone already":      {404, inside(100, 33, "")},
		"beside the error":  {400, `{"error":{"code":100,"message":"x"},"original_response":` + made + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := answering(t, tc.status, nil, tc.body)
			for _, irreversible := range []bool{true, false} {
				var a struct{ ID string }
				if _, err := c.Do(t.Context(), Call{Op: "publish", Method: http.MethodPost, Path: "1001/feed", Irreversible: irreversible}, &a); err != nil || a.ID != "1001_2002" {
					t.Errorf("irreversible %v: got %q, %v", irreversible, a.ID, err)
				}
			}
			if _, err := c.Do(t.Context(), Call{Op: OpRead, Path: "1001"}, nil); err == nil {
				t.Error("a read makes nothing")
			}
		})
	}
	// An answer that names nothing proves nothing: look.
	for _, answer := range []string{`{"success":true}`, `{"id":""}`, `{"id":7}`, `{}`} {
		c := answering(t, 400, nil, envelope(100, 0, `,"original_response":`+answer))
		if e := errorOf(t, c, Call{Op: "publish", Method: http.MethodPost, Irreversible: true}); e.Kind != platforms.Unknown {
			t.Errorf("%s: got %v, want unknown", answer, e)
		}
	}
	for _, answer := range []string{`null`, `[]`, `"x"`} {
		c := answering(t, 400, nil, envelope(100, 0, `,"original_response":`+answer))
		if e := errorOf(t, c, Call{Op: "publish", Method: http.MethodPost, Irreversible: true}); e.Kind != platforms.Rejected {
			t.Errorf("%s: got %v, want rejected", answer, e)
		}
	}
}

// A person may have said yes to hundreds of Pages, and one that is not hers any
// more hides no other.
func TestPagesAreAskedForOneByOneWithABound(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch id := path.Base(r.URL.Path); id {
		case "debug_token":
			var ids []string
			for n := range 400 {
				ids = append(ids, fmt.Sprint(1000+n))
			}
			list, _ := json.Marshal(ids)
			_, _ = fmt.Fprintf(w, `{"data":{"is_valid":true,"granular_scopes":[{"scope":"business_management","target_ids":["1"]},{"scope":"instagram_basic","target_ids":["2"]},
				{"scope":"pages_show_list","target_ids":%s},{"scope":"pages_manage_posts","target_ids":%s}]}}`, list, list)
		case "accounts":
			_, _ = w.Write([]byte(`{"data":[{"id":"1000","name":"Listed"}]}`))
		case "1001":
			asked++
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(envelope(100, 33, "")))
		default:
			asked++
			_, _ = fmt.Fprintf(w, `{"id":%q,"name":"Page"}`, id)
		}
	}))
	t.Cleanup(server.Close)
	c := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}, Now: func() time.Time { return now }}, "parrot", nil)
	pages, _, err := c.Pages(t.Context(), app, platforms.Grant{Tokens: platforms.Tokens{Access: platforms.NewSecret("person")}})
	if err != nil || asked != maxAsked || len(pages) != maxAsked || pages[0].ID != "1000" || pages[1].ID != "1002" {
		t.Errorf("asked %d times for %d Pages: %v", asked, len(pages), err)
	}
}

// Whatever the answers say, the walk ends: a person waits for it.
func TestTheWalkThroughPortfoliosEnds(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		switch path.Base(r.URL.Path) {
		case "debug_token":
			_, _ = w.Write([]byte(`{"data":{"is_valid":true,"scopes":["business_management"]}}`))
		case "accounts":
			_, _ = w.Write([]byte(`{"data":[]}`))
		case "businesses":
			_, _ = w.Write([]byte(`{"data":[{"id":"1"},{"id":"2"}]}`))
		default:
			_, _ = fmt.Fprintf(w, `{"data":[{"id":"%d","access_token":"t"}],"paging":{"next":"more","cursors":{"after":"%d"}}}`, asked, asked)
		}
	}))
	t.Cleanup(server.Close)
	c := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}, Now: func() time.Time { return now }}, "parrot", nil)
	pages, _, err := c.Pages(t.Context(), app, platforms.Grant{Tokens: platforms.Tokens{Access: platforms.NewSecret("person")}})
	if err != nil || asked != maxCalls+1 || len(pages) == 0 {
		t.Errorf("asked %d times, %d Pages, %v", asked, len(pages), err)
	}
}

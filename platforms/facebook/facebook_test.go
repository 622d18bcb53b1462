package facebook_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/facebook"
	"github.com/bandstand-app/bandstand/platforms/facebook/sim"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

const redirect = "http://127.0.0.1:7/oauth/callback"

func newWorld(t *testing.T) *platformtest.World {
	t.Helper()
	return platformtest.NewWorld(t, platformtest.Suite{New: facebook.New, NewSim: sim.New})
}

// signIn answers the dialog with these boxes ticked and gives the code.
func signIn(w *platformtest.World, ticks url.Values) string {
	w.Helper()
	address, err := w.Platform.(platforms.OAuthSignIn).AuthURL(platforms.AuthRequest{App: w.Suite.App, RedirectURL: redirect, State: "s"})
	if err != nil {
		w.Fatalf("address of the dialog: %v", err)
	}
	u, err := url.Parse(address)
	if err != nil {
		w.Fatal(err)
	}
	form := u.Query()
	for k, v := range ticks {
		form[k] = v
	}
	form.Set(simkit.AnswerField, simkit.AnswerAllow)
	u.RawQuery = ""
	resp, err := w.Client.PostForm(u.String(), form)
	if err != nil {
		w.Fatalf("answer the dialog: %v", err)
	}
	defer resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		w.Fatalf("came back to %q with status %d", resp.Header.Get("Location"), resp.StatusCode)
	}
	return back.Query().Get("code")
}

func exchange(w *platformtest.World, code string) (platforms.Grant, error) {
	w.Helper()
	return w.Platform.(platforms.OAuthSignIn).Exchange(w.Context(), platforms.ExchangeRequest{App: w.Suite.App, RedirectURL: redirect, Code: code})
}

func accounts(w *platformtest.World, ticks url.Values) []platforms.Account {
	w.Helper()
	grant, err := exchange(w, signIn(w, ticks))
	if err != nil {
		w.Fatalf("exchange: %v", err)
	}
	as, err := w.Platform.(platforms.OAuthSignIn).Accounts(w.Context(), w.Suite.App, grant)
	if err != nil {
		w.Fatalf("accounts: %v", err)
	}
	return as
}

var everything = url.Values{
	"page": {"1001", "1002"}, "account": {"17841400000000001"},
	"permission": {
		"pages_show_list", "pages_read_engagement", "pages_manage_posts", "read_insights", "business_management",
		"pages_read_user_content", "pages_manage_engagement",
		"instagram_basic", "instagram_content_publish", "instagram_manage_insights", "instagram_manage_comments",
	},
}

func without(scopes ...string) url.Values {
	out := url.Values{"page": everything["page"], "account": everything["account"]}
	for _, sc := range everything["permission"] {
		if !slices.Contains(scopes, sc) {
			out.Add("permission", sc)
		}
	}
	return out
}

func TestAccountsTellsWhichPagesCanBeUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := map[string]string{}
	for _, a := range accounts(w, everything) {
		got[a.RemoteID+" "+a.Name+" @"+a.Handle] = a.Unusable
		if a.Tokens.Access.IsZero() || !a.Tokens.AccessExpires.IsZero() {
			t.Errorf("%s: token %v runs out at %v, want one that never does", a.Name, a.Tokens.Access, a.Tokens.AccessExpires)
		}
	}
	want := map[string]string{
		"1001 Riverside FC @riversidefc": "", "1002 Riverside FC Juniors @riversidejuniors": platforms.CodeNoPublish,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}

// The server's list is empty; each Page comes when it is asked for by its id, with
// a token that works.
func TestPagesThatNoListShowsAreAskedForOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fault("accounts", "portfolio", 0)
	got := accounts(w, everything)
	if len(got) != 2 || got[0].RemoteID != "1001" || got[1].RemoteID != "1002" {
		t.Fatalf("got %+v", got)
	}
	s := platforms.Session{App: w.Suite.App, Account: got[0], Access: got[0].Tokens.Access, Media: w.Media}
	if _, err := w.Platform.Check(t.Context(), s); err != nil {
		t.Error(err)
	}
	w.Publish(s, platforms.Draft{Text: "From the portfolio"})
	// She may not post there, which no answer tells before.
	s.Account, s.Access = got[1], got[1].Tokens.Access
	expect(t, w.Try(s, platforms.Draft{Text: "Not there"}).Run(), platforms.Rejected, platforms.CodeNoPublish)
	ticks := without()
	ticks["page"] = []string{"1002"}
	if got := accounts(w, ticks); len(got) != 1 || got[0].RemoteID != "1002" {
		t.Errorf("one shared: got %+v", got)
	}
}

// Who says yes to all Pages, present and future, names none. The list is empty, and
// her portfolio knows them.
func TestPagesOfAPortfolioAreFoundWhereNoneIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fault("accounts", "portfolio", 0)
	w.Fault("look", "unnamed", 0)
	ticks := without()
	ticks["page"] = []string{"1001"}
	got := accounts(w, ticks)
	if len(got) != 1 || got[0].RemoteID != "1001" || got[0].Unusable != "" {
		t.Fatalf("got %+v", got)
	}
	w.Publish(platforms.Session{App: w.Suite.App, Account: got[0], Access: got[0].Tokens.Access, Media: w.Media}, platforms.Draft{Text: "Found"})
	// Without the permission to look into portfolios there is nothing to see.
	ticks = without("business_management")
	if got := accounts(w, ticks); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

// A sign-in whose look does not say when the token was made goes on.
func TestATokenWithoutADateConnects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fault("look", "undated", 0)
	for _, a := range accounts(w, everything) {
		if !a.Tokens.AccessExpires.IsZero() {
			t.Errorf("%s: the token ends %v, want never", a.Name, a.Tokens.AccessExpires)
		}
	}
}

func TestPagesThatWereNotSharedDoNotAppear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ticks := without()
	ticks["page"] = []string{"1002"}
	got := accounts(w, ticks)
	if len(got) != 1 || got[0].RemoteID != "1002" {
		t.Errorf("got %+v", got)
	}
	ticks["page"] = nil
	if got := accounts(w, ticks); got == nil || len(got) != 0 {
		t.Errorf("nothing shared: got %#v, want an empty list", got)
	}
}

func TestMissingPermissionIsSaidWithItsEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := accounts(w, without("read_insights"))[0]
	want := []platforms.MissingPermission{{Feature: platforms.FeatureNumbers, Permission: "read_insights"}}
	if diff := cmp.Diff(want, a.Missing); diff != "" || !slices.Equal(a.Granted, []platforms.Feature{platforms.FeaturePost, platforms.FeatureComments}) {
		t.Errorf("granted %v, missing (-want +got):\n%s", a.Granted, diff)
	}
	s := platforms.Session{App: w.Suite.App, Account: a, Access: a.Tokens.Access, Media: w.Media}
	checked, err := w.Platform.Check(t.Context(), s)
	if err != nil || !cmp.Equal(want, checked.Missing) {
		t.Errorf("check: %v, %v", checked.Missing, err)
	}
	// Posting works; of the numbers only those are there that need no insights.
	r := w.Publish(s, platforms.Draft{Text: "Still works"})
	n, err := w.Platform.(platforms.NumbersReader).PostNumbers(t.Context(), s, r.RemoteID)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := n.Values[platforms.Reach]; ok {
		t.Errorf("reach is %d without the permission to read it", n.Values[platforms.Reach])
	}
	if _, ok := n.Values[platforms.Likes]; !ok {
		t.Errorf("no likes in %+v", n.Values)
	}
}

// TestAccountConnectedBeforeCommentsCameSaysWhatIsMissing: its posts go out as ever,
// and a comment is refused before anything of it is public.
func TestAccountConnectedBeforeCommentsCameSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := accounts(w, without("pages_manage_engagement", "pages_read_user_content"))[0]
	want := []platforms.MissingPermission{
		{Feature: platforms.FeatureComments, Permission: "pages_manage_engagement"},
		{Feature: platforms.FeatureComments, Permission: "pages_read_user_content"},
	}
	if diff := cmp.Diff(want, a.Missing); diff != "" || !slices.Contains(a.Granted, platforms.FeaturePost) || a.Unusable != "" {
		t.Errorf("granted %v, unusable %q, missing (-want +got):\n%s", a.Granted, a.Unusable, diff)
	}
	s := platforms.Session{App: w.Suite.App, Account: a, Access: a.Tokens.Access, Media: w.Media}
	first := w.Publish(s, platforms.Draft{Text: "Trials are open"})
	pub := platforms.Publication{
		Draft: platforms.Draft{Text: "Sign up"}, Reply: &platforms.ReplyTo{Parent: platforms.Ref{ID: first.RemoteID}},
	}
	_, err := w.Platform.Perform(w.Context(), s, pub, nil, w.Platform.Plan(pub, nil))
	expect(t, err, platforms.Rejected, platforms.CodeNoFeature)
	if n := len(w.Public()); n != 1 {
		t.Errorf("%d posts are public, want the first alone", n)
	}
}

func TestPostingWithoutThePermissionIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := accounts(w, without("pages_manage_posts"))[0]
	s := platforms.Session{App: w.Suite.App, Account: a, Access: a.Tokens.Access, Media: w.Media}
	err := w.Try(s, platforms.Draft{Text: "Not allowed"}).Run()
	expect(t, err, platforms.Rejected, platforms.CodeNoPublish)
	if len(w.Public()) != 0 {
		t.Errorf("published all the same")
	}
}

func TestExchangeRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := signIn(w, everything)
	sign := w.Platform.(platforms.OAuthSignIn)
	_, err := sign.Exchange(t.Context(), platforms.ExchangeRequest{App: w.Suite.App, RedirectURL: redirect + "/", Code: code})
	expect(t, err, platforms.Rejected, platforms.CodeRedirectMismatch)
	_, err = sign.Exchange(t.Context(), platforms.ExchangeRequest{
		App: platforms.App{"client_id": w.Suite.App["client_id"]}, RedirectURL: redirect, Code: code,
	})
	expect(t, err, platforms.Rejected, platforms.CodePlatformAppInvalid)
	if _, err := exchange(w, code); err != nil {
		t.Fatalf("first use: %v", err)
	}
	_, err = exchange(w, code)
	expect(t, err, platforms.Rejected, platforms.CodeUnknownRefusal)
	late := signIn(w, everything)
	w.Clock.Advance(time.Hour)
	_, err = exchange(w, late)
	expect(t, err, platforms.Rejected, platforms.CodeUnknownRefusal)
}

func TestExchangeGivesALongLivedToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g, err := exchange(w, signIn(w, without("business_management")))
	if err != nil {
		t.Fatal(err)
	}
	if left := g.Tokens.AccessExpires.Sub(w.Clock.Now()); left < 59*24*time.Hour {
		t.Errorf("the user token lives %v, want 60 days", left)
	}
	if slices.Contains(g.Scopes, "business_management") || !slices.Contains(g.Scopes, "read_insights") {
		t.Errorf("granted %v", g.Scopes)
	}
}

// TestNewAppCanDoEverything makes every call there is. The server refuses what
// apps made since November 2026 may not use, and what does not exist: a call that
// it refuses would otherwise hide behind a fallback of the client.
func TestNewAppCanDoEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var calls []*http.Request
	w.Answered = func(resp *http.Response) {
		calls = append(calls, resp.Request)
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s %s answers %d", resp.Request.Method, resp.Request.URL.Path, resp.StatusCode)
		}
	}
	s := w.Connect()
	if _, err := w.Platform.Check(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	w.Publish(s, platforms.Draft{Text: "Hello", Link: &platforms.Link{URL: "https://a.example/"}})
	photos := platforms.Draft{Text: "Hello", Media: []platforms.Media{
		w.Media.Make("image/jpeg", 400, 400, "A ball"), w.Media.Make("image/png", 400, 400, ""),
	}}
	r := w.Publish(s, photos)
	try := w.Try(s, photos)
	if err := try.Run(); err != nil {
		t.Fatal(err)
	}
	if e := try.Settle(); e.Verdict != platforms.SeenPublic {
		t.Errorf("settle: got %+v", e)
	}
	if _, err := w.Platform.(platforms.NumbersReader).PostNumbers(t.Context(), s, r.RemoteID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Platform.(platforms.AccountNumbersReader).AccountNumbers(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := w.Platform.(platforms.Revoker).Revoke(t.Context(), s.App, s.Account, s.Account.Tokens); err != nil {
		t.Fatal(err)
	}
	noSecretInAddresses(t, w, s, calls)
}

// noSecretInAddresses looks at the addresses of all calls. Only a look at a token
// names it there, because there is no other way.
func noSecretInAddresses(t *testing.T, w *platformtest.World, s platforms.Session, calls []*http.Request) {
	t.Helper()
	looks := 0
	for _, r := range calls {
		q := r.URL.Query()
		if strings.HasSuffix(r.URL.Path, "/debug_token") {
			looks++
			q.Del("input_token")
		}
		for _, secret := range []string{s.Access.Reveal(), w.Suite.App["client_secret"].Reveal(), "EAAB", "EAAP", "code=", "access_token="} {
			if strings.Contains(q.Encode(), secret) || strings.Contains(r.URL.Path, secret) {
				t.Errorf("the address of %s holds %.6s…", r.URL.Path, secret)
			}
		}
		if r.Method == http.MethodGet && looks == 0 && !q.Has("appsecret_proof") {
			t.Errorf("no proof in %s", r.URL.Path)
		}
		if r.Header.Get("Referer") != "" {
			t.Errorf("%s names a referrer", r.URL.Path)
		}
	}
	if looks == 0 {
		t.Error("no token was looked at")
	}
}

// A post that Facebook reports as an error is public all the same, and has an
// address.
func TestPublicThoughReportedAsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	for _, d := range []platforms.Draft{
		{Text: "Public, and called an error"},
		{Text: "With a photo", Media: []platforms.Media{w.Media.Make("image/jpeg", 400, 300, "A ball")}},
	} {
		w.Fault("upload", simkit.MadeInError, 1)
		w.Fault("publish", simkit.MadeInError, 1)
		r := w.Publish(s, d)
		got := w.Public()[len(w.Public())-1]
		if r.RemoteID != got.ID || !strings.HasSuffix(r.RemoteURL, "/www/"+got.ID) {
			t.Errorf("got %s at %s, want %s", r.RemoteID, r.RemoteURL, got.ID)
		}
	}
	if n := len(w.Public()); n != 2 {
		t.Errorf("%d posts are public, want 2", n)
	}
}

func TestDuplicateIsEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	w.Fault("publish", simkit.Duplicate, 1)
	expect(t, w.Try(s, platforms.Draft{Text: "Twice"}).Run(), platforms.Duplicate, platforms.CodeDuplicate)
}

// Photos that already stand in a post show that our own earlier call worked.
func TestPublishingTheSamePhotosAgainIsADuplicate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	p := w.Publication(platforms.Draft{Text: "Once", Media: []platforms.Media{w.Media.Make("image/png", 400, 300, "")}})
	up, err := w.Platform.Perform(t.Context(), s, p, nil, platforms.Step{Kind: "upload"})
	if err != nil {
		t.Fatal(err)
	}
	done := []platforms.StepResult{up}
	publish := platforms.Step{Kind: "publish", Irreversible: true}
	if _, err := w.Platform.Perform(t.Context(), s, p, done, publish); err != nil {
		t.Fatal(err)
	}
	_, err = w.Platform.Perform(t.Context(), s, p, done, publish)
	expect(t, err, platforms.Duplicate, platforms.CodeDuplicate)
	if up.ExpiresAt.Sub(w.Clock.Now()) != 24*time.Hour {
		t.Errorf("the photo is kept until %v", up.ExpiresAt)
	}
}

func TestSettleTellsPostsApart(t *testing.T) {
	t.Parallel()
	photo := func(w *platformtest.World) platforms.Draft {
		return platforms.Draft{Text: "Saturday", Media: []platforms.Media{
			w.Media.Make("image/jpeg", 400, 300, ""), w.Media.Make("image/jpeg", 400, 300, ""),
		}}
	}
	link := func(address string) platforms.Draft {
		return platforms.Draft{Text: "Saturday", Link: &platforms.Link{URL: address}}
	}
	for _, tc := range []struct {
		name   string
		others func(*platformtest.World) []platforms.Draft
		own    func(*platformtest.World) platforms.Draft
		gap    time.Duration
		want   platforms.Verdict
	}{
		{
			"same text with other photos",
			func(w *platformtest.World) []platforms.Draft {
				return []platforms.Draft{photo(w), {Text: "Saturday"}}
			},
			photo, 0, platforms.SeenPublic,
		},
		{
			"same text with another link",
			func(*platformtest.World) []platforms.Draft {
				return []platforms.Draft{link("https://a.example/1")}
			},
			func(*platformtest.World) platforms.Draft { return link("https://a.example/2") }, 0, platforms.SeenPublic,
		},
		{
			"same text just now",
			func(*platformtest.World) []platforms.Draft {
				return []platforms.Draft{{Text: "Saturday"}}
			},
			func(*platformtest.World) platforms.Draft { return platforms.Draft{Text: "Saturday"} }, 0, platforms.SeenSeveral,
		},
		{
			"same text last week",
			func(*platformtest.World) []platforms.Draft {
				return []platforms.Draft{{Text: "Saturday"}}
			},
			func(*platformtest.World) platforms.Draft { return platforms.Draft{Text: "Saturday"} }, 7 * 24 * time.Hour, platforms.SeenPublic,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.Connect()
			for _, d := range tc.others(w) {
				w.Publish(s, d)
			}
			w.Clock.Advance(tc.gap)
			w.Fault("publish", simkit.ResetAfter, 1)
			try := w.Try(s, tc.own(w))
			expect(t, try.Run(), platforms.Unknown, platforms.CodePlatformDown)
			e := try.Settle()
			if e.Verdict != tc.want {
				t.Fatalf("got %+v, want %s", e, tc.want)
			}
			if own := w.Public()[len(w.Public())-1]; tc.want == platforms.SeenPublic && e.RemoteID != own.ID {
				t.Errorf("found %s, want %s", e.RemoteID, own.ID)
			}
		})
	}
}

func TestLinkAndPhotosExcludeEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := platforms.Draft{
		Text: "Saturday https://a.example/", Link: &platforms.Link{URL: "https://a.example/"},
		Media: []platforms.Media{w.Media.Make("image/jpeg", 400, 300, "A ball")},
	}
	w.Publish(w.Connect(), d)
	if got := w.Public()[0]; got.Link != "" || len(got.Media) != 1 || got.Media[0].Alt != "A ball" {
		t.Errorf("got %+v", got)
	}
	// An address that pictures push out of the post goes into its text, and the
	// post is found again by that text.
	d.Text = "Sunday"
	w.Fault("publish", simkit.ResetAfter, 1)
	try := w.Try(w.Connect(), d)
	expect(t, try.Run(), platforms.Unknown, platforms.CodePlatformDown)
	if got := w.Public()[1]; got.Text != "Sunday\nhttps://a.example/" {
		t.Errorf("got text %q", got.Text)
	}
	if e := try.Settle(); e.Verdict != platforms.SeenPublic {
		t.Errorf("settle: got %+v", e)
	}
	d.Link, d.Media = &platforms.Link{URL: "https://www.facebook.com/x"}, nil
	expect(t, w.Try(w.Connect(), d).Run(), platforms.Rejected, platforms.CodeLinkNotAllowed)
}

// gone is a media store whose file has vanished.
type gone struct{ err error }

func (g gone) Open(context.Context, string) (platforms.MediaFile, error) {
	return platforms.MediaFile{}, g.err
}
func (g gone) PublicURL(context.Context, string) (string, error) { return "", g.err }

func TestPictureThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	d := platforms.Draft{Media: []platforms.Media{{ID: "1", Name: "ball.jpg", Type: "image/jpeg"}}}
	s.Media = gone{fs.ErrNotExist}
	expect(t, w.Try(s, d).Run(), platforms.MediaRejected, platforms.CodeMediaGone)
	s.Media = gone{errors.New("input/output error")}
	expect(t, w.Try(s, d).Run(), platforms.NotSent, platforms.CodeMediaGone)
}

func TestAccountNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n, err := w.Platform.(platforms.AccountNumbersReader).AccountNumbers(t.Context(), w.Connect())
	if err != nil {
		t.Fatal(err)
	}
	want := map[platforms.Number]int64{platforms.Followers: 412}
	if diff := cmp.Diff(want, n.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func expect(t *testing.T, err error, kind platforms.Kind, code string) {
	t.Helper()
	e, ok := errors.AsType[*platforms.Error](err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Errorf("got %+v, want %s %s", err, kind, code)
	}
}

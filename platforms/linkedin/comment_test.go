package linkedin_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/linkedin"
	"github.com/bandstand-app/bandstand/platforms/linkedin/sim"
)

// below is a comment under a post.
func (w world) below(post platforms.StepResult, text string) platforms.Publication {
	pub := w.Publication(platforms.Draft{Text: text})
	at := platforms.Ref{ID: post.RemoteID}
	pub.Reply = &platforms.ReplyTo{Root: at, Parent: at}
	return pub
}

// comment performs the one step of a comment.
func (w world) comment(s platforms.Session, pub platforms.Publication) (platforms.StepResult, error) {
	w.Helper()
	step := w.Platform.Plan(pub, nil)
	if want := (platforms.Step{Kind: "comment", Irreversible: true}); step != want {
		w.Fatalf("the plan of a comment begins with %+v, want %+v", step, want)
	}
	result, err := w.Platform.Perform(w.Context(), s, pub, nil, step)
	if err == nil {
		if next := w.Platform.Plan(pub, []platforms.StepResult{result}); next.Kind != "" {
			w.Errorf("after the comment the plan is %+v", next)
		}
	}
	return result, err
}

func commentsPath(post string) string { return "/socialActions/" + url.QueryEscape(post) + "/comments" }

// TestACommentStandsBelowItsPost: once, by the Page, with an address that shows it.
func TestACommentStandsBelowItsPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	post := w.Publish(s, platforms.Draft{Text: "Trials are open"})
	made, err := w.comment(s, w.below(post, "Sign up (free): https://riverside.org/u_12 #trials"))
	if err != nil {
		t.Fatal(err)
	}
	public := w.Public()
	if len(public) != 2 {
		t.Fatalf("the record holds %d, want the post and its comment", len(public))
	}
	want := platforms.SimPost{
		Platform: linkedin.ID, Account: "88231045", ID: made.RemoteID, Text: "Sign up (free): https://riverside.org/u_12 #trials",
		Media: []platforms.SimMedia{}, Time: w.Clock.Now().UTC(), Kind: platforms.SimComment, Parent: post.RemoteID,
	}
	if diff := cmp.Diff(want, public[1]); diff != "" {
		t.Errorf("the comment in the record (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(made.RemoteID, "urn:li:comment:(urn:li:activity:7") {
		t.Errorf("the comment is called %q", made.RemoteID)
	}
	address, err := url.Parse(made.RemoteURL)
	if err != nil || !strings.HasPrefix(address.Query().Get("commentUrn"), "urn:li:comment:(activity:7") {
		t.Errorf("the address of the comment is %q, %v", made.RemoteURL, err)
	}
	page := w.call(http.MethodGet, strings.TrimPrefix(made.RemoteURL, w.URL+"/linkedin"), "", nil)
	if page.Status != http.StatusOK || !strings.Contains(page.Body, "Trials are open") || !strings.Contains(page.Body, "Sign up (free)") {
		t.Errorf("its page: %d %s", page.Status, page.Body)
	}
}

// TestACommentIsNotWrittenInTheLittleFormat: nothing is escaped, and a mention leaves
// its name alone.
func TestACommentIsNotWrittenInTheLittleFormat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	post := w.Publish(s, platforms.Draft{Text: "Trials"})
	pub := w.below(post, `With @[County League](urn:li:organization:71209913) (and {friends}) @home \o/ <3`)
	if _, err := w.comment(s, pub); err != nil {
		t.Fatal(err)
	}
	if got, want := w.Public()[1].Text, `With County League (and {friends}) @home \o/ <3`; got != want {
		t.Errorf("public is %q, want %q", got, want)
	}
	e, err := w.Platform.Settle(w.Context(), s, pub, nil, w.Clock.Now())
	if err != nil || e.Verdict != platforms.SeenPublic {
		t.Errorf("it is not found again: %+v, %v", e, err)
	}
}

// TestOnlyOurOwnCommentSettles: other words, other posts, older ones and those of
// others are not it, and none found proves nothing.
func TestOnlyOurOwnCommentSettles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	post, other := w.Publish(s, platforms.Draft{Text: "Trials"}), w.Publish(s, platforms.Draft{Text: "Matches"})
	settle := func(pub platforms.Publication, tried time.Time) platforms.Evidence {
		t.Helper()
		e, err := w.Platform.Settle(w.Context(), s, pub, nil, tried)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	pub := w.below(post, "Sign up below")
	if e := settle(pub, w.Clock.Now()); e.Verdict != platforms.SeenNothing {
		t.Errorf("before anything: %+v", e)
	}
	if _, err := w.comment(s, w.below(other, "Sign up below")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.comment(s, w.below(post, "Bring boots")); err != nil {
		t.Fatal(err)
	}
	if e := settle(pub, w.Clock.Now()); e.Verdict != platforms.SeenNothing {
		t.Errorf("with the same words below another post: %+v", e)
	}
	made, err := w.comment(s, pub)
	if err != nil {
		t.Fatal(err)
	}
	if e := settle(pub, w.Clock.Now()); e.Verdict != platforms.SeenPublic || e.RemoteID != made.RemoteID || e.RemoteURL != made.RemoteURL {
		t.Errorf("after it: %+v, want %+v", e, made)
	}
	if e := settle(pub, w.Clock.Now().Add(10*time.Minute)); e.Verdict != platforms.SeenNothing {
		t.Errorf("tried after it was made: %+v", e)
	}
	stranger := s
	stranger.Account.RemoteID = "71209913"
	if e, err := w.Platform.Settle(w.Context(), stranger, pub, nil, w.Clock.Now()); err != nil || e.Verdict != platforms.SeenNothing {
		t.Errorf("for another Page: %+v, %v", e, err)
	}
}

// TestACommentIsFoundAmongManyOthers: a busy post has more comments than one call
// lists.
func TestACommentIsFoundAmongManyOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	post := w.Publish(s, platforms.Draft{Text: "Trials"})
	for i := range 100 {
		body := `{"actor":"urn:li:organization:88231045","object":"` + post.RemoteID + `","message":{"text":"Comment ` + strconv.Itoa(i) + `"}}`
		if a := w.rest(s, http.MethodPost, commentsPath(post.RemoteID), body); a.Status != http.StatusCreated {
			t.Fatalf("comment %d: %d %s", i, a.Status, a.Body)
		}
	}
	pub := w.below(post, "The hundred and first")
	made, err := w.comment(s, pub)
	if err != nil {
		t.Fatal(err)
	}
	e, err := w.Platform.Settle(w.Context(), s, pub, nil, w.Clock.Now())
	if err != nil || e.RemoteID != made.RemoteID {
		t.Errorf("found %+v, %v, want %q", e, err, made.RemoteID)
	}
}

// TestACommentOfADeletedPostSaysThatThePostIsGone: the refusal says so, and a look
// finds nothing.
func TestACommentOfADeletedPostSaysThatThePostIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	post := w.Publish(s, platforms.Draft{Text: "Trials"})
	first := w.below(post, "Sign up below")
	if _, err := w.comment(s, first); err != nil {
		t.Fatal(err)
	}
	if a := w.rest(s, http.MethodDelete, "/posts/"+url.QueryEscape(post.RemoteID), ""); a.Status != http.StatusNoContent {
		t.Fatalf("delete: %d %s", a.Status, a.Body)
	}
	if n := len(w.Public()); n != 0 {
		t.Errorf("with the post its comment is gone; the record still holds %d", n)
	}
	_, err := w.comment(s, w.below(post, "Bring boots"))
	expect(t, err, platforms.Rejected, platforms.CodeParentGone)
	if e, err := w.Platform.Settle(w.Context(), s, first, nil, w.Clock.Now()); err != nil || e.Verdict != platforms.SeenNothing {
		t.Errorf("a look says %+v, %v", e, err)
	}
}

// TestAPageThatMayPostButNotCommentCanBeUsed: the missing permission is named, and
// posts go out.
func TestAPageThatMayPostButNotCommentCanBeUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	a := w.form(tokenPath, w.exchange()) // of an app that asked for no more than posts and numbers need
	access, _ := a.JSON["access_token"].(string)
	s.Access = platforms.NewSecret(access)
	account, err := w.Platform.Check(w.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	want := []platforms.MissingPermission{
		{Feature: platforms.FeatureComments, Permission: "w_organization_social_feed"}, {Feature: platforms.FeatureComments, Permission: "r_organization_social_feed"},
	}
	if diff := cmp.Diff(want, account.Missing); diff != "" || account.Unusable != "" {
		t.Errorf("unusable: %q; missing (-want +got):\n%s", account.Unusable, diff)
	}
	post := w.Publish(s, platforms.Draft{Text: "Trials"})
	_, err = w.comment(s, w.below(post, "Sign up below"))
	expect(t, err, platforms.Rejected, platforms.CodeNoFeature)
	_, err = w.Platform.Settle(w.Context(), s, w.below(post, "Sign up below"), nil, w.Clock.Now())
	expect(t, err, platforms.Rejected, platforms.CodeNoFeature)
}

// TestALostAnswerToACommentIsSettledByLooking: whatever the answer was, the record
// holds the comment once.
func TestALostAnswerToACommentIsSettledByLooking(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{simkit.ResetAfter, simkit.ErrorAfter, simkit.CutOff, simkit.Empty, simkit.HTML, simkit.NoID} {
		for _, operation := range []string{"comment", "publish"} {
			t.Run(operation+" "+fault, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				s := w.Connect()
				pub := w.below(w.Publish(s, platforms.Draft{Text: "Trials"}), "Sign up below")
				w.Fault(operation, fault, 1)
				_, err := w.comment(s, pub)
				if platforms.KindOf(err) != platforms.Unknown {
					t.Errorf("got %v", err)
				}
				e, err := w.Platform.Settle(w.Context(), s, pub, nil, w.Clock.Now())
				if public := w.Public(); err != nil || len(public) != 2 || e.Verdict != platforms.SeenPublic || e.RemoteID != public[1].ID {
					t.Errorf("found %+v, %v; the record holds %d", e, err, len(public))
				}
			})
		}
	}
}

// TestCommentsAreReadAsStrictlyAsPosts: what LinkedIn refuses, the simulator refuses.
func TestCommentsAreReadAsStrictlyAsPosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	post := w.Publish(s, platforms.Draft{Text: "Trials"}).RemoteID
	good := `{"actor":"urn:li:organization:88231045","object":"` + post + `","message":{"text":"Hello"}}`
	for name, c := range map[string]struct {
		old, new string
		status   int
		says     string
	}{
		"no actor":         {`"actor":"urn:li:organization:88231045",`, ``, 422, "/actor :: field is required"},
		"no object":        {`"object":"` + post + `",`, ``, 422, "/object :: field is required"},
		"no message":       {`,"message":{"text":"Hello"}`, ``, 422, "/message :: field is required"},
		"unknown field":    {`"text"`, `"body":"a","text"`, 422, "/message/body :: unrecognized field"},
		"foreign Page":     {"88231045", "71209913", 403, "Organization permissions"},
		"of another post":  {`"object":"` + post, `"object":"urn:li:share:1`, 400, "/object"},
		"blank":            {"Hello", " ", 400, "INVALID_VALUE_BLANK_FIELD"},
		"too long":         {"Hello", strings.Repeat("a", 1251), 400, "FIELD_LENGTH_TOO_LONG"},
		"too long in code": {"Hello", strings.Repeat("😀", 626), 400, "FIELD_LENGTH_TOO_LONG"},
	} {
		if a := w.rest(s, http.MethodPost, commentsPath(post), strings.Replace(good, c.old, c.new, 1)); a.Status != c.status || !strings.Contains(a.Body, c.says) {
			t.Errorf("%s: got %d %s, want %d with %q", name, a.Status, a.Body, c.status, c.says)
		}
	}
	for name, a := range map[string]answer{
		"a plain URN":         w.rest(s, http.MethodPost, "/socialActions/"+post+"/comments", good),
		"of a Page":           w.rest(s, http.MethodPost, commentsPath("urn:li:organization:88231045"), good),
		"of no post":          w.rest(s, http.MethodPost, commentsPath("urn:li:share:1"), good),
		"another parameter":   w.rest(s, http.MethodPost, commentsPath(post)+"?actor=me", good),
		"too many at once":    w.rest(s, http.MethodGet, commentsPath(post)+"?count=101", ""),
		"a finder":            w.rest(s, http.MethodGet, commentsPath(post)+"?q=author", ""),
		"deleted by nobody":   w.rest(s, http.MethodDelete, commentsPath(post)+"/1", ""),
		"deleted, not there":  w.rest(s, http.MethodDelete, commentsPath(post)+"/1?actor=urn%3Ali%3Aorganization%3A88231045", ""),
		"without a token":     w.rest(s, http.MethodGet, commentsPath(post), "", "Authorization", ""),
		"without the version": w.rest(s, http.MethodGet, commentsPath(post), "", "LinkedIn-Version", ""),
	} {
		if a.Status/100 != 4 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if n := len(w.Public()); n != 1 {
		t.Fatalf("the record holds %d, want the post alone", n)
	}
	made := w.rest(s, http.MethodPost, commentsPath(post), good)
	number := made.Header.Get("x-restli-id")
	object, _ := made.JSON["object"].(string)
	if made.Status != http.StatusCreated || number == "" || made.JSON["$URN"] != "urn:li:comment:("+object+","+number+")" || !strings.HasPrefix(object, "urn:li:activity:") {
		t.Errorf("a good comment: %d %q %s", made.Status, number, made.Body)
	}
	for _, urn := range []string{post, object} {
		var list struct {
			Elements []json.RawMessage `json:"elements"`
		}
		a := w.rest(s, http.MethodGet, commentsPath(urn)+"?start=0&count=100", "")
		if err := json.Unmarshal([]byte(a.Body), &list); err != nil || len(list.Elements) != 1 {
			t.Errorf("comments of %s: %d %s", urn, a.Status, a.Body)
		}
	}
	if a := w.rest(s, http.MethodDelete, commentsPath(post)+"/"+number+"?actor=urn%3Ali%3Aorganization%3A88231045", ""); a.Status != http.StatusNoContent || len(w.Public()) != 1 {
		t.Errorf("deleted: %d %s, the record holds %d", a.Status, a.Body, len(w.Public()))
	}
}

// TestCommentsOutliveARestart: the simulator keeps them with their posts.
func TestCommentsOutliveARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	pub := w.below(w.Publish(s, platforms.Draft{Text: "Trials"}), "Sign up below")
	if _, err := w.comment(s, pub); err != nil {
		t.Fatal(err)
	}
	saved, err := w.Sim.Save()
	if err != nil {
		t.Fatal(err)
	}
	later := sim.New(platforms.SimEnv{Now: w.Clock.Now, BaseURL: w.URL})
	if err := later.Load(saved); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.Sim.Posts(), later.Posts()); diff != "" {
		t.Errorf("the record after a restart (-before +after):\n%s", diff)
	}
	if err := w.Sim.Load(saved); err != nil {
		t.Fatal(err)
	}
	if e, err := w.Platform.Settle(w.Context(), s, pub, nil, w.Clock.Now()); err != nil || e.Verdict != platforms.SeenPublic {
		t.Errorf("after a restart a look finds %+v, %v", e, err)
	}
}

// TestAPostThatNobodyMayRepostSaysSo: the option reaches LinkedIn, and is off unless
// it was chosen.
func TestAPostThatNobodyMayRepostSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	for _, c := range []struct {
		text    string
		options map[string]string
		sent    bool
	}{
		{"For everybody", nil, false}, {"For us alone", map[string]string{"no_reshare": "yes"}, true},
	} {
		d := platforms.Draft{Text: c.text, Options: c.options}
		if ps := platforms.Check(w.Platform.Rules(s.Account).Usual(), d); platforms.Blocks(ps) {
			t.Errorf("%s: check refuses it: %+v", c.text, ps)
		}
		r := w.Publish(s, d)
		sent := w.rest(s, http.MethodGet, "/posts/"+url.QueryEscape(r.RemoteID), "").JSON["isReshareDisabledByAuthor"]
		if sent != c.sent {
			t.Errorf("%s: isReshareDisabledByAuthor is %v", c.text, sent)
		}
		public := w.Public()
		if diff := cmp.Diff(c.options, public[len(public)-1].Options); diff != "" {
			t.Errorf("%s: options in the record (-want +got):\n%s", c.text, diff)
		}
	}
}

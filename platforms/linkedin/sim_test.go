package linkedin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/linkedin"
	"github.com/bandstand-app/bandstand/platforms/linkedin/sim"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

type world struct {
	*platformtest.World
	sim *sim.Sim
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := platformtest.NewWorld(t, platformtest.Suite{New: linkedin.New, NewSim: sim.New})
	return world{w, w.Sim.(*sim.Sim)}
}

// answer is what came back over HTTP.
type answer struct {
	Status int
	Header http.Header
	Body   string
	JSON   map[string]any
}

func (w world) call(method, path, body string, header map[string]string) answer {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.URL+"/linkedin"+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := w.Client.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	a := answer{Status: resp.StatusCode, Header: resp.Header, Body: string(b)}
	_ = json.Unmarshal(b, &a.JSON)
	return a
}

// rest makes a signed call of the versioned API.
func (w world) rest(s platforms.Session, method, path, body string, change ...string) answer {
	w.Helper()
	h := map[string]string{
		"Authorization": "Bearer " + s.Access.Reveal(), "LinkedIn-Version": "202609", "X-Restli-Protocol-Version": "2.0.0",
		"Content-Type": "application/json",
	}
	for i := 0; i+1 < len(change); i += 2 {
		h[change[i]] = change[i+1]
	}
	return w.call(method, "/api/rest"+path, body, h)
}

func (w world) form(path string, f url.Values) answer {
	w.Helper()
	return w.call(http.MethodPost, path, f.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
}

func expect(t *testing.T, err error, kind platforms.Kind, code string) *platforms.Error {
	t.Helper()
	e, ok := errors.AsType[*platforms.Error](err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Fatalf("got %v, want %s and %s", err, kind, code)
	}
	return e
}

func TestHeadersAreAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	for _, c := range []struct {
		name, path, header, value string
		status                    int
		code                      string
	}{
		{"no version", "/organizations/88231045", "LinkedIn-Version", "", 400, "VERSION_MISSING"},
		{"dead version", "/organizations/88231045", "LinkedIn-Version", "202501", 426, "NONEXISTENT_VERSION"},
		{"version to come", "/organizations/88231045", "LinkedIn-Version", "202701", 426, "NONEXISTENT_VERSION"},
		{"no protocol on a finder", "/organizationAcls?q=roleAssignee", "X-Restli-Protocol-Version", "", 400, "PARAM_INVALID"},
		{"no token", "/organizations/88231045", "Authorization", "", 401, "EMPTY_ACCESS_TOKEN"},
		{"some token", "/organizations/88231045", "Authorization", "Bearer x", 401, "INVALID_ACCESS_TOKEN"},
	} {
		a := w.rest(s, http.MethodGet, c.path, "", c.header, c.value)
		if a.Status != c.status || a.JSON["code"] != c.code {
			t.Errorf("%s: %d %s", c.name, a.Status, a.Body)
		}
	}
}

func TestQueriesAreReadAsRestLiDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	const page = "organizationalEntity=urn%3Ali%3Aorganization%3A88231045"
	for query, want := range map[string]int{
		"q=organizationalEntity&" + page + "&shares=List(urn%3Ali%3Ashare%3A1)":                                      200,
		"q=organizationalEntity&" + page + "&shares=List%28urn%3Ali%3Ashare%3A1%29":                                  400,
		"q=organizationalEntity&" + page + "&shares=List(urn:li:share:1)":                                            400,
		"q=organizationalEntity&organizationalEntity=urn:li:organization:88231045&shares=List(urn%3Ali%3Ashare%3A1)": 400,
	} {
		if a := w.rest(s, http.MethodGet, "/organizationalEntityShareStatistics?"+query, ""); a.Status != want {
			t.Errorf("%s: %d %s, want %d", query, a.Status, a.Body, want)
		}
	}
	if a := w.rest(s, http.MethodGet, "/posts/urn:li:share:1", ""); a.Status != 400 {
		t.Errorf("a plain URN in the path: %d", a.Status)
	}
}

func post(change string) string {
	return `{"author":"urn:li:organization:88231045","commentary":"Hello","visibility":"PUBLIC","lifecycleState":"PUBLISHED",` +
		`"distribution":{"feedDistribution":"MAIN_FEED","targetEntities":[],"thirdPartyDistributionChannels":[]}` + change + `}`
}

func TestSimulatorRefusesWhatLinkedInRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"no JSON":          {`{"author"`, 400, "ILLEGAL_ARGUMENT"},
		"missing field":    {`{"commentary":"a"}`, 422, "/author :: field is required"},
		"unknown field":    {post(`,"colour":"red"`), 422, "/colour :: unrecognized field"},
		"blank":            {strings.Replace(post(""), "Hello", " ", 1), 400, "INVALID_VALUE_BLANK_FIELD"},
		"too long":         {strings.Replace(post(""), "Hello", strings.Repeat("a", 3001), 1), 400, "FIELD_LENGTH_TOO_LONG"},
		"foreign Page":     {strings.Replace(post(""), "88231045", "71209913", 1), 403, "Organization permissions"},
		"unknown image":    {post(`,"content":{"media":{"id":"urn:li:image:1"}}`), 400, "INVALID_IMAGE_ID"},
		"one of several":   {post(`,"content":{"multiImage":{"images":[{"id":"urn:li:image:1"}]}}`), 400, "2 to 20"},
		"two kinds":        {post(`,"content":{"media":{"id":"a"},"article":{"source":"https://a.org"}}`), 400, "exactly one kind"},
		"no title":         {post(`,"content":{"article":{"source":"https://a.org"}}`), 400, "MISSING_FIELD"},
		"no address":       {post(`,"content":{"article":{"source":"a","title":"t"}}`), 400, "INVALID_URL"},
		"long description": {post(`,"content":{"media":{"id":"a","altText":"` + strings.Repeat("a", 4087) + `"}}`), 400, "FIELD_LENGTH_TOO_LONG"},
	} {
		if a := w.rest(s, http.MethodPost, "/posts", c.body); a.Status != c.status || !strings.Contains(a.Body, c.says) {
			t.Errorf("%s: got %d %s, want %d with %q", name, a.Status, a.Body, c.status, c.says)
		}
	}
	if n := len(w.Public()); n != 0 {
		t.Errorf("the record holds %d posts", n)
	}
	a := w.rest(s, http.MethodPost, "/posts", post(""))
	if a.Status != 201 || a.Body != "" || !strings.HasPrefix(a.Header.Get("x-restli-id"), "urn:li:share:7") {
		t.Errorf("a good post: %d %q %q", a.Status, a.Body, a.Header.Get("x-restli-id"))
	}
}

func TestUnescapedTextIsCutWithoutAWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	a := w.rest(s, http.MethodPost, "/posts", strings.Replace(post(""), "Hello", "Trials (under 12) are open", 1))
	if got := w.Public()[0].Text; a.Status != 201 || got != "Trials " {
		t.Errorf("status %d, public is %q", a.Status, got)
	}
	if got := w.sim.Submitted(w.Public()[0].ID); got != "Trials (under 12) are open" {
		t.Errorf("submitted is %q", got)
	}
}

func TestRepeatsNameTheEarlierPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	d := platforms.Draft{Text: "Trials (under 12)"}
	first := w.Publish(s, d)
	e := expect(t, w.Try(s, d).Run(), platforms.Duplicate, platforms.CodeDuplicate)
	if e.Ref != first.RemoteID {
		t.Errorf("the answer names %q, want %q", e.Ref, first.RemoteID)
	}
	evidence := []platforms.StepResult{{Kind: platforms.DuplicateOf, Ref: e.Ref, State: platforms.StepDone}}
	settle := func() platforms.Evidence {
		t.Helper()
		got, err := w.Platform.Settle(t.Context(), s, w.Publication(d), evidence, w.Clock.Now().Add(12*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := settle(); got.Verdict != platforms.SeenPublic || got.RemoteID != first.RemoteID {
		t.Errorf("evidence %+v", got)
	}
	// A deleted post goes on refusing its like, and cannot be looked at.
	if a := w.rest(s, http.MethodDelete, "/posts/"+url.QueryEscape(first.RemoteID), ""); a.Status != 204 {
		t.Fatalf("delete: %d %s", a.Status, a.Body)
	}
	expect(t, w.Try(s, d).Run(), platforms.Duplicate, platforms.CodeDuplicate)
	if got := settle(); got.Verdict != platforms.SeenNothing {
		t.Errorf("evidence of a ghost: %+v", got)
	}
	w.Clock.Advance(25 * time.Hour)
	w.Publish(s, d)
}

func TestSettleFindsOnlyOurOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	look := func(d platforms.Draft, done []platforms.StepResult, tried time.Time) platforms.Verdict {
		t.Helper()
		e, err := w.Platform.Settle(t.Context(), s, platforms.Publication{Draft: d}, done, tried)
		if err != nil {
			t.Fatal(err)
		}
		return e.Verdict
	}
	d := platforms.Draft{Text: "Trials (under 12) #under_12 <3 @[County League](urn:li:organization:71209913)"}
	if got := look(d, nil, w.Clock.Now()); got != platforms.SeenNothing {
		t.Errorf("before anything: %s", got)
	}
	w.Publish(s, d)
	if got := look(d, nil, w.Clock.Now()); got != platforms.SeenPublic {
		t.Errorf("after it: %s", got)
	}
	other := d
	other.Link = &platforms.Link{URL: "https://riverside.org"}
	w.Publish(s, other)
	if got := look(other, nil, w.Clock.Now()); got != platforms.SeenPublic {
		t.Errorf("the one with the article: %s", got)
	}
	picture := d
	picture.Media = []platforms.Media{w.Media.Make("image/png", 40, 40, "")}
	uploaded := []platforms.StepResult{{Kind: "upload", Ref: "urn:li:image:other", State: platforms.StepDone}}
	elsewhere := platforms.Draft{Text: "Other words"}
	if got := look(elsewhere, uploaded, w.Clock.Now()); got != platforms.SeenNothing {
		t.Errorf("other words: %s", got)
	}
	w.Clock.Advance(10 * time.Minute)
	if got := look(d, nil, w.Clock.Now()); got != platforms.SeenNothing {
		t.Errorf("tried after it was published: %s", got)
	}
}

func TestPicturesThatWereNotOursDoNotSettle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	d := platforms.Draft{Text: "Saturday", Media: []platforms.Media{w.Media.Make("image/png", 40, 40, "")}}
	w.Publish(s, d)
	done := []platforms.StepResult{{Kind: "upload", Ref: "urn:li:image:C4Eanother", State: platforms.StepDone}}
	e, err := w.Platform.Settle(t.Context(), s, platforms.Publication{Draft: d}, done, w.Clock.Now())
	if err != nil || e.Verdict != platforms.SeenNothing {
		t.Errorf("got %+v, %v", e, err)
	}
}

func TestContentOfAPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	content := func(d platforms.Draft) map[string]any {
		t.Helper()
		r := w.Publish(s, d)
		c, _ := w.rest(s, http.MethodGet, "/posts/"+url.QueryEscape(r.RemoteID), "").JSON["content"].(map[string]any)
		return c
	}
	if c := content(platforms.Draft{Text: "Words alone"}); c != nil {
		t.Errorf("words alone have content %v", c)
	}
	thumbnail := w.Media.Make("image/png", 40, 40, "")
	c := content(platforms.Draft{Text: "Article", Link: &platforms.Link{
		URL: "https://www.riverside.org/u12", Title: strings.Repeat("t", 401), Description: strings.Repeat("d", 4087), Image: &thumbnail,
	}})
	a, _ := c["article"].(map[string]any)
	if a["source"] != "https://www.riverside.org/u12" || a["title"] != strings.Repeat("t", 400) || a["description"] != strings.Repeat("d", 4086) ||
		!strings.HasPrefix(fmt.Sprint(a["thumbnail"]), "urn:li:image:") {
		t.Errorf("article is %v", a)
	}
	c = content(platforms.Draft{Text: "No words of its own", Link: &platforms.Link{URL: "https://www.riverside.org/u13"}})
	if a, _ := c["article"].(map[string]any); a["title"] != "riverside.org" {
		t.Errorf("article without a title is %v", a)
	}
	c = content(platforms.Draft{
		Text: "Pictures hide the card", Link: &platforms.Link{URL: "https://riverside.org"},
		Media: []platforms.Media{w.Media.Make("image/png", 50, 40, "A ball"), w.Media.Make("image/png", 60, 40, "")},
	})
	if m, _ := c["multiImage"].(map[string]any); m == nil || len(m["images"].([]any)) != 2 {
		t.Errorf("content is %v", c)
	}
	last := w.Public()[3]
	if last.Text != "Pictures hide the card\nhttps://riverside.org" || !strings.HasPrefix(last.ID, "urn:li:ugcPost:") {
		t.Errorf("record is %+v", last)
	}
}

func TestOwnFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]struct {
		kind platforms.Kind
		code string
	}{
		simkit.Duplicate: {platforms.Duplicate, platforms.CodeDuplicate},
		"version_gone":   {platforms.VersionOver, platforms.CodeVersionOver},
		"role_lost":      {platforms.Rejected, platforms.CodeNoPublish},
		"media_early":    {platforms.RateLimited, platforms.CodeMediaSlow},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.Connect()
			w.Fault("publish", fault, 1)
			expect(t, w.Try(s, platforms.Draft{Text: "Hello"}).Run(), want.kind, want.code)
		})
	}
	w := newWorld(t)
	if err := w.Sim.Fault(platforms.SimFault{Platform: linkedin.ID, Operation: "publish", Fault: "flood"}); err == nil {
		t.Errorf("a fault nobody knows was armed")
	}
}

func TestWaitingForAPicture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	pub := w.Publication(platforms.Draft{Text: "Wait", Media: []platforms.Media{w.Media.Make("image/png", 40, 40, "")}})
	var done []platforms.StepResult
	perform := func(want platforms.Step) (platforms.StepResult, error) {
		t.Helper()
		step := w.Platform.Plan(pub, done)
		if diff := cmp.Diff(want, step); diff != "" {
			t.Fatalf("step (-want +got):\n%s", diff)
		}
		return w.Platform.Perform(t.Context(), s, pub, done, step)
	}
	for _, want := range []platforms.Step{{Kind: "prepare", Quiet: true}, {Kind: "upload", Sends: pub.Media[0].Bytes}} {
		r, err := perform(want)
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, r)
	}
	wait := platforms.Step{Kind: "wait", Waits: true}
	if r, err := perform(wait); err != nil || r.State != platforms.StepWorking {
		t.Errorf("at once: %+v, %v", r, err)
	}
	w.Clock.Advance(2 * time.Second)
	w.Fault("status", simkit.Stuck, 1)
	if r, err := perform(wait); err != nil || r.State != platforms.StepWorking {
		t.Errorf("stuck: %+v, %v", r, err)
	}
	w.Fault("upload", "role_lost", 1)
	if r, err := perform(wait); err != nil || r.State != platforms.StepDone {
		t.Errorf("not allowed to look: %+v, %v", r, err)
	}
	r, err := perform(wait)
	if err != nil || r.State != platforms.StepDone {
		t.Errorf("ready: %+v, %v", r, err)
	}
	done = append(done, r)
	if _, err := perform(platforms.Step{Kind: "publish", Irreversible: true}); err != nil {
		t.Error(err)
	}
}

func TestBrokenPictures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	prepared := w.rest(s, http.MethodPost, "/images?action=initializeUpload", `{"initializeUploadRequest":{"owner":"urn:li:organization:88231045"}}`)
	value := prepared.JSON["value"].(map[string]any)
	path := strings.TrimPrefix(fmt.Sprint(value["uploadUrl"]), w.URL+"/linkedin")
	if a := w.call(http.MethodPut, path, "<!doctype html>", map[string]string{"Authorization": "Bearer " + s.Access.Reveal()}); a.Status != 201 {
		t.Fatalf("put: %d %s", a.Status, a.Body)
	}
	w.Clock.Advance(time.Minute)
	urn := fmt.Sprint(value["image"])
	if a := w.rest(s, http.MethodGet, "/images/"+url.QueryEscape(urn), ""); a.JSON["status"] != "PROCESSING_FAILED" {
		t.Errorf("status: %s", a.Body)
	}
	if a := w.rest(s, http.MethodPost, "/posts", post(`,"content":{"media":{"id":"`+urn+`"}}`)); a.Status != 400 || a.JSON["code"] != "MEDIA_ASSET_PROCESSING_FAILED" {
		t.Errorf("post: %d %s", a.Status, a.Body)
	}
	w.Clock.Advance(25 * time.Hour)
	if a := w.call(http.MethodPut, path, "late", map[string]string{"Authorization": "Bearer " + s.Access.Reveal()}); a.Status != 400 || a.JSON["code"] != "EXPIRED_UPLOAD_URL" {
		t.Errorf("late put: %d %s", a.Status, a.Body)
	}
	if a := w.rest(s, http.MethodPost, "/images?action=initializeUpload", `{"initializeUploadRequest":{"owner":"urn:li:organization:71209913"}}`); a.Status != 403 {
		t.Errorf("for a Page without the role: %d", a.Status)
	}
}

func TestDailyQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	w.sim.LimitCalls(2)
	for i := range 2 {
		w.Publish(s, platforms.Draft{Text: fmt.Sprint("Post ", i)})
	}
	e := expect(t, w.Try(s, platforms.Draft{Text: "Post 2"}).Run(), platforms.RateLimited, platforms.CodeRateLimited)
	if want := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC); !e.RetryAt.Equal(want) {
		t.Errorf("until %v, want %v", e.RetryAt, want)
	}
	w.Clock.Advance(e.RetryAt.Sub(w.Clock.Now()))
	w.Publish(s, platforms.Draft{Text: "Post 2"})
}

func TestNumbersOfBothKindsOfPosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	share := w.Publish(s, platforms.Draft{Text: "One"})
	several := w.Publish(s, platforms.Draft{Text: "Several", Media: []platforms.Media{
		w.Media.Make("image/png", 40, 40, ""), w.Media.Make("image/png", 50, 40, ""),
	}})
	read := func(id string) map[platforms.Number]int64 {
		t.Helper()
		n, err := w.Platform.(platforms.NumbersReader).PostNumbers(t.Context(), s, id)
		if err != nil {
			t.Fatal(err)
		}
		return n.Values
	}
	zero := map[platforms.Number]int64{"likes": 0, "comments": 0, "shares": 0, "reach": 0, "impressions": 0}
	if diff := cmp.Diff(zero, read(share.RemoteID)); diff != "" {
		t.Errorf("nobody has seen it yet (-want +got):\n%s", diff)
	}
	w.Clock.Advance(24 * time.Hour)
	for _, id := range []string{share.RemoteID, several.RemoteID} {
		if n := read(id); n["impressions"] == 0 || n["reach"] >= n["impressions"] {
			t.Errorf("%s: %v", id, n)
		}
	}
}

func TestPagesShowPosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	r := w.Publish(s, platforms.Draft{Text: "Look <here>", Media: []platforms.Media{w.Media.Make("image/png", 40, 40, "A ball")}})
	for _, path := range []string{"/www/company/riverside-fc/", "/www/feed/update/" + r.RemoteID + "/"} {
		a := w.call(http.MethodGet, path, "", nil)
		if a.Status != 200 || !strings.Contains(a.Body, "Look &lt;here&gt;") || !strings.Contains(a.Body, `alt="A ball"`) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	for _, path := range []string{"/www/company/nobody/", "/www/feed/update/urn:li:share:1/", "/www/pictures/1"} {
		if a := w.call(http.MethodGet, path, "", nil); a.Status != 404 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}

func TestMisspelledFieldsAndValuesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	author := "urn:li:organization:" + s.Account.RemoteID
	encoded := url.QueryEscape(author)
	id := url.QueryEscape(w.Publish(s, platforms.Draft{Text: "Trials are open"}).RemoteID)
	for _, path := range []string{
		"/organizationAcls?q=roleAssignee&status=APPROVED", "/organizationAcls?q=roleAssignee&state=approved", "/organizationAcls?q=roleAssignee&role=ADMIN",
		"/organizationAcls?state=APPROVED", "/organizationAcls?q=assignee", "/organizations/" + s.Account.RemoteID + "?projection=(id)",
		"/networkSizes/" + encoded, "/networkSizes/" + encoded + "?edgeType=CompanyFollowedByMember", "/posts/" + id + "?context=AUTHOR", "/posts/" + id + "?viewContext=author",
		"/posts?q=author&author=" + encoded + "&size=20", "/posts?q=author&author=" + encoded + "&sortBy=NEWEST", "/posts?author=" + encoded, "/posts/" + encoded,
		"/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=" + encoded + "&share=List(" + id + ")", "/images/" + id,
	} {
		if a := w.rest(s, http.MethodGet, path, ""); a.Status != http.StatusBadRequest || a.JSON["code"] == nil {
			t.Errorf("GET %s: %d %s", path, a.Status, a.Body)
		}
	}
	const rest = `"distribution":{"feedDistribution":"MAIN_FEED","targetEntities":[],"thirdPartyDistributionChannels":[]}`
	good := `{"author":"` + author + `","commentary":"Hello","visibility":"PUBLIC","lifecycleState":"PUBLISHED",` + rest + `}`
	for name, c := range map[string]struct {
		old, new string
		status   int
		says     string
	}{
		"field misspelled":            {`"commentary"`, `"Commentary"`, 422, "/Commentary :: unrecognized field found but not allowed"},
		"unknown field":               {`"author"`, `"colour":"red","author"`, 422, "/colour :: unrecognized field"},
		"unknown field within":        {`"targetEntities"`, `"targets"`, 422, "/distribution/targets :: unrecognized field"},
		"no commentary":               {`"commentary":"Hello",`, ``, 422, "/commentary :: field is required"},
		"no feed":                     {`"feedDistribution":"MAIN_FEED",`, ``, 422, "/distribution/feedDistribution :: field is required"},
		"unknown visibility":          {`PUBLIC"`, `PUBLIC_FEED"`, 422, "/visibility"},
		"visibility in small":         {`"PUBLIC"`, `"public"`, 422, "/visibility"},
		"unknown state":               {`"PUBLISHED"`, `"PUBLISH"`, 422, "/lifecycleState"},
		"unknown feed":                {`"MAIN_FEED"`, `"FEED"`, 422, "/distribution/feedDistribution"},
		"a draft":                     {`"PUBLISHED"`, `"DRAFT"`, 400, "INVALID_VALUE_FOR_FIELD"},
		"outside of the feed":         {`"MAIN_FEED"`, `"NONE"`, 400, "MISSING_REQUIRED_FIELD_FOR_DSC"},
		"picture misspelled":          {`"visibility"`, `"content":{"media":{"urn":"urn:li:image:1"}},"visibility"`, 422, "/content/media/urn"},
		"alternative text misspelled": {`"visibility"`, `"content":{"media":{"id":"urn:li:image:1","alt":"a"}},"visibility"`, 422, "/content/media/alt"},
	} {
		body := strings.Replace(good, c.old, c.new, 1)
		if a := w.rest(s, http.MethodPost, "/posts", body); a.Status != c.status || !strings.Contains(a.Body, c.says) {
			t.Errorf("%s: %d %s, want %d and %q", name, a.Status, a.Body, c.status, c.says)
		}
	}
	for name, a := range map[string]answer{
		"parameter on create":       w.rest(s, http.MethodPost, "/posts?validate=true", good),
		"another method":            w.rest(s, http.MethodPost, "/posts", good, "X-RestLi-Method", "PARTIAL_UPDATE"),
		"another action":            w.rest(s, http.MethodPost, "/images?action=initialize", `{}`),
		"no action":                 w.rest(s, http.MethodPost, "/images", `{}`),
		"delete of a Page":          w.rest(s, http.MethodDelete, "/posts/"+encoded, ""),
		"version of another form":   w.rest(s, http.MethodPost, "/posts", good, "LinkedIn-Version", "2026-09"),
		"no version":                w.rest(s, http.MethodPost, "/posts", good, "LinkedIn-Version", ""),
		"body of another type":      w.rest(s, http.MethodPost, "/posts", good, "Content-Type", "text/plain"),
		"upload request misspelled": w.rest(s, http.MethodPost, "/images?action=initializeUpload", `{"initializeUploadRequest":{"author":"`+author+`"}}`),
		"upload request for nobody": w.rest(s, http.MethodPost, "/images?action=initializeUpload", `{"initializeUploadRequest":{}}`),
	} {
		if a.Status/100 != 4 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if n := len(w.Public()); n != 1 {
		t.Errorf("the record holds %d posts, want 1", n)
	}
	if a := w.rest(s, http.MethodPost, "/posts", good); a.Status != http.StatusCreated {
		t.Errorf("as it should be: %d %s", a.Status, a.Body)
	}
}

func TestUploadsNeedTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	body := `{"initializeUploadRequest":{"owner":"urn:li:organization:` + s.Account.RemoteID + `"}}`
	a := w.rest(s, http.MethodPost, "/images?action=initializeUpload", body)
	value, _ := a.JSON["value"].(map[string]any)
	_, path, ok := strings.Cut(fmt.Sprint(value["uploadUrl"]), "/linkedin")
	if !ok {
		t.Fatalf("no upload address: %d %s", a.Status, a.Body)
	}
	m := w.Media.Make("image/png", 40, 40, "")
	file, err := w.Media.Open(w.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(file.Whole())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		header map[string]string
		status int
	}{
		{nil, 401}, {map[string]string{"Authorization": "Bearer other"}, 401}, {map[string]string{"Authorization": "Bearer " + s.Access.Reveal()}, 201},
	} {
		if a := w.call(http.MethodPut, path, string(data), c.header); a.Status != c.status {
			t.Errorf("%v: %d %s, want %d", c.header, a.Status, a.Body, c.status)
		}
	}
}

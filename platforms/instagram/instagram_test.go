package instagram_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/facebook/sim"
	"github.com/bandstand-app/bandstand/platforms/instagram"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

func newWorld(t *testing.T) *platformtest.World {
	t.Helper()
	return platformtest.NewWorld(t, platformtest.Suite{New: instagram.New, NewSim: sim.New})
}

func picture(w *platformtest.World, alt string) platforms.Media {
	return w.Media.Make("image/jpeg", 1080, 1080, alt)
}

// steps performs n steps by hand and returns what they left.
func steps(w *platformtest.World, s platforms.Session, p platforms.Publication, n int) []platforms.StepResult {
	w.Helper()
	var done []platforms.StepResult
	for range n {
		step := w.Platform.Plan(p, done)
		r, err := w.Platform.Perform(w.Context(), s, p, done, step)
		if err != nil {
			w.Fatalf("step %+v: %v", step, err)
		}
		if r.State == platforms.StepWorking {
			w.Clock.Advance(2 * time.Second)
			continue
		}
		done = append(done, r)
	}
	return done
}

func TestConnectFindsTheLinkedAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.Connect().Account
	if a.RemoteID != "17841400000000001" || a.Handle != "riversidefc" || a.Name != "Riverside FC" || !a.Tokens.AccessExpires.IsZero() {
		t.Errorf("got %+v", a)
	}
}

// The Page that an account is linked to may be in no list.
func TestAccountOfAPageInABusinessPortfolioCanBeChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fault("accounts", "portfolio", 0)
	s := w.Connect()
	if s.Account.RemoteID != "17841400000000001" {
		t.Errorf("got %+v", s.Account)
	}
	w.Publish(s, platforms.Draft{Media: []platforms.Media{picture(w, "A ball")}})
}

// TestNewAppCanDoEverything makes every call there is. The server refuses what
// apps made since November 2026 may not use, and what does not exist: a call that
// it refuses would otherwise hide behind a fallback of the client.
func TestNewAppCanDoEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	calls := 0
	w.Answered = func(resp *http.Response) {
		calls++
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s %s answers %d", resp.Request.Method, resp.Request.URL.Path, resp.StatusCode)
		}
	}
	s := w.Connect()
	if _, err := w.Platform.Check(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := w.Platform.(platforms.LimitsReader).ReadLimits(w.Context(), s); err != nil {
		t.Fatal(err)
	}
	w.Publish(s, platforms.Draft{Text: "Alone", Media: []platforms.Media{picture(w, "A ball")}})
	try := w.Try(s, platforms.Draft{Text: "Album", Media: []platforms.Media{picture(w, "One"), picture(w, "")}})
	if err := try.Run(); err != nil {
		t.Fatal(err)
	}
	if e := try.Settle(); e.Verdict != platforms.SeenPublic || e.RemoteID == "" {
		t.Errorf("settle: got %+v", e)
	}
	w.Publish(s, platforms.Draft{Format: platforms.FormatStory, Media: []platforms.Media{picture(w, "A ball")}})
	id := try.Result().RemoteID
	under := platforms.Publication{Draft: platforms.Draft{Text: "Sign up"}, Reply: &platforms.ReplyTo{Parent: platforms.Ref{ID: id}}}
	steps(w, s, under, 1)
	if e, err := w.Platform.Settle(t.Context(), s, under, nil, w.Clock.Now()); err != nil || e.Verdict != platforms.SeenPublic {
		t.Errorf("settle a comment: %+v, %v", e, err)
	}
	if _, err := w.Platform.(platforms.Linker).Permalink(t.Context(), s, id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Platform.(platforms.NumbersReader).PostNumbers(t.Context(), s, id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Platform.(platforms.AccountNumbersReader).AccountNumbers(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := w.Platform.(platforms.Revoker).Revoke(t.Context(), s.App, s.Account, s.Account.Tokens); err != nil {
		t.Fatal(err)
	}
	if calls < 20 {
		t.Errorf("only %d calls were seen", calls)
	}
}

// What an error carries as the answer of the write was made, whichever write.
func TestPublicThoughReportedAsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fault("container", simkit.MadeInError, 3)
	w.Fault("publish", simkit.MadeInError, 1)
	r := w.Publish(w.Connect(), platforms.Draft{Text: "Album", Media: []platforms.Media{picture(w, "One"), picture(w, "Two")}})
	if got := w.Public(); len(got) != 1 || got[0].ID != r.RemoteID {
		t.Errorf("got %s, public is %+v", r.RemoteID, got)
	}
}

func TestPlanOfAnAlbum(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.Publication(platforms.Draft{Text: "Two", Media: []platforms.Media{picture(w, "One"), picture(w, "Two")}})
	var got []string
	var done []platforms.StepResult
	for step := w.Platform.Plan(p, done); step.Kind != ""; step = w.Platform.Plan(p, done) {
		got = append(got, fmt.Sprintf("%s %d irreversible=%v waits=%v", step.Kind, step.Index, step.Irreversible, step.Waits))
		done = append(done, platforms.StepResult{Kind: step.Kind, Index: step.Index, Ref: "1", State: platforms.StepDone})
	}
	want := []string{
		"container 0 irreversible=false waits=false", "container 1 irreversible=false waits=false",
		"status 0 irreversible=false waits=true", "status 1 irreversible=false waits=true",
		"album 0 irreversible=false waits=false", "album_status 0 irreversible=false waits=true",
		"publish 0 irreversible=true waits=false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestAlbumKeepsOrderAndDescriptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := platforms.Draft{Text: "Album", Media: []platforms.Media{picture(w, "One"), picture(w, ""), picture(w, "Three")}}
	r := w.Publish(w.Connect(), d)
	got := w.Public()[0]
	if got.ID != r.RemoteID || len(got.Media) != 3 || got.Media[0].Alt != "One" || got.Media[1].Alt != "" || got.Media[2].Alt != "Three" {
		t.Errorf("got %+v", got)
	}
}

// served is a media store whose pictures are at a given address.
type served struct{ address string }

func (served) Open(context.Context, string) (platforms.MediaFile, error) {
	return platforms.MediaFile{}, errors.New("not used")
}
func (s served) PublicURL(context.Context, string) (string, error) { return s.address, nil }

func jpegOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPicturesAreFetchedAndLookedAt(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{
		"/tall.jpg": jpegOf(t, 900, 1600), "/wide.jpg": jpegOf(t, 2000, 1000), "/text.jpg": []byte("not a picture"),
		"/gif.jpg":  []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"),
		"/huge.jpg": append(jpegOf(t, 1080, 1080), make([]byte, 9<<20)...), "/good.jpg": jpegOf(t, 1080, 1350),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch b, ok := files[r.URL.Path]; {
		case r.URL.Path == "/moved.jpg":
			http.Redirect(w, r, "/good.jpg", http.StatusFound)
		case !ok:
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", "image/jpeg")
			_, _ = w.Write(b)
		}
	}))
	t.Cleanup(server.Close)
	for path, want := range map[string]string{
		"/good.jpg": "", "/tall.jpg": platforms.CodeMediaAspect, "/wide.jpg": platforms.CodeMediaAspect,
		"/text.jpg": platforms.CodeMediaType, "/gif.jpg": platforms.CodeMediaType, "/huge.jpg": platforms.CodeMediaTooBig,
		"/missing.jpg": platforms.CodeMediaNotFetchable, "/moved.jpg": platforms.CodeMediaNotFetchable,
		"/gr\u00fcn.jpg": platforms.CodeMediaNotFetchable,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.Connect()
			s.Media = served{server.URL + path + "?key=hidden"}
			err := w.Try(s, platforms.Draft{Media: []platforms.Media{{ID: "1", Name: "ball.jpg"}}}).Run()
			if want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			e := expect(t, err, platforms.MediaRejected, want)
			if e.Args["address"] != server.URL || e.Args["file"] != "ball.jpg" || strings.Contains(fmt.Sprintf("%+v", e), "hidden") {
				t.Errorf("arguments are %v", e.Args)
			}
		})
	}
}

func TestNoPublicAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	d := platforms.Draft{Media: []platforms.Media{{ID: "1", Name: "ball.jpg"}}}
	s.Media = failing{errors.New("no outside address")}
	expect(t, w.Try(s, d).Run(), platforms.MediaRejected, platforms.CodePublicAddress)
	own := &platforms.Error{Kind: platforms.NotSent, Code: platforms.CodeUnreachable, Platform: instagram.ID, Op: "container"}
	s.Media = failing{fmt.Errorf("make address: %w", own)}
	expect(t, w.Try(s, d).Run(), platforms.NotSent, platforms.CodeUnreachable)
}

type failing struct{ err error }

func (f failing) Open(context.Context, string) (platforms.MediaFile, error) {
	return platforms.MediaFile{}, f.err
}
func (f failing) PublicURL(context.Context, string) (string, error) { return "", f.err }

func TestContainersTakeTimeAndExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	p := w.Publication(platforms.Draft{Text: "Slow", Media: []platforms.Media{picture(w, "")}})
	done := steps(w, s, p, 1)
	if life := done[0].ExpiresAt.Sub(w.Clock.Now()); life != 24*time.Hour {
		t.Errorf("the container lives %v", life)
	}
	look := w.Platform.Plan(p, done)
	for _, want := range []struct {
		wait  time.Duration
		state platforms.StepState
	}{{0, platforms.StepWorking}, {time.Second, platforms.StepDone}, {24 * time.Hour, platforms.StepExpired}} {
		w.Clock.Advance(want.wait)
		r, err := w.Platform.Perform(t.Context(), s, p, done, look)
		if err != nil || r.State != want.state {
			t.Errorf("after %v: got %s, %v, want %s", want.wait, r.State, err, want.state)
		}
	}
	if e, err := w.Platform.Settle(t.Context(), s, p, done, w.Clock.Now()); err != nil || e.Verdict != platforms.SeenNotPublic {
		t.Errorf("settle after expiry: got %+v, %v", e, err)
	}
}

func TestFailedContainerSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fault("status", simkit.Media, 1)
	err := w.Try(w.Connect(), platforms.Draft{Media: []platforms.Media{picture(w, "")}}).Run()
	e := expect(t, err, platforms.MediaRejected, platforms.CodeMediaFailed)
	if e.PlatformCode != "2207077" {
		t.Errorf("got code %s", e.PlatformCode)
	}
}

func TestStuckContainerIsStillWorking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fault("container", simkit.Stuck, 1)
	s := w.Connect()
	p := w.Publication(platforms.Draft{Media: []platforms.Media{picture(w, "")}})
	done := steps(w, s, p, 1)
	w.Clock.Advance(20 * time.Hour)
	r, err := w.Platform.Perform(t.Context(), s, p, done, w.Platform.Plan(p, done))
	if err != nil || r.State != platforms.StepWorking {
		t.Errorf("got %+v, %v", r, err)
	}
}

// Publishing too early is no failure: the container says that nothing is public.
func TestPublishingTooEarlySettlesAsNotPublic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	p := w.Publication(platforms.Draft{Text: "Early", Media: []platforms.Media{picture(w, "")}})
	done := steps(w, s, p, 1)
	_, err := w.Platform.Perform(t.Context(), s, p, done, platforms.Step{Kind: "publish", Irreversible: true})
	expect(t, err, platforms.Unknown, platforms.CodeMediaSlow)
	tried := w.Clock.Now()
	for _, want := range []platforms.Verdict{platforms.SeenNothing, platforms.SeenNotPublic} {
		if e, err := w.Platform.Settle(t.Context(), s, p, done, tried); err != nil || e.Verdict != want {
			t.Errorf("got %+v, %v, want %s", e, err, want)
		}
		w.Clock.Advance(time.Minute)
	}
}

func TestPublishingTwiceIsRefusedAndFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	p := w.Publication(platforms.Draft{Text: "Once", Media: []platforms.Media{picture(w, "")}})
	done := steps(w, s, p, 3)
	publish := platforms.Step{Kind: "publish", Irreversible: true}
	tried := w.Clock.Now()
	first, err := w.Platform.Perform(t.Context(), s, p, done, publish)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Platform.Perform(t.Context(), s, p, done, publish)
	expect(t, err, platforms.Unknown, platforms.CodeMediaFailed)
	e, err := w.Platform.Settle(t.Context(), s, p, done, tried)
	if err != nil || e.Verdict != platforms.SeenPublic || e.RemoteID != first.RemoteID || e.RemoteURL == "" {
		t.Errorf("got %+v, %v, want %s", e, err, first.RemoteID)
	}
}

// With two posts of the same text the container still proves that ours is
// public, but not which one it is.
func TestSettleTakesNoIDThatMayBeAnothers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	w.Publish(s, platforms.Draft{Text: "Same", Media: []platforms.Media{picture(w, "")}})
	w.Fault("publish", simkit.ResetAfter, 1)
	try := w.Try(s, platforms.Draft{Text: "Same", Media: []platforms.Media{picture(w, "")}})
	expect(t, try.Run(), platforms.Unknown, platforms.CodePlatformDown)
	if e := try.Settle(); e.Verdict != platforms.SeenPublic || e.RemoteID != "" || e.Proof != "container_status" {
		t.Errorf("got %+v", e)
	}
}

func TestSettleDoesNotTakeAMissingContainerForAbsence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	p := w.Publication(platforms.Draft{Media: []platforms.Media{picture(w, "")}})
	for _, done := range [][]platforms.StepResult{nil, {{Kind: "container", Ref: "178000", State: platforms.StepDone}}} {
		if e, err := w.Platform.Settle(t.Context(), s, p, done, w.Clock.Now()); err != nil || e.Verdict != platforms.SeenNothing {
			t.Errorf("%v: got %+v, %v", done, e, err)
		}
	}
}

func TestDailyLimitIsSaidWithItsFigure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	d := platforms.Draft{Text: "Again", Media: []platforms.Media{w.Media.Make("image/jpeg", 64, 64, "")}}
	for range 100 {
		w.Publish(s, d)
	}
	e := expect(t, w.Try(s, d).Run(), platforms.RateLimited, platforms.CodeDailyCap)
	if e.Args["limit"] != "100" || !e.RetryAt.Equal(w.Clock.Now().Add(time.Hour)) {
		t.Errorf("got limit %q, again at %v", e.Args["limit"], e.RetryAt)
	}
	if n := len(w.Public()); n != 100 {
		t.Errorf("%d posts are public", n)
	}
	w.Clock.Advance(24 * time.Hour)
	w.Publish(s, d)
}

func TestAccountNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	w.Publish(s, platforms.Draft{Media: []platforms.Media{picture(w, "")}})
	n, err := w.Platform.(platforms.AccountNumbersReader).AccountNumbers(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[platforms.Number]int64{platforms.Followers: 388, platforms.Posts: 1}, n.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

// Too few viewers, or an insight refused: what stands on the post is still known.
func TestNumbersWithoutInsights(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/insights") {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":{"code":10,"message":"(#10) Not enough viewers for the media to show insights"}}`))
			return
		}
		_, _ = w.Write([]byte(`{"id":"1","comments_count":3}`))
	}))
	t.Cleanup(server.Close)
	p := instagram.New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}})
	n, err := p.(platforms.NumbersReader).PostNumbers(t.Context(), platforms.Session{}, "1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[platforms.Number]int64{platforms.Comments: 3}, n.Values); diff != "" {
		t.Errorf("values, likes being hidden (-want +got):\n%s", diff)
	}
}

func expect(t *testing.T, err error, kind platforms.Kind, code string) *platforms.Error {
	t.Helper()
	e, ok := errors.AsType[*platforms.Error](err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Fatalf("got %+v, want %s %s", err, kind, code)
	}
	return e
}

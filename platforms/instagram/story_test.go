package instagram_test

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/instagram"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// TestStoryTakesPicturesThatThePostRefuses: a phone's photo is too tall for the feed,
// and just right for a story.
func TestStoryTakesPicturesThatThePostRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	d := platforms.Draft{Media: []platforms.Media{w.Media.Make("image/jpeg", 540, 960, "")}}
	rules := w.Platform.Rules(s.Account)
	if !platforms.Blocks(platforms.Check(rules.Usual(), d)) {
		t.Error("the feed takes a picture of 9:16")
	}
	d.Format = platforms.FormatStory
	story, ok := rules.For(d.Format)
	if ps := platforms.Check(story, d); !ok || len(ps) > 0 {
		t.Errorf("a story of 9:16: %+v", ps)
	}
	w.Publish(s, d)
}

// TestStoriesOfOneHourAreNotMixedUp: a story shows no text, so where two were made at
// about the same time it is known that it is public, and not which it is.
func TestStoriesOfOneHourAreNotMixedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	draft := func() platforms.Draft {
		return platforms.Draft{Format: platforms.FormatStory, Media: []platforms.Media{picture(w, "")}}
	}
	first := w.Publish(s, draft())
	w.Clock.Advance(time.Minute)
	w.Fault("publish", simkit.ResetAfter, 1)
	try := w.Try(s, draft())
	if err := try.Run(); platforms.KindOf(err) != platforms.Unknown {
		t.Fatalf("got %v, want an unclear answer", err)
	}
	e := try.Settle()
	if e.Verdict != platforms.SeenPublic || !e.Known || e.RemoteID != "" || len(e.Matches) != 2 {
		t.Errorf("two stories of the last minutes: %+v", e)
	}
	if left := e.Without(map[string]bool{first.RemoteID: true}, 0); left.RemoteID == "" || left.RemoteID == first.RemoteID {
		t.Errorf("without the first: %+v", left)
	}
}

// TestCommentWithoutThePermissionSaysWhatIsMissing: accounts that were connected
// before first comments came lack it.
func TestCommentWithoutThePermissionSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	first := w.Publish(s, platforms.Draft{Text: "Trials", Media: []platforms.Media{picture(w, "A ball")}})
	w.Fault("comment", simkit.NoPermission, 1)
	pub := platforms.Publication{
		Draft: platforms.Draft{Text: "Sign up"}, Reply: &platforms.ReplyTo{Parent: platforms.Ref{ID: first.RemoteID}},
	}
	_, err := w.Platform.Perform(w.Context(), s, pub, nil, w.Platform.Plan(pub, nil))
	expect(t, err, platforms.Rejected, platforms.CodeNoFeature)
	if n := len(w.Public()); n != 1 {
		t.Errorf("%d posts are public, want the first alone", n)
	}
	if got := instagram.New(platforms.Env{}).Info().CertaintyOf(pub); got != platforms.CertainByLooking {
		t.Errorf("certainty of a comment: %s", got)
	}
}

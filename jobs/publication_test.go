package jobs

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
)

// TestWhatIsPreviewedIsWhatIsPublished: the composer and the engine make the same
// draft of a post. Only how large a copy will be is not known before it is made.
func TestWhatIsPreviewedIsWhatIsPublished(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.fake.photos = 4
	library, err := media.Open(r.db, media.Settings{Dir: t.TempDir(), Key: []byte("key"), Now: r.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	r.withMedia(library)
	take := func(w, h int) string {
		t.Helper()
		var file bytes.Buffer
		if err := jpeg.Encode(&file, image.NewRGBA(image.Rect(0, 0, w, h)), nil); err != nil {
			t.Fatal(err)
		}
		m, err := library.Save(t.Context(), r.club.ClubID, r.club.PersonID, "team.jpg", &file)
		if err != nil {
			t.Fatal(err)
		}
		return m.ID
	}
	conn := r.connect()
	content := club.Content{
		Text: "Everybody", Texts: map[int64]string{conn.ID: "Just here"}, Accounts: []int64{conn.ID}, Link: "https://club.example/trials",
		Media: []club.ContentMedia{
			{ID: take(60, 40), Alt: " Two children ", Fit: map[int64]platforms.Fit{conn.ID: platforms.FitPad}},
			{ID: take(40, 40)},
		},
	}
	err = r.db.StartLinkCard(t.Context(), r.club.ClubID, content.Link)
	if err == nil {
		err = r.db.FinishLinkCard(t.Context(), r.club.ClubID, club.LinkCard{URL: content.Link, State: club.CardReady, Title: "Trials", MediaID: take(90, 30)})
	}
	if err != nil {
		t.Fatal(err)
	}
	post := r.club.Post(content)
	desk := planning.Desk{DB: r.db, Media: planning.Measured{Library: library}, Platforms: r.config.Platforms, Language: i18n.Language, Now: r.clock.Now}
	preview := func() platforms.Draft {
		t.Helper()
		all, err := desk.Drafts(t.Context(), r.club.ClubID, []planning.Plan{{PostID: post, Content: content}})
		if err != nil || len(all[0].Drafts) != 1 {
			t.Fatal(all, err)
		}
		return all[0].Drafts[0].Draft
	}
	before := preview()
	if err := r.db.Schedule(t.Context(), r.club.Scope, post, []int64{conn.ID}, r.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	r.want(post, club.Published, club.Linked)
	out := r.frozen(post).Draft
	if diff := cmp.Diff(preview(), out); diff != "" {
		t.Errorf("once the copies are made (-preview +published):\n%s", diff)
	}
	for i := range out.Media {
		out.Media[i].Bytes = before.Media[i].Bytes
	}
	out.Link.Image.Bytes = before.Link.Image.Bytes
	if diff := cmp.Diff(before, out); diff != "" {
		t.Errorf("before (-preview +published):\n%s", diff)
	}
}

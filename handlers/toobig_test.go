package handlers

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/planning"
)

// TestTooMuchIsSaidAtItsField: what is more than a post may hold is refused at
// its field, and all of it is in the form again, to the last letter.
func TestTooMuchIsSaidAtItsField(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a, w := s.account("tiny", true, club.Working), s.account("wide", true, club.Working)
	b := s.as(club.Publisher)
	photo := b.photo(drawn(t, 40, 30))
	long := func(n int) string { return strings.Repeat("é", n/2-1) + "ö" }
	for _, tt := range []struct {
		name, field, value string
		also               []string // more fields and values
	}{
		{"text", "text", long(maxText + 2), nil},
		{"text of a megabyte", "text", strings.Repeat("a", 1_000_000), nil},
		{"own text", "text-" + id64(w), long(maxText + 2), []string{"own", id64(w)}},
		{"texts together", "text-" + id64(w), long(maxText * 2 / 3), []string{"own", id64(w), "text", long(maxText / 2)}},
		{"description", "alt-" + photo, long(maxAlt + 2), []string{"media", photo}},
		{"link", "link", "https://example.org/" + strings.Repeat("a", planning.MaxLink), nil},
		{"label", "campaign_new", strings.Repeat("a", maxLabel+1), nil},
		{"note", "note", long(maxText + 2), nil},
	} {
		form := with(draft("Training", a, w), append(tt.also, tt.field, tt.value)...)
		for path, status := range map[string]int{"/posts": 422, "/posts/autosave": 413, "/posts/preview": 200} {
			b.post(path, form).want(status).holds(tt.field, tt.value)
		}
		for _, do := range []string{"schedule", "next", "own-" + id64(a), "up-" + photo, "upload"} {
			page := b.post("/posts", with(form, "do", do)).want(http.StatusUnprocessableEntity)
			if page.doc().Find("#"+tt.field+"-e").Length() != 1 {
				t.Errorf("%s: %s does not say it at the field", tt.name, do)
			}
		}
		if body := b.postHX("/posts/autosave", form).want(http.StatusRequestEntityTooLarge).body; body != "" {
			t.Errorf("%s: autosave answers %q to a page with words of its own", tt.name, body)
		}
		b.postHX("/posts/preview", form).want(http.StatusOK)
		b.postHX("/posts", form).want(http.StatusUnprocessableEntity)
	}
	var n int
	if err := s.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM posts`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d posts were made of it (%v)", n, err)
	}
	// To the last letter that fits, it is kept.
	b.post("/posts", with(draft(long(maxText), a), "note", long(maxText), "campaign_new", strings.Repeat("é", maxLabel))).want(http.StatusSeeOther)
	if got := s.only().Content().Text; got != long(maxText) {
		t.Errorf("%d bytes were kept, want %d", len(got), maxText)
	}
}

// photo stores a picture and returns its id.
func (b *browser) photo(data []byte) string {
	b.t.Helper()
	tile := b.sendFile("/media", url.Values{}, "pitch.png", data, hx).want(http.StatusOK).doc().Find(".tile")
	return strings.TrimPrefix(tile.AttrOr("id", ""), "tile-")
}

// TestMoreThanTheServerReads: nothing of it can be shown again, so the answer
// says where it still is.
func TestMoreThanTheServerReads(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	b := s.as(club.Writer)
	form := draft(strings.Repeat("a", web.MaxBody))
	for _, path := range []string{"/posts", "/posts/autosave", "/posts/preview", "/profile", "/sign-in"} {
		b.post(path, form).want(http.StatusRequestEntityTooLarge).says("That was too big to send", "Go back: what you wrote is still in the form.")
		if a := b.postHX(path, form).want(http.StatusRequestEntityTooLarge); a.body != "" || a.Header.Get("HX-Reswap") != "none" {
			t.Errorf("%s answers %q to a page with words of its own", path, a.body)
		}
	}
	// Text fields of a form with pictures are bounded, too.
	b.sendFile("/posts", draft(strings.Repeat("a", 43<<20)), "pitch.png", []byte{1}, nil).want(http.StatusRequestEntityTooLarge).says("too big")
	b.sendFile("/posts", draft("Training"), "pitch.png", bytes.Repeat([]byte{1}, web.MaxUpload), nil).want(http.StatusRequestEntityTooLarge).says("too big")
}

// TestTextOutlivesWhatItWasFor: the post, or an account with a text of its own,
// goes while somebody writes. Nothing that was written goes with it.
func TestTextOutlivesWhatItWasFor(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a, w := s.account("tiny", true, club.Working), s.account("wide", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", draft("Training", a)).want(http.StatusSeeOther)
	p := s.only()
	form := with(draft("Training, newer", a, w), "op", "form-2", "post", id64(p.ID), "version", id64(p.Version), "own", id64(w), "text-"+id64(w), "Wide text")
	s.as(club.Admin).post(web.PostPath(p.ID)+"/deletion", nil).want(http.StatusSeeOther)
	for _, send := range []func(string, url.Values) *answer{b.post, b.postHX} {
		page := send("/posts", form).want(http.StatusNotFound).says("somebody deleted it. What you wrote stands here as a new post.")
		d := page.doc()
		if d.Find("#text").Text() != "Training, newer" || d.Find("#text-"+id64(w)).Text() != "Wide text" || d.Find("#save input[name=post]").AttrOr("value", "") != "" {
			t.Errorf("the form holds %q and %q", d.Find("#text").Text(), d.Find("#text-"+id64(w)).Text())
		}
		if op := d.Find("input[name=op]").AttrOr("value", ""); op == "" || op == "form-2" {
			t.Errorf("the new post has the key %q", op)
		}
	}
	b.postHX("/posts/autosave", form).want(http.StatusNotFound)

	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE connections SET practice = 0 WHERE id = ?`, w); err != nil {
		t.Fatal(err)
	}
	page := b.post("/posts", with(form, "post", "", "version", "0", "op", "form-3")).want(http.StatusUnprocessableEntity)
	page.says("An account that you ticked is not there any more", "The text for it now stands at the end of the other.")
	if got := page.doc().Find("#text").Text(); got != "Training, newer\n\nWide text" {
		t.Errorf("the text is %q", got)
	}
	b.postHX("/posts/autosave", with(form, "post", "", "version", "0", "op", "form-3")).want(http.StatusNotFound)
}

package handlers

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// TestConflictAfterALostAnswer: the form does not know yet that it made a post,
// and somebody else has changed that post meanwhile.
func TestConflictAfterALostAnswer(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	ines, tom := s.as(club.Writer), s.as(club.Publisher)
	ines.post("/posts/autosave", draft("Bring water")).want(http.StatusSeeOther)
	p := s.only()
	s.clock.Advance(time.Minute)
	tom.post("/posts", with(draft("Bring boots"), "op", "form-2", "post", id64(p.ID), "version", id64(p.Version))).want(http.StatusSeeOther)

	a := ines.post("/posts", draft("Bring water and a ball")).want(http.StatusConflict).says("Tom Reid saved a newer text at 09:01.", "boots", "ball")
	if got := a.doc().Find("input[name=post]").AttrOr("value", ""); got != id64(p.ID) {
		t.Errorf("the form is about post %q, want %d", got, p.ID)
	}
	ines.postHX("/posts/autosave", draft("Bring water and a ball")).want(http.StatusConflict).says("Tom Reid saved a newer text at 09:01.")
}

func TestThrowingAwayWhatIsNewer(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	account := s.account("tiny", true, club.Working)
	tom := s.as(club.Publisher)
	tom.post("/posts", with(draft("Training", account), "do", "schedule")).want(http.StatusSeeOther)
	p := s.only()
	tom.post("/posts", with(draft("Training at 7", account), "op", "form-2", "post", id64(p.ID), "version", id64(p.Version))).want(http.StatusSeeOther)
	tom.post(web.PostPath(p.ID)+"/revision", url.Values{"do": {"throw"}, "version": {id64(p.Version)}}).
		want(http.StatusConflict).says("You saved a newer text in another window at 09:00.")
	if s.only().Pending == nil {
		t.Error("what is newer is gone")
	}
}

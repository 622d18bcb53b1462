package handlers

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

// countedLinks counts how often a page was asked for.
type countedLinks struct{ asked atomic.Int32 }

func (l *countedLinks) Request(context.Context, int64, int64, string) error {
	l.asked.Add(1)
	return nil
}

// TestPracticeReadsNoWebPage: "nothing leaves this computer" is true of links
// too; a club that is live has them read.
func TestPracticeReadsNoWebPage(t *testing.T) {
	t.Parallel()
	links := &countedLinks{}
	s := newScene(t, func(c *Config) { c.Links = links })
	b := s.as(club.Admin)
	form := with(draft("Training"), "link", "https://example.org/page")

	b.post("/posts/preview", form).want(http.StatusOK).says("In practice mode Bandstand does not read the page")
	if n := links.asked.Load(); n != 0 {
		t.Errorf("practice mode asked for %d pages", n)
	}
	if _, err := s.db.GoLive(t.Context(), s.scope(club.Admin), nil, "test"); err != nil {
		t.Fatal(err)
	}
	b.post("/posts/preview", form).want(http.StatusOK).saysNot("In practice mode Bandstand does not read the page")
	if n := links.asked.Load(); n == 0 {
		t.Error("a live club's link was not asked for")
	}
}

package handlers

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
)

// called is the name of a button that takes it from other elements.
func called(doc *goquery.Document, button *goquery.Selection) string {
	var names []string
	for id := range strings.FieldsSeq(button.AttrOr("aria-labelledby", "")) {
		e := doc.Find("[id='" + id + "']").Clone()
		e.Find("[aria-hidden=true]").Remove()
		names = append(names, strings.Join(strings.Fields(e.Text()), " "))
	}
	return strings.Join(names, " ")
}

func TestButtonsOfCardsAreCalledAfterTheirPost(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one := s.connect("one", "Riverside FC")
	s.schedule("Match day", "2026-11-24T09:00", one)
	s.schedule("Match day", "2026-11-24T18:30", one)
	s.write(club.Publisher, "Trials flyer", "")
	b := s.as(club.Publisher)
	const early, late = "Match day, Tuesday 24 November, 09:00, One Page, Scheduled", "Match day, Tuesday 24 November, 18:30, One Page, Scheduled"
	for path, want := range map[string][]string{
		"/calendar":                {"Drag " + early, "More for " + early, "Drag " + late, "More for " + late, "Drag Trials flyer, Draft", "More for Trials flyer, Draft"},
		"/calendar?view=list":      {"More for " + early, "More for " + late, "Drag Trials flyer, Draft", "More for Trials flyer, Draft"},
		"/calendar/day/2026-11-24": {"More for " + early, "More for " + late},
	} {
		doc := b.get(path).want(http.StatusOK).doc()
		got := doc.Find("main li > button").Map(func(_ int, b *goquery.Selection) string { return called(doc, b) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: buttons (-want +got):\n%s", path, diff)
		}
	}
}

func TestMenuOfCardOffersWhatTheRoleMay(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one := s.connect("one", "Riverside FC")
	s.schedule("Trials", "2026-11-24T18:30", one)
	s.write(club.Writer, "Draft", "2026-11-25T18:30")
	out := s.schedule("Match day", "2026-11-23T18:30", one)
	s.force(out.ID, club.Published, club.Unlinked)
	for role, want := range map[club.Role]map[string]string{
		club.Viewer:    {"Trials": "", "Draft": "", "Match day": ""},
		club.Writer:    {"Trials": "", "Draft": "move edit menu", "Match day": ""},
		club.Publisher: {"Trials": "move edit menu", "Draft": "move edit menu", "Match day": ""},
	} {
		for _, path := range []string{"/calendar", "/calendar?view=list"} {
			got := map[string]string{}
			s.as(role).get(path).want(http.StatusOK).doc().Find("main li[data-v]").Each(func(_ int, card *goquery.Selection) {
				var can []string
				for _, what := range []string{"move", "edit"} {
					if _, ok := card.Attr("data-" + what); ok {
						can = append(can, what)
					}
				}
				if card.Find("[aria-haspopup=menu]").Length() == 1 {
					can = append(can, "menu")
				}
				text, _, _ := strings.Cut(card.Find(".pc-text").Text(), ",")
				got[text] = strings.Join(can, " ")
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s for a %s (-want +got):\n%s", path, role, diff)
			}
		}
	}
}

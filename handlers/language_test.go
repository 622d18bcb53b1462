package handlers

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

// TestPostsOfAClubThatWritesWelshAreCalledEnglish: a club says in which language
// it writes, and begins with that of whoever founds it.
func TestPostsOfAClubThatWritesWelshAreCalledEnglish(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	admin := s.as(club.Admin)
	chosen := func(page *answer) string {
		t.Helper()
		return page.doc().Find("#language option[selected]").AttrOr("value", "")
	}
	for wanted, want := range map[string]string{
		"":                               "en",
		"cy":                             "cy",
		"cy-GB,en;q=0.8":                 "cy",
		"de-AT":                          "de",
		"pt-BR,pt;q=0.9":                 "pt-BR",
		"no":                             "nb",
		"zh-TW":                          "zh-Hant",
		"zh-CN,zh;q=0.9":                 "zh-Hans",
		"tlh":                            "en",
		"*":                              "en",
		"en-US,en;q=0.5":                 "en",
		"x\"><script>":                   "en",
		"tlh,ga;q=0.3,not a language;;q": "en",
	} {
		got := chosen(admin.do(http.MethodGet, "/clubs/new", nil, http.Header{"Accept-Language": {wanted}}).want(http.StatusOK))
		if got != want {
			t.Errorf("a browser that wants %q: %q is chosen, want %q", wanted, got, want)
		}
	}

	form := url.Values{"club": {"Riverside FC"}, "zone": {"Europe/Dublin"}, "week_start": {"1"}, "late_hours": {"2"}, "language": {"cy"}}
	if got := chosen(admin.get("/settings")); got != "en" {
		t.Errorf("a club that chose nothing writes %q", got)
	}
	admin.post("/settings", form).to("/settings")
	if got := chosen(admin.get("/settings")); got != "cy" {
		t.Errorf("%q is chosen after choosing Welsh", got)
	}
	form.Del("language") // opened before there was such a field
	admin.post("/settings", form).to("/settings")
	if got := chosen(admin.get("/settings")); got != "cy" {
		t.Errorf("a form that says nothing of the language made it %q", got)
	}
	s.as(club.Writer).get("/settings").want(http.StatusOK).says("Cymraeg")

	form.Set("club", "Choir")
	admin.do(http.MethodPost, "/clubs", form, http.Header{"Accept-Language": {"ga"}}).to("/calendar")
	var founded string
	if err := s.db.Reader().QueryRowContext(t.Context(), `SELECT language FROM clubs WHERE name = 'Choir'`).Scan(&founded); err != nil || founded != "ga" {
		t.Errorf("a club founded from an Irish browser writes %q, %v", founded, err)
	}
}

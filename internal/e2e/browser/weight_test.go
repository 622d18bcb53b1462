package browser

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// Budgets in bytes, compressed.
const (
	monthBudget   = 25_000
	crowdedBudget = 30_000
	firstBudget   = 80_000
	scriptBudget  = 35_000
	firstRequests = 8
	crowdedCards  = 400
)

// weighed is a club with a full calendar, and somebody who looks at it.
type weighed struct {
	t       *testing.T
	app     *e2ekit.App
	cookies []*http.Cookie
}

// weigh furnishes a club: 300 posts in December, and more than a page shows in
// February.
func weigh(t *testing.T) *weighed {
	t.Helper()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	settings := e2ekit.SettingsFor(filepath.Join(t.TempDir(), "data"))
	app, err := e2ekit.Open(t.Context(), settings, &bytes.Buffer{}, func() time.Time { return now }, e2ekit.Unchanged)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	})
	const phrase = "four brass horns play"
	hash, err := password.New().Hash(t.Context(), phrase)
	if err != nil {
		t.Fatal(err)
	}
	person, c, err := app.DB().CreateFirst(t.Context(), store.NewPerson{Email: "maeve@riverside.example", Name: "Maeve Byrne", PasswordHash: hash},
		store.NewClub{Name: "Riverside FC", Zone: "Europe/Dublin", WeekStart: time.Monday}, "test")
	if err != nil {
		t.Fatal(err)
	}
	w := &weighed{t: t, app: app}
	w.posts(store.Scope{ClubID: c.ID, PersonID: person.ID}, 300, 420)
	form := url.Values{"email": {"maeve@riverside.example"}, "password": {phrase}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sign-in", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := w.ask(r)
	if w.cookies = answer.Result().Cookies(); answer.Code != http.StatusSeeOther || len(w.cookies) == 0 {
		t.Fatalf("the sign-in answers %d", answer.Code)
	}
	return w
}

// posts fills months, one after the other, with posts in words that do not repeat as
// people's words do: harder to compress than what clubs write.
func (w *weighed) posts(s store.Scope, months ...int) {
	w.t.Helper()
	var accounts []int64
	for i, c := range e2ekit.Catalogue().Platforms {
		var id int64
		err := w.app.DB().Writer().QueryRowContext(w.t.Context(), `
			INSERT INTO connections (club_id, platform, practice, remote_id, name, health, connected_by, connected_at)
			VALUES (?, ?, 1, ?, 'Riverside FC', 'working', ?, 0) RETURNING id`, s.ClubID, c(platforms.Env{}).Info().ID, fmt.Sprint(i), s.PersonID).Scan(&id)
		if err != nil {
			w.t.Fatal(err)
		}
		accounts = append(accounts, id)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	vocabulary := strings.Fields(`Saturday evening home away match kick-off under-12s training clubhouse bring boots raffle tickets doors open
		members welcome concert rehearsal choir band winter cup league final result thanks everyone volunteers needed bar rota kitchen pitch
		inspection rain clear skies season opener annual meeting treasurer report bake sale sponsored walk captain striker debut player of the
		month photo gallery family fun day bouncy castle quiz night prize register online before Friday juniors walking football trophy pride`)
	for m, n := range months {
		// A month between, because pages show whole weeks.
		first := time.Date(2026, time.Month(12+2*m), 1, 0, 0, 0, 0, time.UTC)
		step := first.AddDate(0, 1, 0).Sub(first) / time.Duration(n)
		for i := range n {
			var text strings.Builder
			for range 8 + dice.IntN(24) {
				text.WriteString(vocabulary[dice.IntN(len(vocabulary))] + " ")
			}
			from := dice.IntN(len(accounts))
			to := min(len(accounts), from+1+dice.IntN(3))
			slot, err := club.SlotAt(first.Add(step*time.Duration(i)+step/2).Truncate(time.Minute), "Europe/Dublin")
			if err != nil {
				w.t.Fatal(err)
			}
			change := store.PostChange{Content: club.Content{Text: text.String(), Accounts: accounts[from:to]}, Slot: slot}
			if dice.IntN(7) == 0 {
				_, err = w.app.DB().SavePost(w.t.Context(), s, change)
			} else {
				_, err = w.app.DB().SchedulePost(w.t.Context(), s, change, "test")
			}
			if err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

func (w *weighed) ask(r *http.Request) *httptest.ResponseRecorder {
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range w.cookies {
		r.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	w.app.Handler().ServeHTTP(answer, r)
	return answer
}

// get is a page or file, and how many bytes it is on its way.
func (w *weighed) get(at string) (*goquery.Document, int) {
	w.t.Helper()
	answer := w.ask(httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, at, nil))
	if answer.Code != http.StatusOK || answer.Header().Get("Content-Encoding") != "gzip" {
		w.t.Fatalf("%s answers %d, %v", at, answer.Code, answer.Header())
	}
	size := answer.Body.Len()
	z, err := gzip.NewReader(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(z)
	if err != nil {
		w.t.Fatal(err)
	}
	return doc, size
}

// TestCalendarStaysLight keeps the calendar within its budgets.
func TestCalendarStaysLight(t *testing.T) {
	t.Parallel()
	w := weigh(t)
	within := func(what string, got, most int) {
		t.Helper()
		t.Logf("%s: %d of %d", what, got, most)
		if got > most {
			t.Errorf("%s: %d, want at most %d", what, got, most)
		}
	}
	doc, page := w.get("/calendar?view=month&date=2026-12-01")
	if n := doc.Find("li.pc").Length(); n != 300 {
		t.Errorf("December shows %d cards, want 300", n)
	}
	within("bytes of a month", page, monthBudget)

	total, scripts, requests := page, 0, 1
	asset := regexp.MustCompile(`^/static/[0-9a-f]+/`)
	doc.Find("[src], link[href]").Each(func(_ int, e *goquery.Selection) {
		at := e.AttrOr("src", e.AttrOr("href", ""))
		if !asset.MatchString(at) {
			t.Errorf("the calendar loads %s", at)
			return
		}
		_, n := w.get(at)
		total += n
		requests++
		if path.Ext(at) == ".js" {
			scripts += n
		}
	})
	if scripts == 0 {
		t.Error("the calendar loads no scripts")
	}
	within("bytes of scripts", scripts, scriptBudget)
	within("bytes of a first visit", total, firstBudget)
	within("requests of a first visit", requests, firstRequests)

	doc, page = w.get("/calendar?view=month&date=2027-02-01")
	within("cards of a crowded month", doc.Find("li.pc").Length(), crowdedCards)
	within("bytes of a crowded month", page, crowdedBudget)
}

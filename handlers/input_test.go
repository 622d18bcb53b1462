package handlers

import (
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// nasty are values that no form of ours sends.
var nasty = []string{
	"\xff\xfe\xc0", "a\x00b", strings.Repeat("x", 1000), strings.Repeat("é", 60_000), "-1", "0", "1.5", "NaN", "Inf",
	id64(math.MaxInt64), "99999999999999999999", "2026-02-30", "0000-00-00", "12026-01-01", "25:99", "24:00", "nobody", "'; DROP TABLE posts; --",
	"<script>alert(1)</script>", "../../etc/passwd", "\u202e\u0000", "%00", "\r\nSet-Cookie: a=b",
}

// TestNothingTypedBreaksAForm: whatever stands in whichever field, the answer is
// a page or a refusal in words, never a fault of ours.
func TestNothingTypedBreaksAForm(t *testing.T) {
	t.Parallel()
	forms := map[string]url.Values{
		"/posts":                      with(draft("Training"), "post", "", "account", "", "own", "1", "text-1", "", "media", "", "alt-x", "", "link", "", "note", "", "campaign", "", "campaign_new", "", "screen", ""),
		"/posts/autosave":             with(draft("Training"), "post", ""),
		"/posts/preview":              with(draft("Training"), "post", "", "link", ""),
		"/posts/:id/schedule":         draft("Training"),
		"/posts/:id/move":             {"op": {""}, "version": {"1"}, "to": {"other"}, "to_date": {"2026-11-27"}, "to_time": {"19:00"}, "tz": {""}, "ctx": {""}, "via": {""}},
		"/posts/:id/revision":         {"do": {""}, "version": {""}},
		"/posts/:id/duplicate":        {"op": {""}},
		"/deliveries/:id/answer":      {"answer": {"retime"}, "date": {"2026-11-27"}, "time": {"19:00"}, "link": {""}},
		"/settings":                   {"club": {"Riverside"}, "zone": {"Europe/Dublin"}, "week_start": {"1"}, "late_hours": {"2"}},
		"/clubs":                      {"club": {"Riverside"}, "zone": {"Europe/Dublin"}, "week_start": {"1"}},
		"/clubs/current":              {"club": {"1"}},
		"/profile":                    {"name": {"Maeve"}, "theme": {""}, "shortcuts": {""}},
		"/settings/invitations":       {"email": {"a@b.example"}, "role": {"writer"}},
		"/settings/members/:id/role":  {"role": {"writer"}},
		"/practice/behaviour":         {"platform": {"x"}, "behaviour": {"slow"}},
		"/practice/mode":              {"practice": {"on"}},
		"/accounts/choose/:id":        {"account": {"0"}},
		"/accounts/connect/:platform": {"to": {""}},
		"/settings/platforms/:slot":   {"app-client_id": {"1"}, "app-client_secret": {"2"}},
		"/results/numbers":            {"account": {"1"}, "post": {"1"}},
		"/invitations/:token":         {"name": {"Nora"}, "email": {"n@b.example"}, "password": {"short"}},
		"/sign-in/link/:token":        {"password": {"short"}},
	}
	g := newGround(t)
	b := g.as(club.Admin)
	check := func(a *answer, field, value string) {
		t.Helper()
		if len(value) > 30 {
			value = value[:30]
		}
		switch {
		case a.StatusCode >= http.StatusInternalServerError:
			t.Errorf("%s answers %d to %q in %s: %s", a.what, a.StatusCode, value, field, a.text())
		case strings.HasPrefix(a.Header.Get("Content-Type"), "text/") && !utf8.ValidString(a.body):
			t.Errorf("%s answers what is no text to %q in %s", a.what, value, field)
		case strings.Contains(a.body, "<script>alert"):
			t.Errorf("%s repeats a script from %s", a.what, field)
		case a.StatusCode >= 400 && a.StatusCode != http.StatusNotFound && a.text() == "":
			t.Errorf("%s answers %d to %q in %s without a word", a.what, a.StatusCode, value, field)
		}
	}
	for path, form := range forms {
		make, _, _ := g.objectOf(web.Route{Path: path})
		to := fill(path, make(g.scope(club.Admin)))
		check(b.post(to, nil), "nothing", "")
		for field := range form {
			for _, v := range nasty {
				check(b.post(to, with(form, field, v)), field, v)
			}
		}
	}
	for _, r := range g.server.routes() {
		if r.Method != http.MethodGet || r.Path == "/practice/:mount/*" {
			continue
		}
		if strings.ContainsAny(r.Path, ":*") {
			for _, v := range nasty {
				n := strings.Count(r.Path, "/:")
				check(b.get(fill(r.Path, strings.Split(strings.Repeat(url.PathEscape(v)+"/", n), "/"))), "the address", v)
			}
		}
		make, _, _ := g.objectOf(r)
		to := fill(r.Path, make(g.scope(club.Admin)))
		for _, field := range []string{"date", "time", "q", "show", "page", "account", "accounts", "days", "sort", "view", "campaign", "media", "ctx", "since", "for", "fit", "state", "to", "post"} {
			for _, v := range nasty {
				if len(v) > 10_000 {
					continue // more than a server takes of an address
				}
				check(b.get(to+"?"+url.Values{field: {v}}.Encode()), field, v)
			}
		}
	}
}

// TestTimesThatCannotBe: each is said at its field, in words, and what was
// written stays; where only the time is wrong, a draft is safe already.
func TestTimesThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		date, clock, field, says string
	}{
		{"2026-02-30", "18:30", "date", "date"},
		{"tomorrow", "18:30", "date", "date"},
		{"", "18:30", "date", "date"},
		{"2026-11-24", "25:00", "time", "time"},
		{"2026-11-24", "", "time", "time"},
		{"2026-11-22", "18:30", "time", "has passed"},
		{"2027-03-28", "01:30", "time", "01:30"}, // the clocks go forward in Dublin
	} {
		s := withTiny(t)
		form := with(draft("Training", s.account("tiny", true, club.Working)), "do", "schedule", "date", tt.date, "time", tt.clock)
		a := s.as(club.Publisher).post("/posts", form).want(http.StatusUnprocessableEntity)
		link := a.doc().Find(`.errors a[href="#` + tt.field + `"]`)
		if link.Length() != 1 || !strings.Contains(link.Text(), tt.says) {
			t.Errorf("%s %s: the summary says %q, want %q at %s", tt.date, tt.clock, a.doc().Find(".errors").Text(), tt.says, tt.field)
		}
		if got := a.doc().Find("#text").Text(); strings.TrimSpace(got) != "Training" {
			t.Errorf("%s %s: the text is %q", tt.date, tt.clock, got)
		}
	}
	s := withTiny(t)
	form := with(draft("Training", s.account("tiny", true, club.Working)), "do", "schedule", "date", "2027-10-31", "time", "01:30")
	b := s.as(club.Publisher)
	b.get(b.post("/posts", form).want(http.StatusSeeOther).Header.Get("Location")).says("01:30")
	if got := s.only().Planned; got.Note != club.SlotPlain && got.Note != club.SlotTwice || got.At.UTC().Format("15:04") != "00:30" {
		t.Errorf("the hour that comes twice is %v, want its first", got.At)
	}
}

func TestFormsThatArriveDamaged(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	b := s.as(club.Writer)
	send := func(typ, body string) *answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.web.URL+"/posts", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", typ)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		return b.send(req)
	}
	const plain = "application/x-www-form-urlencoded"
	send(plain, "text=%zz").want(http.StatusUnprocessableEntity).says("arrived damaged")
	send("multipart/form-data; boundary=x", "--x\r\nContent-Disp").want(http.StatusUnprocessableEntity).says("arrived damaged")
	send(plain, "text="+strings.Repeat("a", web.MaxBody)).want(http.StatusRequestEntityTooLarge).says("too big")
	send(plain, "when=none&text=a%00b%ff").want(http.StatusSeeOther)
	if got := s.only().Content().Text; got != "ab\ufffd" {
		t.Errorf("kept %q", got)
	}
}

//go:build crash

package crash

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/internal/consent"
	"github.com/bandstand-app/bandstand/internal/demo"
	"github.com/bandstand-app/bandstand/platforms"
)

// person uses the app by its pages, in a browser without script.
type person struct {
	t    *testing.T
	base string
	http *http.Client
}

func newPerson(t *testing.T, base string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t: t, base: base, http: &http.Client{Jar: jar, Timeout: startLimit}}
}

// page is what a browser shows.
type page struct {
	at     *url.URL
	status int
	doc    *goquery.Document
}

// show performs a request and follows where it leads.
func (p *person) show(req *http.Request) (page, error) {
	resp, err := p.http.Do(req)
	if err != nil {
		return page{}, err
	}
	defer resp.Body.Close()
	doc, err := goquery.NewDocumentFromReader(resp.Body)
	return page{resp.Request.URL, resp.StatusCode, doc}, err
}

// open opens a page of the app.
func (p *person) open(address string) page {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.base+address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	got, err := p.show(req)
	if err != nil || got.status != http.StatusOK {
		p.t.Fatalf("%s answered %d, %v", address, got.status, err)
	}
	return got
}

// send sends a form to an address.
func (p *person) send(address string, form url.Values) (page, error) {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return page{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.show(req)
}

// press fills in a form of a page and presses its first button.
func (p *person) press(on page, form *goquery.Selection, typed url.Values) page {
	p.t.Helper()
	if form.Length() == 0 {
		p.t.Fatalf("%s has no such form:\n%s", on.at, on.doc.Find("main").Text())
	}
	values := url.Values{}
	form.Find("input[name], textarea[name], select[name]").Each(func(_ int, in *goquery.Selection) {
		_, off := in.Attr("disabled")
		_, ticked := in.Attr("checked")
		kind := in.AttrOr("type", "")
		value := in.AttrOr("value", "")
		switch {
		case off, (kind == "checkbox" || kind == "radio") && !ticked:
			return
		case goquery.NodeName(in) == "textarea":
			value = in.Text()
		case goquery.NodeName(in) == "select":
			value = in.Find("option[selected], option").First().AttrOr("value", "")
			if chosen := in.Find("option[selected]"); chosen.Length() > 0 {
				value = chosen.AttrOr("value", "")
			}
		}
		values.Add(in.AttrOr("name", ""), value)
	})
	if button := form.Find("button").First(); button.AttrOr("name", "") != "" {
		values.Set(button.AttrOr("name", ""), button.AttrOr("value", ""))
	}
	for name, v := range typed {
		values[name] = v
	}
	to, err := on.at.Parse(form.AttrOr("action", ""))
	if err != nil {
		p.t.Fatal(err)
	}
	got, err := p.send(to.String(), values)
	if err != nil || got.status != http.StatusOK {
		p.t.Fatalf("%s answered %d, %v\n%s", to, got.status, err, got.text())
	}
	return got
}

func (g page) text() string {
	if g.doc == nil {
		return ""
	}
	return strings.Join(strings.Fields(g.doc.Find("main").Text()), " ")
}

// setUp makes the first person and their club, and leaves practice mode.
func (p *person) setUp(greeting string) {
	p.t.Helper()
	_, rest, ok := strings.Cut(greeting, p.base+"/setup")
	query, _, _ := strings.Cut(rest, " ")
	if !ok {
		p.t.Fatalf("no address for set-up in %q", greeting)
	}
	form := p.open("/setup" + query)
	p.press(form, form.doc.Find("main form"), url.Values{
		"name": {"Maeve Byrne"}, "email": {secretaryEmail}, "password": {secretaryPassword}, "club": {"Riverside FC"},
	})
	live := p.open("/practice/mode")
	p.press(live, live.doc.Find(".ask form"), nil)
}

// What the first person signs in with.
const (
	secretaryEmail    = "maeve@riverside.example"
	secretaryPassword = "three old tin drums" //nolint:gosec // of a test
)

// signInAgain signs in, as people must after half a day.
func (p *person) signInAgain() {
	p.t.Helper()
	form := p.open("/sign-in")
	if form.at.Path != "/sign-in" {
		return // still signed in
	}
	if in := p.press(form, form.doc.Find("main form"), url.Values{"email": {secretaryEmail}, "password": {secretaryPassword}}); in.at.Path == "/sign-in" {
		p.t.Fatalf("not signed in: %s", in.text())
	}
}

// connect signs in at a platform by its own pages and takes the first account
// there that can be used.
func (p *person) connect(i platforms.Info) {
	p.t.Helper()
	at := p.open("/accounts/connect/" + string(i.ID))
	for range consent.MaxClicks {
		if at.at.Path == "/accounts" {
			return
		}
		typed := url.Values{}
		for key, value := range e2ekit.PracticeSignIn(i.ID) {
			typed.Set("in-"+key, value)
		}
		if strings.HasPrefix(at.at.Path, "/accounts/choose/") {
			mine := at.doc.Find(".choice").FilterFunction(func(_ int, c *goquery.Selection) bool {
				return c.Find("small").Text() == i.Name && c.Find("input:not([disabled])").Length() > 0
			}).First()
			typed = url.Values{"account": {mine.Find("input").AttrOr("value", "")}}
		}
		if strings.HasPrefix(at.at.Path, "/confirm/") {
			typed = url.Values{"password": {secretaryPassword}} // given more than ten minutes ago
		}
		at = p.press(at, at.doc.Find("main form[method=post]").First(), typed)
	}
	p.t.Fatalf("connecting %s does not end; the last page is %s: %s", i.Name, at.at.Path, at.text())
}

// accounts are the ids of the accounts that the composer offers.
func (p *person) accounts() []string {
	p.t.Helper()
	return p.open("/posts/new").doc.Find("input[name=account]:not([disabled])").Map(func(_ int, in *goquery.Selection) string {
		return in.AttrOr("value", "")
	})
}

// upload sends a picture and returns its id.
func (p *person) upload() string {
	p.t.Helper()
	picture, err := demo.Pictures()[0].JPEG(640, 640)
	if err != nil {
		p.t.Fatal(err)
	}
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	file, err := form.CreateFormFile("files", "pitch.jpg")
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := file.Write(picture); err != nil {
		p.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.base+"/media", &b)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	got, err := p.show(req)
	if err != nil || got.at.Query().Get("media") == "" {
		p.t.Fatalf("the picture was not taken: %s answered %d, %v\n%s", req.URL, got.status, err, got.text())
	}
	return got.at.Query().Get("media")
}

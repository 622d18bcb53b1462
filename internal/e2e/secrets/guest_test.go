package secrets

import (
	"bytes"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/internal/consent"
	"github.com/bandstand-app/bandstand/internal/practice"
)

// guest is a browser without script, of a person with a role or of nobody.
type guest struct {
	a      *aviary
	role   string
	cookie string
}

// reply is what a guest gets to see.
type reply struct {
	*httptest.ResponseRecorder
	at string // path and query
}

func (a *aviary) guest(role string) *guest { return &guest{a: a, role: role} }

func (g *guest) get(path string) reply { return g.ask(http.MethodGet, path, nil, "") }

func (g *guest) post(path string, pairs ...string) reply {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	send := func(form url.Values) reply {
		return g.ask(http.MethodPost, path, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded")
	}
	r := send(form)
	ref, asked := strings.CutPrefix(r.Header().Get("Location"), "/confirm/")
	if !asked {
		return r
	}
	// The password of the first person was given too long ago.
	g.get("/confirm/" + ref)
	for _, password := range firstPasswords {
		if r = send(url.Values{"confirm": {ref}, "password": {password}}); r.doc().Find("#password-e").Length() == 0 {
			break
		}
	}
	return r
}

// ask sends a request and keeps all of the answer: its body with most headers as
// one place, and the headers that may hold what nothing else may as others.
func (g *guest) ask(method, path string, body interface{ Read([]byte) (int, error) }, typ string) reply {
	a := g.a
	a.Helper()
	if body == nil {
		body = strings.NewReader("")
	}
	r, err := http.NewRequestWithContext(a.T.Context(), method, path, body)
	if err != nil {
		a.Fatal(err)
	}
	r.RequestURI, r.Host, r.RemoteAddr = r.URL.RequestURI(), a.app.Base().Host, "127.0.0.1:1"
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if typ != "" {
		r.Header.Set("Content-Type", typ)
	}
	if g.cookie != "" {
		r.Header.Set("Cookie", "bandstand="+g.cookie)
	}
	w := httptest.NewRecorder()
	a.app.Handler().ServeHTTP(w, r)
	resp := w.Result()
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		g.cookie = c.Value
		if c.Value != "" {
			a.plant("session", c.Value)
		}
	}
	what := method + " " + routeOf(r.URL.Path)
	h := w.Header().Clone()
	if to := h.Get("Location"); to != "" {
		a.heard("Location of "+what, to)
		a.passing(to)
	}
	a.heard("Set-Cookie of "+what, h["Set-Cookie"]...)
	h.Del("Location")
	h.Del("Set-Cookie")
	var head bytes.Buffer
	_ = h.Write(&head)
	a.heard("the page of "+g.role+": "+what, head.String(), w.Body.String())
	a.requests++
	return reply{w, path}
}

// passing keeps the secrets of an address that a guest is sent to.
func (a *aviary) passing(to string) {
	u, err := url.Parse(to)
	if err != nil {
		return
	}
	for _, name := range []string{"code", "state"} {
		if v := u.Query().Get(name); strings.HasPrefix(u.Path, practice.Path) || strings.HasPrefix(u.Path, "/oauth/") || u.Host == strings.TrimPrefix(a.sandbox, "http://") {
			if u.Host == a.app.Base().Host || u.Host == "" {
				name = "practice: " + name
			}
			a.tap(name, v)
		}
	}
	if ref, ok := strings.CutPrefix(u.Path, "/confirm/"); ok {
		a.tap("kept request", ref)
	}
	if _, ref, ok := strings.Cut(u.Query().Get("to"), "/posts/kept/"); ok {
		a.tap("kept form", ref)
	}
}

var (
	digits = regexp.MustCompile(`/\d+(/|$)`)
	linked = regexp.MustCompile(`^(/invitations|/sign-in/link)/.*`)
)

// routeOf is the route of a path, as far as it tells places apart.
func routeOf(path string) string {
	switch {
	case strings.HasPrefix(path, practice.Path+"/") && strings.Count(path, "/") > 2:
		return practice.Path + "/:mount/*"
	case strings.HasPrefix(path, "/posts/kept/"):
		return "/posts/kept/:ref"
	case strings.HasPrefix(path, "/confirm/"):
		return "/confirm/:ref"
	case strings.HasPrefix(path, "/accounts/choose/"):
		return "/accounts/choose/:id"
	}
	path = linked.ReplaceAllString(path, "$1/:token")
	return digits.ReplaceAllString(path, "/:id$1")
}

// want checks how an answer went.
func (r reply) want(g *guest, status int) reply {
	g.a.Helper()
	if r.Code != status {
		g.a.Fatalf("%s: %s answered %d, want %d: %s", g.role, r.at, r.Code, status, r.text())
	}
	return r
}

func (r reply) doc() *goquery.Document {
	d, _ := goquery.NewDocumentFromReader(bytes.NewReader(r.Body.Bytes()))
	return d
}

func (r reply) text() string {
	return strings.Join(strings.Fields(r.doc().Find("main").Text()), " ")
}

// leads is the path that a page or its address leads to, below one of ours.
func (r reply) leads(below string) string {
	m := regexp.MustCompile(regexp.QuoteMeta(below) + `([A-Za-z0-9_-]{16,})`).FindStringSubmatch(r.Body.String() + r.Header().Get("Location"))
	if m == nil {
		return ""
	}
	return m[1]
}

// connect signs in at a platform and takes every account that is there.
func (g *guest) connect(platform string, meanwhile func()) {
	g.a.Helper()
	back := g.consent(g.post("/accounts/connect/"+platform).want(g, http.StatusSeeOther).Header().Get("Location"))
	if meanwhile != nil {
		meanwhile()
	}
	came := g.get(back)
	to := came.Header().Get("Location")
	g.get(back) // the same way back works once
	if !strings.HasPrefix(to, "/accounts/choose/") {
		g.get(to)
		return
	}
	form := []string{}
	g.get(to).want(g, http.StatusOK).doc().Find(`input[name="account"]:not([disabled])`).Each(func(_ int, in *goquery.Selection) {
		form = append(form, "account", in.AttrOr("value", ""))
	})
	g.get(g.post(to, form...).want(g, http.StatusSeeOther).Header().Get("Location"))
}

// consent says yes on the pages of a platform, and returns the path with which
// it sends the guest back.
func (g *guest) consent(address string) string {
	a := g.a
	a.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(a.T.Context(), http.MethodGet, address, nil)
	if err != nil {
		a.Fatal(err)
	}
	for range consent.MaxClicks {
		var resp *http.Response
		if req.URL.Host == a.app.Base().Host { // a make-believe platform, on our own pages
			var body bytes.Buffer
			if req.Body != nil {
				_, _ = body.ReadFrom(req.Body)
			}
			a.practised(body.String())
			resp = g.ask(req.Method, req.URL.RequestURI(), &body, req.Header.Get("Content-Type")).Result()
			resp.Request = req
		} else if resp, err = client.Do(req); err != nil {
			a.Fatal(err)
		}
		if to := resp.Header.Get("Location"); strings.HasPrefix(to, a.app.Base().String()+"/oauth/") {
			resp.Body.Close()
			a.passing(to)
			return strings.TrimPrefix(to, a.app.Base().String())
		}
		req, err = consent.NextClick(a.T.Context(), resp)
		resp.Body.Close()
		if err != nil {
			a.Fatal(err)
		}
	}
	a.Fatal("the consent page never sent us back")
	return ""
}

// practised keeps the secrets of what is sent to a make-believe platform.
func (a *aviary) practised(body string) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return
	}
	for name, values := range form {
		for _, v := range values {
			if secretField.MatchString(name) {
				a.tap("practice: "+name, v)
			}
		}
	}
}

// upload sends a picture and returns its id.
func (g *guest) upload() string {
	g.a.Helper()
	var picture, b bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 640, 640)), nil); err != nil {
		g.a.Fatal(err)
	}
	form := multipart.NewWriter(&b)
	file, err := form.CreateFormFile("files", "pitch.jpg")
	if err == nil {
		_, err = file.Write(picture.Bytes())
	}
	if err != nil {
		g.a.Fatal(err)
	}
	if err := form.Close(); err != nil {
		g.a.Fatal(err)
	}
	to := g.ask(http.MethodPost, "/media", &b, form.FormDataContentType()).want(g, http.StatusSeeOther).Header().Get("Location")
	_, id, _ := strings.Cut(to, "media=")
	return id
}

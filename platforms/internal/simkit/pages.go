package simkit

import (
	"bytes"
	"cmp"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The answer of a consent form: the value of its field AnswerField.
const (
	AnswerField = "answer"
	AnswerAllow = "allow"
	AnswerDeny  = "deny"
)

// StylePath is where a simulator serves the stylesheet of its pages, below its
// own root: mux.HandleFunc("GET "+StylePath, ServeStyle).
const StylePath = "/pages.css"

// Consent is the page on which a person lets an app in. It is a plain POST
// form: it sends Hidden, Fields, the ticked Choices and AnswerField.
type Consent struct {
	Platform string // "Facebook": who pretends to ask
	App      string // who wants to be let in
	Person   string // who is signed in; empty where Fields ask for it
	Note     string // what the person and the app had to do with each other so far
	Problem  string // what was wrong with the last answer, if anything
	Hidden   []Hidden
	Fields   []Field // a sign-in step, if the platform has one
	Groups   []Group
	Allow    string // text of the button, "Allow" if empty
	Cancel   string // text of the other one, "Cancel" if empty
	// ReturnTo is where the answer redirects to. Browsers want its origin in
	// the page's form-action.
	ReturnTo string
}

// Hidden is a value the form carries through.
type Hidden struct{ Name, Value string }

// Field is something to type.
type Field struct {
	Name, Label, Hint, Value string
	Password                 bool
}

// Group is a question with boxes to tick, or with One a choice of one.
type Group struct {
	Legend, Name, Hint string
	One                bool
	Choices            []Choice
}

// Choice is one box. A Fixed box is ticked and cannot be unticked.
type Choice struct {
	Value, Label, Hint string
	Ticked, Fixed      bool
}

// PostsPage shows what is public at the make-believe platform: one post under
// its own address, or everything of one account.
type PostsPage struct {
	Platform string
	Account  string
	Handle   string // with @, or empty
	Posts    []PostView
}

// PostView is one post on such a page.
type PostView struct {
	Text     string
	Address  string // of the post itself, relative; empty on its own page
	Pictures []PictureView
	Link     string
	Time     time.Time
	Deleted  bool
	Kind     string // as in platforms.SimPost
	Parent   string // address of what it is a reply to or a comment on, relative
}

// PictureView is one picture. Src is relative to the page.
type PictureView struct{ Src, Alt string }

// Notice is a page that only says something, such as a platform's own error
// about a wrong redirect address.
type Notice struct {
	Platform, Title, Text string
	Status                int // 200 if zero
}

//go:embed pages.css
var styles []byte

//go:embed pages.html
var pagesHTML string

var pages = template.Must(template.New("pages").Funcs(template.FuncMap{
	"when":  func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") },
	"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
}).Parse(pagesHTML))

// ServeStyle serves the stylesheet of all pages.
func ServeStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(styles)
}

// Root is the way from the page of r up to the simulator's root, relative, so
// that pages work below any mount: "../../".
func Root(r *http.Request) string {
	depth := strings.Count(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if depth == 0 {
		return "./"
	}
	return strings.Repeat("../", depth)
}

// ShowConsent writes the consent page. Its form comes back to the same path.
func ShowConsent(w http.ResponseWriter, r *http.Request, c Consent) {
	c.Allow = cmp.Or(c.Allow, "Allow")
	c.Cancel = cmp.Or(c.Cancel, "Cancel")
	status := http.StatusOK
	if c.Problem != "" {
		status = http.StatusUnprocessableEntity
	}
	show(w, status, "consent", view{Root(r), "Let " + c.App + " in?", c.Platform, c}, c.ReturnTo)
}

// ShowPosts writes the page of one post or of an account.
func ShowPosts(w http.ResponseWriter, r *http.Request, p PostsPage) {
	show(w, http.StatusOK, "posts", view{Root(r), p.Account, p.Platform, p}, "")
}

// ShowNotice writes a page with one message.
func ShowNotice(w http.ResponseWriter, r *http.Request, n Notice) {
	show(w, cmp.Or(n.Status, http.StatusOK), "notice", view{Root(r), n.Title, n.Platform, n}, "")
}

// view is what every page is drawn from.
type view struct {
	Root, Title, Platform string
	Page                  any
}

func show(w http.ResponseWriter, status int, name string, v view, returnTo string) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, v); err != nil {
		http.Error(w, "page could not be drawn", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'"+
		origin(returnTo)+"; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// origin gives " scheme://host" of an address, or nothing.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.ContainsAny(u.Host, " ;,'\"") {
		return ""
	}
	return " " + u.Scheme + "://" + u.Host
}

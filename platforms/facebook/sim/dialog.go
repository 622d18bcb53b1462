package sim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// code is what the dialog gives out: good for one exchange.
type code struct {
	App, Redirect string
	Scopes        []string
	Pages         []string // ids of Pages and accounts that were shared
	Expires       time.Time
	Used          bool
}

const codeLife = 10 * time.Minute

// ask is what stands in the address of the dialog.
type ask struct {
	app, redirect, state string
	scopes               []string
}

func (s *server) readAsk(q url.Values) (ask, string) {
	a := ask{app: q.Get("client_id"), redirect: q.Get("redirect_uri"), state: q.Get("state")}
	for _, sc := range strings.FieldsFunc(q.Get("scope"), func(r rune) bool { return r == ',' || r == ' ' }) {
		if !knownScope(sc) {
			return a, "Invalid Scopes: " + sc + ". This message is only shown to developers."
		}
		a.scopes = append(a.scopes, sc)
	}
	switch {
	case a.app == "":
		return a, "The parameter app_id is required."
	case !simkit.RedirectFits(a.redirect, s.env.Redirects, simkit.Client{}, false) || strings.Contains(a.redirect, "#"):
		return a, "URL blocked: this redirect failed because the redirect URI is not white-listed in the app's client OAuth settings."
	case q.Get("response_type") != "" && q.Get("response_type") != "code":
		return a, "This simulator only answers with a code."
	}
	return a, ""
}

func (s *server) showDialog(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	a, wrong := s.readAsk(q)
	if wrong != "" {
		simkit.ShowNotice(w, r, simkit.Notice{Platform: "Facebook", Title: "Sorry, something went wrong", Text: wrong, Status: http.StatusBadRequest})
		return
	}
	c := simkit.Consent{Platform: "Facebook", App: "Bandstand", Person: personName, ReturnTo: a.redirect, Allow: "Continue"}
	for _, name := range []string{"client_id", "redirect_uri", "state", "scope", "response_type"} {
		c.Hidden = append(c.Hidden, simkit.Hidden{Name: name, Value: q.Get(name)})
	}
	pageBoxes := simkit.Group{Legend: "Which Pages?", Name: "page"}
	accountBoxes := simkit.Group{Legend: "Which Instagram accounts?", Name: "account"}
	for _, p := range pages {
		pageBoxes.Choices = append(pageBoxes.Choices, simkit.Choice{Value: p.ID, Label: p.Name, Hint: p.Category, Ticked: true})
		if p.Linked != nil {
			accountBoxes.Choices = append(accountBoxes.Choices, simkit.Choice{
				Value: p.Linked.ID, Label: "@" + p.Linked.Username, Hint: "Linked to " + p.Name, Ticked: true,
			})
		}
	}
	permissions := simkit.Group{Legend: "What may it do?", Name: "permission"}
	for _, sc := range scopes {
		if slices.Contains(a.scopes, sc.name) {
			permissions.Choices = append(permissions.Choices, simkit.Choice{Value: sc.name, Label: sc.words, Hint: sc.name, Ticked: true})
		}
	}
	c.Groups = []simkit.Group{pageBoxes, accountBoxes, permissions}
	c.Note = s.past(a.app)
	simkit.ShowConsent(w, r, c)
}

// past says what the person and an app had to do with each other so far.
func (s *server) past(app string) string {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if at, ok := s.State.Agreed[app]; ok {
		return "You let this app in on " + at.UTC().Format("2 January 2006") + "."
	}
	if at, ok := s.State.Removed[app]; ok {
		return "This app was removed from your account on " + at.UTC().Format("2 January 2006") + ". It has no access now."
	}
	return "This app has no access to your account yet."
}

func (s *server) answerDialog(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "form could not be read", http.StatusBadRequest)
		return
	}
	a, wrong := s.readAsk(r.PostForm)
	if wrong != "" {
		simkit.ShowNotice(w, r, simkit.Notice{Platform: "Facebook", Title: "Sorry, something went wrong", Text: wrong, Status: http.StatusBadRequest})
		return
	}
	back := url.Values{"state": {a.state}}
	if r.PostForm.Get(simkit.AnswerField) != simkit.AnswerAllow {
		back.Set("error", "access_denied")
		back.Set("error_code", "200")
		back.Set("error_reason", "user_denied")
		back.Set("error_description", "Permissions error")
		goBack(w, a.redirect, back)
		return
	}
	c := &code{App: a.app, Redirect: a.redirect, Expires: s.Now().Add(codeLife)}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	for _, sc := range a.scopes {
		yes := slices.Contains(r.PostForm["permission"], sc)
		if yes {
			c.Scopes = append(c.Scopes, sc)
		}
		s.State.Declined[sc] = !yes
	}
	for _, id := range slices.Concat(r.PostForm["page"], r.PostForm["account"]) {
		if _, linked := findProfile(id); linked != nil || findPage(id) != nil {
			c.Pages = append(c.Pages, id)
		}
	}
	s.State.Agreed[a.app] = s.Now()
	key := simkit.Token("AQ")
	s.State.Codes[key] = c
	back.Set("code", key)
	goBack(w, a.redirect, back)
}

// goBack sends the browser to the app. The odd fragment is what Facebook adds.
func goBack(w http.ResponseWriter, redirect string, q url.Values) {
	sep := "?"
	if strings.Contains(redirect, "?") {
		sep = "&"
	}
	w.Header().Set("Location", redirect+sep+q.Encode()+"#_=_")
	w.WriteHeader(http.StatusSeeOther)
}

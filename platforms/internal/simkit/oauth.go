package simkit

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// Client is an app that a simulator knows: its secret and its redirect
// addresses must match exactly. A public app has no secret.
type Client struct {
	Secret    string   `json:"secret"`
	Redirects []string `json:"redirects"`
}

// RedirectFits reports whether the address is one a browser can be sent back
// to: one of allowed, if there are any, and, for an app that is known, one of
// its own.
func RedirectFits(address string, allowed []string, app Client, known bool) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	if len(allowed) > 0 && !slices.Contains(allowed, address) {
		return false
	}
	return !known || slices.Contains(app.Redirects, address)
}

// Carry makes the hidden fields that carry a request for consent through its
// form, in an order that does not change.
func Carry(q url.Values) []Hidden {
	out := make([]Hidden, 0, len(q))
	for _, name := range slices.Sorted(maps.Keys(q)) {
		out = append(out, Hidden{Name: name, Value: q.Get(name)})
	}
	return out
}

// GoBack sends the person back to the app that asked, with an answer and the
// state it gave.
func GoBack(w http.ResponseWriter, r *http.Request, asked, answer url.Values) {
	back, err := url.Parse(asked.Get("redirect_uri"))
	if err != nil {
		http.Error(w, "bad redirect", http.StatusBadRequest)
		return
	}
	q := back.Query()
	maps.Copy(q, answer)
	if state := asked.Get("state"); state != "" {
		q.Set("state", state)
	}
	back.RawQuery = q.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
}

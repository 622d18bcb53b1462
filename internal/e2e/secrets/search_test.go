package secrets

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/canary"
)

// mustHave are the places that have to be among those that were searched, by
// what is to be found there because the program put it there.
var mustHave = map[string]string{
	"the log": `route=/sign-in`, "the console": `/setup\?code=`, "the file bandstand.db": decoy, "the file bandstand.db-wal": `.`,
	"the file bandstand-schema-\\d+.db": decoy, "the file publish.journal": `"body":"[0-9a-f]{64}"`, "the file practice/.*": `.`, "the file keys/bandstand.key": `"root"`,
	"the sandbox's record": decoy, "the column revisions.content": decoy, "the column publish_attempts.platform_text": `.`, "the page of admin by name: GET /results.csv": decoy,
	"the page of admin by name: GET /healthz": `status`, "the page of admin by name: GET /settings/status": `<h1`, "the page of admin: GET /nowhere": `<h1`,
	"Location of POST /accounts/connect/.*": `state=`, "Set-Cookie of POST /sign-in": `bandstand=`, "the console of a start that fails": `migrate`,
}

// searchFinds proves the search: what must have been searched is there, and a
// secret in any form in any place is found there and nowhere else.
func (a *aviary) searchFinds() {
	a.Helper()
	for place, has := range mustHave {
		found := false
		for name, said := range a.places {
			found = found || whole(place).MatchString(name) && regexp.MustCompile(`(?s)`+has).Match(said.Bytes())
		}
		if !found {
			a.Errorf("%s was not searched, or does not hold %q", place, has)
		}
	}
	for _, r := range e2ekit.Routes(a.T) {
		known := r[1] == "/healthz" || strings.HasPrefix(r[1], "/demo/") // logged by nobody, and in a demo alone
		if !known && !strings.Contains(a.said("the log"), "method="+r[0]+" route="+r[1]+" ") {
			a.Errorf("nobody asked for %s %s", r[0], r[1])
		}
	}
	const secret, name = "planted+in/every&\"place\"<>", "planted"
	a.flock.Add(name, secret)
	before := len(a.sightings())
	for place, said := range a.places {
		forms := canary.Forms(secret)
		if strings.HasPrefix(place, "the page of") {
			forms = forms[len(place)%len(forms):][:1] // all of them in the other places
		}
		for _, form := range forms {
			hay := bytes.Clone(said.Bytes()[:min(said.Len(), 1<<12)])
			hay = slices.Insert(hay, len(hay)/2, []byte(form.Text)...)
			seen := a.flock.Find(hay)
			if !slices.Contains(seen, canary.Sighting{Name: name, Way: form.Way}) || lawfully(name, place) {
				a.Errorf("%s: planted as %s, it is not found", place, form.Way)
			}
		}
	}
	if before != len(a.sightings()) {
		a.Error("a secret that was not planted is found")
	}
	for _, l := range lawful {
		used := false
		for place, said := range a.places {
			if !whole(l.place).MatchString(place) {
				continue
			}
			for _, seen := range a.flock.Find(said.Bytes()) {
				used = used || whole(l.secret).MatchString(seen.Name)
			}
		}
		if !used {
			a.Errorf("lawful has a line for %s in %s, which nothing needs", l.secret, l.place)
		}
	}
}

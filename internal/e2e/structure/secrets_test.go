package structure

import (
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

// mayReveal is who opens a platforms.Secret, and why. A name stands for the files
// below it.
var mayReveal = map[string]string{
	"platforms":                  "calls are made with them, and what comes back is searched for them",
	"store/tokens.go":            "seals tokens, and app credentials, before they are stored",
	"store/signins.go":           "seals what a sign-in under way needs",
	"jobs/redact.go":             "takes tokens out of what a platform said, before it is kept",
	"handlers/accounts/oauth.go": "hands the verifier of a sign-in to the platform's exchange",
	"handlers/accounts/apps.go":  "shows app fields that are no secret: the developer site shows them too",
}

// loggedAddress matches a line that logs an address as a whole: its query may
// hold a code or a token.
var loggedAddress = regexp.MustCompile(`\b[lL]og\.(Debug|Info|Warn|Error|Log)\w*\(.*(RequestURI|RawQuery|URL\.String\(\)|\.Reveal\(\)|\.Header\b)`)

// TestOnlyTheseOpenSecrets keeps credentials closed: only listed files call Reveal,
// and nothing logs an address with its query, headers or an opened secret.
func TestOnlyTheseOpenSecrets(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	e2ekit.Walk(t, ".go", func(name string, src []byte) {
		if strings.HasSuffix(name, "_test.go") {
			return
		}
		for n, line := range strings.Split(string(src), "\n") {
			if loggedAddress.MatchString(line) {
				t.Errorf("%s:%d logs what may hold a secret: %s", name, n+1, strings.TrimSpace(line))
			}
		}
		if !strings.Contains(string(src), ".Reveal()") {
			return
		}
		who := name
		for ; who != "." && mayReveal[who] == ""; who = path.Dir(who) {
		}
		if who == "." {
			t.Errorf("%s calls Reveal, and is not on the list of those who may", name)
		}
		used[who] = true
	})
	for who := range mayReveal {
		if !used[who] {
			t.Errorf("mayReveal has a line %q, which nothing needs", who)
		}
	}
	for line, bad := range map[string]bool{
		`s.Log.Warn("call", "url", req.URL.String())`: true, `log.Info("in", "q", r.URL.RawQuery)`: true,
		`e.Log.Error("token", "t", s.Reveal())`: true, `s.Log.Info("in", "path", r.URL.Path)`: false,
	} {
		if loggedAddress.MatchString(line) != bad {
			t.Errorf("%s: taken for bad: %v", line, !bad)
		}
	}
}

package structure

import (
	"regexp"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

// call finds the keys that are asked for by name.
var call = regexp.MustCompile(`(?:i18n\.[TN]\(ctx, |i18n\.[TN]\(c\.Request\(\)\.Context\(\), |[^\w.]t\(c, |Fault\([^,()]+, |Key: +|\.T\()"([a-z][a-zA-Z0-9_.]*[a-zA-Z0-9])"[,)} ]`)

func TestEveryMessageThatIsAskedForExists(t *testing.T) {
	t.Parallel()
	words := e2ekit.Words(t)
	asked := 0
	for _, ext := range []string{".go", ".templ"} {
		e2ekit.Walk(t, ext, func(name string, src []byte) {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") || strings.Contains(name, "/sim/") {
				return
			}
			for _, m := range call.FindAllStringSubmatch(string(src), -1) {
				asked++
				// A platform's fields and app keys are data, not messages.
				if !words.Has(m[1]) && !strings.HasPrefix(name, "platforms/") {
					t.Errorf("%s asks for the message %q, which is not in the catalogue", name, m[1])
				}
			}
		})
	}
	if asked < 100 {
		t.Errorf("found only %d messages asked for: the pattern no longer fits the code", asked)
	}
}

func TestNoMessageIsUnused(t *testing.T) {
	t.Parallel()
	used, prefixes := map[string]bool{}, map[string]bool{}
	note := func(s string) {
		used[s] = true
		if strings.HasSuffix(s, "_") || strings.HasSuffix(s, ".") {
			prefixes[s] = true
		}
	}
	e2ekit.Walk(t, ".go", func(name string, src []byte) {
		if !strings.HasSuffix(name, "_test.go") {
			for _, s := range literals(t, name, src) {
				note(s)
			}
		}
	})
	for _, key := range e2ekit.Words(t).Keys() {
		// A platform's own words are asked for under its id: "<id>.step_publish".
		_, own, _ := strings.Cut(key, ".")
		if used[key] || startsWithAny(key, prefixes) || used["."+own] || startsWithAny("."+own, prefixes) {
			continue
		}
		t.Errorf("nobody asks for the message %q", key)
	}
}

// startsWithAny tells whether a key is put together from a prefix in the code:
// "status_" and the status.
func startsWithAny(key string, prefixes map[string]bool) bool {
	for i := len(key) - 1; i > 2; i-- {
		if prefixes[key[:i]] && key[:i] != "." {
			return true
		}
	}
	return false
}

// text finds words between tags of a template.
var text = regexp.MustCompile(`>([^<>{}]*[A-Za-z]{2}[^<>{}]*)</`)

func TestTemplatesHoldNoText(t *testing.T) {
	t.Parallel()
	e2ekit.Walk(t, ".templ", func(name string, src []byte) {
		for _, m := range text.FindAllStringSubmatch(string(src), -1) {
			if s := strings.TrimSpace(m[1]); !strings.HasPrefix(s, "@") {
				t.Errorf("%s holds text of its own: %q", name, s)
			}
		}
	})
}

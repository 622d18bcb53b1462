package handlers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/store"
)

// codes lists the message codes of package platforms, as its source names them.
func codes(t *testing.T) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../platforms/errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Names) != 1 || len(v.Values) != 1 || !strings.HasPrefix(v.Names[0].Name, "Code") {
			return true
		}
		if l, ok := v.Values[0].(*ast.BasicLit); ok {
			code, err := strconv.Unquote(l.Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, code)
		}
		return true
	})
	if len(out) < 40 {
		t.Fatalf("found only %d codes", len(out))
	}
	return out
}

// whileConnecting are codes that only connecting an account can meet: they have
// words of their own there.
var whileConnecting = []string{
	"wrong_account_chosen", "consent_cancelled", "redirect_mismatch", "signin_wrong", "needs_app_password", "wrong_server",
}

var sentence = regexp.MustCompile(`[.”]$`)

func TestEveryFailureHasItsWords(t *testing.T) {
	t.Parallel()
	catalogue, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	always := []string{"platform", "Orchard Page", "account", "Riverside FC", "owner", "Maeve Byrne"}
	full := slices.Clone(always)
	for _, name := range []string{
		"when_next", "n", "limit", "t1", "t2", "time", "platform_text", "used", "over", "url", "handle", "ratio", "min", "max", "file",
		"w", "h", "min_w", "min_h", "address", "reason_words", "until_words", "unit", "console",
	} {
		full = append(full, name, "["+name+"]")
	}
	for _, code := range codes(t) {
		if slices.Contains(whileConnecting, code) {
			continue
		}
		for _, part := range []string{"title", "happened", "did", "do"} {
			key := "fail_" + code + "_" + part
			if !catalogue.Has(key) {
				t.Errorf("there is no message %s", key)
				continue
			}
			for _, args := range [][]string{always, full} {
				text := catalogue.Text("en", key, args...)
				if strings.Contains(text, "no value") || strings.Contains(text, "{{") || strings.TrimSpace(text) == "" {
					t.Errorf("%s leaves a hole: %q", key, text)
				}
				if words := len(strings.Fields(text)); words > 45 {
					t.Errorf("%s has %d words, at most 45 are read", key, words)
				}
				if !sentence.MatchString(text) && part != "title" {
					t.Errorf("%s is no sentence: %q", key, text)
				}
			}
		}
	}
}

func TestEveryProblemHasItsLine(t *testing.T) {
	t.Parallel()
	catalogue, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{
		planning.CodeNoAccount, planning.CodeReconnect, planning.CodeLinkForm, planning.CodeMayNotComment, "text_empty", "text_too_long", "too_many_hashtags", "too_many_cashtags", "too_many_mentions", "media_missing",
		"media_aspect", "media_too_small", "media_type", "too_many_media", "media_gone", "media_still", "alt_missing", "alt_too_long", "many_hashtags", "link_plain", "link_with_media",
	} {
		if !catalogue.Has("problem_" + code) {
			t.Errorf("there is no message problem_%s", code)
		}
	}
	for _, key := range catalogue.Keys() {
		if strings.HasPrefix(key, "problem_") && len(strings.Fields(catalogue.Text("en", key))) > 45 {
			t.Errorf("%s is too long to be read", key)
		}
	}
}

func TestEveryEventHasItsLine(t *testing.T) {
	t.Parallel()
	catalogue, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range slices.Concat(club.NoteKinds, store.PostNoteKinds) {
		if !catalogue.Has("event_" + kind) {
			t.Errorf("there is no message event_%s", kind)
			continue
		}
		text := catalogue.Text("en", "event_"+kind, "person", "Tom", "account", "A", "when", "W", "when_next", "N", "step", "S", "reason", "R", "n", "3")
		if strings.Contains(text, "no value") {
			t.Errorf("event_%s leaves a hole: %q", kind, text)
		}
	}
	for _, phase := range []club.Phase{club.Held, club.Restored, club.Clone, club.ClockInDoubt} {
		if !catalogue.Has("doubt_" + string(phase)) {
			t.Errorf("there is no message doubt_%s", phase)
		}
	}
	for _, o := range []club.Outcome{club.Accepted, club.Rejected, club.NotSent, club.OutcomeUnknown, "open"} {
		if !catalogue.Has("attempt_" + string(o)) {
			t.Errorf("there is no message attempt_%s", o)
		}
	}
}

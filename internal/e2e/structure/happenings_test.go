package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
)

// TestWhateverHappensHasWords: everything the engine writes for people is in the
// catalogue, though the keys are put together where they are shown.
func TestWhateverHappensHasWords(t *testing.T) {
	t.Parallel()
	words := e2ekit.Words(t)
	var keys []string
	for _, kind := range club.NoteKinds {
		keys = append(keys, "event_"+kind)
	}
	for _, kind := range club.NoticeKinds {
		keys = append(keys, "notice_"+kind)
	}
	for _, code := range messageCodes(t) {
		if !words.Has("connect_refused_" + code) { // said while connecting, never of a post
			keys = append(keys, "fail_"+code+"_title")
		}
	}
	for _, key := range keys {
		if !words.Has(key) {
			t.Errorf("no message %q", key)
		}
	}
}

// messageCodes reads the Code… constants of package platforms.
func messageCodes(t *testing.T) []string {
	t.Helper()
	path := filepath.Join(e2ekit.Root, "platforms", "errors.go")
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(v.Names[0].Name, "Code") || len(v.Values) != 1 {
			return true
		}
		if l, ok := v.Values[0].(*ast.BasicLit); ok {
			if s, err := strconv.Unquote(l.Value); err == nil {
				codes = append(codes, s)
			}
		}
		return true
	})
	if len(codes) < 40 {
		t.Fatalf("found only %d codes", len(codes))
	}
	return codes
}

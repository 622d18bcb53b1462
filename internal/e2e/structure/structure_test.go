package structure

import (
	"crypto/sha256"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/google/go-cmp/cmp"
)

// allowed is the table of imports: what a package may import of ours. The
// longest name that fits decides; a name stands for the packages below it too.
var allowed = map[string][]string{
	"cmd":      {"*"},
	"handlers": {"handlers", "views", "store", "jobs", "static", "platforms", "internal"},
	// A room knows the kernel, and no other room.
	"handlers/*":   {"handlers/web", "views", "store", "jobs", "static", "platforms", "internal"},
	"handlers/web": {"handlers/web", "views", "store", "static", "platforms", "internal"},
	"views":        {"views", "internal/club", "internal/i18n", "internal/chart", "platforms"},
	"static":       {},
	// platforms: tokens and app credentials travel as its Secret.
	"store":              {"migrations", "internal/club", "internal/failpoint", "internal/secret", "platforms"},
	"store/storetest":    {"store", "internal/secret", "internal/club", "platforms"},
	"jobs":               {"store", "platforms", "internal", "jobs/gate", "jobs/work"},
	"jobs/gate":          {"store", "platforms", "internal"},
	"jobs/work":          {"store", "platforms", "internal/club"},
	"migrations":         {},
	"platforms":          {},
	"platforms/*":        {"platforms", "platforms/internal"},
	"platforms/*/sim":    {"platforms", "platforms/internal", "platforms/*"},
	"platforms/internal": {"platforms", "platforms/internal"},
	// The conformance suite, for tests alone.
	"platforms/platformtest": {"platforms", "platforms/internal", "internal/canary"},
	"internal":               {"internal", "platforms", "store"},
	"internal/club":          {"platforms"},
	"internal/secret":        {},
	"internal/failpoint":     {"internal/club"},
	"internal/i18n":          {},
	"internal/i18n/pseudo":   {},
	"internal/password":      {"internal/club"},
	"internal/bench":         {"*"},
	"internal/e2e":           {"*"},
	"internal/sandbox":       {"internal/practice", "platforms"},
	// The whole program, for the command line, the demo and tests.
	"internal/app":     {"handlers", "static", "store", "jobs", "platforms", "internal"},
	"internal/demo":    {"handlers", "store", "platforms", "internal"},
	"internal/datadir": {"store", "internal/club", "internal/disk", "internal/failpoint", "internal/journal", "internal/secret"},
	"internal/consent": {"platforms"},
	// The application layer: no words, no SQL, no pages. Echo and database/sql are
	// kept out below.
	"internal/planning": {"internal/club", "internal/media", "platforms", "store"},
}

// TestImports holds the arrows between the rooms to the table above, which
// ARCHITECTURE.md explains. platforms below a folder of ours means its root package
// alone: nobody but cmd and tests reaches a platform's own folder.
func TestImports(t *testing.T) {
	t.Parallel()
	e2ekit.Walk(t, ".go", func(name string, src []byte) {
		if strings.HasSuffix(name, "_test.go") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		from := path.Dir(name)
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			to, ours := strings.CutPrefix(p, e2ekit.Module)
			if !ours {
				checkForeign(t, name, from, p)
				continue
			}
			if !mayImport(from, to) {
				t.Errorf("%s imports %s, which its room may not", name, to)
			}
		}
	})
}

// forTests are the packages that hold what tests of several packages need.
var forTests = []string{"internal/e2e", "internal/testkit", "store/storetest", "platforms/platformtest", "handlers/web/webtest"}

// TestOnlyTestsImportWhatIsForTests: none of it becomes part of the program.
func TestOnlyTestsImportWhatIsForTests(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	e2ekit.Walk(t, ".go", func(name string, src []byte) {
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			to, _ := strings.CutPrefix(p, e2ekit.Module)
			room := forTestsIn(to)
			switch {
			case room == "":
			case strings.HasSuffix(name, "_test.go") || forTestsIn(path.Dir(name)) != "":
				used[room] = true
			default:
				t.Errorf("%s, which is no test, imports %s", name, to)
			}
		}
	})
	for _, room := range forTests {
		if !used[room] {
			t.Errorf("no test imports %s", room)
		}
	}
}

// forTestsIn returns the line of forTests that a package belongs to, "" if to none.
func forTestsIn(pkg string) string {
	for _, room := range forTests {
		if fits(room, pkg) {
			return room
		}
	}
	return ""
}

// roomImports lists the imports of one room of handlers by another that are
// allowed, "from to", each with its reason.
var roomImports = map[string]string{}

// TestRoomsOfHandlersKnowNoOtherRoom: what two rooms share is in handlers/web, and
// what one needs of another is given to it by handlers. Tests of a room are held to
// it as well.
func TestRoomsOfHandlersKnowNoOtherRoom(t *testing.T) {
	t.Parallel()
	used, rooms := map[string]bool{}, map[string]bool{}
	e2ekit.Walk(t, ".go", func(name string, src []byte) {
		from := handlersRoom(path.Dir(name))
		if from == "" {
			return
		}
		rooms[from] = true
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			pkg, _ := strings.CutPrefix(p, e2ekit.Module)
			to := handlersRoom(pkg)
			switch {
			case pkg == "handlers":
				t.Errorf("%s imports handlers, which is put together of rooms", name)
			case to == "" || to == from || to == "web":
			case roomImports[from+" "+to] == "":
				t.Errorf("%s imports another room, %s", name, to)
			default:
				used[from+" "+to] = true
			}
		}
	})
	if !rooms["web"] {
		t.Error("handlers/web was not looked at")
	}
	for pair := range roomImports {
		if !used[pair] {
			t.Errorf("%s needs no exception", pair)
		}
	}
}

// handlersRoom returns the room of handlers that a package belongs to, "" if it
// belongs to none.
func handlersRoom(pkg string) string {
	rest, ok := strings.CutPrefix(pkg, "handlers/")
	if !ok {
		return ""
	}
	room, _, _ := strings.Cut(rest, "/")
	return room
}

// checkForeign keeps the web framework and SQL in their rooms.
func checkForeign(t *testing.T, name, from, p string) {
	t.Helper()
	for lib, rooms := range map[string][]string{
		"github.com/labstack/echo":    {"handlers"},
		"github.com/alexedwards/scs":  {"handlers", "internal/app"},
		"github.com/mattn/go-sqlite3": {"store"},
		"database/sql":                {"store"},
	} {
		if (p == lib || strings.HasPrefix(p, lib+"/")) && !strings.HasPrefix(from, "internal/bench") &&
			!slices.ContainsFunc(rooms, func(r string) bool { return fits(r, from) }) {
			t.Errorf("%s imports %s: only %v may", name, p, rooms)
		}
	}
}

func mayImport(from, to string) bool {
	if from == to {
		return true
	}
	rule, best := []string(nil), -1
	for name, tos := range allowed {
		if fits(name, from) && len(name) > best {
			rule, best = tos, len(name)
		}
	}
	return slices.ContainsFunc(rule, func(r string) bool {
		if r == "platforms" {
			return to == "platforms"
		}
		return r == "*" || fits(r, to)
	})
}

// fits tells whether a name of the table stands for a package.
func fits(name, pkg string) bool {
	np, pp := strings.Split(name, "/"), strings.Split(pkg, "/")
	if len(pp) < len(np) {
		return false
	}
	for i := range np {
		if np[i] == "*" && pp[i] != "internal" && pp[i] != "platformtest" {
			continue
		}
		if np[i] != pp[i] {
			return false
		}
	}
	return true
}

// TestOnlyOnePlaceNamesPlatforms keeps a further platform to one folder and one
// line: no other code, style sheet or message names one. Each folder is in the
// catalogue.
func TestOnlyOnePlaceNamesPlatforms(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(filepath.Join(e2ekit.Root, "platforms"))
	if err != nil {
		t.Fatal(err)
	}
	var folders, listed []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "internal" && e.Name() != "platformtest" {
			folders = append(folders, e.Name())
		}
	}
	for _, i := range e2ekit.Catalogue().Describe() {
		listed = append(listed, string(i.ID))
	}
	slices.Sort(listed)
	if diff := cmp.Diff(folders, listed); diff != "" || len(folders) < 4 {
		t.Errorf("folders and catalogue differ (-folders +catalogue):\n%s", diff)
	}
	namedNowhereElse(t, e2ekit.Catalogue())
}

// namedNowhereElse wants the platforms of a catalogue to be named in their folders
// and in the catalogue alone. A name of one letter is looked for by nobody.
func namedNowhereElse(t *testing.T, c app.Catalogue) {
	t.Helper()
	var names []string
	for _, i := range c.Describe() {
		if len(i.ID) > 1 {
			names = append(names, string(i.ID))
		}
	}
	word := regexp.MustCompile(`(?i)\b(` + strings.Join(names, "|") + `)\b`)
	for _, ext := range []string{".go", ".templ", ".css", ".js", ".toml", ".sql"} {
		e2ekit.Walk(t, ext, func(name string, src []byte) {
			if strings.HasPrefix(name, "platforms/") || name == "cmd/bandstand/catalogue/catalogue.go" || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "static/vendor/") {
				return
			}
			for i, line := range strings.Split(string(src), "\n") {
				if m := word.FindString(line); m != "" {
					t.Errorf("%s:%d names the platform %s", name, i+1, m)
				}
			}
		})
	}
}

// TestTopLevel keeps the house to its rooms.
func TestTopLevel(t *testing.T) {
	t.Parallel()
	rooms := []string{"cmd", "handlers", "views", "static", "store", "jobs", "migrations", "platforms", "internal", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE"}
	made := []string{"bin", "data", "screenshots"} // by make, ignored by git
	entries, err := os.ReadDir(e2ekit.Root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(rooms, e.Name()) && !slices.Contains(made, e.Name()) {
			t.Errorf("%s stands at the top level", e.Name())
		}
	}
}

// literals lists the string literals of a Go file.
func literals(t *testing.T, name string, src []byte) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if s, err := strconv.Unquote(l.Value); err == nil {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

// TestMigrationsStayAsTheyWere: a step that ran somewhere does not run again
// there, so a changed one would leave two kinds of databases. Sums are of
// sha256sum; a new step adds its line.
func TestMigrationsStayAsTheyWere(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join(e2ekit.Root, "migrations", "*.sql"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%d migrations, %v", len(names), err)
	}
	var have strings.Builder
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&have, "%x  %s\n", sha256.Sum256(b), filepath.Base(name))
	}
	want, err := os.ReadFile(filepath.Join("testdata", "migrations.sha256"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), have.String()); diff != "" {
		t.Errorf("steps changed; make a new one instead (-was +is):\n%s", diff)
	}
}

// TestOnlyOneMigrationHasANumber: two that were written side by side must not
// meet, for the program would not start.
func TestOnlyOneMigrationHasANumber(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join(e2ekit.Root, "migrations", "*.sql"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%d migrations, %v", len(names), err)
	}
	for i, name := range names {
		if want := strconv.Itoa(10_000 + i + 1)[1:]; !strings.HasPrefix(filepath.Base(name), want+"_") {
			t.Errorf("%s should have the number %s", filepath.Base(name), want)
		}
	}
}

// rawMarkup are the places where markup is written as it stands (rule W6):
// pictures that are part of the program, and two components in Go.
var rawMarkup = map[string]string{
	"views/ui/ui.templ":         "templ.Raw(svg)",
	"views/layout/layout.templ": "templ.Raw(p.Assets.Sprite())",
	"views/calendar/day.templ":  "templ.Raw(p.Sprite)",
	"views/calendar/page.templ": "templ.Raw(c.Sprite)",
	"views/calendar/cards.go":   "templ.ComponentFunc", // hot, escapes by hand
	"platforms/x/preview.go":    "templ.ComponentFunc", // spaces between parts count
}

// TestMarkupIsEscaped: nothing gets past the escaping of templates and their
// judgement of addresses, but for the listed pictures.
func TestMarkupIsEscaped(t *testing.T) {
	t.Parallel()
	around := regexp.MustCompile(`templ\.(Raw|SafeURL|SafeCSS|SafeScript|SafeClass|JSUnsafeFuncCall|JSExpression|FromGoHTML|ComponentScript)\b(\([^{}\n]*\))?|templ\.ComponentFunc|template\.(HTML|HTMLAttr|JS|JSStr|URL|Srcset|CSS)\b`)
	used := map[string]bool{}
	for _, ext := range []string{".templ", ".go"} {
		e2ekit.Walk(t, ext, func(name string, src []byte) {
			if strings.HasSuffix(name, "_templ.go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "internal/bench/") {
				return
			}
			for _, found := range around.FindAllString(string(src), -1) {
				if rawMarkup[name] == "" || strings.TrimSpace(found) != rawMarkup[name] {
					t.Errorf("%s: %s goes around the escaping", name, found)
				}
				used[name] = true
			}
		})
	}
	for name := range rawMarkup {
		if !used[name] {
			t.Errorf("%s needs no exception", name)
		}
	}
}

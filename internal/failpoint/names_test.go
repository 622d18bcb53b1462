package failpoint

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "add new points to names.txt")

// TestListOfPoints holds names.txt to the points in the code. It may only grow:
// a point that is gone fails, for the moment that it stood for is tested no
// more. With -update new ones are added.
func TestListOfPoints(t *testing.T) {
	t.Parallel()
	const file = "names.txt"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	listed := strings.Fields(string(b))
	found := inCode(t)
	if len(found) < 20 {
		t.Fatalf("only %d points are in the code: %v", len(found), found)
	}
	if *update {
		for _, name := range found {
			if !slices.Contains(listed, name) {
				listed = append(listed, name)
			}
		}
		slices.Sort(listed)
		if err := os.WriteFile(file, []byte(strings.Join(listed, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(listed, found); diff != "" {
		t.Errorf("names.txt and the code differ (run with -update for new points): %s", diff)
	}
}

// inCode collects the names at all calls of Hit, each of which stands once.
func inCode(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && len(d.Name()) > 2 && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isHit(call) {
				return true
			}
			name, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Errorf("%s: a point needs a name that can be read here: %v", path, err)
			}
			if slices.Contains(all, name) {
				t.Errorf("%s: the point %s stands twice", path, name)
			}
			all = append(all, name)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func isHit(call *ast.CallExpr) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "Hit" || len(call.Args) != 1 {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == "failpoint"
}

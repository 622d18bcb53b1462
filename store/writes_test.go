package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/store/storetest"
)

// TestLongestWriteIsKnown: a write is known by the function it is in, and one that
// took too long is told of once.
func TestLongestWriteIsKnown(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	// Opening a new database makes one write.
	if w := db.LongestWrite(); w.By != "SetInstallationValue" || w.Took <= 0 {
		t.Errorf("the longest write is %+v", w)
	}
	_ = db.TakeLongWrite() // whether it is one depends on this machine
	if w := db.TakeLongWrite(); w.Took != 0 {
		t.Errorf("told of twice: %+v", w)
	}
}

// TestWritesTouchNothingButTheDatabase is rule D4: what runs inside a write transaction
// (methods of tx, and what is handed to inTx) uses no package that reaches files or
// the network, and does not sleep.
func TestWritesTouchNothingButTheDatabase(t *testing.T) {
	t.Parallel()
	files := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	inside := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		slow := map[string]bool{}
		for _, imp := range f.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			short := path[strings.LastIndex(path, "/")+1:]
			switch {
			case path == "net/url":
			case path == "net", strings.HasPrefix(path, "net/"), strings.Contains(path, "http"):
				t.Errorf("%s imports %s: the database calls nobody", name, path)
			case path == "os", strings.HasPrefix(path, "os/"), path == "io", path == "io/ioutil", path == "bufio", path == "syscall":
				slow[short] = true
			}
		}
		check := func(body ast.Node) {
			inside++
			ast.Inspect(body, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if x, ok := s.X.(*ast.Ident); ok && (slow[x.Name] || x.Name == "time" && (s.Sel.Name == "Sleep" || s.Sel.Name == "After")) {
					t.Errorf("%s: %s.%s inside a write transaction", files.Position(n.Pos()), x.Name, s.Sel.Name)
				}
				return true
			})
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv != nil && isTx(n.Recv.List[0].Type) {
					check(n.Body)
				}
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && (s.Sel.Name == "inTx" || s.Sel.Name == "writeTx") {
					check(n.Args[len(n.Args)-1])
				}
			}
			return true
		})
	}
	if inside < 100 {
		t.Errorf("only %d places are inside a write transaction: the reader of sources has missed some", inside)
	}
}

func isTx(e ast.Expr) bool {
	p, ok := e.(*ast.StarExpr)
	if !ok {
		return false
	}
	x, ok := p.X.(*ast.Ident)
	return ok && x.Name == "tx"
}

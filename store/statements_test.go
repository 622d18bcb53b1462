package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// statement is one SQL statement of package store, as a person would find it.
type statement struct {
	where string // posts.go:115
	in    string // the function
	sql   string
}

// placeholder stands for the text of an IN list that is made when it runs.
const placeholder = "?, ?"

// unreadable stands for a part of a statement that reader cannot follow.
const unreadable = "\x00"

// reader collects every statement that package store hands to the database, by
// reading its sources: constants, their concatenations, and the variables of a
// function with each value they may have.
type reader struct {
	t     *testing.T
	files *token.FileSet
	vars  map[string]ast.Expr // constants and variables of the package
	funcs []*ast.FuncDecl
	// sinks are functions that run the text in the argument with this index.
	sinks map[string]int
}

// statements reads the package in the working directory.
func statements(t *testing.T) []statement {
	t.Helper()
	r := &reader{t: t, files: token.NewFileSet(), vars: map[string]ast.Expr{}, sinks: map[string]int{
		"ExecContext": 1, "QueryContext": 1, "QueryRowContext": 1, "PrepareContext": 1,
		"Exec": 0, "Query": 0, "QueryRow": 0, "Prepare": 0,
	}}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(r.files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		r.declare(f)
	}
	for r.passOn() {
	}
	var all []statement
	for _, f := range r.funcs {
		all = append(all, r.of(f)...)
	}
	return all
}

func (r *reader) declare(f *ast.File) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			r.funcs = append(r.funcs, d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if !ok || len(v.Values) != len(v.Names) {
					continue
				}
				for i, name := range v.Names {
					r.vars[name.Name] = v.Values[i]
				}
			}
		}
	}
}

// passOn makes sinks of functions that hand a parameter of theirs to a sink, and
// tells whether it found one.
func (r *reader) passOn() bool {
	found := false
	for _, f := range r.funcs {
		r.calls(f, func(_ *ast.CallExpr, query ast.Expr) {
			if _, known := r.sinks[f.Name.Name]; known {
				return
			}
			if i := parameter(f, query); i >= 0 {
				r.sinks[f.Name.Name] = i
				found = true
			}
		})
	}
	return found
}

// of reads the statements that a function runs.
func (r *reader) of(f *ast.FuncDecl) []statement {
	var all []statement
	r.calls(f, func(call *ast.CallExpr, query ast.Expr) {
		if parameter(f, query) >= 0 {
			return // its callers say
		}
		at := r.files.Position(call.Pos())
		where := at.Filename + ":" + strconv.Itoa(at.Line)
		for _, text := range r.texts(f, query, 0) {
			text = strings.ReplaceAll(text, "IN ("+unreadable+")", "IN ("+placeholder+")")
			if strings.HasPrefix(text, "PRAGMA ") {
				continue
			}
			if strings.Contains(text, unreadable) {
				r.t.Errorf("%s: statements_test.go cannot read this statement of %s: make it of constants", where, f.Name.Name)
				continue
			}
			all = append(all, statement{where, f.Name.Name, text})
		}
	})
	return all
}

// calls visits the calls of sinks in a function.
func (r *reader) calls(f *ast.FuncDecl, visit func(call *ast.CallExpr, query ast.Expr)) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if i, ok := r.sinks[nameOf(call.Fun)]; ok && i < len(call.Args) {
			visit(call, call.Args[i])
		}
		return true
	})
}

// texts returns every text that an expression may have in a function.
func (r *reader) texts(f *ast.FuncDecl, e ast.Expr, depth int) []string {
	if depth > 20 {
		return []string{unreadable}
	}
	depth++
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			return []string{s}
		}
	case *ast.ParenExpr:
		return r.texts(f, e.X, depth)
	case *ast.BinaryExpr:
		var all []string
		for _, x := range r.texts(f, e.X, depth) {
			for _, y := range r.texts(f, e.Y, depth) {
				all = append(all, x+y)
			}
		}
		return all
	case *ast.Ident:
		return r.each(f, r.values(f, e.Name), depth)
	case *ast.IndexExpr: // one of a table of texts
		if table, ok := r.vars[nameOf(e.X)].(*ast.CompositeLit); ok {
			return r.each(f, elements(table, ""), depth)
		}
	case *ast.SelectorExpr: // a field of what a loop goes over
		if table, ok := ranged(f, nameOf(e.X)); ok {
			return r.each(f, elements(table, e.Sel.Name), depth)
		}
	case *ast.CallExpr:
		if nameOf(e.Fun) == "Join" && len(e.Args) == 2 {
			return r.joined(f, e, depth)
		}
	}
	return []string{unreadable}
}

func (r *reader) each(f *ast.FuncDecl, all []ast.Expr, depth int) []string {
	if len(all) == 0 {
		return []string{unreadable}
	}
	var texts []string
	for _, e := range all {
		texts = append(texts, r.texts(f, e, depth)...)
	}
	return texts
}

// joined returns the texts of strings.Join(list, sep): what the list begins
// with, and that with each text that is appended to it.
func (r *reader) joined(f *ast.FuncDecl, join *ast.CallExpr, depth int) []string {
	var begin, more []string
	sep := r.texts(f, join.Args[1], depth)[0]
	for _, v := range r.values(f, nameOf(join.Args[0])) {
		switch v := v.(type) {
		case *ast.CompositeLit:
			for _, e := range v.Elts {
				begin = append(begin, r.texts(f, e, depth)[0])
			}
		case *ast.CallExpr: // append(list, text)
			more = append(more, r.each(f, v.Args[1:], depth)...)
		}
	}
	if len(begin) == 0 {
		return []string{unreadable}
	}
	all := []string{strings.Join(begin, sep)}
	for _, m := range more {
		all = append(all, strings.Join(append(begin[:len(begin):len(begin)], m), sep))
	}
	return all
}

// values returns what is assigned to a name in a function, or in the package.
func (r *reader) values(f *ast.FuncDecl, name string) []ast.Expr {
	var all []ast.Expr
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if nameOf(l) != name {
					continue
				}
				if len(n.Rhs) == len(n.Lhs) {
					all = append(all, n.Rhs[i])
				} else {
					all = append(all, n.Rhs[0])
				}
			}
		case *ast.ValueSpec:
			for i, l := range n.Names {
				if l.Name == name && i < len(n.Values) {
					all = append(all, n.Values[i])
				}
			}
		case *ast.RangeStmt:
			if table, ok := n.X.(*ast.CompositeLit); ok && n.Value != nil && nameOf(n.Value) == name {
				all = append(all, elements(table, "")...)
			}
		}
		return true
	})
	if v, ok := r.vars[name]; ok && len(all) == 0 {
		return []ast.Expr{v}
	}
	return all
}

// ranged returns the list that a loop of the function goes over by this name.
func ranged(f *ast.FuncDecl, name string) (*ast.CompositeLit, bool) {
	var found *ast.CompositeLit
	ast.Inspect(f, func(n ast.Node) bool {
		if loop, ok := n.(*ast.RangeStmt); ok && loop.Value != nil && nameOf(loop.Value) == name {
			found, _ = loop.X.(*ast.CompositeLit)
		}
		return true
	})
	return found, found != nil
}

// elements returns the elements of a list or map; with a field, that field of
// each of its structs.
func elements(list *ast.CompositeLit, field string) []ast.Expr {
	var all []ast.Expr
	for _, e := range list.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		if field == "" {
			all = append(all, e)
			continue
		}
		if row, ok := e.(*ast.CompositeLit); ok {
			all = append(all, fieldOf(list, row, field)...)
		}
	}
	return all
}

func fieldOf(list, row *ast.CompositeLit, field string) []ast.Expr {
	place := -1
	if array, ok := list.Type.(*ast.ArrayType); ok {
		if s, ok := array.Elt.(*ast.StructType); ok {
			n := 0
			for _, fs := range s.Fields.List {
				for _, name := range fs.Names {
					if name.Name == field {
						place = n
					}
					n++
				}
			}
		}
	}
	for i, e := range row.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && nameOf(kv.Key) == field {
			return []ast.Expr{kv.Value}
		} else if !ok && i == place {
			return []ast.Expr{e}
		}
	}
	return nil
}

// parameter returns the place of an expression among the parameters of a
// function; -1 if it is none.
func parameter(f *ast.FuncDecl, e ast.Expr) int {
	id, ok := e.(*ast.Ident)
	if !ok {
		return -1
	}
	i := 0
	for _, group := range f.Type.Params.List {
		for _, name := range group.Names {
			if name.Name == id.Name {
				return i
			}
			i++
		}
	}
	return -1
}

// nameOf is the last name of what is called or written: tx.ExecContext,
// queryAll[T], where.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.IndexExpr:
		return nameOf(e.X)
	}
	return ""
}

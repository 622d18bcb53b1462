package static

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// served are the scripts that browsers load. Each is one file made of several:
// vendored ones as they are, which leave their names behind, and then a module
// with all it imports.
var served = map[string][]string{
	"js/app.js":                   {"vendor/htmx.min.js", "vendor/idiomorph-ext.min.js", "js/app.js"},
	"js/calendar.js":              {"js/calendar.js"},
	"js/composer.js":              {"js/composer.js"},
	"vendor/sortable.core.min.js": {"vendor/sortable.core.min.js"},
}

// joined puts a script together.
func joined(files fs.FS, parts []string) ([]byte, error) {
	j := joiner{files: files, exports: map[string][]string{}, names: map[string]string{}}
	for _, p := range parts {
		if strings.HasPrefix(p, "vendor/") {
			b, err := fs.ReadFile(files, p)
			if err != nil {
				return nil, err
			}
			j.out.Write(bytes.TrimSpace(b))
			j.out.WriteByte('\n')
			continue
		}
		j.top = path.Dir(p)
		j.out.WriteString("(() => {\n\"use strict\";\n")
		if err := j.module(p); err != nil {
			return nil, err
		}
		j.out.WriteString("})();\n")
	}
	return j.out.Bytes(), nil
}

// joiner writes modules one after the other, each after those that it imports.
// A module becomes a function that is called once and gives what it exports, so
// that no two get in each other's way. It knows the few forms of import and
// export that our files use and refuses all others.
type joiner struct {
	files   fs.FS
	top     string // folder of the joined file
	out     bytes.Buffer
	exports map[string][]string // of the modules written
	names   map[string]string   // their variables; empty while a module is being read
}

func (j *joiner) module(file string) error {
	if name, met := j.names[file]; met {
		if name == "" {
			return fmt.Errorf("%s: imports itself", file)
		}
		return nil
	}
	j.names[file] = ""
	src, err := fs.ReadFile(j.files, file)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	var exports []string
	n := 0
	for line := range strings.Lines(string(src)) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "//"):
			continue
		case strings.Count(line, "`")%2 != 0:
			return fmt.Errorf("%s:%d: a text goes over several lines", file, n)
		case strings.HasPrefix(line, "import "):
			if line, err = j.imported(file, line); err != nil {
				return fmt.Errorf("%s:%d: %w", file, n, err)
			}
		case strings.HasPrefix(line, "export "):
			line = strings.TrimPrefix(line, "export ")
			name := exported(line)
			if name == "" {
				return fmt.Errorf("%s:%d: this export is not understood", file, n)
			}
			exports = append(exports, name)
		default:
			line = j.loaded(file, line)
		}
		body.WriteString(line)
		body.WriteByte('\n')
	}
	name := "m" + strconv.Itoa(len(j.exports))
	j.names[file], j.exports[file] = name, exports
	fmt.Fprintf(&j.out, "const %s = (() => {\n%sreturn { %s };\n})();\n", name, body.Bytes(), strings.Join(exports, ", "))
	return nil
}

// imported is what stands for: import { a, b } from "./x.js"; or import "./x.js";
func (j *joiner) imported(file, line string) (string, error) {
	names, from, ok := strings.Cut(strings.TrimPrefix(line, "import "), ` from "`)
	if !ok {
		names, from = "", strings.TrimPrefix(line, `import "`)
	}
	from, ok = strings.CutSuffix(from, `";`)
	if !ok || !strings.HasPrefix(from, ".") {
		return "", fmt.Errorf("this import is not understood")
	}
	from = path.Join(path.Dir(file), from)
	if err := j.module(from); err != nil {
		return "", err
	}
	if names == "" {
		return "", nil
	}
	for name := range strings.SplitSeq(strings.Trim(names, "{} "), ",") {
		if !slices.Contains(j.exports[from], strings.TrimSpace(name)) {
			return "", fmt.Errorf("%s exports no %s", from, strings.TrimSpace(name))
		}
	}
	return "const " + names + " = " + j.names[from] + ";", nil
}

// exported is the name that a declaration brings: function f(, class C {, const c =.
func exported(declaration string) string {
	words := strings.FieldsFunc(strings.TrimPrefix(declaration, "async "), func(r rune) bool { return strings.ContainsRune(" (={;", r) })
	if len(words) < 2 || !slices.Contains([]string{"function", "class", "const"}, words[0]) {
		return ""
	}
	return words[1]
}

// loaded makes the address of import("./x.js"), which is fetched when it is
// needed, one that is right for the joined file.
func (j *joiner) loaded(file, line string) string {
	before, rest, ok := strings.Cut(line, `import("`)
	if !ok {
		return line
	}
	from, rest, ok := strings.Cut(rest, `"`)
	if !ok {
		return line
	}
	up := strings.Repeat("../", strings.Count(j.top, "/")+1)
	return before + `import("` + up + path.Join(path.Dir(file), from) + `"` + rest
}

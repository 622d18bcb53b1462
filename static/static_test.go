package static

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
)

func newAssets(t *testing.T) *Assets {
	t.Helper()
	a, err := New(".from-a-platform { color: red; }")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// get asks for a file as a browser does.
func get(t *testing.T, a *Assets, at string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	r.Header.Set("Accept-Encoding", "gzip, br")
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

func unzipped(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := z.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFilesAreServedSmallAndForEver(t *testing.T) {
	t.Parallel()
	a := newAssets(t)
	for name, typ := range map[string]string{
		"app.css": "text/css; charset=utf-8", "js/app.js": "text/javascript; charset=utf-8", "js/calendar.js": "text/javascript; charset=utf-8",
		"js/composer.js": "text/javascript; charset=utf-8", "vendor/sortable.core.min.js": "text/javascript; charset=utf-8", "favicon.svg": "image/svg+xml",
	} {
		w := get(t, a, a.Path(name))
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != typ || w.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %d %s", name, w.Code, w.Header())
		}
		if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s is kept as %q", name, got)
		}
		old := get(t, a, "/static/0123456789ab/"+name)
		if got := old.Header().Get("Cache-Control"); old.Code != http.StatusOK || got != "no-cache" {
			t.Errorf("an old %s: %d, kept as %q", name, old.Code, got)
		}
	}
	for _, name := range []string{"js/elements/bs-menu.js", "css/10-tokens.css", "static.go", ""} {
		if w := get(t, a, a.Path(name)); w.Code != http.StatusNotFound {
			t.Errorf("%q answers %d, want 404", name, w.Code)
		}
	}
}

func TestStyleSheetsAreOne(t *testing.T) {
	t.Parallel()
	a := newAssets(t)
	css := unzipped(t, get(t, a, a.Path("app.css")))
	if !strings.HasPrefix(css, "@layer ") || !strings.Contains(css, ".from-a-platform") || strings.Contains(css, "/*") {
		t.Errorf("app.css begins with %.80q", css)
	}
}

func TestEveryScriptIsServedOnce(t *testing.T) {
	t.Parallel()
	in := map[string][]string{}
	for name, parts := range served {
		j := joiner{files: files, exports: map[string][]string{}, names: map[string]string{}}
		for _, p := range parts {
			if strings.HasPrefix(p, "vendor/") {
				in[p] = append(in[p], name)
			} else if err := j.module(p); err != nil {
				t.Fatal(err)
			}
		}
		for p := range j.names {
			in[p] = append(in[p], name)
		}
	}
	err := fs.WalkDir(files, ".", func(p string, _ fs.DirEntry, err error) error {
		if path.Ext(p) == ".js" && len(in[p]) != 1 {
			t.Errorf("%s is part of %v, want one", p, in[p])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEveryElementIsDefined keeps an element, and the script that brings it, in
// step: bs-x is defined by elements/bs-x.js.
func TestEveryElementIsDefined(t *testing.T) {
	t.Parallel()
	defines := regexp.MustCompile(`customElements\.define\("(bs-[a-z-]+)"`)
	a := newAssets(t)
	var defined []string
	for name := range served {
		for _, f := range defines.FindAllStringSubmatch(string(a.byPath[name].plain), -1) {
			defined = append(defined, f[1])
		}
	}
	slices.Sort(defined)
	var want []string
	all, err := fs.Glob(files, "js/elements/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		src, err := files.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(src), "extends HTMLElement") {
			want = append(want, strings.TrimSuffix(path.Base(p), ".js"))
		}
	}
	if diff := cmp.Diff(want, defined); diff != "" {
		t.Errorf("elements (-files +defined):\n%s", diff)
	}
}

func TestModulesAreJoinedInTheOrderTheyNeedEachOther(t *testing.T) {
	t.Parallel()
	got, err := joined(fstest.MapFS{
		"vendor/lib.js": {Data: []byte("var lib = 1;\n")},
		"js/app.js": {Data: []byte(`// What it does.
import { one, Two } from "./parts/one.js";
import "./parts/two.js";

one(new Two());
`)},
		"js/parts/one.js": {Data: []byte(`import { three } from "./three.js";
export function one(x) { return three + x; }
  // a remark
export class Two {}
`)},
		"js/parts/two.js":   {Data: []byte("import { three } from \"./three.js\";\nimport(\"../../vendor/big.js\").then(() => three);\n")},
		"js/parts/three.js": {Data: []byte("export const three = 3;\n")},
	}, []string{"vendor/lib.js", "js/app.js"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `var lib = 1;
(() => {
"use strict";
const m0 = (() => {
const three = 3;
return { three };
})();
const m1 = (() => {
const { three } = m0;
function one(x) { return three + x; }
class Two {}
return { one, Two };
})();
const m2 = (() => {
const { three } = m0;
import("../vendor/big.js").then(() => three);
return {  };
})();
const m3 = (() => {
const { one, Two } = m1;

one(new Two());
return {  };
})();
})();
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("joined (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeJoinedIsRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ src, says string }{
		"from elsewhere":       {`import { x } from "x";`, "js/app.js:1: this import is not understood"},
		"in another form":      {`import x from './b.js';`, "js/app.js:1: this import is not understood"},
		"what is not exported": {"\nimport { x } from \"./b.js\";", "js/app.js:2: js/b.js exports no x"},
		"a missing file":       {`import "./c.js";`, "js/app.js:1: open js/c.js: file does not exist"},
		"an unknown export":    {`export default 1;`, "js/app.js:1: this export is not understood"},
		"a circle":             {`import "./app.js";`, "js/app.js:1: js/app.js: imports itself"},
		"a text of two lines":  {"f(`a\nb`);", "js/app.js:1: a text goes over several lines"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := joined(fstest.MapFS{"js/app.js": {Data: []byte(tt.src)}, "js/b.js": {Data: []byte("export const y = 1;")}}, []string{"js/app.js"})
			if err == nil || err.Error() != tt.says {
				t.Errorf("says %v, want %q", err, tt.says)
			}
		})
	}
}

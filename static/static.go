// Package static holds what browsers load: style sheets by layer, scripts (one
// behaviour a file), vendored files and icons. Everything is embedded, put
// together at start into a few files, compressed when it is first asked for, and
// served under an address that changes with the content.
package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

//go:embed css js vendor icons favicon.svg
var files embed.FS

// Assets serves the files.
type Assets struct {
	version string
	byPath  map[string]asset
	sprite  string
}

type asset struct {
	typ   string
	plain []byte
	gzip  func() []byte // compresses once
}

// New puts the style sheet together: css in the order of the names, then extra,
// which platforms bring.
func New(extra ...string) (*Assets, error) {
	a := &Assets{byPath: map[string]asset{}}
	var css bytes.Buffer
	err := fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) == ".js" {
			return err
		}
		b, err := files.ReadFile(p)
		if err != nil {
			return err
		}
		switch dir, name := path.Split(p); {
		case path.Ext(p) == ".css":
			css.Write(b)
			css.WriteByte('\n')
		case dir == "icons/":
			a.sprite += symbol(strings.TrimSuffix(name, ".svg"), string(b))
		case path.Ext(p) == ".svg":
			a.add(p, "image/svg+xml", b)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for name, parts := range served {
		b, err := joined(files, parts)
		if err != nil {
			return nil, fmt.Errorf("join %s: %w", name, err)
		}
		a.add(name, "text/javascript; charset=utf-8", b)
	}
	for _, e := range extra {
		css.WriteString("@layer components {\n" + e + "\n}\n")
	}
	a.add("app.css", "text/css; charset=utf-8", squeeze(css.Bytes()))
	sum := sha256.New()
	paths := make([]string, 0, len(a.byPath))
	for p := range a.byPath {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		sum.Write([]byte(p))
		sum.Write(a.byPath[p].plain)
	}
	a.version = hex.EncodeToString(sum.Sum(nil))[:12]
	return a, nil
}

func (a *Assets) add(p, typ string, b []byte) {
	a.byPath[p] = asset{typ: typ, plain: b, gzip: sync.OnceValue(func() []byte { return squash(b) })}
}

// squash compresses as well as gzip can: it is done once.
func squash(b []byte) []byte {
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	_, _ = w.Write(b) // a buffer takes everything
	_ = w.Close()
	return z.Bytes()
}

// squeeze drops comments and indentation of the style sheet.
func squeeze(css []byte) []byte {
	out := make([]byte, 0, len(css))
	for len(css) > 0 {
		plain, rest, _ := bytes.Cut(css, []byte("/*"))
		_, css, _ = bytes.Cut(rest, []byte("*/"))
		for line := range bytes.Lines(plain) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				out = append(append(out, line...), '\n')
			}
		}
	}
	return out
}

// symbol makes one icon of the sprite out of a lucide file.
func symbol(name, svg string) string {
	_, drawing, _ := strings.Cut(svg, "<svg")
	_, drawing, _ = strings.Cut(drawing, ">")
	drawing, _, ok := strings.Cut(drawing, "</svg>")
	if !ok {
		return ""
	}
	drawing = strings.ReplaceAll(strings.Join(strings.Fields(drawing), " "), " />", "/>")
	return `<symbol id="i-` + name + `" viewBox="0 0 24 24">` + strings.ReplaceAll(drawing, "> <", "><") + `</symbol>`
}

// Version changes with any of the files; it is part of every address and of
// every page's ETag.
func (a *Assets) Version() string { return a.version }

// Path is the address of a file: "app.css", "js/app.js".
func (a *Assets) Path(name string) string { return "/static/" + a.version + "/" + name }

// Sprite is the icons as symbols, to be put at the begin of a page.
func (a *Assets) Sprite() string { return a.sprite }

// ServeHTTP answers /static/<version>/<name>. An old version gets the present
// file, uncached: a page that was open during an update still works.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	version, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/static/"), "/")
	f, ok := a.byPath[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.typ)
	h.Set("Vary", "Accept-Encoding")
	if version == a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	body := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.gzip()
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

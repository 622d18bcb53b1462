package e2ekit

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
)

// Module begins the import path of every package of ours.
const Module = "github.com/bandstand-app/bandstand/"

// Root is the top of the checkout, seen from a package of end-to-end tests.
const Root = "../../.."

// Walk calls fn with every file of ours that ends in ext, named from the top.
func Walk(t *testing.T, ext string, fn func(name string, src []byte)) {
	t.Helper()
	err := filepath.WalkDir(Root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(Root, p)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if (strings.HasPrefix(d.Name(), ".") && name != ".") || d.Name() == "node_modules" || d.Name() == "testdata" || name == "data" || name == "bin" {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(p) != ext {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		fn(name, src)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// routeLine is a line of a table of routes.
var routeLine = regexp.MustCompile(`\bweb\.(Get|Post)\("([^"]+)", club\.`)

// Routes lists the routes of all rooms, each as method and path, as their tables
// have them; those of handlers itself come first.
func Routes(t *testing.T) (all [][2]string) {
	t.Helper()
	var rooms [][2]string
	Walk(t, ".go", func(name string, src []byte) {
		if !strings.HasPrefix(name, "handlers/") || strings.HasSuffix(name, "_test.go") {
			return
		}
		for _, m := range routeLine.FindAllStringSubmatch(string(src), -1) {
			r := [2]string{strings.ToUpper(m[1]), m[2]}
			if path.Dir(name) == "handlers" {
				all = append(all, r)
			} else {
				rooms = append(rooms, r)
			}
		}
	})
	if all = append(all, rooms...); len(all) < 80 {
		t.Fatalf("found %d routes, that cannot be all", len(all))
	}
	return all
}

// Words loads the whole catalogue, as the program does.
func Words(t *testing.T) *i18n.Catalogue {
	t.Helper()
	var extra []fs.FS
	for _, p := range Catalogue().Platforms {
		extra = append(extra, p(platforms.Env{}).Info().Catalogue)
	}
	c, err := i18n.Load(extra...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Tags of the real binary, and of the one that fails where it is told to.
const (
	ReleaseTags   = "sqlite_omit_load_extension"
	FailpointTags = ReleaseTags + ",failpoints"
)

// Build builds the program, which is gone when the test ends.
func Build(t *testing.T, tags string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "bandstand")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-tags="+tags, "-o", bin, Module+"cmd/bandstand").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

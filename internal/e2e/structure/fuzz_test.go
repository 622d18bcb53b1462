package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

// foreignBytes are the parsers of what others wrote, each with the fuzz target
// that reads nonsense with it (T-FUZZ). make fuzz runs every target there is.
var foreignBytes = map[string]string{
	"pages of link cards":                      "internal/linkcard FuzzRead",
	"addresses that people and pages name":     "internal/safehttp FuzzAddress",
	"headers and pixels of pictures":           "internal/media FuzzExamine",
	"EXIF of pictures":                         "internal/media FuzzOrientation",
	"pictures that a simulator is sent":        "platforms/internal/simkit FuzzReadPicture",
	"addresses that lead back to the calendar": "handlers/calendar FuzzWayBack",
	"forms": "handlers/posts FuzzForms",
	"addresses, cookies and headers of requests": "handlers FuzzRequest",
	"marks of forms":                            "store FuzzFormOwner",
	"times and zones":                           "internal/club FuzzSlot",
	"times of day as people write them":         "internal/club FuzzParseClock",
	"colour profiles of pictures":               "internal/colour FuzzICC",
	"lines of the publish journal":              "internal/journal FuzzRead",
	"cells of tables that are exported":         "internal/sheet FuzzWriteCSV",
	"two versions of a text":                    "internal/textdiff FuzzWordsLosesNothing",
	"answers that are kept for support":         "jobs FuzzRedact",
	"faults that are sent to the sandbox":       "internal/sandbox FuzzSandboxFaults",
	"times to wait in answers":                  "platforms/internal/apihttp FuzzRetryAfter",
	"errors of the Graph API":                   "platforms/internal/graph FuzzParseError",
	"usage headers of the Graph API":            "platforms/internal/graph FuzzUsage",
	"fields that Meta's simulator is asked for": "platforms/facebook/sim FuzzFields",
	"answers to Facebook's client":              "platforms/facebook FuzzAnswers",
	"answers to Instagram's client":             "platforms/instagram FuzzAnswers",
	"answers to X's client":                     "platforms/x FuzzAnswers",
	"refusals of X":                             "platforms/x FuzzRefusal",
	"rate headers of X":                         "platforms/x FuzzLimits",
	"texts as X weighs them":                    "platforms/x FuzzWeight",
	"answers to LinkedIn's client":              "platforms/linkedin FuzzAnswers",
	"refusals of LinkedIn":                      "platforms/linkedin FuzzRefusal",
	"texts as LinkedIn writes them":             "platforms/linkedin FuzzLittle",
	"texts as LinkedIn shows them":              "platforms/linkedin FuzzVisible",
	"answers to Bluesky's client":               "platforms/bluesky FuzzAnswers",
	"refusals of Bluesky":                       "platforms/bluesky FuzzRefused",
	"rate headers of Bluesky":                   "platforms/bluesky FuzzLimits",
	"identities, tokens and counts of Bluesky":  "platforms/bluesky FuzzParsers",
	"counts of Bluesky's texts by a shortcut":   "platforms/bluesky FuzzShortcutsChangeNoCount",
	"facets of Bluesky's texts":                 "platforms/bluesky FuzzLay",
}

// TestEveryParserOfForeignBytesIsFuzzed: each of the list has its target, with
// seeds, each target has its line, and a platform has one for its answers.
func TestEveryParserOfForeignBytesIsFuzzed(t *testing.T) {
	t.Parallel()
	seeds := map[string]int{}
	folders := map[string]bool{}
	e2ekit.Walk(t, ".go", func(name string, src []byte) {
		if parts := strings.Split(path.Dir(name), "/"); len(parts) == 2 && parts[0] == "platforms" && parts[1] != "platformtest" {
			folders[path.Dir(name)] = true
		}
		if !strings.HasSuffix(name, "_test.go") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Fuzz") {
				seeds[path.Dir(name)+" "+fn.Name.Name] += countSeeds(fn)
			}
		}
	})
	listed := map[string]bool{}
	for what, target := range foreignBytes {
		listed[target] = true
		if n, there := seeds[target]; !there || n == 0 {
			t.Errorf("%s: %s is not there or has no seeds", what, target)
		}
	}
	for target := range seeds {
		if !listed[target] {
			t.Errorf("%s is not in the list: what does it read?", target)
		}
	}
	for dir := range folders {
		if !listed[dir+" FuzzAnswers"] {
			t.Errorf("nothing reads nonsense in place of %s", dir)
		}
	}
	if len(seeds) < 14 || len(folders) < 5 {
		t.Errorf("%d targets and %d platforms, want at least 14 and 5", len(seeds), len(folders))
	}
}

// countSeeds counts what a target adds: by itself, or by the suite of platforms.
func countSeeds(fn *ast.FuncDecl) int {
	n := 0
	ast.Inspect(fn, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok {
			if s, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Add", "FuzzAnswers"}, s.Sel.Name) {
				n++
			}
		}
		return true
	})
	return n
}

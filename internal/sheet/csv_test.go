package sheet

import (
	"encoding/csv"
	"strings"
	"testing"
)

func TestWriteCSV(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	err := WriteCSV(&b, [][]string{{"Post", "Seen"}, {"=HYPERLINK(\"x\")", "+1"}, {"line\nbreak, \"quote\"", ""}, {"@club", "-3"}, {"\tx", "5 - 3"}})
	if err != nil {
		t.Fatal(err)
	}
	want := bom + "\"Post\",\"Seen\"\r\n\"'=HYPERLINK(\"\"x\"\")\",\"'+1\"\r\n\"line\nbreak, \"\"quote\"\"\",\"\"\r\n\"'@club\",\"'-3\"\r\n\"'\tx\",\"5 - 3\"\r\n"
	if got := b.String(); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// FuzzWriteCSV: what is written is read again as it was, but for the apostrophe
// before what a spreadsheet would run.
func FuzzWriteCSV(f *testing.F) {
	for _, s := range []string{"Training", "=1+1", "+1", "-3", "@club", "\t=1", "\r=1", "a\"b", "a,b", "a\r\nb", ";=1", "'=1", bom, "\xff", "\x00"} {
		f.Add(s, "Seen")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		var w strings.Builder
		if err := WriteCSV(&w, [][]string{{a, b}, {b, a}}); err != nil {
			t.Fatal(err)
		}
		text, marked := strings.CutPrefix(w.String(), bom)
		r := csv.NewReader(strings.NewReader(text))
		rows, err := r.ReadAll()
		if err != nil || !marked || len(rows) != 2 || len(rows[0]) != 2 || len(rows[1]) != 2 {
			t.Fatalf("%q is read as %q (%v)", text, rows, err)
		}
		for i, cell := range []string{a, b} {
			got := rows[0][i]
			if got != rows[1][1-i] {
				t.Errorf("%q is %q in one row and %q in the next", cell, got, rows[1][1-i])
			}
			if got != "" && strings.ContainsRune("=+-@\t\r", rune(got[0])) {
				t.Errorf("%q is a formula: %q", cell, got)
			}
			// The reader makes one line end of both.
			same := strings.ReplaceAll(cell, "\r\n", "\n")
			if got != same && got != "'"+same {
				t.Errorf("%q became %q", cell, got)
			}
		}
	})
}

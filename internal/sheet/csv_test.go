package sheet

import (
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
	want := bom + "Post,Seen\r\n\"'=HYPERLINK(\"\"x\"\")\",'+1\r\n\"line\r\nbreak, \"\"quote\"\"\",\r\n'@club,'-3\r\n'\tx,5 - 3\r\n"
	if got := b.String(); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

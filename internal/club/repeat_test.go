package club_test

import (
	"bytes"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

func TestTextMarkIsOfWhatPeopleCallTheSame(t *testing.T) {
	t.Parallel()
	mark := club.TextMark("Café opens at 5", "https://club.example/a")
	for text, same := range map[string]bool{
		"Café opens at 5": true, "Cafe\u0301 opens at 5": true, "  CAFÉ\r\nopens   at 5\n": true, "Café\u00a0opens at 5": true,
		"Cafe opens at 5": false, "Café opens at 5!": false, "Café opens at5": false, "": false,
	} {
		if got := bytes.Equal(club.TextMark(text, "https://club.example/a"), mark); got != same {
			t.Errorf("%q is the same: %v, want %v", text, got, same)
		}
	}
	if bytes.Equal(club.TextMark("Café opens at 5", ""), mark) {
		t.Error("the link does not count")
	}
	if got := club.TextMark(" \n\t", "https://club.example/a"); got != nil {
		t.Errorf("nothing said has the mark %x", got)
	}
}

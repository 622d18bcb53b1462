package web

import (
	"testing"
)

func TestTextsAreCutAtWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		n    int
		want string
	}{
		{"Match day", 9, "Match day"},
		{"Match day!", 9, "Match…"},
		{"Match day at home", 9, "Match day…"},
		{"", 9, ""},
		{"Trainingsplatzbesichtigung", 9, "Trainings…"},
		{"ein Trainingsplatz", 12, "ein Training…"},
		{"Größe fünf", 6, "Größe…"},
		{"日本語日本語", 4, "日本語日…"},
	} {
		if got := Shorten(tt.text, tt.n); got != tt.want {
			t.Errorf("%q in %d letters is %q, want %q", tt.text, tt.n, got, tt.want)
		}
	}
}

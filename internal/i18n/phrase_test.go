package i18n

import (
	"testing"
	"testing/fstest"
)

func TestPhrase(t *testing.T) {
	t.Parallel()
	tests := []struct {
		message string
		args    []string
		want    string
	}{
		{"Saved.", nil, "Saved."},
		{"{{.day}}, {{ .time }}", []string{"time", "18:30", "day", "Tue"}, "Tue, 18:30"},
		{"{{.n}} of {{.n}}", []string{"n", "3"}, "3 of 3"},
		{"to {{.where}}.", []string{"who", "Tom"}, "to ."},
		{"{{.a}}", []string{"a", "{{.a}} <b>"}, "{{.a}} <b>"},
	}
	for _, tt := range tests {
		p, ok := cut(tt.message)
		if got := p.fill(tt.args); !ok || got != tt.want {
			t.Errorf("%q with %q = %q, %t; want %q", tt.message, tt.args, got, ok, tt.want)
		}
	}
	for _, m := range []string{"{{if .a}}x{{end}}", "{{printf .a}}", "{{.}}", "{{.a.b}}", "{{.a", "a }} {{"} {
		if _, ok := cut(m); ok {
			t.Errorf("%q counts as plain", m)
		}
	}
}

// TestWhatALanguageDoesNotSayIsEnglish: message by message, with and without
// plurals.
func TestWhatALanguageDoesNotSayIsEnglish(t *testing.T) {
	t.Parallel()
	c, err := Load(fstest.MapFS{
		"en.toml": {Data: []byte("plain = \"{{.n}} drums\"\nonly = \"{{.who}} drums\"\n[many]\none = \"a drum\"\nother = \"{{.n}} drums\"\n[cut]\nother = \"{{if .who}}{{.who}}{{end}}\"\n")},
		"de.toml": {Data: []byte("plain = \"{{.n}} Trommeln\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ got, want string }{
		{c.Text("en", "plain", "n", "3"), "3 drums"},
		{c.Text("de", "plain", "n", "3"), "3 Trommeln"},
		{c.Text("de", "only", "who", "Tom"), "Tom drums"},
		{c.Text("de", "cut", "who", "Tom"), "Tom"},
		{c.Text("en", "cut", "who", "Tom"), "Tom"},
		{c.Count("en", "many", 1), "a drum"},
		{c.Count("de", "many", 2), "2 drums"},
		{c.Count("de", "only", 2, "who", "Tom"), "Tom drums"},
		{c.Count("en", "plain", 2), "2 drums"},
		{c.Text("de", "nothing"), "nothing"},
	} {
		if tt.got != tt.want {
			t.Errorf("says %q, want %q", tt.got, tt.want)
		}
	}
	if !c.Has("many") || !c.Has("plain") || c.Has("nothing") {
		t.Error("Has does not tell what there is")
	}
}

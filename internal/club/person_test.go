package club

import (
	"strings"
	"testing"
)

func TestParseEmail(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" maeve@example.org ":                     "maeve@example.org",
		"o'neill+club@sub.example.ie":             "o'neill+club@sub.example.ie",
		"maeve":                                   "",
		"maeve@localhost":                         "",
		"maeve@example.org, tom@example.org":      "",
		"Maeve <maeve@example.org>":               "",
		"maeve@example.org\r\nBcc: x@example.org": "",
		"": "",
		strings.Repeat("a", 250) + "@example.org": "",
	} {
		got, err := ParseEmail("email", in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseEmail(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestParseName(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"  Maeve \t O'Neill\n", "Maeve O'Neill"},
		{"Zoë 李", "Zoë 李"},
		{"a\u202eb\x00c", "abc"},
		{" \u200b ", ""},
		{strings.Repeat("ö", MaxName), strings.Repeat("ö", MaxName)},
		{strings.Repeat("ö", MaxName+1), ""},
	}
	for _, tt := range tests {
		got, err := ParseName("name", "name_empty", tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("ParseName(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestParseZone(t *testing.T) {
	t.Parallel()
	for in, ok := range map[string]bool{"Europe/Dublin": true, "UTC": true, "": false, "Local": false, "Mars/Base": false, "../../etc/passwd": false} {
		if _, err := ParseZone("zone", in); (err == nil) != ok {
			t.Errorf("ParseZone(%q) = %v, want accepted %v", in, err, ok)
		}
	}
}

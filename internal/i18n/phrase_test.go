package i18n

import "testing"

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
	for _, m := range []string{"{{if .a}}x{{end}}", "{{printf .a}}"} {
		if _, ok := cut(m); ok {
			t.Errorf("%q counts as plain", m)
		}
	}
}

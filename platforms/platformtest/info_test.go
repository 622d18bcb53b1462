package platformtest

import "testing"

func TestUnscopedFindsWhatReachesBeyondTheCard(t *testing.T) {
	t.Parallel()
	for css, want := range map[string]bool{
		".pv-a { color: red }": false,
		".pv-a, .pv-a-b:hover, .pv-a[data-x=\"1\"] > p { color: red }":    false,
		"/* .b {} */ @media (width > 30rem) { .pv-a { color: red } }":     false,
		".pv-a { color: red; &:hover { color: blue } .inner { top: 0 } }": false,
		"":                              true,
		".b { color: red }":             true,
		".pv-a, p { color: red }":       true,
		".pv-abc { color: red }":        true,
		"@media print { p { top: 0 } }": true,
		"@import 'x';":                  true,
		".pv-a { background: url(x) }":  true,
		".pv-a { color: red":            true,
		".pv-a { color: red } }":        true,
		":root .pv-a { color: red }":    true,
	} {
		if got := unscoped(css, ".pv-a"); (got != "") != want {
			t.Errorf("unscoped(%q) = %q, want a finding: %v", css, got, want)
		}
	}
}

package facebook

import "testing"

func TestDomain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://www.riverside.example/x?y": "RIVERSIDE.EXAMPLE", "http://a.example:8080/": "A.EXAMPLE", "://": "://",
	} {
		if got := domain(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

package calendar

import (
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/handlers/web"
)

// FuzzWayBack: an address that a form names as the page it came from leads to no
// other site.
func FuzzWayBack(f *testing.F) {
	f.Add("/calendar?date=2026-11-01")
	f.Add("//evil.example")
	f.Fuzz(func(t *testing.T, back string) {
		if q, ok := calendarOf(back); ok && q.path() == "" {
			t.Errorf("%q is the calendar, and has no address", back)
		}
		if p := web.LocalPath(back); strings.HasPrefix(p, "//") {
			t.Errorf("%q leads to another site", back)
		}
	})
}

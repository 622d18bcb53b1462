package posts

import (
	"net/url"
	"testing"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// FuzzForms: what is read of a form can be kept, and is the same when it is read
// again.
func FuzzForms(f *testing.F) {
	f.Add("text=Training&account=1&account=2&own=2&text-2=Own&media=ab&alt-ab=Alt&fit-ab-1=crop&link=example.org", "2026-11-27", "19:00")
	f.Add("text=%00%ff&account=-1&account=99999999999999999999&own=x&media=&link=://", "2026-02-30", "25:99")
	f.Fuzz(func(t *testing.T, raw, date, clock string) {
		v, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		web.Tidy(v, "")
		content := contentOf(v)
		first, err := content.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := content.Normal().JSON()
		if err != nil || string(again) != string(first) {
			t.Errorf("normal twice is %s, once %s (%v)", again, first, err)
		}
		if _, err := content.Hash(); err != nil {
			t.Error(err)
		}
		if at, err := club.ParseClock(clock); err == nil {
			if slot, err := club.NewSlot(date, at, "Europe/Dublin"); err == nil && slot.Date() == "" {
				t.Errorf("%s %s has no date", date, at)
			}
		}
	})
}

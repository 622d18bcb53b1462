package store_test

import (
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// FuzzFormOwner: only a mark that was given out names somebody.
func FuzzFormOwner(f *testing.F) {
	clock := storetest.NewClock()
	db := storetest.Open(f, clock.Now)
	given := db.FormMark(store.Scope{ClubID: 7, PersonID: 9})
	what, mac, _ := strings.Cut(given, ".")
	for _, s := range []string{given, "", ".", "7.9.0.", given + "=", what, mac, strings.Replace(given, "7", "8", 1), " " + given, given + "\n", "7.9.99999999999999999999.AAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, mark string) {
		owner, err := db.FormOwner(mark)
		if err == nil && (mark != given || owner.ClubID != 7 || owner.PersonID != 9) {
			t.Errorf("%q is taken for a mark of %+v", mark, owner)
		}
		if err != nil && mark == given {
			t.Errorf("the mark that was given out names nobody: %v", err)
		}
	})
}

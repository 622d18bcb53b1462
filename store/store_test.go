package store_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/store/storetest"
)

func TestOpenMigratesAndChecksSettings(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	if _, err := db.Reader().ExecContext(t.Context(), `DELETE FROM clubs`); err == nil {
		t.Error("the reading pool accepted a write")
	}
	var n int
	if err := db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM clubs`).Scan(&n); err != nil || n != 0 {
		t.Errorf("clubs = %d, %v; want 0", n, err)
	}
}

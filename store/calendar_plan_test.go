package store

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/secret"
)

// TestCalendarNeverScans holds the statements of the calendar to rule S6: no
// growing table is read from end to end.
func TestCalendarNeverScans(t *testing.T) {
	t.Parallel()
	keys, err := secret.New()
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), t.TempDir(), keys, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for name, q := range map[string]struct {
		query string
		args  []any
	}{
		"month":      {calendarQuery, []any{1, 0, 1, 10}},
		"tray":       {trayQuery, []any{1, 10}},
		"moving":     {movingPostQuery, []any{1, 1}},
		"deliveries": {movingDeliveriesQuery, []any{1}},
	} {
		for _, step := range planOf(t.Context(), t, db, q.query, q.args...) {
			if strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s: %s", name, step)
			}
		}
	}
}

func planOf(ctx context.Context, t *testing.T, db *DB, query string, args ...any) []string {
	t.Helper()
	steps, err := queryAll(ctx, db.read, func(scan func(...any) error) (string, error) {
		var id, parent, unused int
		var detail string
		err := scan(&id, &parent, &unused, &detail)
		return detail, err
	}, `EXPLAIN QUERY PLAN `+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

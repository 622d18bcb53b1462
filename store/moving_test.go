package store_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestOnlyTransitionMovesADelivery reads every statement of this package: what
// becomes of a delivery, and of its attempts, is written in one place, which
// demands the version and the facts (rule P9).
func TestOnlyTransitionMovesADelivery(t *testing.T) {
	t.Parallel()
	// The statements that may write to these tables: the function, what the
	// statement begins with, and what it must hold besides.
	allowed := []struct{ in, begins, holds string }{
		{"updateDelivery", "UPDATE deliveries SET version = version + 1, ", "WHERE id = ? AND version = ?"},
		{"updateDelivery", "UPDATE deliveries SET body = ?, body_hash = ? WHERE id = ?", ""}, // just after the first
		{"SaveLink", "UPDATE deliveries SET remote_url = ? WHERE id = ? AND status = 'PUBLISHED' AND remote_url = ''", ""},
		{"syncDeliveries", "INSERT INTO deliveries (id, club_id, post_id, connection_id, part, status, idem_key) VALUES (?, ?, ?, ?, ?, 'DRAFT', ?)", ""},
		{"syncDeliveries", "DELETE FROM deliveries WHERE id = ?", ""}, // of drafts
		{"addAttempt", "INSERT INTO publish_attempts ", ""},
		{"endAttempt", "UPDATE publish_attempts SET finished_at = ?, outcome = ?, ", "WHERE id = ? AND outcome IS NULL"},
		{"addStep", "INSERT INTO publish_steps ", ""},
		{"keepSteps", "UPDATE publish_steps SET void = 1 ", ""},
	}
	writes := regexp.MustCompile(`^(UPDATE|INSERT INTO|INSERT OR \w+ INTO|REPLACE INTO|DELETE FROM) (deliveries|publish_attempts|publish_steps)\b`)
	used := make([]bool, len(allowed))
	for _, s := range statements(t) {
		text := strings.Join(strings.Fields(s.sql), " ")
		target := writes.FindStringSubmatch(text)
		if target == nil {
			continue
		}
		known := false
		for i, a := range allowed {
			if s.in == a.in && strings.HasPrefix(text, a.begins) && strings.Contains(text, a.holds) {
				known, used[i] = true, true
			}
		}
		if !known {
			t.Errorf("%s: %s writes to %s:\n%s", s.where, s.in, target[2], text)
		}
	}
	for i, a := range allowed {
		if !used[i] {
			t.Errorf("%s has no statement %q", a.in, a.begins)
		}
	}
}

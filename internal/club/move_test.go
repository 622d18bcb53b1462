package club

import (
	"errors"
	"testing"
	"time"
)

func TestMoveWish(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		wish MoveWish
		want Code
		key  string
	}{
		{"publisher, scheduled", MoveWish{Role: Publisher, Deliveries: []Status{Scheduled}}, "", ""},
		{"publisher, draft without accounts", MoveWish{Role: Publisher}, "", ""},
		{"publisher, partly out", MoveWish{Role: Publisher, Deliveries: []Status{Published, Failed}}, "", ""},
		{"publisher, on its way", MoveWish{Role: Publisher, Deliveries: []Status{Scheduled, Publishing}}, Conflict, "move_too_late"},
		{"publisher, out", MoveWish{Role: Publisher, Deliveries: []Status{Published, Cancelled}}, Conflict, "move_published"},
		{"publisher, unsure", MoveWish{Role: Publisher, Deliveries: []Status{NeedsAttention}, Unsure: true}, Conflict, "move_unsure"},
		{"writer, own draft", MoveWish{Role: Writer, Own: true, Deliveries: []Status{Draft}}, "", ""},
		{"writer, own but scheduled", MoveWish{Role: Writer, Own: true, Deliveries: []Status{Scheduled}}, Forbidden, "error_forbidden"},
		{"writer, somebody's draft", MoveWish{Role: Writer, Deliveries: []Status{Draft}}, Forbidden, "error_forbidden"},
		{"viewer, own draft of other days", MoveWish{Role: Viewer, Own: true}, Forbidden, "error_forbidden"},
	}
	for _, tt := range tests {
		err := tt.wish.Check()
		if got := CodeOf(err); got != tt.want {
			t.Errorf("%s: %v, want code %q", tt.name, err, tt.want)
			continue
		}
		if e, ok := errors.AsType[*Error](err); ok && e.Key != tt.key {
			t.Errorf("%s says %s, want %s", tt.name, e.Key, tt.key)
		}
	}
}

func TestSecondOfARepeatedHour(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ local, zone, want string }{
		{"2026-10-25T02:30", "Europe/Berlin", "2026-10-25T01:30"},
		{"2026-04-05T02:15", "Australia/Sydney", "2026-04-04T16:15"},
		{"2026-10-25T03:30", "Europe/Berlin", "2026-10-25T02:30"},
	} {
		s, err := ParseSlot(tt.local, tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		want, err := time.Parse(wallLayout, tt.want)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Second().At; !got.Equal(want) {
			t.Errorf("the second %s in %s is %v, want %v", tt.local, tt.zone, got, want)
		}
	}
}

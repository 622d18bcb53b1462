package jobs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/bandstand-app/bandstand/internal/canary"
	"github.com/bandstand-app/bandstand/platforms"
)

// loud is a log that can be read.
type loud struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *loud) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// TestPanicsAreToldWithoutTheirValue: whatever work that panics had in hand, the
// log has its type and where it was, and the program goes on (T-SECRET).
func TestPanicsAreToldWithoutTheirValue(t *testing.T) {
	t.Parallel()
	const secret = "canary-in-hand"
	var flock canary.Flock
	flock.Add(secret, secret)
	for _, v := range []any{secret, errors.New(secret), struct{ Token string }{secret}, []byte(secret), map[string]string{"token": secret}} {
		panics := func() error { panic(v) }
		for what, work := range map[string]func(*rig) error{
			"recurring work": func(r *rig) error {
				r.engine.recur(t.Context(), "take numbers of posts", func(context.Context) error { return panics() })
				return nil
			},
			"a platform's code": func(r *rig) error {
				if e := (&run{Engine: r.engine}).guard(panics); e == nil || e.Kind != platforms.Unknown {
					t.Errorf("a panic is %v, want unknown", e)
				}
				return nil
			},
		} {
			r, log := newRig(t, platforms.CertainByLooking), &loud{}
			r.engine.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			said := "all is well"
			if err := work(r); err != nil {
				said = err.Error()
			}
			said += log.b.String()
			if seen := flock.Find([]byte(said)); len(seen) > 0 {
				t.Errorf("%s: a %T is told: %s", what, v, said)
			}
			if !strings.Contains(said, "panics_test.go") {
				t.Errorf("%s: it is not said where a %T came from: %s", what, v, said)
			}
		}
	}
}

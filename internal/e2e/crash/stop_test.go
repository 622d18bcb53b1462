//go:build crash

package crash

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

const (
	stopPosts = 12 // on five accounts each
	stops     = 12
	// stopWithin is how long the app publishes before it is stopped.
	stopWithin = 1500 * time.Millisecond
)

// TestStop ends the real app by SIGTERM.
func TestStop(t *testing.T) {
	t.Parallel()
	bin := e2ekit.Build(t, e2ekit.FailpointTags)
	t.Run("while it publishes", func(t *testing.T) {
		t.Parallel()
		stopped(t, bin)
	})
	t.Run("under an endless request", func(t *testing.T) {
		t.Parallel()
		p := newPair(t, bin)
		p.beginRequest()
		p.app.stop()
	})
	t.Run("twice under an endless request", func(t *testing.T) {
		t.Parallel()
		stoppedTwice(t, bin)
	})
}

// stopped ends the app while it publishes and a third of the calls that make
// something public take two seconds. Those are waited for, so that there is
// never anything to find out afterwards (rule P18).
func stopped(t *testing.T, bin string) {
	w := newCrashWorld(t, bin, numberOf(t, seedVariable, uint64(time.Now().UnixNano())))
	w.app.stop()
	w.fault(everywhere("publish", "slow", 33)...)
	written := w.write()
	for i := range stops {
		w.allow(stopPosts * (i + 1) / stops)
		w.liveFor(stopWithin)
		w.stopInTime()
		w.clock.advance(time.Second)
	}
	w.finish(written)
	r := w.settled()
	t.Logf("\n%s", r)
	r.check(t)
	if r.published != r.deliveries || r.unknown > 0 {
		t.Errorf("of %d deliveries %d were published, and the outcome of %d calls was lost", r.deliveries, r.published, r.unknown)
	}
}

// stoppedTwice ends the app by a second SIGTERM while the first one waits.
func stoppedTwice(t *testing.T, bin string) {
	p := newPair(t, bin)
	p.beginRequest()
	for range 2 {
		if err := p.app.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		until(t, stopLimit, func() bool {
			conn, err := net.Dial("tcp", p.listen)
			if err == nil {
				conn.Close()
			}
			return err != nil
		})
	}
	if !until(t, stopLimit, p.app.gone) {
		t.Fatal("the app still runs")
	}
	if status, ok := p.app.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("the app went on to its end: %s", p.app.cmd.ProcessState)
	}
}

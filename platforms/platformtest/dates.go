package platformtest

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// answersAreDated: the answer to every call says what time it is, be it good or
// bad, and so does that to a question for nothing else.
func answersAreDated(t *testing.T, w *World) {
	session := w.Connect()
	teller, ok := w.Platform.(platforms.TimeTeller)
	if !ok {
		t.Fatal("cannot be asked for the time")
	}
	for _, off := range []time.Duration{0, 20 * time.Minute, -20 * time.Minute} {
		if err := w.Sim.Fault(platforms.SimFault{Platform: w.ID(), Operation: "*", Fault: "clock_off", Seconds: int(off / time.Second)}); err != nil {
			t.Fatal(err)
		}
		var told []time.Time
		ctx := platforms.WatchDates(w.Context(), func(host string, date time.Time) {
			if host == "" {
				t.Error("nobody answered")
			}
			told = append(told, date)
		})
		if err := teller.AskTime(ctx, session.Account); err != nil {
			t.Errorf("asked for the time: %v", err)
		}
		if len(told) != 1 {
			t.Errorf("asked for the time once, told %d times", len(told))
		}
		if _, err := w.Platform.Check(ctx, session); err != nil {
			t.Errorf("check: %v", err)
		}
		if len(told) < 2 {
			t.Error("an answer was not dated")
		}
		for _, at := range told {
			if d := at.Sub(w.Clock.Now().Add(off)); d.Abs() > time.Second {
				t.Errorf("off by %s, an answer is dated %s", off, at)
			}
		}
	}
}

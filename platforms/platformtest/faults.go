package platformtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// allowed is what an error may be after each fault: the
// table of all platforms. Suite.Also adds to it.
var allowed = map[string][]platforms.Kind{
	simkit.ResetBefore: {platforms.Unknown},
	simkit.ResetAfter:  {platforms.Unknown},
	simkit.ErrorBefore: {platforms.Unknown},
	simkit.ErrorAfter:  {platforms.Unknown},
	simkit.CutOff:      {platforms.Unknown},
	simkit.Empty:       {platforms.Unknown},
	simkit.HTML:        {platforms.Unknown},
	simkit.Oversized:   {platforms.Unknown},
	simkit.Slow:        {platforms.Unknown},

	simkit.RateLimited:  {platforms.RateLimited, platforms.Unknown},
	simkit.ExpiredToken: {platforms.Expired, platforms.Revoked},
	simkit.RevokedToken: {platforms.Revoked, platforms.Expired},
	simkit.Rejected:     {platforms.Rejected},
	simkit.Media:        {platforms.MediaRejected, platforms.Rejected},
}

func (w *World) kinds(operation, fault string) []platforms.Kind {
	return append(slices.Clone(allowed[fault]), w.Suite.Also[operation+"/"+fault]...)
}

func lostAfter(t *testing.T, w *World) {
	s := w.Connect()
	d := w.photoDraft("Lost after publishing")
	w.Fault("publish", simkit.ResetAfter, 1)
	try := w.Try(s, d)
	err := try.Run()
	w.expectKind(err, platforms.Unknown)
	if !try.failed.Irreversible {
		t.Fatalf("the fault hit step %+v", try.failed)
	}
	w.expectPublic(d)
	if !try.Finish() {
		t.Errorf("the post is public and was not found")
	}
	w.expectPublic(d)
}

func lostBefore(t *testing.T, w *World) {
	s := w.Connect()
	d := w.photoDraft("Lost before publishing")
	w.Fault("publish", simkit.ResetBefore, 1)
	try := w.Try(s, d)
	err := try.Run()
	w.expectKind(err, platforms.Unknown)
	if !try.failed.Irreversible {
		t.Fatalf("the fault hit step %+v", try.failed)
	}
	w.expectPublic()
	out := try.Finish()
	if w.Platform.Info().Certainty == platforms.CertainByLooking {
		if out {
			t.Errorf("nothing is public, and something was found")
		}
		w.expectPublic()
		return
	}
	if !out {
		t.Errorf("the post did not go out")
	}
	w.expectPublic(d)
}

func publishFaults(t *testing.T, w *World) {
	for _, fault := range simkit.Faults {
		t.Run(fault, func(t *testing.T) { w.on(t).publishFault(fault) })
	}
}

func (w *World) publishFault(fault string) {
	w.lastCallMeets(w.Try(w.Connect(), w.photoDraft("Fault "+fault+" on the last call")), fault)
}

// lastCallMeets runs a try whose irreversible call meets a fault: the error is of
// the right kind, and what is unclear is settled without a second post.
func (w *World) lastCallMeets(try *Try, fault string) {
	w.Helper()
	others := w.Public()
	w.Fault("publish", fault, 1)
	err := w.runBriefly(try, fault)
	if err == nil {
		w.Fatalf("publishing worked, or the fault was never met: %+v", try.steps)
	}
	w.expectKind(err, w.kinds("publish", fault)...)
	if platforms.KindOf(err) != platforms.Unknown {
		if diff := cmp.Diff(others, w.Public()); diff != "" {
			w.Errorf("a refusal changed the record (-before +after):\n%s", diff)
		}
		return
	}
	if !try.failed.Irreversible {
		w.Fatalf("fault on publish was met by step %+v", try.failed)
	}
	if out, n := try.Finish(), len(w.Public())-len(others); (n == 1) != out || n > 1 {
		w.Errorf("settled as public: %v; the record holds %d posts more", out, n)
	}
}

// runBriefly gives up waiting where the simulator is slow, and then waits for
// the simulator to have acted.
func (w *World) runBriefly(try *Try, fault string) error {
	if fault != simkit.Slow {
		return try.Run()
	}
	// Long enough for the request to leave, shorter than simkit's slow answer.
	try.patience = time.Second
	err := try.Run()
	try.patience = 0
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for len(w.Public()) == try.others && try.failed.Irreversible {
		select {
		case <-tick.C:
		case <-w.Context().Done():
			w.Fatalf("the slow call never took effect")
		}
	}
	return err
}

// nothingRepeats: answers that HTTP clients like to repeat or to follow reach
// the server once (rule P6), and prove nothing.
func nothingRepeats(t *testing.T, w *World) {
	s := w.Connect()
	for _, status := range []int{301, 302, 303, 307, 308, 403, 408, 429, 500, 502, 503, 504} {
		asked := 0
		answer := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			asked++
			rw.Header().Set("Location", "/elsewhere")
			rw.Header().Set("Retry-After", "0")
			rw.Header().Set("Content-Type", "text/html")
			rw.WriteHeader(status)
			_, _ = rw.Write([]byte("<!doctype html><title>From something in between</title>"))
		})
		try := w.Try(s, w.photoDraft("Not repeated"))
		before := 0
		try.onSend = func() {
			w.instead.Store(&answer)
			before = w.calls.count()
		}
		err := try.Run()
		if n := w.calls.count() - before; n != 1 || asked != 1 {
			t.Errorf("status %d: %d calls were made and %d arrived, want 1", status, n, asked)
		}
		w.expectKind(err, platforms.Unknown)
		if !try.failed.Irreversible {
			t.Errorf("status %d: step %+v failed", status, try.failed)
		}
		w.expectPublic()
		w.Clock.Advance(time.Hour)
		s = w.live(s)
	}
}

// unreachable: where no connection comes about, nothing can have been sent.
func unreachable(t *testing.T, w *World) {
	s := w.Connect()
	try := w.Try(s, w.photoDraft("Nobody there"))
	try.onSend = w.stop
	w.expectKind(try.Run(), platforms.NotSent)
	if !try.failed.Irreversible {
		t.Errorf("step %+v failed", try.failed)
	}
	_, err := w.Platform.Check(w.Context(), s)
	w.note(err)
	w.expectKind(err, platforms.NotSent)
}

func uploadFaults(t *testing.T, w *World) {
	if w.Platform.Rules(platforms.Account{}).Usual().Media.Max == 0 {
		t.Skip("this platform takes no pictures")
	}
	for _, fault := range simkit.Faults {
		if fault == simkit.Slow {
			continue // a slow safe step is only slow
		}
		t.Run(fault, func(t *testing.T) { w.on(t).uploadFault(fault) })
	}
}

func (w *World) uploadFault(fault string) {
	s := w.Connect()
	d := w.photoDraft("Fault " + fault + " on the picture")
	w.Fault("upload", fault, 1)
	try := w.Try(s, d)
	err := try.Run()
	if err == nil {
		// Platforms whose good answer has no body may not notice.
		if slices.Contains([]string{simkit.RateLimited, simkit.ExpiredToken, simkit.RevokedToken, simkit.Rejected, simkit.Media}, fault) {
			w.Errorf("publishing worked, or the fault was never met: %+v", try.steps)
		}
		w.expectPublic(d)
		return
	}
	if try.failed.Irreversible {
		w.Fatalf("fault on upload was met by step %+v", try.failed)
	}
	kinds := w.kinds("upload", fault)
	if fault == simkit.Rejected {
		kinds = append(kinds, platforms.MediaRejected)
	}
	w.expectKind(err, kinds...)
	w.expectPublic()
	if platforms.KindOf(err) == platforms.Unknown {
		if err := try.Run(); err != nil {
			w.Fatalf("the safe step %+v did not work the second time: %v", try.failed, err)
		}
		w.expectPublic(d)
	}
}

// lookFaults: a look that failed is an error, never a verdict.
func lookFaults(t *testing.T, w *World) {
	for _, fault := range simkit.Faults {
		if slices.Contains([]string{simkit.Slow, simkit.Rejected, simkit.Media}, fault) {
			continue
		}
		t.Run(fault, func(t *testing.T) {
			w := w.on(t)
			s := w.Connect()
			w.Fault("publish", simkit.ResetAfter, 1)
			try := w.Try(s, w.photoDraft("A look meets "+fault))
			w.expectKind(try.Run(), platforms.Unknown)
			w.Fault("*", fault, 1)
			w.Clock.Advance(time.Minute)
			e, err := w.Platform.Settle(w.Context(), s, try.pub, slices.Clone(try.done), try.sentAt)
			w.note(e, err)
			if err == nil {
				w.Fatalf("the look says %+v", e)
			}
			w.expectKind(err, w.kinds("look", fault)...)
			if !try.Finish() {
				w.Errorf("the post is public and was not found")
			}
		})
	}
}

func numbersGrow(t *testing.T, w *World) {
	s := w.Connect()
	p, ok := w.Platform.(platforms.NumbersReader)
	if !ok {
		t.Skip("this platform has no numbers")
	}
	r := w.Publish(s, w.photoDraft("Count me"))
	var last platforms.Numbers
	for i, wait := range []time.Duration{time.Minute, 6 * time.Hour, 40 * time.Hour} {
		w.Clock.Advance(wait)
		s = w.live(s)
		n, err := p.PostNumbers(w.Context(), s, r.RemoteID)
		w.note(n, string(n.Raw), err)
		if err != nil {
			t.Fatalf("numbers: %v", err)
		}
		if len(n.Values) == 0 || len(n.Named) == 0 || len(n.Raw) == 0 {
			t.Fatalf("no numbers: %+v", n)
		}
		grew := i == 0
		for k, v := range n.Values {
			if !w.offers(k) {
				t.Errorf("number %q is not in Info().Numbers", k)
			}
			if v < last.Values[k] {
				t.Errorf("%s went from %d to %d", k, last.Values[k], v)
			}
			grew = grew || v > last.Values[k]
		}
		if !grew {
			t.Errorf("nothing grew in %v: %+v", wait, n.Values)
		}
		last = n
	}
	a, ok := w.Platform.(platforms.AccountNumbersReader)
	if !ok {
		return
	}
	n, err := a.AccountNumbers(w.Context(), s)
	w.note(n, string(n.Raw), err)
	if err != nil || len(n.Values) == 0 {
		t.Errorf("numbers of the account: %+v, %v", n, err)
	}
	for k := range n.Values {
		if !w.offers(k) {
			t.Errorf("number %q is not in Info().Numbers", k)
		}
	}
}

// numbersTogether: where one call reads several posts, it says of each what a call
// of its own would.
func numbersTogether(t *testing.T, w *World) {
	p, ok := w.Platform.(platforms.PostsNumbersReader)
	if !ok {
		t.Skip("this platform reads one post a call")
	}
	if p.PostsAtOnce() < 2 {
		t.Fatalf("%d posts a call", p.PostsAtOnce())
	}
	s := w.Connect()
	var ids []string
	for i := range 4 {
		ids = append(ids, w.Publish(s, platforms.Draft{Text: fmt.Sprintf("Count me %d", i)}).RemoteID)
		w.Clock.Advance(time.Minute)
	}
	w.Clock.Advance(time.Hour)
	s = w.live(s)
	before := w.calls.count()
	said, err := p.PostsNumbers(w.Context(), s, ids)
	w.note(said, err)
	if n := w.calls.count() - before; err != nil || n != 1 {
		t.Fatalf("%d calls, %v; want one", n, err)
	}
	if len(said) != len(ids) {
		t.Errorf("it speaks of %d posts, want %d", len(said), len(ids))
	}
	for _, id := range ids {
		alone, err := p.PostNumbers(w.Context(), s, id)
		w.note(alone, err)
		if err != nil || said[id].Err != nil {
			t.Fatalf("post %s: alone %v, together %v", id, err, said[id].Err)
		}
		if !maps.Equal(alone.Values, said[id].Numbers.Values) || len(alone.Values) == 0 || len(said[id].Numbers.Raw) == 0 {
			t.Errorf("post %s: alone %v, together %v", id, alone.Values, said[id].Numbers.Values)
		}
	}
}

func (w *World) offers(n platforms.Number) bool {
	return slices.ContainsFunc(w.Platform.Info().Numbers, func(o platforms.NumberWord) bool { return o.Number == n })
}

func numbersFaults(t *testing.T, w *World) {
	p, ok := w.Platform.(platforms.NumbersReader)
	if !ok {
		t.Skip("this platform has no numbers")
	}
	s := w.Connect()
	r := w.Publish(s, w.photoDraft("Count me"))
	for _, fault := range simkit.Faults {
		if slices.Contains([]string{simkit.Slow, simkit.Rejected, simkit.Media, simkit.ExpiredToken, simkit.RevokedToken}, fault) {
			continue
		}
		w.Fault("numbers", fault, 1)
		n, err := p.PostNumbers(w.Context(), s, r.RemoteID)
		w.note(n, err)
		if err == nil {
			t.Errorf("fault %s: numbers are %+v", fault, n)
			continue
		}
		w.expectKind(err, w.kinds("numbers", fault)...)
	}
}

// on gives a subtest a world of its own.
func (w *World) on(t *testing.T) *World {
	t.Helper()
	t.Parallel()
	own := NewWorld(t, w.Suite)
	t.Cleanup(own.nothingSecretLeaked)
	return own
}

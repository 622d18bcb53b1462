//go:build crash

package crash

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

// Variables of the run: a seed repeats the choices of an earlier one, though
// not its moments; kills says how many there are to be.
const (
	seedVariable      = "BANDSTAND_TEST_SEED"
	killsVariable     = "BANDSTAND_TEST_KILLS"
	failpointVariable = "BANDSTAND_FAILPOINTS"
	movedClock        = "BANDSTAND_CLOCK"
)

const (
	killsByDefault = 300
	killsOfRound   = 75
	roundsAtOnce   = 2
)

// TestCrash ends the app by SIGKILL again and again while it publishes to
// make-believe platforms that misbehave: at random moments, at each failpoint,
// and while it recovers from the kill before. Between two lives of the app its
// clock moves on, so that it looks, waits and repeats as it does in hours.
// Whatever happens to the app, the platforms' own record tells what came of it.
func TestCrash(t *testing.T) {
	t.Parallel()
	seed := numberOf(t, seedVariable, uint64(time.Now().UnixNano()))
	kills := int(numberOf(t, killsVariable, killsByDefault))
	t.Logf("%s=%d %s=%d", seedVariable, seed, killsVariable, kills)
	c := &crash{bin: e2ekit.Build(t, e2ekit.FailpointTags), points: newEndings(readPoints(t)), want: kills, started: time.Now()}
	var rounds sync.WaitGroup
	turns := make(chan struct{}, roundsAtOnce)
	for i := range (kills + killsOfRound - 1) / killsOfRound {
		turns <- struct{}{}
		rounds.Go(func() {
			defer func() { <-turns }()
			t.Run(fmt.Sprintf("round %d", i+1), func(t *testing.T) {
				w := newCrashWorld(t, c.bin, seed+uint64(i))
				r := w.round(c.points, min(killsOfRound, kills-i*killsOfRound))
				r.check(t)
				c.count(r)
			})
		})
		if t.Failed() {
			break
		}
	}
	rounds.Wait()
	t.Logf("%s=%d\n%s\n%s", seedVariable, seed, c.sum, c.points)
	for _, name := range c.points.missing() {
		if kills >= killsByDefault {
			t.Errorf("the app was never ended at %s", name)
		}
	}
}

// numberOf reads a variable.
func numberOf(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	s := os.Getenv(variable)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// readPoints reads the names of all failpoints.
func readPoints(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(e2ekit.Root, "internal", "failpoint", "names.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

// crash is what all rounds together came to.
type crash struct {
	bin     string
	points  *endings
	want    int
	started time.Time

	mu  sync.Mutex
	sum result
}

// count adds a round and says how far it all is.
func (c *crash) count(r result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum = c.sum.plus(r)
	s := c.sum
	fmt.Fprintf(os.Stderr, "%s  %d of %d kills, %d deliveries: %d doubles, %d lost, %d wrong PUBLISHED, %d wrong FAILED\n",
		time.Since(c.started).Round(time.Second), s.kills(), c.want, s.deliveries, s.doubles, s.lost, s.wrongPublished, s.wrongFailed)
}

// endings counts how often the app was ended at each failpoint.
type endings struct {
	mu    sync.Mutex
	names []string
	n     map[string]int
}

func newEndings(names []string) *endings { return &endings{names: names, n: map[string]int{}} }

func (c *endings) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[name]++
}

// next chooses a point, often one at which little happened so far.
func (c *endings) next(random *rand.Rand) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if random.IntN(2) == 0 {
		return c.names[random.IntN(len(c.names))]
	}
	shuffled := slices.Clone(c.names)
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return slices.MinFunc(shuffled, func(a, b string) int { return c.n[a] - c.n[b] })
}

// never tells whether the app was not ended at a point yet.
func (c *endings) never(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[name] == 0
}

func (c *endings) missing() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.names), func(name string) bool { return c.n[name] > 0 })
}

func (c *endings) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return table(func(line func(string, int)) {
		for _, name := range c.names {
			line("ended at "+name, c.n[name])
		}
	})
}

// result compares what the app believes with what the platforms saw.
type result struct {
	atRandom, atPoints, recovering, stops, errors  int // how lives of the app ended
	deliveries, published, doubles, lost           int
	wrongPublished, wrongFailed, wrongAsk, unknown int
	strangers, asked                               int
	between, stopped, disorder                     int            // kills between two parts; parts that wait for one that is not public; parts out of order
	failed, attention, signInsLost                 map[string]int // signInsLost: by platform and why
	faults                                         []string
	ambiguous                                      []delivered
}

func (r result) kills() int { return r.atRandom + r.atPoints + r.recovering }

func (r result) plus(o result) result {
	for to, n := range map[*int]int{
		&r.atRandom: o.atRandom, &r.atPoints: o.atPoints, &r.recovering: o.recovering, &r.stops: o.stops, &r.errors: o.errors,
		&r.deliveries: o.deliveries, &r.published: o.published, &r.doubles: o.doubles, &r.lost: o.lost,
		&r.wrongPublished: o.wrongPublished, &r.wrongFailed: o.wrongFailed, &r.wrongAsk: o.wrongAsk, &r.unknown: o.unknown,
		&r.strangers: o.strangers, &r.asked: o.asked, &r.between: o.between, &r.stopped: o.stopped, &r.disorder: o.disorder,
	} {
		*to += n
	}
	r.failed, r.attention, r.signInsLost = added(r.failed, o.failed), added(r.attention, o.attention), added(r.signInsLost, o.signInsLost)
	r.faults = append(slices.Clone(r.faults), o.faults...)
	return r
}

func added(a, b map[string]int) map[string]int {
	sum := maps.Clone(a)
	if sum == nil {
		sum = map[string]int{}
	}
	for name, n := range b {
		sum[name] += n
	}
	return sum
}

func (r result) String() string {
	return table(func(line func(string, int)) {
		line("kills", r.kills())
		line("  at random moments", r.atRandom)
		line("  at failpoints", r.atPoints)
		line("  while recovering from a kill", r.recovering)
		line("  of all, between two parts", r.between)
		line("stopped by SIGTERM", r.stops)
		line("lives with a disk that failed", r.errors)
		line("deliveries", r.deliveries)
		line("published", r.published)
		line("doubles", r.doubles)
		line("lost", r.lost)
		line("out of order", r.disorder)
		line("parts that wait for one that failed", r.stopped)
		line("wrong PUBLISHED", r.wrongPublished)
		line("wrong FAILED", r.wrongFailed)
		line("wrongly said not to be sent", r.wrongAsk)
		line("public, but of nobody", r.strangers)
		line("answers lost", r.unknown)
		for _, name := range slices.Sorted(maps.Keys(r.signInsLost)) {
			line("sign-ins lost: "+name, r.signInsLost[name])
		}
		for _, name := range slices.Sorted(maps.Keys(r.failed)) {
			line("failed: "+name, r.failed[name])
		}
		for _, name := range slices.Sorted(maps.Keys(r.attention)) {
			line("needs attention: "+name, r.attention[name])
		}
	})
}

func table(fill func(line func(name string, n int))) string {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fill(func(name string, n int) { fmt.Fprintf(tw, "%s\t%d\n", name, n) })
	_ = tw.Flush()
	return b.String()
}

// check holds a result against the promise.
func (r result) check(t *testing.T) {
	t.Helper()
	for _, f := range r.faults {
		t.Error(f)
	}
	if wrong := r.wrongPublished + r.wrongFailed + r.wrongAsk + r.strangers + r.disorder; r.doubles+r.lost+wrong > 0 {
		t.Errorf("%d twice, %d lost, %d wrong:\n%s", r.doubles, r.lost, wrong, r)
	}
}

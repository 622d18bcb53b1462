//go:build crash

package crash

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/platforms"
)

const (
	// soakVariable says how long the soak test takes.
	soakVariable  = "BANDSTAND_TEST_SOAK"
	soakByDefault = 2 * time.Hour
	// What people do meanwhile. Platforms have limits: the scarcest takes a
	// hundred posts a day.
	pageEvery     = 250 * time.Millisecond
	scheduleEvery = 5 * time.Second
	publishEvery  = 10 * time.Second
	pictureEvery  = 30 * time.Second
	scarceEvery   = 2 * time.Minute
	// A club has posts already, and keeps as many: for each that is scheduled the
	// oldest is deleted. Else the database would grow into the caches of its
	// readers, and months would have more to show, which looks like a leak.
	furnishedPosts = 1500
	furnishedPages = 300
	soakSamples    = 60
	// Limits (T-SOAK). Growth is from the second quarter to the last one; what
	// caches still take in a short run is none.
	mostMemory  = 300 << 20
	mostGrowth  = 5 // per cent
	growthAfter = time.Hour
	mostMore    = 5 // goroutines, or open files
)

// TestSoak lets the real program work for hours: it publishes, schedules, takes
// pictures and shows pages, and must not grow.
func TestSoak(t *testing.T) {
	t.Parallel()
	length := soakByDefault
	if s := os.Getenv(soakVariable); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatalf("%s: %v", soakVariable, err)
		}
		length = d
	}
	w := newCrashWorld(t, e2ekit.Build(t, e2ekit.FailpointTags), numberOf(t, seedVariable, uint64(time.Now().UnixNano())))
	s := &soak{crashWorld: w, scarce: w.scarceAccount()}
	s.furnish()
	samples := s.run(length)
	w.app.stop()
	t.Logf("\n%s", s.table(samples))
	s.check(samples, length)
}

// soak is what happens meanwhile.
type soak struct {
	*crashWorld
	scarce                            string   // the account that takes the fewest posts
	planned                           []string // addresses of the posts that are scheduled, the oldest first
	posts, scheduled, pages, pictures int
}

// sample is how large the program is at a time.
type sample struct {
	at                time.Duration
	memory            int // bytes
	goroutines, files int
}

// scarceAccount is the one on the platform that takes the fewest posts a day.
// Accounts stand in the order of the platforms.
func (w *crashWorld) scarceAccount() string {
	return w.accounts[slices.IndexFunc(e2ekit.Catalogue().Describe(), func(i platforms.Info) bool { return i.ID == "instagram" })]
}

// furnish fills the database and its caches.
func (s *soak) furnish() {
	s.t.Helper()
	for range furnishedPosts {
		s.post("time")
		s.scheduled++
	}
	for range furnishedPages {
		s.look()
	}
}

func (s *soak) run(length time.Duration) []sample {
	s.t.Helper()
	var samples []sample
	began := time.Now()
	due := map[string]time.Time{}
	every := func(name string, d time.Duration, do func()) {
		if now := time.Now(); !now.Before(due[name]) {
			due[name] = now.Add(d)
			do()
		}
	}
	tick := time.NewTicker(pageEvery)
	defer tick.Stop()
	for time.Since(began) < length {
		if s.app.gone() {
			s.t.Fatalf("the app ended by itself: %s", s.app.cmd.ProcessState)
		}
		every("page", pageEvery, s.look)
		every("schedule", scheduleEvery, func() { s.post("time"); s.scheduled++; s.forget() })
		every("publish", publishEvery, func() { s.post("now"); s.posts++ })
		every("picture", pictureEvery, func() { s.picture = s.secretary.upload(); s.pictures++ })
		every("sample", length/soakSamples, func() { samples = append(samples, s.sample(time.Since(began))) })
		<-tick.C
	}
	return append(samples, s.sample(length))
}

// look opens one page after the other.
func (s *soak) look() {
	pages := []string{"/calendar", "/posts", "/accounts", "/posts/new", "/results", "/settings/members"}
	s.secretary.open(pages[s.pages%len(pages)])
	s.pages++
}

// forget deletes the oldest of the posts that are scheduled.
func (s *soak) forget() {
	oldest := s.planned[0]
	s.planned = s.planned[1:]
	if got, err := s.secretary.send(s.secretary.base+oldest+"/deletion", url.Values{}); err != nil || got.at.Path != "/posts" {
		s.t.Fatalf("%s was not deleted: %d, %v\n%s", oldest, got.status, err, got.text())
	}
}

// post writes a post for all accounts: for now, or for a time to come.
func (s *soak) post(when string) {
	n := s.posts + s.scheduled
	accounts := slices.Clone(s.accounts)
	if when == "now" && s.posts%int(scarceEvery/publishEvery) != 0 {
		accounts = slices.DeleteFunc(accounts, func(a string) bool { return a == s.scarce })
	}
	form := url.Values{
		"op": {"soak-" + strconv.Itoa(n)}, "version": {"0"}, "text": {textOf(n)}, "account": accounts,
		"media": {s.picture}, "alt-" + s.picture: {"Our pitch from above"}, "when": {when}, "do": {"schedule"},
		"date": {time.Now().AddDate(0, 0, 2+n%300).Format(time.DateOnly)}, "time": {"18:30"},
	}
	got, err := s.secretary.send(s.secretary.base+"/posts", form)
	if err != nil || got.status != 200 || got.at.Path == "/posts" {
		s.t.Fatalf("post %d was not taken: %d, %v\n%s", n, got.status, err, got.text())
	}
	if when == "time" {
		s.planned = append(s.planned, "/posts/"+got.at.Query().Get("post"))
	}
}

// sample asks the system, and the program for its goroutines.
func (s *soak) sample(at time.Duration) sample {
	s.t.Helper()
	const says = "\ngoroutines "
	before := strings.Count(s.log.String(), says)
	if err := s.app.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		s.t.Fatal(err)
	}
	until(s.t, startLimit, func() bool { return strings.Count(s.log.String(), says) > before })
	_, said, _ := strings.Cut(s.log.String()[strings.LastIndex(s.log.String(), says):], says)
	said, _, _ = strings.Cut(said, "\n")
	goroutines, err := strconv.Atoi(said)
	if err != nil {
		s.t.Fatal(err)
	}
	proc := fmt.Sprintf("/proc/%d/", s.app.cmd.Process.Pid)
	files, err := os.ReadDir(proc + "fd")
	if err != nil {
		s.t.Fatal(err)
	}
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		s.t.Fatal(err)
	}
	_, resident, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(resident)[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return sample{at, kib << 10, goroutines, len(files)}
}

func (s *soak) table(samples []sample) string {
	var b strings.Builder
	fmt.Fprintf(&b, "published %d posts, scheduled and deleted %d, showed %d pages, took %d pictures\n", s.posts, s.scheduled-furnishedPosts, s.pages, s.pictures)
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "after\tmemory\tgoroutines\topen files\t")
	for i, p := range samples {
		if i%(soakSamples/12) == 0 || i == len(samples)-1 {
			fmt.Fprintf(tw, "%s\t%.1f MB\t%d\t%d\t\n", p.at.Round(time.Second), float64(p.memory)/(1<<20), p.goroutines, p.files)
		}
	}
	_ = tw.Flush()
	from, to := quarters(samples)
	fmt.Fprintf(&b, "growth from the second quarter to the last: memory %+.1f %%, goroutines %+d, open files %+d\n",
		growth(from, to), to.goroutines-from.goroutines, to.files-from.files)
	return b.String()
}

// quarters are the medians of the second and of the last quarter.
func quarters(samples []sample) (from, to sample) {
	q := len(samples) / 4
	return median(samples[q : 2*q]), median(samples[len(samples)-q:])
}

func median(samples []sample) sample {
	of := func(value func(sample) int) int {
		var all []int
		for _, p := range samples {
			all = append(all, value(p))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return sample{
		memory:     of(func(p sample) int { return p.memory }),
		goroutines: of(func(p sample) int { return p.goroutines }),
		files:      of(func(p sample) int { return p.files }),
	}
}

func growth(from, to sample) float64 { return 100 * (float64(to.memory)/float64(from.memory) - 1) }

// check holds the samples against the limits, and the platforms' record
// against what was published.
func (s *soak) check(samples []sample, length time.Duration) {
	s.t.Helper()
	for _, p := range samples {
		if p.memory > mostMemory {
			s.t.Errorf("after %s it takes %d bytes, more than %d", p.at, p.memory, mostMemory)
		}
	}
	from, to := quarters(samples)
	if g := growth(from, to); length >= growthAfter && g > mostGrowth {
		s.t.Errorf("its memory grew by %.1f %%, more than %d %%", g, mostGrowth)
	}
	if to.goroutines-from.goroutines > mostMore || to.files-from.files > mostMore {
		s.t.Errorf("it has %d goroutines and %d open files more than before", to.goroutines-from.goroutines, to.files-from.files)
	}
	seen := map[key]bool{}
	for _, p := range s.record() {
		k := key{p.Platform, p.Account, p.Text}
		if seen[k] {
			s.t.Errorf("%s is public twice on %s", p.Text, p.Platform)
		}
		seen[k] = true
	}
	if len(seen) < s.posts*(len(s.accounts)-1)-2*len(s.accounts) {
		s.t.Errorf("of %d posts to %d accounts only %d went out", s.posts, len(s.accounts), len(seen))
	}
}

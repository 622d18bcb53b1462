package jobs

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

const (
	// tornVariable says how many damages of each kind are tried, tornSeed which.
	tornVariable, tornSeed = "BANDSTAND_TEST_TORN", "BANDSTAND_TEST_SEED"
	tornDefault            = 100
	tornPosts              = 10
	sector                 = 512
	dbPage                 = 4096
)

// moment is how far everything was when it might have ended. The log and the
// journal only grow meanwhile, and the database file does not change at all.
type moment struct {
	wal, journal, accepted int
	at                     time.Time
}

// history is the publishing of some posts, of which every moment is known.
type history struct {
	rig             *rig
	account         string
	posts           map[string]int64
	file, wal, book []byte // database, its log, the journal
	took            []accepted
	moments         []moment
}

// record lets a platform of this kind take posts, with something going wrong at
// most of them.
func record(t *testing.T, certainty platforms.Certainty) *history {
	t.Helper()
	h := &history{rig: newRig(t, certainty), posts: map[string]int64{}}
	r := h.rig
	r.config.Log = slog.New(slog.DiscardHandler)
	r.engine = NewEngine(r.config, NewSignIns(r.config))
	conn := r.connect()
	h.account = conn.Account.RemoteID
	for n := range tornPosts {
		text := "Post " + strconv.Itoa(n)
		h.posts[text] = r.schedule(text, time.Duration(n)*5*time.Minute, conn)
	}
	if err := r.db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	var path string
	if err := r.db.Reader().QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	book := filepath.Join(r.dir, journal.FileName)
	h.file = readFile(t, path)
	var mu sync.Mutex
	look := func() {
		mu.Lock()
		defer mu.Unlock()
		m := moment{accepted: len(r.server.took()), journal: sizeOf(t, book), wal: sizeOf(t, path+"-wal"), at: r.clock.Now()}
		if n := len(h.moments); n == 0 || h.moments[n-1] != m {
			h.moments = append(h.moments, m)
		}
	}
	storetest.BeforeEach(t, path, func(string) { look() })
	r.server.moment = look
	faults := []string{"", "reset_after", "rejected", "error_after", "reset_before", "", "empty", "rate_limited", "error_before", ""}
	for n := range tornPosts {
		r.server.misbehave(faults[n%len(faults)])
		r.engine.RunDue(t.Context())
		for range 5 {
			r.after(time.Minute)
		}
	}
	h.wal, h.book, h.took = readFile(t, path+"-wal"), readFile(t, book), r.server.took()
	if len(h.moments) < 50 || len(h.took) < tornPosts/2 {
		t.Fatalf("only %d moments, %d posts", len(h.moments), len(h.took))
	}
	if !bytes.Equal(h.file, readFile(t, path)) {
		t.Fatal("the log was folded into the database meanwhile")
	}
	return h
}

func sizeOf(t *testing.T, path string) int {
	t.Helper()
	i, err := os.Stat(path)
	if err != nil {
		t.Error(err)
		return 0
	}
	return int(i.Size())
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// remains is what is left of everything, and what the platform has.
type remains struct {
	file, wal, book []byte
	took            []accepted
	at              time.Time
}

func (h *history) remainsOf(m moment) remains {
	return remains{
		file: bytes.Clone(h.file), wal: bytes.Clone(h.wal[:m.wal]), book: bytes.Clone(h.book[:m.journal]),
		took: slices.Clone(h.took[:m.accepted]), at: m.at,
	}
}

// findings counts what became of damages.
type findings struct {
	tried, refused, held       int
	corrupt, doubled, wrong    int
	lost, sentWhileHeld, plain int
}

func (f findings) String() string {
	return fmt.Sprintf("%d tried: %d refused, %d held for an admin, %d went on; corrupt and unnoticed %d, published twice %d, wrongly said %d, posts lost %d, sent while held %d",
		f.tried, f.refused, f.held, f.plain, f.corrupt, f.doubled, f.wrong, f.lost, f.sentWhileHeld)
}

// revive starts the store and the engine on what is left, lets them come to
// rest, and compares what they believe with what the platform has.
func (h *history) revive(t *testing.T, left remains, f *findings, how string) {
	t.Helper()
	dir, err := os.MkdirTemp(h.rig.dir, "left")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, b := range map[string][]byte{store.FileName: left.file, store.FileName + "-wal": left.wal, journal.FileName: left.book} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.tried++
	clock := storetest.NewClock()
	clock.Advance(left.at.Sub(clock.Now()) + time.Minute)
	db, err := store.Open(t.Context(), dir, h.rig.keys, clock.Now)
	if err == nil {
		defer db.Close()
		err = db.ExamineAfterCrash(t.Context())
	}
	if err != nil {
		f.refused++
		if !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("%s: it is refused without saying why: %v", how, err)
		}
		return
	}
	j, err := journal.Open(dir, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	s := &server{posts: left.took, calls: map[string]int{}, inFlight: map[string]int{}, now: clock.Now}
	web := httptest.NewServer(s)
	defer web.Close()
	registry := platforms.NewRegistry(&fake{url: web.URL, client: web.Client(), certainty: h.rig.fake.certainty, now: clock.Now})
	config, start := h.rig.config, clock.Now()
	config.DB, config.Journal, config.Boot, config.Now = db, j, store.NewID(), clock.Now
	config.Platforms = func(int64, bool) *platforms.Registry { return registry }
	config.Elapsed = func() time.Duration { return clock.Now().Sub(start) }
	r := &rig{t: t, clock: clock, server: s, db: db, engine: NewEngine(config, NewSignIns(config))}
	if err := r.engine.Start(t.Context()); err != nil {
		f.refused++
		if !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("%s: it does not start, without saying why: %v", how, err)
		}
		return
	}
	var sound string
	if err := db.Reader().QueryRowContext(t.Context(), `PRAGMA integrity_check(1)`).Scan(&sound); err != nil || sound != "ok" {
		f.corrupt++
		t.Errorf("%s: it runs, and is damaged: %s, %v", how, sound, err)
		return
	}
	hold, err := db.ActiveHold(t.Context(), h.rig.club.Scope)
	if err != nil {
		t.Fatal(err)
	}
	had := len(s.took())
	r.settle()
	if hold.Phase == "" {
		f.plain++
	} else {
		f.held++
		if len(s.took()) != had {
			f.sentWhileHeld++
			t.Errorf("%s: something was sent before an admin had looked", how)
		}
	}
	h.judge(t, db, s.took(), f, how)
}

// judge compares both sides, post by post.
func (h *history) judge(t *testing.T, db *store.DB, took []accepted, f *findings, how string) {
	t.Helper()
	public := map[string]int{}
	for _, a := range took {
		if public[a.Text]++; public[a.Text] == 2 {
			f.doubled++
			t.Errorf("%s: %q is public twice", how, a.Text)
		}
	}
	for text, post := range h.posts {
		ds, err := db.Deliveries(t.Context(), h.rig.club.Scope, post)
		if err != nil || len(ds) != 1 {
			f.lost++
			t.Errorf("%s: %q has %d deliveries, %v", how, text, len(ds), err)
			continue
		}
		d, n := ds[0], public[text]
		if d.Status == club.Published && n == 0 || d.Status == club.Failed && n > 0 || d.Status == club.Scheduled || d.Status == club.Publishing {
			f.wrong++
			t.Errorf("%s: %q is said to be %s/%s, and is %d times public", how, text, d.Status, d.Phase, n)
		}
	}
}

// numberFrom reads a variable of the test.
func numberFrom(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	set := os.Getenv(name)
	if set == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(set, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// tail is a place in the last 64 KiB, where a log is torn, or anywhere.
func tail(random *rand.Rand, b []byte) int {
	from := 0
	if random.IntN(4) > 0 {
		from = max(len(b)-64<<10, 0)
	}
	return from + random.IntN(max(len(b)-from, 1))
}

// tear damages the end of a log beyond all that a disk promises.
func tear(random *rand.Rand, wal []byte) ([]byte, string) {
	if len(wal) == 0 {
		return wal, "no log yet"
	}
	at := tail(random, wal)
	switch random.IntN(6) {
	case 0:
		return wal[:at], fmt.Sprintf("log of %d cut at %d", len(wal), at)
	case 1:
		n := min(random.IntN(16*sector)+1, len(wal)-at)
		clear(wal[at : at+n])
		return wal, fmt.Sprintf("%d bytes of log zeroed at %d", n, at)
	case 2:
		wal[at] ^= byte(1 << random.IntN(8))
		return wal, fmt.Sprintf("a bit of log flipped at %d", at)
	case 3:
		from := at / sector * sector
		n := min((random.IntN(8)+1)*sector, len(wal)-from)
		for i := range n {
			wal[from+i] = byte(random.Uint32())
		}
		return wal, fmt.Sprintf("%d bytes of noise in the log at %d", n, from)
	case 4:
		clear(wal[at:])
		return wal, fmt.Sprintf("log is nothing from %d", at)
	}
	return nil, "log is gone"
}

// harm damages the database file itself.
func harm(random *rand.Rand, file []byte) ([]byte, string) {
	page := random.IntN(len(file)/dbPage) * dbPage
	switch random.IntN(5) {
	case 0:
		clear(file[page : page+dbPage])
		return file, fmt.Sprintf("page %d zeroed", page/dbPage+1)
	case 1:
		return file[:page], fmt.Sprintf("cut at page %d", page/dbPage+1)
	case 2:
		at := page + random.IntN(dbPage/sector)*sector
		for i := range sector {
			file[at+i] = byte(random.Uint32())
		}
		return file, fmt.Sprintf("sector of noise at %d", at)
	case 3:
		other := random.IntN(len(file)/dbPage) * dbPage
		copy(file[page:page+dbPage], file[other:other+dbPage])
		return file, fmt.Sprintf("page %d holds page %d", page/dbPage+1, other/dbPage+1)
	}
	at := page + random.IntN(dbPage)
	return file[:at], fmt.Sprintf("cut at %d", at)
}

// lose cuts the power while bytes are on their way to the disk: of what was not
// yet made last, each sector arrived, or is nothing, or is not there at all.
func lose(random *rand.Rand, have, coming []byte) []byte {
	out := slices.Concat(have, coming[:random.IntN(len(coming)+1)])
	for at := len(have); at < len(out); {
		end := min((at/sector+1)*sector, len(out))
		if random.IntN(3) == 0 {
			clear(out[at:end])
		}
		at = end
	}
	return out
}

// TestDamagedDatabase is T-DB-TORN, T-DB-MAIN and T-DB-POWER: whatever is left of
// the database at any moment of publishing, either it is an earlier state of it,
// and the journal says what it lost; or it is refused. Nothing is published
// twice, nothing is said that is not so.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	tries := int(numberFrom(t, tornVariable, tornDefault))
	seed := numberFrom(t, tornSeed, 1)
	kinds := []platforms.Certainty{platforms.CertainByKey, platforms.CertainByStatus, platforms.CertainByLooking}
	var histories []*history
	for _, k := range kinds {
		histories = append(histories, record(t, k))
	}
	for name, damage := range map[string]func(random *rand.Rand, h *history, at int) (remains, string){
		"torn log": func(random *rand.Rand, h *history, at int) (remains, string) {
			left := h.remainsOf(h.moments[at])
			var how string
			left.wal, how = tear(random, left.wal)
			return left, how
		},
		"damaged file": func(random *rand.Rand, h *history, at int) (remains, string) {
			for h.moments[at].wal == 0 {
				at++ // without a log it was closed: then it is examined once a week
			}
			left := h.remainsOf(h.moments[at])
			var how string
			left.file, how = harm(random, left.file)
			return left, how
		},
		"power cut": func(random *rand.Rand, h *history, at int) (remains, string) {
			m := h.moments[at]
			left := h.remainsOf(m)
			if at+1 == len(h.moments) {
				return left, "at the end"
			}
			// What comes next is on its way: a commit, or a line. Both at once never are.
			switch next := h.moments[at+1]; {
			case next.wal > m.wal && next.journal == m.journal:
				left.wal = lose(random, left.wal, h.wal[m.wal:next.wal])
				return left, fmt.Sprintf("%d bytes of log arrived after %d", len(left.wal)-m.wal, m.wal)
			case next.journal > m.journal && next.wal == m.wal:
				left.book = lose(random, left.book, h.book[m.journal:next.journal])
				return left, fmt.Sprintf("%d bytes of journal arrived after %d", len(left.book)-m.journal, m.journal)
			}
			return left, "nothing on its way"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, uint64(len(name))))
			var f findings
			for range tries {
				h := histories[random.IntN(len(histories))]
				at := random.IntN(len(h.moments))
				left, how := damage(random, h, at)
				h.revive(t, left, &f, fmt.Sprintf("class %s, moment %d of %d, %s", h.rig.fake.certainty, at, len(h.moments), how))
			}
			t.Logf("seed %d: %s", seed, f)
			if f.plain == 0 && name != "damaged file" {
				t.Error("nothing ever went on by itself")
			}
		})
	}
}

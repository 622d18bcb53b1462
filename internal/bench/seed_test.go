package bench

import (
	"cmp"
	"crypto/rand"
	"database/sql"
	"fmt"
	randv2 "math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/store"
)

// The furnished database: five clubs over five years. The first is the one that
// is measured.
const (
	clubs         = 5
	years         = 5
	perMonth      = 300
	crowdedMonth  = 3000
	email         = "maeve@example.org"
	thePassword   = "rehearsal tuesday bandstand"
	zone          = "UTC"
	accountsEach  = 5
	membersOfClub = 12
)

// scene is a data directory with a furnished database.
type scene struct {
	dir     string
	posts   int
	month   time.Time // first day of a month with 300 posts, and none in the weeks around it
	crowded time.Time // the same with 3,000
}

func (s scene) db() string { return filepath.Join(s.dir, store.FileName) }

// furnish makes a database with about this many posts.
func furnish(b *testing.B, dir string, posts int) scene {
	b.Helper()
	keys, err := secret.Create(filepath.Join(dir, "keys", "bandstand.key"))
	must(b, err)
	made, err := store.Open(b.Context(), dir, keys, time.Now)
	must(b, err)
	must(b, made.Close())
	now := time.Now().UTC()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	s := scene{dir: dir, month: first.AddDate(0, 2, 0), crowded: first.AddDate(0, 5, 0)}
	f := furniture{b: b, now: now, words: strings.Fields(words), dice: randv2.New(randv2.NewPCG(1, 2))}
	f.open(s.db())
	f.people()
	plans := f.plans(s, posts)
	s.posts = len(plans)
	f.write(plans)
	f.close()
	return s
}

// furniture writes rows behind the back of the store: through it, two million
// posts would take hours.
type furniture struct {
	b     *testing.B
	now   time.Time
	words []string
	dice  *randv2.Rand
	db    *sql.DB
	tx    *sql.Tx
}

func (f *furniture) open(path string) {
	var err error
	f.db, err = sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=OFF&_cache_size=-400000")
	must(f.b, err)
	f.db.SetMaxOpenConns(1)
	f.tx, err = f.db.BeginTx(f.b.Context(), nil)
	must(f.b, err)
}

func (f *furniture) close() {
	must(f.b, f.tx.Commit())
	_, err := f.db.ExecContext(f.b.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`)
	must(f.b, err)
	must(f.b, f.db.Close())
}

func (f *furniture) exec(query string, args ...any) {
	f.b.Helper()
	_, err := f.tx.ExecContext(f.b.Context(), query, args...)
	must(f.b, err)
}

// people makes the clubs with their members and accounts.
func (f *furniture) people() {
	hasher := password.New()
	hash, err := hasher.Hash(f.b.Context(), thePassword)
	must(f.b, err)
	at := f.now.AddDate(-years, 0, 0).UnixMilli()
	for p := 1; p <= membersOfClub; p++ {
		address := email
		if p > 1 {
			address = fmt.Sprintf("member%d@example.org", p)
		}
		f.exec(`INSERT INTO people (id, email, name, password_hash, sessions_from, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
			p, address, "Member "+strconv.Itoa(p), hash, at, at)
	}
	for c := 1; c <= clubs; c++ {
		f.exec(`INSERT INTO clubs (id, name, zone, practice, created_at) VALUES (?, ?, ?, 0, ?)`, c, "Club "+strconv.Itoa(c), zone, at)
		for p := 1; p <= membersOfClub; p++ {
			if c > 1 && p == 1 {
				continue
			}
			role := club.Writer
			if p <= 2 {
				role = club.Admin
			}
			f.exec(`INSERT INTO members (club_id, person_id, role, joined_at) VALUES (?, ?, ?, ?)`, c, p, role, at)
		}
		for i, platform := range []string{"facebook", "instagram", "x", "linkedin", "bluesky"} {
			f.exec(`
				INSERT INTO connections (id, club_id, platform, practice, remote_id, name, health, connected_by, connected_at, checked_at)
				VALUES (?, ?, ?, 0, ?, ?, 'working', 2, ?, ?)`,
				account(c, i), c, platform, "account-"+strconv.Itoa(c), "Club "+strconv.Itoa(c), at, f.now.UnixMilli())
		}
		for g := range 4 {
			f.exec(`INSERT INTO campaigns (id, club_id, name, created_at) VALUES (?, ?, ?, ?)`, campaign(c, g), c, "Season "+strconv.Itoa(g+1), at)
		}
	}
}

func account(club, i int) int  { return (club-1)*accountsEach + i%accountsEach + 1 }
func campaign(club, g int) int { return (club-1)*4 + g + 1 }

// plan is where a post stands on the calendar of a club.
type plan struct {
	club int
	at   int64 // UTC ms
}

// plans spreads posts over clubs and years, in the order in which clubs write
// them: the posts of one club lie far apart in the file.
func (f *furniture) plans(s scene, posts int) []plan {
	var all []plan
	month := func(club int, first time.Time, n int) {
		next := first.AddDate(0, 1, 0)
		step := next.Sub(first) / time.Duration(n)
		for i := range n {
			all = append(all, plan{club, first.Add(step*time.Duration(i) + step/2).Truncate(time.Minute).UnixMilli()})
		}
	}
	month(1, s.month, perMonth)
	month(1, s.crowded, crowdedMonth)
	present := s.month.AddDate(0, -2, 0)
	for m := 0; m < years*12-2 && len(all) < posts*3/5; m++ {
		month(1, present.AddDate(0, -m, 0), perMonth)
	}
	rest := posts - len(all)
	for c := 2; c <= clubs; c++ {
		n := rest / (clubs - 1) / (years * 12)
		for m := range years * 12 {
			month(c, present.AddDate(0, -m, 0), max(1, n))
		}
	}
	// Nothing is due while the benchmark runs.
	day := 24 * time.Hour
	all = slices.DeleteFunc(all, func(p plan) bool { return time.UnixMilli(p.at).Sub(f.now).Abs() < day })
	slices.SortFunc(all, func(a, b plan) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.club, b.club)) })
	return all
}

func (f *furniture) write(plans []plan) {
	prepare := func(query string) *sql.Stmt {
		s, err := f.tx.PrepareContext(f.b.Context(), query)
		must(f.b, err)
		return s
	}
	post := prepare(`
		INSERT INTO posts (id, club_id, author_id, campaign_id, practice, excerpt, planned_at, planned_local, planned_zone, created_at, updated_at, updated_by)
		VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)`)
	revision := prepare(`INSERT INTO revisions (post_id, state, content, hash, created_by, created_at) VALUES (?, 'live', ?, ?, ?, ?)`)
	delivery := prepare(`
		INSERT INTO deliveries (id, club_id, post_id, connection_id, status, phase, due_at, late_after, next_at, content_hash, remote_id, remote_url, published_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	exec := func(s *sql.Stmt, args ...any) {
		_, err := s.ExecContext(f.b.Context(), args...)
		must(f.b, err)
	}
	for i, p := range plans {
		id := i + 1
		author := 2 + f.dice.IntN(membersOfClub-1)
		at := time.UnixMilli(p.at).UTC()
		written := at.Add(-7 * 24 * time.Hour)
		if written.After(f.now) {
			written = f.now
		}
		accounts := f.accounts(p.club)
		c := club.Content{Text: f.text(), Accounts: accounts}.Normal()
		body, err := c.JSON()
		must(f.b, err)
		hash, err := c.Hash()
		must(f.b, err)
		var group any
		if f.dice.IntN(3) == 0 {
			group = campaign(p.club, f.dice.IntN(4))
		}
		exec(post, id, p.club, author, group, c.Excerpt(), p.at, at.Format("2006-01-02T15:04"), zone, written.UnixMilli(), written.UnixMilli(), author)
		exec(revision, id, string(body), hash, author, written.UnixMilli())
		draft := f.dice.IntN(7) == 0
		for _, account := range accounts {
			key := make([]byte, 16)
			_, _ = rand.Read(key)
			late := p.at + 2*time.Hour.Milliseconds()
			switch {
			case at.Before(f.now):
				exec(delivery, key, p.club, id, account, "PUBLISHED", "linked", p.at, late, nil, hash, strconv.Itoa(id), "https://example.org/p/"+strconv.Itoa(id), p.at)
			case draft:
				exec(delivery, key, p.club, id, account, "DRAFT", "", nil, nil, nil, hash, nil, "", nil)
			default:
				exec(delivery, key, p.club, id, account, "SCHEDULED", "waiting", p.at, late, p.at, hash, nil, "", nil)
			}
		}
	}
}

// accounts picks one to three accounts of a club.
func (f *furniture) accounts(club int) []int64 {
	n, first := 1+f.dice.IntN(3), f.dice.IntN(accountsEach)
	var ids []int64
	for i := range n {
		ids = append(ids, int64(account(club, first+i)))
	}
	return ids
}

func (f *furniture) text() string {
	n := 8 + f.dice.IntN(24)
	var t strings.Builder
	for i := range n {
		if i > 0 {
			t.WriteByte(' ')
		}
		t.WriteString(f.words[f.dice.IntN(len(f.words))])
	}
	return t.String()
}

// words are what clubs write about.
const words = `Saturday Sunday Thursday evening morning home away match kick-off under-12s seniors training ground clubhouse
	bring boots shirts raffle tickets doors open seven half past members guests welcome concert rehearsal choir band brass summer
	winter cup league table final result goals thanks to everyone who came helped supported volunteers needed bar rota kitchen
	pitch inspection postponed rain clear skies fixture against City United Rovers Athletic season opener annual general meeting
	committee treasurer report fundraiser bake sale sponsored walk new coach captain keeper striker debut player of the month
	photo gallery link in bio see you there do not miss it family fun day bouncy castle barbecue quiz night prize giving awards
	register online before Friday places limited first come juniors girls boys veterans walking football tournament trophy pride`

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

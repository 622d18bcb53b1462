package handlers

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/handlers/people"
	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/password"
)

// TestPasswordsThatPeopleChoose: what may be one, and that it then lets them in.
func TestPasswordsThatPeopleChoose(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, password string
		refused        string
		also           []string // let in as well
		not            []string // kept out
	}{
		{name: "the shortest", password: "krb7-mopt-2x", not: []string{"krb7-mopt-2", "KRB7-mopt-2x", "krb7-mopt-2x ", goodPassword, ""}},
		{name: "one too few", password: "krb7-mopt-2", refused: "at least 12 characters"},
		{name: "the longest", password: strings.Repeat("krb7 ", 25) + "abc", not: []string{strings.Repeat("krb7 ", 25) + "ab", strings.Repeat("krb7 ", 25) + "abcd"}},
		{name: "one too many", password: strings.Repeat("krb7 ", 25) + "abcd", refused: "at most 128 characters"},
		{name: "the longest in bytes", password: strings.Repeat("🎺🥁🎻🎷", 32), not: []string{strings.Repeat("🎺🥁🎻🎷", 31) + "🎺🥁🎻", strings.Repeat("🎺🥁🎻🎷", 32) + "🎺"}},
		{name: "as much as a form holds", password: strings.Repeat("krb7 mopt 2x ", 60_000), refused: "at most 128 characters"},
		{name: "spaces around it", password: "  krb7 mopt 2x  ", not: []string{"krb7 mopt 2x"}},
		{name: "accents, typed in another way", password: "lámp gréen drüms", also: []string{"la\u0301mp gre\u0301en dru\u0308ms"}, not: []string{"lamp green drums"}},
		{name: "with a NUL inside", password: "krb7\x00mopt\x002xyz", not: []string{"krb7"}},
		{name: "bytes that are no text", password: "krb7\xff\xfemopt2xyz", not: []string{"krb7mopt2xyz"}},
		{name: "markup and quotes", password: `<b>'"; DROP TABLE people;--`},
		{name: "line ends", password: "krb7\r\nmopt\n2xyz"},
		{name: "common", password: "Password-1234!", refused: "one of the first that others try"},
		{name: "a row of the keyboard", password: "qwertzuiopasdf", refused: "one of the first that others try"},
		{name: "the own address", password: "INES@riverside.example", refused: "“Ines” is in this password"},
		{name: "with the name of the club", password: "brass-riverside-lamps", refused: "“Riverside” is in this password"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := newDoor(t)
			form := url.Values{"old_password": {goodPassword}, "password": {tt.password}}
			if tt.refused != "" {
				s.visit(club.Writer).post("/profile/password", form).want(http.StatusUnprocessableEntity).says(tt.refused)
				s.visit(club.Writer)
				return
			}
			ines := s.visit(club.Writer)
			s.server.people.Passwords = realPasswords
			s.exec(`UPDATE people SET password_hash = ?`, hashOf(t, goodPassword))
			ines.post("/profile/password", form).to("/profile")
			for _, p := range append(tt.also, tt.password) {
				s.visitor().post("/sign-in", credentials(s.emailOf(club.Writer), p)).to("/calendar")
			}
			for _, p := range tt.not {
				s.visitor().post("/sign-in", credentials(s.emailOf(club.Writer), p)).want(http.StatusUnprocessableEntity)
			}
		})
	}
}

// realPasswords is one for all tests, as it is for all people: no more than two
// hashes are made at once.
var realPasswords = patient{password.New()}

// patient waits where people would be asked to come back.
type patient struct{ *password.Hasher }

func (p patient) Hash(ctx context.Context, pw string) (hash string, err error) {
	for {
		if hash, err = p.Hasher.Hash(ctx, pw); club.CodeOf(err) != club.TooMany {
			return hash, err
		}
	}
}

func (p patient) Matches(ctx context.Context, pw, hash string) (ok, old bool, err error) {
	for {
		if ok, old, err = p.Hasher.Matches(ctx, pw, hash); club.CodeOf(err) != club.TooMany {
			return ok, old, err
		}
	}
}

func hashOf(t *testing.T, pw string) string {
	t.Helper()
	cheap := argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	hash, err := argon2id.CreateHash(pw, &cheap)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// TestSigningInMakesOldHashesNew: what was hashed at other costs is hashed anew
// when its password is known, once, and nobody is signed out for that.
func TestSigningInMakesOldHashesNew(t *testing.T) {
	t.Parallel()
	s, q := newDoor(t)
	ines := s.persons[club.Writer].ID
	s.exec(`UPDATE people SET password_hash = ? WHERE id = ?`, oldForm+goodPassword, ines)
	s.visitor().post("/sign-in", credentials(s.emailOf(club.Writer), "wrong")).want(http.StatusUnprocessableEntity)
	if got := s.person(ines).PasswordHash; got != oldForm+goodPassword {
		t.Errorf("a wrong password made the hash %s", got)
	}
	first := s.visit(club.Writer)
	if got := s.person(ines).PasswordHash; got != "new:"+goodPassword || q.hashes.Load() != 1 {
		t.Errorf("after signing in the hash is %s, made %d times", got, q.hashes.Load())
	}
	s.visit(club.Writer)
	if q.hashes.Load() != 1 {
		t.Errorf("hashes were made %d times, want once", q.hashes.Load())
	}
	s.alive("signed in while it was made", first.cookie(), true)
}

// TestNobodyLearnsWhoHasAnAccount: a person who does not exist and a password
// that is wrong answer with the same status, headers and page, after the same
// work.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	for _, header := range []http.Header{nil, hx} {
		s, q := newDoor(t)
		ask := func(email string) (status int, page string, h http.Header, work int64) {
			before := q.checks.Load()
			form := credentials(email, "wrong")
			if header != nil {
				form.Set("dialog", "1")
			}
			a := s.visitor().do(http.MethodPost, "/sign-in", form, header)
			h = a.Header.Clone()
			for _, k := range []string{"Date", "Content-Length"} {
				h.Del(k)
			}
			return a.StatusCode, strings.ReplaceAll(a.body, email, "EMAIL"), h, q.checks.Load() - before
		}
		for range web.MaxTries + 1 {
			status, page, head, work := ask(s.emailOf(club.Writer))
			status2, page2, head2, work2 := ask("nobody@riverside.example")
			if status != status2 || page != page2 || work != work2 {
				t.Errorf("statuses %d and %d, work %d and %d, pages differ: %s", status, status2, work, work2, cmp.Diff(page, page2))
			}
			if d := cmp.Diff(head, head2); d != "" {
				t.Errorf("headers differ: %s", d)
			}
			if want := int64(1); status != http.StatusTooManyRequests && work != want {
				t.Errorf("%d hashes were compared, want %d", work, want)
			}
		}
	}
}

// from sends a sign-in as a proxy would for a visitor at an address.
func (b *browser) from(address string, form url.Values) *answer {
	return b.do(http.MethodPost, "/sign-in", form, http.Header{"X-Forwarded-For": {address}})
}

// behindProxy is an installation behind a listed proxy: tests choose addresses.
func behindProxy(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func (a *answer) waits(t *testing.T, least, most time.Duration) {
	t.Helper()
	a.want(http.StatusTooManyRequests)
	n, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if d := time.Duration(n) * time.Second; err != nil || d < least || d > most {
		t.Errorf("%s: Retry-After is %q, want %v to %v", a.what, a.Header.Get("Retry-After"), least, most)
	}
}

// TestTriesAtAnAccount are five, from wherever they come.
func TestTriesAtAnAccount(t *testing.T) {
	t.Parallel()
	s, q := newDoor(t, behindProxy)
	ines := s.emailOf(club.Writer)
	for i := range web.MaxTries {
		s.visitor().from("203.0.113."+strconv.Itoa(i), credentials(strings.ToUpper(ines), "wrong")).want(http.StatusUnprocessableEntity)
	}
	before := q.checks.Load()
	s.clock.Advance(time.Minute)
	s.visitor().from("203.0.113.99", credentials(ines, goodPassword)).waits(t, 14*time.Minute, 14*time.Minute)
	if q.checks.Load() != before {
		t.Error("a refused try was looked at")
	}
	// Others are not touched, and the account is open again in time.
	s.visitor().from("203.0.113.99", credentials(s.emailOf(club.Viewer), goodPassword)).to("/calendar")
	s.clock.Advance(14 * time.Minute)
	s.visitor().from("203.0.113.99", credentials(ines, goodPassword)).to("/calendar")
	// The right password clears the account.
	for range 2 * web.MaxTries {
		s.visitor().from("203.0.113.99", credentials(ines, "wrong")).want(http.StatusUnprocessableEntity)
		s.visitor().from("203.0.113.99", credentials(ines, goodPassword)).to("/calendar")
	}
}

// TestAFloodDoesNotLockTheOwnerOut: whoever tries again and again keeps others
// out, but not the person where they signed in from before, nor one with a link.
func TestAFloodDoesNotLockTheOwnerOut(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t, behindProxy)
	ines := s.emailOf(club.Writer)
	const home, homeToday, attacker, train = "2001:db8:1:2:aaaa::1", "2001:db8:1:2:bbbb::7", "203.0.113.66", "198.51.100.4"
	s.visitor().from(home, credentials(ines, goodPassword)).to("/calendar")
	flood := func() {
		for range web.MaxTries {
			s.visitor().from(attacker, credentials(ines, "wrong"))
		}
		s.visitor().from(train, credentials(ines, goodPassword)).want(http.StatusTooManyRequests)
	}
	for range 4 {
		flood()
		s.visitor().from(homeToday, credentials(ines, goodPassword)).to("/calendar")
		s.clock.Advance(web.TriesWait - time.Minute)
	}
	s.clock.Advance(time.Hour)
	flood()
	// A link ends the waiting, also from where nobody knows the person.
	s.visitor().do(http.MethodPost, s.signInLink(club.Writer), url.Values{"password": {"three old tin drums"}}, http.Header{"X-Forwarded-For": {train}}).to("/calendar")
	s.visitor().from(train, credentials(ines, "three old tin drums")).to("/calendar")
	// At home there are five tries, too.
	for range web.MaxTries {
		s.visitor().from(home, credentials(ines, "wrong")).want(http.StatusUnprocessableEntity)
	}
	s.visitor().from(homeToday, credentials(ines, "three old tin drums")).want(http.StatusTooManyRequests)
	// A place is forgotten when nobody signed in from there for long.
	s.clock.Advance(people.KnownFor + time.Hour)
	flood()
	s.visitor().from(home, credentials(ines, "three old tin drums")).want(http.StatusTooManyRequests)
}

// TestTriesFromAnAddress are twenty, at whatever accounts.
func TestTriesFromAnAddress(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change  func(*Config)
		address func(i int) string
		want    int
	}{
		"one address":      {behindProxy, func(int) string { return "203.0.113.66" }, 429},
		"one IPv6 network": {behindProxy, func(i int) string { return "2001:db8:1:2::" + strconv.Itoa(i+1) }, 429},
		"many networks":    {behindProxy, func(i int) string { return "2001:db8:1:" + strconv.Itoa(i+1) + "::1" }, 422},
		"many, through a proxy of this computer that is not listed": {func(*Config) {}, func(i int) string { return "203.0.113." + strconv.Itoa(i) }, 422},
		"one, through a proxy of this computer that is not listed":  {func(*Config) {}, func(int) string { return "203.0.113.66" }, 429},
		"made-up hops before the real one":                          {behindProxy, func(i int) string { return "198.51.100." + strconv.Itoa(i) + ", 203.0.113.66" }, 429},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newDoor(t, tt.change)
			for i := range web.MaxAddressTries {
				s.visitor().from(tt.address(i), credentials("somebody"+strconv.Itoa(i)+"@riverside.example", "wrong")).want(http.StatusUnprocessableEntity)
			}
			s.visitor().from(tt.address(web.MaxAddressTries), credentials("one-more@riverside.example", "wrong")).want(tt.want)
		})
	}
	// Who signs in rightly uses none up: a whole club may, at one table.
	s, _ := newDoor(t)
	for range web.MaxAddressTries + 5 {
		s.visit(club.Writer)
	}
}

// TestManyTriesAtOnceAreStillFive: none is let through before the others are
// counted.
func TestManyTriesAtOnceAreStillFive(t *testing.T) {
	t.Parallel()
	s, q := newDoor(t)
	goOn := make(chan struct{})
	q.hold = func() { <-goOn }
	var all sync.WaitGroup
	refused := make(chan struct{}, 60)
	for range 40 {
		all.Go(func() {
			if a := s.visitor().post("/sign-in", credentials(s.emailOf(club.Writer), "wrong")); a.StatusCode == http.StatusTooManyRequests {
				refused <- struct{}{}
			}
		})
	}
	for range 40 - web.MaxTries {
		<-refused
	}
	close(goOn)
	all.Wait()
	if got := q.checks.Load(); got != web.MaxTries {
		t.Errorf("%d passwords were compared, want %d", got, web.MaxTries)
	}
}

// TestTheSetUpCodeIsNotGuessed: five tries, also at once.
func TestTheSetUpCodeIsNotGuessed(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	for range web.MaxTries {
		s.visitor().post("/setup", url.Values{"code": {"AAAA-AAAA"}}).want(http.StatusUnprocessableEntity)
	}
	s.visitor().post("/setup", url.Values{"code": {"AAAA-AAAA"}}).waits(t, web.TriesWait, web.TriesWait)
}

// crowded is a hasher whose queue is full.
type crowded struct{ *quick }

func (crowded) Hash(context.Context, string) (string, error) {
	return "", &club.Error{Code: club.TooMany, Key: "too_busy", Wait: 10 * time.Second}
}

func (c crowded) Matches(context.Context, string, string) (ok, old bool, err error) {
	c.checks.Add(1)
	return false, false, &club.Error{Code: club.TooMany, Key: "too_busy", Wait: 10 * time.Second}
}

// TestWhenTooManySignInAtOnce: who finds no place hears when to come back, has
// used up no try, and everybody else goes on.
func TestWhenTooManySignInAtOnce(t *testing.T) {
	t.Parallel()
	s, q := newDoor(t)
	vera := s.visit(club.Viewer)
	reset, invitation := s.signInLink(club.Writer), s.invite("new@riverside.example", club.Writer)
	s.server.people.Passwords = crowded{q}
	for range 2 * web.MaxAddressTries {
		s.visitor().post("/sign-in", credentials(s.emailOf(club.Writer), goodPassword)).waits(t, time.Second, time.Minute)
	}
	s.visitor().post("/sign-in", credentials("nobody@riverside.example", goodPassword)).waits(t, time.Second, time.Minute)
	s.visitor().post(reset, url.Values{"password": {"three old tin drums"}}).waits(t, time.Second, time.Minute)
	s.visitor().post(invitation, joining()).waits(t, time.Second, time.Minute)
	vera.post("/profile/password", url.Values{"old_password": {goodPassword}, "password": {"three old tin drums"}}).waits(t, time.Second, time.Minute)
	vera.get("/calendar").want(http.StatusOK)
	vera.post("/profile", url.Values{"name": {"Vera K."}}).to("/profile")
	s.server.people.Passwords = q
	s.visit(club.Writer)
	s.visitor().post(reset, url.Values{"password": {"three old tin drums"}}).to("/calendar")
	s.visitor().post(invitation, joining()).to("/calendar")
}

// TestWhoWaitedTooLongHearsSo: the time of a request is over while it is being
// worked on. An empty page would look as if all were well.
func TestWhoWaitedTooLongHearsSo(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{
		"the request":                  context.DeadlineExceeded,
		"the connection, a bit sooner": context.Canceled,
	} {
		t.Run(name, func(t *testing.T) { waitedTooLong(t, cause) })
	}
}

func waitedTooLong(t *testing.T, cause error) {
	t.Helper()
	s, q := newDoor(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	q.hold = func() { cancel(cause) }
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/sign-in", strings.NewReader(credentials(s.emailOf(club.Writer), goodPassword).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "Busy at the moment") {
		t.Errorf("answered %d: %.300s", w.Code, w.Body)
	}
	for _, c := range w.Result().Cookies() {
		s.alive("the session that was not made", c.Value, false)
	}
}

package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/x"
	"github.com/bandstand-app/bandstand/store"
)

// TestTicking is the rest of rule A3: what may be done with the accounts that a
// sign-in showed, by whom, and until when.
func TestTicking(t *testing.T) {
	t.Parallel()
	tick := func(values ...string) url.Values { return url.Values{"account": values} }
	tests := []struct {
		name   string
		change func(b *comingBack)
		form   url.Values
		status int
		made   int
	}{
		{"one", nil, tick("0"), 303, 1},
		{"the same twice", nil, tick("0", "0"), 303, 1},
		{"none", nil, nil, 422, 0},
		{"one that was not in the list", nil, tick("7"), 422, 0},
		{"one before the list", nil, tick("-1"), 422, 0},
		{"no number", nil, tick("0x0", "", "0 OR 1=1"), 422, 0},
		{"a number that is too large", nil, tick("18446744073709551616"), 422, 0},
		{"an account by its name", nil, url.Values{"remote_id": {"42"}, "account": {"riversidefc"}}, 422, 0},
		{"one of the list and others", nil, tick("99", "0", "-1"), 303, 1},
		{"one that cannot be used", answers(says(200, asJSON, `{"access_token":"canary-t","scope":"users.read"}`), me), tick("0"), 422, 0},
		{"after eleven minutes", func(b *comingBack) { b.st.clock.Advance(11 * time.Minute) }, tick("0"), 303, 1},
		{"after half an hour", func(b *comingBack) { b.st.clock.Advance(30 * time.Minute) }, tick("0"), 404, 0},
		{"once more", func(b *comingBack) { b.with.post(b.at, tick("0")) }, tick("0"), 404, 1},
		{"by another member", func(b *comingBack) { b.with = b.st.as(club.Admin) }, tick("0"), 404, 0},
		{"by a stranger", func(b *comingBack) { b.with = b.st.as("") }, tick("0"), 303, 0},
		{"in another session of the same person", func(b *comingBack) { b.with = b.st.as(club.Publisher) }, tick("0"), 303, 1},
		{"practising meanwhile", func(b *comingBack) {
			b.st.as(club.Admin).post("/practice/mode", url.Values{"practice": {"on"}}).to("/practice")
		}, tick("0"), 404, 0},
		{"another role meanwhile", func(b *comingBack) {
			b.st.as(club.Admin).post(b.st.memberPath(club.Publisher, "role"), url.Values{"role": {"writer"}}).want(303)
			b.with = b.st.as(club.Publisher)
		}, tick("0"), 403, 0},
		{"from another site", func(b *comingBack) { b.form = url.Values{"from": {"evil"}} }, tick("0"), 403, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			st.setUp("x")
			st.goLive()
			b := st.away(st.as(club.Publisher))
			late := tt.name != "one that cannot be used"
			if !late {
				tt.change(b)
			}
			b.at = b.with.get(b.path()).want(http.StatusSeeOther).Header.Get("Location")
			if late && tt.change != nil {
				tt.change(b)
			}
			site := "same-origin"
			if b.form != nil {
				site = "cross-site"
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, st.web.URL+b.at, strings.NewReader(tt.form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Sec-Fetch-Site", site)
			b.with.send(req).want(tt.status)
			if n := st.connections(); n != tt.made {
				t.Errorf("%d accounts are connected, want %d", n, tt.made)
			}
		})
	}
}

// connections counts all accounts of all clubs.
func (st *stage) connections() int {
	st.t.Helper()
	var n int
	if err := st.db.Reader().QueryRowContext(st.t.Context(), `SELECT count(*) FROM connections`).Scan(&n); err != nil {
		st.t.Fatal(err)
	}
	return n
}

// TestTickingManyTimesAtOnce makes one connection.
func TestTickingManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.setUp("x")
	st.goLive()
	b := st.away(st.as(club.Publisher))
	to := b.with.get(b.path()).want(http.StatusSeeOther).Header.Get("Location")
	var all sync.WaitGroup
	var won atomic.Int64
	for range 12 {
		all.Go(func() {
			if b.with.post(to, url.Values{"account": {"0"}}).StatusCode == http.StatusSeeOther {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || st.connections() != 1 {
		t.Errorf("%d were let through, %d accounts are connected, want one each", won.Load(), st.connections())
	}
}

// TestReconnectingAnotherAccount is rule A4, at the real platform: whatever the
// platform shows instead, the sign-in that was there stays byte for byte.
func TestReconnectingAnotherAccount(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]string{
		"another account":     `{"data":{"id":"999","name":"Riverside FC","username":"riversidefc"}}`,
		"the number as text":  `{"data":{"id":" 42","name":"Riverside FC","username":"riversidefc"}}`,
		"nobody":              `{"data":{}}`,
		"the name for number": `{"data":{"id":"riversidefc","name":"42","username":"riversidefc"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			st.setUp("x")
			st.goLive()
			st.connect(club.Publisher, "x")
			tom, conn := st.as(club.Publisher), st.only(false, x.ID)
			path := pathOf(conn)
			back := st.follow(tom, st.leave(tom, path+"/reconnect", nil), "allow")
			answers(nil, says(200, asJSON, list))(&comingBack{st: st})
			before, secrets := st.dump(), st.secrets()
			tom.get(back).to(path)
			for _, table := range before.changed(st.dump()) {
				if table != "oauth_states" {
					t.Errorf("the table %s changed", table)
				}
			}
			if !slices.Equal(secrets, st.secrets()) || len(secrets) < 2 {
				t.Error("the sign-in changed")
			}
		})
	}
}

// TestAnAccountOfAnotherClub: two clubs may post to one account; each has a
// connection of its own, and neither sees the other's.
func TestAnAccountOfAnotherClub(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.setUp("x")
	st.goLive()
	st.connect(club.Publisher, "x")
	first := st.only(false, x.ID)
	other := otherClub(t, st.scene)
	olga := st.signedIn(other.PersonID, other.ClubID)
	app := platforms.App{"client_id": platforms.NewSecret("1234"), "client_secret": platforms.NewSecret("canary-app-secret")}
	if err := st.db.SaveAppCredentials(t.Context(), other, "x", app, "test"); err != nil {
		t.Fatal(err)
	}
	olga.post("/practice/mode", url.Values{"practice": {"off"}}).to("/accounts")
	st.choose(olga, st.follow(olga, st.leave(olga, "/accounts/connect/x", nil), "allow")).to("/accounts")
	all, err := st.db.ConnectedAccounts(t.Context(), other, false)
	if err != nil || len(all) != 1 || all[0].ID == first.ID || all[0].Account.RemoteID != first.Account.RemoteID {
		t.Fatalf("%+v, %v", all, err)
	}
	if again := st.only(false, x.ID); again.Version != first.Version || again.ByName != first.ByName {
		t.Errorf("the other club's connection became version %d by %s", again.Version, again.ByName)
	}
	olga.get(pathOf(first)).want(http.StatusNotFound)
	olga.post(pathOf(first)+"/reconnect", nil).want(http.StatusNotFound)
	if _, err := st.db.Connection(t.Context(), store.Scope{ClubID: other.ClubID, PersonID: other.PersonID}, first.ID); club.CodeOf(err) != club.NotFound {
		t.Errorf("the other club reads connection %s: %v", strconv.FormatInt(first.ID, 10), err)
	}
}

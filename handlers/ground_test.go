package handlers

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/x"
	"github.com/bandstand-app/bandstand/store"
)

// foreignWord is in everything that belongs to the other club: nobody of
// Riverside FC may ever read it.
const foreignWord = "quodlibet"

// secretWord is in every token, app secret and password.
const secretWord = "canary"

// everyPassword is that of everybody.
const everyPassword = secretWord + " three old tin drums"

// ground is a stage with two clubs: the members of the first try every door.
type ground struct {
	*stage
	own, other store.Scope
	nobody     store.Person // in no club any more
	version    *sql.Conn    // sees whether anything was written
	hash       string
	made       int
}

func newGround(t *testing.T, change ...func(*Config)) *ground {
	t.Helper()
	st := newStage(t, change...)
	g := &ground{stage: st, own: st.scope(club.Writer), other: otherClub(t, st.scene)}
	ctx := t.Context()
	if _, err := st.db.Writer().ExecContext(ctx, `UPDATE clubs SET name = name || ' `+foreignWord+`' WHERE id = ?`, g.other.ClubID); err != nil {
		t.Fatal(err)
	}
	hash, err := st.server.Passwords.Hash(ctx, everyPassword)
	if err != nil {
		t.Fatal(err)
	}
	g.hash = hash
	if _, err := st.db.Writer().ExecContext(ctx, `UPDATE people SET password_hash = ?`, hash); err != nil {
		t.Fatal(err)
	}
	st.canaries, st.hashes = append(st.canaries, hash[len(hash)-20:]), append(st.hashes, hash[len(hash)-20:])
	for _, s := range []store.Scope{g.own, g.other} {
		app := platforms.App{"client_id": platforms.NewSecret("1234"), "client_secret": platforms.NewSecret(secretWord + "-app")}
		if err := st.db.SaveAppCredentials(ctx, s, "x", app, "test"); err != nil {
			t.Fatal(err)
		}
	}
	g.nobody = g.member(g.own, "Nils Nobody")
	if err := st.db.RemoveMember(ctx, st.scope(club.Admin), g.nobody.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if g.version, err = st.db.Reader().Conn(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.version.Close() })
	st.canaries = append(st.canaries, secretWord)
	return g
}

// dataVersion changes whenever anything is written to the database.
func (g *ground) dataVersion() int64 {
	g.t.Helper()
	var n int64
	if err := g.version.QueryRowContext(g.t.Context(), `PRAGMA data_version`).Scan(&n); err != nil {
		g.t.Fatal(err)
	}
	return n
}

// state is what changedSince compares with.
func (g *ground) state() (s struct{ version, distrusted int64 }) {
	g.t.Helper()
	s.version = g.dataVersion()
	err := g.version.QueryRowContext(g.t.Context(), `
		SELECT count(*) FROM audit WHERE action IN ('signin_failed', 'signin_locked', 'cross_site', 'setup_locked', 'invitation_missed', 'invitation_locked')`).Scan(&s.distrusted)
	if err != nil {
		g.t.Fatal(err)
	}
	return s
}

// changedSince reports whether anything was written to the database but a line
// on record about somebody who did not prove who they are.
func (g *ground) changedSince(before struct{ version, distrusted int64 }) bool {
	g.t.Helper()
	now := g.state()
	return now.version != before.version && now.distrusted == before.distrusted
}

// browser opens a browser signed in as a role, "" for a stranger, "nobody" for
// somebody who is in no club.
func (g *ground) browser(role club.Role) *browser {
	g.t.Helper()
	if role != "nobody" {
		return g.as(role)
	}
	return g.signedIn(g.nobody.ID, 0)
}

// word is in what belongs to a scope's club.
func (g *ground) word(s store.Scope) string {
	g.made++
	if s.ClubID == g.other.ClubID {
		return fmt.Sprintf("%s %d", foreignWord, g.made)
	}
	return fmt.Sprintf("Training %d", g.made)
}

func (g *ground) post(s store.Scope, accounts ...int64) store.SavedPost {
	g.t.Helper()
	p, err := g.db.SavePost(g.t.Context(), s, store.PostChange{
		Op: store.NewID(), Content: club.Content{Text: g.word(s), Accounts: accounts}, NewCampaign: g.word(s),
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return p
}

// pending is a scheduled post that was changed after that.
func (g *ground) pending(s store.Scope) store.SavedPost {
	g.t.Helper()
	account := g.connection(s)
	at, err := club.SlotAt(g.clock.Now().AddDate(0, 0, 3), "Europe/Dublin")
	if err != nil {
		g.t.Fatal(err)
	}
	change := store.PostChange{Op: store.NewID(), Content: club.Content{Text: g.word(s), Accounts: []int64{account}}, Slot: at}
	p, err := g.db.SchedulePost(g.t.Context(), s, change, "test")
	if err == nil {
		p, err = g.db.SavePost(g.t.Context(), s, store.PostChange{ID: p.ID, Version: p.Version, Content: club.Content{Text: g.word(s), Accounts: []int64{account}}})
	}
	if err != nil || !p.Pending {
		g.t.Fatalf("changes to a scheduled post: %+v, %v", p, err)
	}
	return p
}

// delivery is one about which nobody knows whether it is public.
func (g *ground) delivery(s store.Scope) string {
	g.t.Helper()
	p := g.pending(s)
	if _, err := g.db.Writer().ExecContext(g.t.Context(), `UPDATE deliveries SET status = 'NEEDS_ATTENTION', phase = 'ambiguous', next_at = NULL WHERE post_id = ?`, p.ID); err != nil {
		g.t.Fatal(err)
	}
	ds, err := g.db.Deliveries(g.t.Context(), s, p.ID)
	if err != nil || len(ds) != 1 {
		g.t.Fatalf("%d deliveries, %v", len(ds), err)
	}
	return ds[0].ID
}

func (g *ground) account(s store.Scope) platforms.Account {
	g.made++
	return platforms.Account{
		Platform: x.ID, RemoteID: fmt.Sprintf("remote-%d", g.made), Name: g.word(s), Handle: "riverside",
		Granted: []platforms.Feature{platforms.FeaturePost},
		Tokens: platforms.Tokens{
			Access: platforms.NewSecret(secretWord + "-access"), Refresh: platforms.NewSecret(secretWord + "-refresh"), AccessExpires: g.clock.Now().AddDate(0, 0, 9),
		},
	}
}

func (g *ground) connection(s store.Scope) int64 {
	g.t.Helper()
	c, err := g.db.Connect(g.t.Context(), s, true, g.account(s), "test")
	if err != nil {
		g.t.Fatal(err)
	}
	return c.ID
}

func (g *ground) choice(s store.Scope) string {
	g.t.Helper()
	id, err := g.db.CreateChoice(g.t.Context(), s, store.Choice{Platform: x.ID, Practice: true, Accounts: []platforms.Account{g.account(s)}})
	if err != nil {
		g.t.Fatal(err)
	}
	return id
}

func (g *ground) invitation(s store.Scope) (token string, id int64) {
	g.t.Helper()
	g.made++
	s.PersonID = g.adminOf(s.ClubID)
	token, err := g.db.CreateInvitation(g.t.Context(), s, fmt.Sprintf("guest%d@%s.example", g.made, strings.Fields(g.word(s))[0]), club.Viewer, "test")
	if err != nil {
		g.t.Fatal(err)
	}
	all, err := g.db.Invitations(g.t.Context(), s.ClubID)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, i := range all {
		id = max(id, i.ID)
	}
	return token, id
}

// adminOf is an Admin of a club: nobody else's invitations are good.
func (g *ground) adminOf(clubID int64) int64 {
	g.t.Helper()
	all, err := g.db.Members(g.t.Context(), clubID)
	i := slices.IndexFunc(all, func(m store.Member) bool { return m.Role == club.Admin })
	if err != nil || i < 0 {
		g.t.Fatalf("club %d has no Admin: %v", clubID, err)
	}
	return all[i].PersonID
}

func (g *ground) member(s store.Scope, name string) store.Person {
	g.t.Helper()
	token, _ := g.invitation(s)
	inv, err := g.db.Invitation(g.t.Context(), token)
	if err != nil {
		g.t.Fatal(err)
	}
	p, _, err := g.db.AcceptInvitationAsNew(g.t.Context(), token, store.NewPerson{Email: inv.Email, Name: name, PasswordHash: g.hash}, "test")
	if err != nil {
		g.t.Fatal(err)
	}
	return p
}

// photo is a picture of which a small copy was made already, for pages make
// those when they are first asked for.
func (g *ground) photo(s store.Scope) string {
	g.t.Helper()
	m, err := g.server.Media.Save(g.t.Context(), s.ClubID, s.PersonID, g.word(s)+".jpg", bytes.NewReader(picture(g.t, 40, 30)))
	if err != nil {
		g.t.Fatal(err)
	}
	b := g.signedIn(s.PersonID, s.ClubID)
	for _, path := range []string{web.ThumbPath(m.ID), "/media/" + m.ID + "/view"} {
		b.get(path).want(http.StatusOK)
	}
	return m.ID
}

// publicPhoto is the path of the address by which platforms fetch a picture.
func (g *ground) publicPhoto(s store.Scope) []string {
	g.t.Helper()
	source := g.server.Media.Source(s.ClubID, platforms.ImageRules{Types: []string{"image/jpeg"}}, nil)
	address, err := source.PublicURL(g.t.Context(), g.photo(s))
	if err != nil {
		g.t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		g.t.Fatal(err)
	}
	return strings.Split(strings.TrimPrefix(u.Path, "/m/"), "/")
}

// kept is the reference of a form that was put aside.
func (g *ground) kept(s store.Scope) string {
	g.t.Helper()
	ref, err := g.db.KeepForm(g.t.Context(), s, url.Values{"text": {g.word(s)}})
	if err != nil {
		g.t.Fatal(err)
	}
	return ref
}

// request is the reference of what was put aside until the password is given.
func (g *ground) request(s store.Scope) string {
	g.t.Helper()
	ref, err := g.db.KeepRequest(g.t.Context(), s, store.KeptRequest{Path: "/settings/invitations", Form: url.Values{"email": {g.word(s)}}})
	if err != nil {
		g.t.Fatal(err)
	}
	return ref
}

func (g *ground) reset(s store.Scope) string {
	g.t.Helper()
	token, err := g.db.CreatePasswordReset(g.t.Context(), g.member(s, "Fay Forgetful").ID, "test")
	if err != nil {
		g.t.Fatal(err)
	}
	return token
}

func text(n int64) []string { return []string{id64(n)} }

// objects fill the parameters of addresses, by the longest prefix of the route.
// What is made belongs to the club of the scope, and to its person where a
// thing has one. fixed ones belong to the program and have no other club.
var objects = []struct {
	prefix  string
	make    func(*ground, store.Scope) []string
	missing []string
	fixed   bool
}{
	{"/sign-in/link/:token", func(g *ground, s store.Scope) []string { return []string{g.reset(s)} }, []string{"nonsense"}, true},
	{"/invitations/:token", func(g *ground, s store.Scope) []string { t, _ := g.invitation(s); return []string{t} }, []string{"nonsense"}, true},
	{"/confirm/:ref", func(g *ground, s store.Scope) []string { return []string{g.request(s)} }, []string{"nonsense"}, false},
	{"/settings/members/:id/", func(g *ground, s store.Scope) []string { return text(g.member(s, g.word(s)).ID) }, []string{"999999"}, false},
	{"/settings/invitations/:id/", func(g *ground, s store.Scope) []string { _, id := g.invitation(s); return text(id) }, []string{"999999"}, false},
	{"/notices/:id/", func(g *ground, s store.Scope) []string { return text(g.notice(s)) }, []string{"999999"}, false},
	{"/calendar/day/:date", func(*ground, store.Scope) []string { return []string{"2026-11-24"} }, []string{"2026-02-30"}, true},
	{"/posts/:id/revision", func(g *ground, s store.Scope) []string { return text(g.pending(s).ID) }, []string{"999999"}, false},
	{"/posts/:id/draft", func(g *ground, s store.Scope) []string { return text(g.pending(s).ID) }, []string{"999999"}, false},
	{"/posts/kept/:ref", func(g *ground, s store.Scope) []string { return []string{g.kept(s)} }, []string{"nonsense"}, false},
	{"/posts/:id", func(g *ground, s store.Scope) []string { return text(g.post(s).ID) }, []string{"999999"}, false},
	{"/deliveries/:id/", func(g *ground, s store.Scope) []string { return []string{g.delivery(s)} }, []string{strings.Repeat("ab", 16)}, false},
	{"/media/:id/", func(g *ground, s store.Scope) []string { return []string{g.photo(s)} }, []string{strings.Repeat("ab", 16)}, false},
	{"/m/:id/:expiry/:mac/:file", func(g *ground, s store.Scope) []string { return g.publicPhoto(s) }, []string{strings.Repeat("ab", 16), "1", "mac", "a.jpg"}, true},
	{"/accounts/connect/:platform", func(*ground, store.Scope) []string { return []string{"x"} }, []string{"nowhere"}, true},
	{"/oauth/:platform/", func(*ground, store.Scope) []string { return []string{"x"} }, []string{"nowhere"}, true},
	{"/accounts/choose/:id", func(g *ground, s store.Scope) []string { return []string{g.choice(s)} }, []string{strings.Repeat("ab", 16)}, false},
	{"/accounts/:id", func(g *ground, s store.Scope) []string { return text(g.connection(s)) }, []string{"999999"}, false},
	{"/settings/platforms/:slot", func(*ground, store.Scope) []string { return []string{"x"} }, []string{"nowhere"}, true},
	{"/practice/:mount/*", func(*ground, store.Scope) []string { return []string{"x", "web/riversidefc"} }, []string{"nowhere", "riversidefc"}, true},
}

// fill puts values into the parameters of a route's path.
func fill(path string, values []string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, ":") || p == "*" {
			parts[i], values = values[0], values[1:]
		}
	}
	return strings.Join(parts, "/")
}

// notice tells the person of a scope of an account that needs reconnecting.
func (g *ground) notice(s store.Scope) int64 {
	g.t.Helper()
	g.made++
	var id int64
	err := g.db.Writer().QueryRowContext(g.t.Context(), `
		INSERT INTO notices (club_id, person_id, kind, key, args, created_at) VALUES (?, ?, 'several', ?, '{}', 0) RETURNING id`,
		s.ClubID, s.PersonID, g.word(s)).Scan(&id)
	if err != nil {
		g.t.Fatal(err)
	}
	return id
}

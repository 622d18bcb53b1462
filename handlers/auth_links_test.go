package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// TestLinks: what a link of an invitation, or one that sets a password, opens
// after each event.
func TestLinks(t *testing.T) {
	t.Parallel()
	const invitation, reset = "invitation", "sign-in link"
	cut := func(s string) string { return s[:len(s)-1] }
	tests := []struct {
		name   string
		link   string
		before func(s *scene, path string) (changed string)
		opens  bool
	}{
		{"as it was made", invitation, nil, true},
		{"just before seven days", invitation, func(s *scene, p string) string { s.clock.Advance(7*24*time.Hour - 1e6); return p }, true},
		{"after seven days", invitation, func(s *scene, p string) string { s.clock.Advance(7 * 24 * time.Hour); return p }, false},
		{"cut", invitation, func(_ *scene, p string) string { return cut(p) }, false},
		{"longer", invitation, func(_ *scene, p string) string { return p + "A" }, false},
		{"in capitals", invitation, func(_ *scene, p string) string { return "/invitations/" + strings.ToUpper(p[len("/invitations/"):]) }, false},
		{"one letter is another", invitation, func(_ *scene, p string) string { return cut(cut(p)) + "__" }, false},
		{"where passwords are set", invitation, func(_ *scene, p string) string {
			return "/sign-in/link/" + strings.TrimPrefix(p, "/invitations/")
		}, false},
		{"its hash", invitation, func(s *scene, _ string) string {
			var hash string
			if err := s.db.Reader().QueryRowContext(s.t.Context(), `SELECT lower(hex(token_hash)) FROM invitations WHERE used_at IS NULL`).Scan(&hash); err != nil {
				s.t.Fatal(err)
			}
			return "/invitations/" + hash
		}, false},
		{"withdrawn", invitation, func(s *scene, p string) string {
			open, err := s.db.Invitations(s.t.Context(), s.club.ID)
			if err != nil {
				s.t.Fatal(err)
			}
			s.visit(club.Admin).post("/settings/invitations/"+id64(open[0].ID)+"/withdrawal", nil).want(303)
			return p
		}, false},
		{"a newer one for the same address", invitation, func(s *scene, p string) string { s.invite("new@riverside.example", club.Viewer); return p }, false},
		{"a newer one for another address", invitation, func(s *scene, p string) string { s.invite("other@riverside.example", club.Viewer); return p }, true},
		{"who invited is Admin no more", invitation, demote("role"), false},
		{"who invited has left", invitation, demote("removal"), false},
		{"who invited is Admin no more, and nobody voided it", invitation, func(s *scene, p string) string {
			s.exec(`UPDATE members SET role = 'publisher' WHERE person_id = ?`, s.persons[club.Admin].ID)
			return p
		}, false},
		{"somebody else has left", invitation, func(s *scene, p string) string {
			s.visit(club.Admin).post(s.memberPath(club.Viewer, "removal"), nil).want(303)
			return p
		}, true},
		{"used", invitation, func(s *scene, p string) string { s.visitor().post(p, joining()).to("/calendar"); return p }, false},

		{"as it was made", reset, nil, true},
		{"just before half an hour", reset, func(s *scene, p string) string { s.clock.Advance(30*time.Minute - 1e6); return p }, true},
		{"after half an hour", reset, func(s *scene, p string) string { s.clock.Advance(30 * time.Minute); return p }, false},
		{"cut", reset, func(_ *scene, p string) string { return cut(p) }, false},
		{"where people join", reset, func(_ *scene, p string) string { return "/invitations/" + strings.TrimPrefix(p, "/sign-in/link/") }, false},
		{"a newer one", reset, func(s *scene, p string) string { s.signInLink(club.Writer); return p }, false},
		{"a newer one for somebody else", reset, func(s *scene, p string) string { s.signInLink(club.Viewer); return p }, true},
		{"the password was changed", reset, func(s *scene, p string) string {
			s.visit(club.Writer).post("/profile/password", url.Values{"old_password": {goodPassword}, "password": {"three old tin drums"}}).want(303)
			return p
		}, false},
		{"somebody else's password was changed", reset, func(s *scene, p string) string {
			s.visit(club.Viewer).post("/profile/password", url.Values{"old_password": {goodPassword}, "password": {"three old tin drums"}}).want(303)
			return p
		}, true},
		{"who made it is Admin no more", reset, demote("role"), false},
		{"who made it has left", reset, demote("removal"), false},
		{"its person joined another club", reset, joinElsewhere, false},
		{"its person founded another club", reset, func(s *scene, p string) string {
			if _, err := s.db.CreateClub(s.t.Context(), s.persons[club.Writer].ID, store.NewClub{Name: "Harbour Choir", Zone: "Europe/Dublin"}, "test"); err != nil {
				s.t.Fatal(err)
			}
			return p
		}, false},
		{"its person is in another club, and nobody voided it", reset, func(s *scene, p string) string {
			s.exec(`INSERT INTO members (club_id, person_id, role, joined_at) VALUES (?, ?, 'viewer', 0)`, otherClub(s.t, s).ClubID, s.persons[club.Writer].ID)
			return p
		}, false},
		{"its person was removed", reset, func(s *scene, p string) string {
			s.visit(club.Admin).post(s.memberPath(club.Writer, "removal"), nil).want(303)
			return p
		}, false},
		{"its person left and came back", reset, func(s *scene, p string) string {
			s.visit(club.Admin).post(s.memberPath(club.Writer, "removal"), nil).want(303)
			s.exec(`INSERT INTO members (club_id, person_id, role, joined_at) VALUES (?, ?, 'writer', 0)`, s.club.ID, s.persons[club.Writer].ID)
			return p
		}, false},
		{"its person has another role", reset, func(s *scene, p string) string {
			s.visit(club.Admin).post(s.memberPath(club.Writer, "role"), url.Values{"role": {"publisher"}}).want(303)
			return p
		}, true},
		{"who made it is Admin no more, and nobody voided it", reset, func(s *scene, p string) string {
			s.exec(`UPDATE members SET role = 'publisher' WHERE person_id = ?`, s.persons[club.Admin].ID)
			return p
		}, false},
		{"somebody else is Admin no more", reset, func(s *scene, p string) string {
			s.setRole(club.Publisher, club.Admin)
			s.setRole(club.Publisher, club.Viewer)
			return p
		}, true},
		{"a bad password was tried", reset, func(s *scene, p string) string {
			s.visitor().post(p, url.Values{"password": {"short"}}).want(422)
			return p
		}, true},
		{"used", reset, func(s *scene, p string) string {
			s.visitor().post(p, url.Values{"password": {"three old tin drums"}}).to("/calendar")
			return p
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.link+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := newDoor(t)
			var path string
			form := joining()
			if tt.link == invitation {
				path = s.invite("new@riverside.example", club.Writer)
			} else {
				path = s.signInLink(club.Writer)
				form = url.Values{"password": {"two large green lamps"}}
			}
			if tt.before != nil {
				path = tt.before(s, path)
			}
			b := s.visitor()
			if !tt.opens {
				b.get(path).want(http.StatusNotFound)
				b.post(path, form).want(http.StatusNotFound)
				if b.cookie() != "" && b.signedInNow() {
					t.Error("the link let somebody in")
				}
				return
			}
			if got := b.get(path).want(http.StatusOK).Header.Get("Referrer-Policy"); got != "same-origin" {
				t.Errorf("Referrer-Policy is %q", got)
			}
			b.post(path, form).to("/calendar")
			if !b.signedInNow() {
				t.Error("whoever used the link is not signed in")
			}
		})
	}
}

func joining() url.Values {
	return url.Values{"name": {"Nora New"}, "email": {"new@riverside.example"}, "password": {"three old tin drums"}}
}

// demote makes Tom an Admin, who takes the place of the Admin who made a link.
func demote(what string) func(*scene, string) string {
	return func(s *scene, path string) string {
		ctx, maeve := s.t.Context(), s.persons[club.Admin].ID
		if err := s.db.SetRole(ctx, s.scope(club.Admin), s.persons[club.Publisher].ID, club.Admin, "test"); err != nil {
			s.t.Fatal(err)
		}
		form := url.Values{"role": {"publisher"}}
		s.visit(club.Publisher).post("/settings/members/"+id64(maeve)+"/"+what, form).to("/settings/members")
		return path
	}
}

// joinElsewhere makes the Writer a Viewer of another club, by its invitation.
func joinElsewhere(s *scene, path string) string {
	ctx, ines := s.t.Context(), s.persons[club.Writer]
	token, err := s.db.CreateInvitation(ctx, otherClub(s.t, s), ines.Email, club.Viewer, "test")
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.db.AcceptInvitation(ctx, token, ines.ID, "test"); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// setRole changes what the member who began with a role may do.
func (s *scene) setRole(who, role club.Role) {
	s.t.Helper()
	if err := s.db.SetRole(s.t.Context(), s.scope(club.Admin), s.persons[who].ID, role, "test"); err != nil {
		s.t.Fatal(err)
	}
}

// TestAnAdminsLinkDoesNotOpenAClubJoinedLater: an Admin makes a link for somebody
// who is in her club alone, and keeps it. That person then becomes Admin of
// another club. The link must not let the first Admin in there.
func TestAnAdminsLinkDoesNotOpenAClubJoinedLater(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	path := s.signInLink(club.Writer)
	joinElsewhere(s, path)
	b := s.visitor()
	b.get(path).want(http.StatusNotFound).says("Ask for a new one")
	b.post(path, url.Values{"password": {"two large green lamps"}}).want(http.StatusNotFound)
	s.visit(club.Writer) // with the password she had
	if b.signedInNow() {
		t.Error("the Admin of the first club is signed in as the person")
	}
}

// TestOneLinkUsedByManyAtOnce: exactly one gets in.
func TestOneLinkUsedByManyAtOnce(t *testing.T) {
	t.Parallel()
	const many = 12
	storm := func(s *scene, path string, form func(i int) url.Values) (won int) {
		t.Helper()
		var in, out atomic.Int64
		var all sync.WaitGroup
		winner := -1
		for i := range many {
			all.Go(func() {
				switch a := s.visitor().post(path, form(i)); {
				case a.StatusCode == http.StatusSeeOther && a.Header.Get("Location") == "/calendar":
					in.Add(1)
					winner = i
				case a.StatusCode == http.StatusNotFound:
					out.Add(1)
				default:
					t.Errorf("%s answered %d: %s", a.what, a.StatusCode, a.text())
				}
			})
		}
		all.Wait()
		if in.Load() != 1 || out.Load() != many-1 {
			t.Fatalf("%s: %d got in and %d were refused, want 1 and %d", path, in.Load(), out.Load(), many-1)
		}
		return winner
	}
	s, _ := newDoor(t)
	password := func(i int) string { return "three old tin drums " + id64(int64(i)) }
	won := storm(s, s.signInLink(club.Writer), func(i int) url.Values { return url.Values{"password": {password(i)}} })
	s.visitor().post("/sign-in", credentials(s.emailOf(club.Writer), password(won))).to("/calendar")

	name := func(i int) string { return "Nora " + id64(int64(i)) }
	won = storm(s, s.invite("new@riverside.example", club.Writer), func(i int) url.Values {
		form := joining()
		form.Set("name", name(i))
		return form
	})
	members, err := s.db.Members(t.Context(), s.club.ID)
	if err != nil || len(members) != 5 {
		t.Errorf("%d members, %v; want 5", len(members), err)
	}
	people, err := s.db.People(t.Context())
	if err != nil || len(people) != 5 {
		t.Errorf("%d people, %v; want 5", len(people), err)
	}
	if p, err := s.db.PersonByEmail(t.Context(), "new@riverside.example"); err != nil || p.Name != name(won) {
		t.Errorf("%q has the account, %v; want who got in, %q", p.Name, err, name(won))
	}
}

// TestAnAdminCannotOpenOtherClubs: a link that sets the password of somebody who
// is in another club as well would let this club's Admin into that one.
func TestAnAdminCannotOpenOtherClubs(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	other := otherClub(t, s)
	olga := s.person(other.PersonID)
	token, err := s.db.CreateInvitation(t.Context(), s.scope(club.Admin), olga.Email, club.Viewer, "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.AcceptInvitation(t.Context(), token, olga.ID, "test"); err != nil {
		t.Fatal(err)
	}
	maeve := s.visit(club.Admin)
	path := "/settings/members/" + id64(olga.ID) + "/sign-in-link"
	maeve.post(path, nil).to("/settings/members")
	maeve.get("/settings/members").says("Olga is in another club here too", "bandstand member reset olga@choir.example")
	var links int
	if err := s.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM password_resets`).Scan(&links); err != nil || links != 0 {
		t.Errorf("%d links were made (%v)", links, err)
	}

	// An Admin of both clubs may, and so may one of a club that is her only one.
	joint, err := s.db.CreateInvitation(t.Context(), other, "maeve@riverside.example", club.Admin, "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.AcceptInvitation(t.Context(), joint, s.persons[club.Admin].ID, "test"); err != nil {
		t.Fatal(err)
	}
	maeve.post(path, nil).want(http.StatusOK).says("Send this link to Olga")
	if err := s.db.SetRole(t.Context(), other, s.persons[club.Admin].ID, club.Publisher, "test"); err != nil {
		t.Fatal(err)
	}
	s.visit(club.Admin).post(path, nil).to("/settings/members")
	if err := s.db.RemoveMember(t.Context(), store.Scope{ClubID: s.club.ID, PersonID: s.persons[club.Admin].ID}, olga.ID, "test"); err != nil {
		t.Fatal(err)
	}
	s.visit(club.Admin).post(path, nil).want(http.StatusNotFound)
	s.visit(club.Admin).post(s.memberPath(club.Writer, "sign-in-link"), nil).want(http.StatusOK).says("Send this link to Ines Silva")
}

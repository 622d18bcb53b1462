package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

func TestInvitationMakesOneMember(t *testing.T) {
	t.Parallel()
	db, clock, s := first(t)
	ctx := t.Context()
	token, err := db.CreateInvitation(ctx, s, "tom@example.org", club.Writer, "192.0.2.1")
	if err != nil || len(token) != 43 {
		t.Fatalf("CreateInvitation = %q, %v; want 32 bytes in base64url", token, err)
	}
	i, err := db.Invitation(ctx, token)
	if err != nil || i.ClubName != "Riverside FC" || i.Role != club.Writer || i.InvitedBy != "Maeve" || !i.ExpiresAt.Equal(clock.Now().Add(7*24*time.Hour)) {
		t.Errorf("Invitation = %+v, %v", i, err)
	}
	_, _, err = db.AcceptInvitationAsNew(ctx, token, store.NewPerson{Email: "maeve@EXAMPLE.org", Name: "M", PasswordHash: "h"}, "")
	wantKey(t, err, club.Invalid, "invitation_other_address")
	tom, _, err := db.AcceptInvitationAsNew(ctx, token, store.NewPerson{Email: "TOM@example.org", Name: "Tom", PasswordHash: "h"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := db.Membership(ctx, s.ClubID, tom.ID); err != nil || m.Role != club.Writer {
		t.Errorf("Membership = %+v, %v; want writer", m, err)
	}
	_, _, err = db.AcceptInvitationAsNew(ctx, token, store.NewPerson{Email: "eve@example.org", Name: "Eve", PasswordHash: "h"}, "")
	wantKey(t, err, club.NotFound, "link_used")
	if _, err := db.PersonByEmail(ctx, "eve@example.org"); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("a used link still made an account: %v", err)
	}
	_, err = db.CreateInvitation(ctx, s, "TOM@example.org", club.Admin, "")
	wantKey(t, err, club.Conflict, "already_member")
}

func TestInvitationExpiresAndIsReplacedAndWithdrawn(t *testing.T) {
	t.Parallel()
	db, clock, s := first(t)
	ctx := t.Context()
	invite := func() string {
		token, err := db.CreateInvitation(ctx, s, "tom@example.org", club.Writer, "")
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	older := invite()
	token := invite()
	_, err := db.Invitation(ctx, older)
	wantKey(t, err, club.NotFound, "link_used")
	list, err := db.Invitations(ctx, s.ClubID)
	if err != nil || len(list) != 1 {
		t.Fatalf("Invitations = %d, %v; want 1", len(list), err)
	}
	other, err := db.CreateClub(ctx, s.PersonID, store.NewClub{Name: "Choir", Zone: "UTC"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.WithdrawInvitation(ctx, store.Scope{ClubID: other.ID, PersonID: s.PersonID}, list[0].ID, ""); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("another club withdrew it: %v", err)
	}
	if err := db.WithdrawInvitation(ctx, s, list[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	_, err = db.AcceptInvitation(ctx, token, s.PersonID, "")
	wantKey(t, err, club.NotFound, "link_used")

	token = invite()
	clock.Advance(7 * 24 * time.Hour)
	_, err = db.Invitation(ctx, token)
	wantKey(t, err, club.NotFound, "link_used")
	if list, err := db.Invitations(ctx, s.ClubID); err != nil || len(list) != 0 {
		t.Errorf("Invitations = %v, %v; want none", list, err)
	}
}

func TestExistingPersonJoinsAnotherClub(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	ctx := t.Context()
	tom := join(t, db, s, "Tom", club.Viewer)
	other, err := db.CreateClub(ctx, s.PersonID, store.NewClub{Name: "Choir", Zone: "Australia/Sydney"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Membership(ctx, other.ID, tom); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("Tom is in a club he never joined: %v", err)
	}
	token, err := db.CreateInvitation(ctx, store.Scope{ClubID: other.ID, PersonID: s.PersonID}, "tom@example.org", club.Publisher, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.AcceptInvitation(ctx, token, s.PersonID, ""); club.CodeOf(err) != club.Conflict {
		t.Errorf("a member used the link: %v", err)
	}
	if _, err := db.AcceptInvitation(ctx, token, tom, ""); err != nil {
		t.Fatal(err)
	}
	ms, err := db.Memberships(ctx, tom)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]club.Role{}
	for _, m := range ms {
		got[m.Club.Name] = m.Role
	}
	if diff := cmp.Diff(map[string]club.Role{"Choir": club.Publisher, "Riverside FC": club.Viewer}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRolesAndRemoval(t *testing.T) {
	t.Parallel()
	db, clock, s := first(t)
	ctx := t.Context()
	tom := join(t, db, s, "Tom", club.Writer)
	before, err := db.Club(ctx, s.ClubID)
	if err != nil {
		t.Fatal(err)
	}
	at := clock.Advance(time.Hour)

	wantKey(t, db.SetRole(ctx, s, s.PersonID, club.Publisher, ""), club.Conflict, "last_admin")
	wantKey(t, db.RemoveMember(ctx, s, s.PersonID, ""), club.Conflict, "last_admin")
	if err := db.SetRole(ctx, s, s.PersonID, club.Admin, ""); err != nil {
		t.Errorf("the last admin stays admin: %v", err)
	}
	if err := db.SetRole(ctx, s, tom, club.Admin, ""); err != nil {
		t.Fatal(err)
	}
	if p, err := db.Person(ctx, tom); err != nil || !p.SessionsFrom.Equal(at) {
		t.Errorf("sessions from %v, %v; want %v", p.SessionsFrom, err, at)
	}
	if c, err := db.Club(ctx, s.ClubID); err != nil || c.Changes <= before.Changes {
		t.Errorf("changes = %d, %v; want more than %d", c.Changes, err, before.Changes)
	}
	if err := db.RemoveMember(ctx, store.Scope{ClubID: s.ClubID, PersonID: tom}, s.PersonID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Membership(ctx, s.ClubID, s.PersonID); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("a removed member is still there: %v", err)
	}
	if err := db.RemoveMember(ctx, s, s.PersonID, ""); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("removing twice: %v, want not found", err)
	}
	if err := db.SetRole(ctx, store.Scope{ClubID: s.ClubID + 1, PersonID: s.PersonID}, tom, club.Viewer, ""); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("a role in another club: %v, want not found", err)
	}
	members, err := db.Members(ctx, s.ClubID)
	if err != nil || len(members) != 1 || members[0].Name != "Tom" || members[0].Role != club.Admin {
		t.Errorf("Members = %+v, %v; want Tom alone", members, err)
	}
}

func TestMemberNotes(t *testing.T) {
	t.Parallel()
	db, clock, s := first(t)
	ctx := t.Context()
	at := clock.Advance(time.Hour)
	if err := db.MarkSeen(ctx, s); err != nil {
		t.Fatal(err)
	}
	if err := db.SetLastAccounts(ctx, s, []int64{3, 7}); err != nil {
		t.Fatal(err)
	}
	m, err := db.Membership(ctx, s.ClubID, s.PersonID)
	if err != nil || !m.SeenAt.Equal(at) || !cmp.Equal(m.LastAccounts, []int64{3, 7}) || m.Scope() != s {
		t.Errorf("Membership = %+v, %v", m, err)
	}
}

func TestAuditRecordsWhoDidWhat(t *testing.T) {
	t.Parallel()
	db, clock, s := first(t)
	ctx := t.Context()
	tom := join(t, db, s, "Tom", club.Writer)
	clock.Advance(time.Minute)
	if err := db.SetRole(ctx, s, tom, club.Viewer, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if err := db.Audit(ctx, s, "export", "posts", "192.0.2.2"); err != nil {
		t.Fatal(err)
	}
	if err := db.Audit(ctx, store.Scope{PersonID: tom}, "signed_in", "", "192.0.2.3"); err != nil {
		t.Fatal(err)
	}
	entries, err := db.AuditEntries(ctx, s.ClubID, 2)
	if err != nil {
		t.Fatal(err)
	}
	type line struct{ Who, What, Object, Origin string }
	var got []line
	for _, e := range entries {
		got = append(got, line{e.PersonName, e.Action, e.Object, e.Origin})
	}
	want := []line{{"Maeve", "export", "posts", "192.0.2.2"}, {"Maeve", "role_viewer", "Tom", "192.0.2.1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

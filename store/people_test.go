package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

var (
	maeve = store.NewPerson{Email: "maeve@example.org", Name: "Maeve", PasswordHash: "hash-1"}
	river = store.NewClub{Name: "Riverside FC", Zone: "Europe/Dublin", WeekStart: time.Monday}
)

// first makes a database with a club and its admin.
func first(t *testing.T) (*store.DB, *storetest.Clock, store.Scope) {
	t.Helper()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	p, c, err := db.CreateFirst(t.Context(), maeve, river, "console")
	if err != nil {
		t.Fatal(err)
	}
	return db, clock, store.Scope{ClubID: c.ID, PersonID: p.ID}
}

// join adds a person to the club of the scope.
func join(t *testing.T, db *store.DB, s store.Scope, name string, role club.Role) int64 {
	t.Helper()
	email := strings.ToLower(name) + "@example.org"
	token, err := db.CreateInvitation(t.Context(), s, email, role, "test")
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := db.AcceptInvitationAsNew(t.Context(), token, store.NewPerson{Email: email, Name: name, PasswordHash: "h"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// wantKey checks which message an error carries.
func wantKey(t *testing.T, err error, code club.Code, key string) {
	t.Helper()
	e, ok := errors.AsType[*club.Error](err)
	if !ok || e.Code != code || e.Key != key {
		t.Errorf("error = %v, want %s: %s", err, code, key)
	}
}

func TestSetupCodeOpensSetupOnce(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	ctx := t.Context()
	older, err := db.NewSetupCode(ctx)
	if err != nil {
		t.Fatal(err)
	}
	code, err := db.NewSetupCode(ctx)
	if err != nil || len(code) != 9 || code[4] != '-' || code == older {
		t.Fatalf("NewSetupCode = %q, %v; want another XXXX-XXXX than %q", code, err, older)
	}
	for typed, ok := range map[string]bool{code: true, " " + strings.ToLower(code) + " ": true, strings.ReplaceAll(code, "-", ""): true, older: false, "": false} {
		if err := db.CheckSetupCode(ctx, typed); (err == nil) != ok {
			t.Errorf("CheckSetupCode(%q) = %v, want accepted %v", typed, err, ok)
		}
	}
	p, c, err := db.CreateFirst(ctx, maeve, river, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	m, err := db.Membership(ctx, c.ID, p.ID)
	if err != nil || m.Role != club.Admin || m.Club.Name != river.Name || !m.Club.Practice {
		t.Errorf("Membership = %+v, %v; want admin of a practising club", m, err)
	}
	wantKey(t, db.CheckSetupCode(ctx, code), club.Forbidden, "setup_code_used")
	if code, err := db.NewSetupCode(ctx); code != "" || err != nil {
		t.Errorf("NewSetupCode after set-up = %q, %v; want none", code, err)
	}
	_, _, err = db.CreateFirst(ctx, store.NewPerson{Email: "eve@example.org"}, river, "")
	wantKey(t, err, club.Conflict, "setup_done")
}

func TestPersonByEmailIgnoresCase(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	p, err := db.PersonByEmail(t.Context(), "MAEVE@example.ORG")
	if err != nil || p.ID != s.PersonID || p.PasswordHash != "hash-1" {
		t.Errorf("PersonByEmail = %+v, %v; want Maeve", p, err)
	}
	if _, err := db.PersonByEmail(t.Context(), "tom@example.org"); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("unknown address: %v, want not found", err)
	}
}

func TestSetPasswordEndsSessionsAndResets(t *testing.T) {
	t.Parallel()
	db, clock, s := first(t)
	ctx := t.Context()
	token, err := db.CreatePasswordReset(ctx, s.PersonID, "console")
	if err != nil {
		t.Fatal(err)
	}
	at := clock.Advance(time.Minute)
	if _, err := db.SetPassword(ctx, s.PersonID, "hash-2", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	p, err := db.Person(ctx, s.PersonID)
	if err != nil || p.PasswordHash != "hash-2" || !p.SessionsFrom.Equal(at) {
		t.Errorf("Person = %+v, %v; want hash-2 and sessions from %v", p, err, at)
	}
	_, err = db.PasswordReset(ctx, token)
	wantKey(t, err, club.NotFound, "link_used")

	clock.Advance(time.Minute)
	for _, old := range []string{"hash-2", "hash-1"} {
		if err := db.RehashPassword(ctx, s.PersonID, old, "hash-3 of "+old); err != nil {
			t.Fatal(err)
		}
	}
	p, err = db.Person(ctx, s.PersonID)
	if err != nil || p.PasswordHash != "hash-3 of hash-2" || !p.SessionsFrom.Equal(at) {
		t.Errorf("after rehash: %+v, %v; want the hash made of hash-2 and the sessions kept", p, err)
	}
}

func TestPasswordResetWorksOnceWithinHalfAnHour(t *testing.T) {
	t.Parallel()
	db, clock, s := first(t)
	ctx := t.Context()
	late, err := db.CreatePasswordReset(ctx, s.PersonID, "")
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(30 * time.Minute)
	_, err = db.UsePasswordReset(ctx, late, "x", "")
	wantKey(t, err, club.NotFound, "link_used")

	older, err := db.CreatePasswordReset(ctx, s.PersonID, "")
	if err != nil {
		t.Fatal(err)
	}
	token, err := db.CreatePasswordReset(ctx, s.PersonID, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.UsePasswordReset(ctx, older, "x", "")
	wantKey(t, err, club.NotFound, "link_used")
	if p, err := db.PasswordReset(ctx, token); err != nil || p.ID != s.PersonID {
		t.Errorf("PasswordReset = %+v, %v", p, err)
	}
	if p, err := db.UsePasswordReset(ctx, token, "hash-2", ""); err != nil || p.ID != s.PersonID {
		t.Fatalf("UsePasswordReset = %+v, %v", p, err)
	}
	_, err = db.UsePasswordReset(ctx, token, "hash-3", "")
	wantKey(t, err, club.NotFound, "link_used")
	if p, err := db.Person(ctx, s.PersonID); err != nil || p.PasswordHash != "hash-2" {
		t.Errorf("hash = %s, %v; want hash-2", p.PasswordHash, err)
	}
	var stored int
	err = db.Reader().QueryRowContext(ctx, `SELECT count(*) FROM password_resets WHERE token_hash = ?`, []byte(token)).Scan(&stored)
	if err != nil || stored != 0 {
		t.Errorf("the secret itself is stored")
	}
}

func TestUpdatePerson(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	want := store.PersonChange{Name: "Maeve O'Neill", Theme: "dark", Shortcuts: false}
	if err := db.UpdatePerson(t.Context(), s.PersonID, want); err != nil {
		t.Fatal(err)
	}
	p, err := db.Person(t.Context(), s.PersonID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, store.PersonChange{Name: p.Name, Theme: p.Theme, Shortcuts: p.Shortcuts}); diff != "" {
		t.Error(diff)
	}
	if err := db.UpdatePerson(t.Context(), 99, want); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("nobody: %v, want not found", err)
	}
}

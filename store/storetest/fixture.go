package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// Club is a furnished club: an admin, and whatever the test adds.
type Club struct {
	t  testing.TB
	db *store.DB
	store.Scope
	n int
}

// NewClub makes a club in UTC with one admin.
func NewClub(t testing.TB, db *store.DB) *Club {
	t.Helper()
	c := &Club{t: t, db: db}
	c.PersonID = c.insert(`
		INSERT INTO people (email, name, password_hash, sessions_from, created_at)
		SELECT 'admin' || count(*) || '@example.org', 'Maeve', '', 0, 0 FROM people`)
	c.ClubID = c.insert(`INSERT INTO clubs (name, zone, created_at) VALUES ('Riverside FC', 'UTC', 0)`)
	c.insert(`INSERT INTO members (club_id, person_id, role, joined_at) VALUES (?, ?, 'admin', 0)`, c.ClubID, c.PersonID)
	return c
}

// Member adds a person with a role.
func (c *Club) Member(role club.Role) store.Scope {
	c.t.Helper()
	id := c.insert(`
		INSERT INTO people (email, name, password_hash, sessions_from, created_at)
		SELECT 'person' || count(*) || '@example.org', 'Tom', '', 0, 0 FROM people`)
	c.insert(`INSERT INTO members (club_id, person_id, role, joined_at) VALUES (?, ?, ?, 0)`, c.ClubID, id, role)
	return store.Scope{ClubID: c.ClubID, PersonID: id}
}

// Connection connects an account that works, and signs it in.
func (c *Club) Connection(p platforms.ID, tokens platforms.Tokens) store.Connection {
	c.t.Helper()
	c.n++
	id := c.insert(`
		INSERT INTO connections (club_id, platform, practice, remote_id, name, health, connected_by, connected_at)
		VALUES (?, ?, 0, ?, 'Riverside FC', 'working', ?, 0)`, c.ClubID, p, fmt.Sprintf("account-%d", c.n), c.PersonID)
	if err := c.db.SaveTokens(c.t.Context(), id, tokens); err != nil {
		c.t.Fatal(err)
	}
	// Nobody has looked at it yet.
	c.Exec(`
		INSERT INTO work (kind, key, club_id, connection_id, next_at)
		SELECT value, CAST(?1 AS TEXT), ?2, ?1, 0 FROM json_each('["check", "account_numbers"]')`, id, c.ClubID)
	conn, err := c.db.Connection(c.t.Context(), c.Scope, id)
	if err != nil {
		c.t.Fatal(err)
	}
	return conn
}

// Post makes a draft with one live revision.
func (c *Club) Post(content club.Content) int64 {
	c.t.Helper()
	content = content.Normal()
	body, err := content.JSON()
	if err != nil {
		c.t.Fatal(err)
	}
	hash, err := content.Hash()
	if err != nil {
		c.t.Fatal(err)
	}
	id := c.insert(`
		INSERT INTO posts (club_id, author_id, practice, excerpt, created_at, updated_at, updated_by)
		VALUES (?, ?, 0, ?, 0, 0, ?)`, c.ClubID, c.PersonID, content.Excerpt(), c.PersonID)
	c.insert(`
		INSERT INTO revisions (post_id, state, content, hash, created_by, created_at) VALUES (?, 'live', ?, ?, ?, 0)`,
		id, string(body), hash, c.PersonID)
	return id
}

// Scheduled makes a post with this text and schedules it for these accounts.
func (c *Club) Scheduled(text string, due time.Time, accounts ...int64) int64 {
	c.t.Helper()
	id := c.Post(club.Content{Text: text, Accounts: accounts})
	if err := c.db.Schedule(c.t.Context(), c.Scope, id, accounts, due); err != nil {
		c.t.Fatal(err)
	}
	return id
}

// Exec changes the database behind the back of the store.
func (c *Club) Exec(query string, args ...any) {
	c.t.Helper()
	c.insert(query, args...)
}

func (c *Club) insert(query string, args ...any) int64 {
	c.t.Helper()
	res, err := c.db.Writer().ExecContext(c.t.Context(), query, args...)
	if err != nil {
		c.t.Fatal(err)
	}
	id, err := res.LastInsertId()
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

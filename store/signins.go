package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// How long a sign-in at a platform may take (rule A1), and how long a person may
// think about which accounts to use.
const (
	signInLife = 10 * time.Minute
	choiceLife = 30 * time.Minute
)

// PlatformSignIn is a sign-in at a platform that a person has begun.
type PlatformSignIn struct {
	Platform     platforms.ID
	Practice     bool
	Verifier     platforms.Secret // of PKCE
	ConnectionID int64            // the connection that is to be reconnected, or 0
	ReturnTo     string           // path to go to afterwards
}

// BeginSignIn keeps a sign-in that begins in this session and returns its state:
// random, for one use, within ten minutes (rule A1). Only its hash is stored.
func (db *DB) BeginSignIn(ctx context.Context, s Scope, session string, in PlatformSignIn) (state string, err error) {
	state, hash := newToken()
	verifier, err := db.keys.Seal([]byte(in.Verifier.Reveal()), "oauth_states", hex.EncodeToString(hash), "verifier")
	if err != nil {
		return "", err
	}
	err = db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO oauth_states (state_hash, session_hash, club_id, person_id, platform, practice, verifier, connection_id, return_to, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			hash, hashToken(session), s.ClubID, s.PersonID, in.Platform, in.Practice, verifier, orNull(in.ConnectionID), in.ReturnTo, ms(tx.now.Add(signInLife)))
		if err != nil {
			return fmt.Errorf("begin sign-in at %s: %w", in.Platform, err)
		}
		return nil
	})
	return state, err
}

// TakeSignIn uses up a state. club.ErrNotFound: there is none like it, it was
// used, has expired, or belongs to another session, person or club. A state that
// somebody else has seen works no more.
func (db *DB) TakeSignIn(ctx context.Context, s Scope, session, state string) (PlatformSignIn, error) {
	var in PlatformSignIn
	var owner Scope
	var sealed, ofSession []byte
	hash := hashToken(state)
	err := db.inTx(ctx, func(tx *tx) error {
		var connection sql.NullInt64
		err := tx.QueryRowContext(ctx, `
			UPDATE oauth_states SET used_at = ?1 WHERE state_hash = ?2 AND used_at IS NULL AND expires_at > ?1
			RETURNING session_hash, club_id, person_id, platform, practice, verifier, connection_id, return_to`, ms(tx.now), hash).
			Scan(&ofSession, &owner.ClubID, &owner.PersonID, &in.Platform, &in.Practice, &sealed, &connection, &in.ReturnTo)
		if errors.Is(err, sql.ErrNoRows) {
			return club.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("take sign-in: %w", err)
		}
		in.ConnectionID = connection.Int64
		return nil
	})
	if err != nil {
		return PlatformSignIn{}, err
	}
	if owner != s || !bytes.Equal(ofSession, hashToken(session)) {
		return PlatformSignIn{}, club.ErrNotFound
	}
	plain, err := db.keys.Open(sealed, "oauth_states", hex.EncodeToString(hash), "verifier")
	if err != nil {
		return PlatformSignIn{}, fmt.Errorf("open sign-in: %w", err)
	}
	in.Verifier = platforms.NewSecret(string(plain))
	return in, nil
}

// Choice is what a sign-in showed: accounts of which the person picks (rule A3).
type Choice struct {
	ID       string
	Platform platforms.ID // at which the person signed in
	Practice bool
	Accounts []platforms.Account // with tokens
}

// keptAccount is an account with its tokens on the way into a sealed field.
type keptAccount struct {
	Platform                           platforms.ID
	RemoteID, Name, Handle, Host, Kind string
	Server                             string
	Facts                              json.RawMessage
	Granted                            []platforms.Feature
	Missing                            []platforms.MissingPermission
	Unusable                           string
	SignIn                             string
	Access, Refresh                    string
	AccessExpires, RefreshExpires      time.Time
	AsksAgain                          time.Time
}

func keep(a platforms.Account) keptAccount {
	return keptAccount{
		Platform: a.Platform, RemoteID: a.RemoteID, Name: a.Name, Handle: a.Handle, Host: a.Host, Kind: a.Kind,
		Granted: a.Granted, Missing: a.Missing, Unusable: a.Unusable, SignIn: a.SignIn, AsksAgain: a.AsksAgain,
		Server: a.Server, Facts: a.Facts,
		Access: a.Tokens.Access.Reveal(), Refresh: a.Tokens.Refresh.Reveal(),
		AccessExpires: a.Tokens.AccessExpires, RefreshExpires: a.Tokens.RefreshExpires,
	}
}

func (k keptAccount) account() platforms.Account {
	return platforms.Account{
		Platform: k.Platform, RemoteID: k.RemoteID, Name: k.Name, Handle: k.Handle, Host: k.Host, Kind: k.Kind,
		Granted: k.Granted, Missing: k.Missing, Unusable: k.Unusable, SignIn: k.SignIn, AsksAgain: k.AsksAgain,
		Server: k.Server, Facts: k.Facts,
		Tokens: platforms.Tokens{
			Access: platforms.NewSecret(k.Access), AccessExpires: k.AccessExpires,
			Refresh: platforms.NewSecret(k.Refresh), RefreshExpires: k.RefreshExpires,
		},
	}
}

// CreateChoice keeps what a sign-in showed, sealed, for half an hour.
func (db *DB) CreateChoice(ctx context.Context, s Scope, c Choice) (id string, err error) {
	id = NewID()
	var kept []keptAccount
	for _, a := range c.Accounts {
		kept = append(kept, keep(a))
	}
	plain, err := json.Marshal(kept)
	if err != nil {
		return "", fmt.Errorf("keep choice: %w", err)
	}
	sealed, err := db.keys.Seal(plain, "oauth_choices", id, "accounts")
	if err != nil {
		return "", err
	}
	return id, db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO oauth_choices (id, club_id, person_id, platform, practice, accounts, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			blob(id), s.ClubID, s.PersonID, c.Platform, c.Practice, sealed, ms(tx.now.Add(choiceLife)))
		if err != nil {
			return fmt.Errorf("keep choice: %w", err)
		}
		return nil
	})
}

// Choice opens what the scope's person was shown. club.ErrNotFound: it was
// another person or club, half an hour has passed, or the choice was made.
func (db *DB) Choice(ctx context.Context, s Scope, id string) (Choice, error) {
	return db.choice(ctx, db.read, s, id, db.now())
}

func (db *DB) choice(ctx context.Context, q querier, s Scope, id string, now time.Time) (Choice, error) {
	c := Choice{ID: id}
	var sealed []byte
	err := q.QueryRowContext(ctx, `
		SELECT platform, practice, accounts FROM oauth_choices WHERE id = ? AND club_id = ? AND person_id = ? AND expires_at > ?`,
		blob(id), s.ClubID, s.PersonID, ms(now)).Scan(&c.Platform, &c.Practice, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return c, club.ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("read choice: %w", err)
	}
	plain, err := db.keys.Open(sealed, "oauth_choices", id, "accounts")
	if err != nil {
		return c, fmt.Errorf("open choice: %w", err)
	}
	var kept []keptAccount
	if err := json.Unmarshal(plain, &kept); err != nil {
		return c, errors.New("open choice: what was sealed cannot be read")
	}
	for _, k := range kept {
		c.Accounts = append(c.Accounts, k.account())
	}
	return c, nil
}

// dropChoice forgets a choice that was made.
func (t *tx) dropChoice(ctx context.Context, id string) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM oauth_choices WHERE id = ?`, blob(id)); err != nil {
		return fmt.Errorf("forget choice: %w", err)
	}
	return nil
}

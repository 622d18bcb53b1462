// Package planning is the application layer of posts: it checks what people plan
// and carries out what they decide. Forms, imports, programs and the engine ask it
// the same questions. It knows no web, no words and no SQL: it answers with facts,
// findings and *club.Error, which others put into words.
package planning

import (
	"context"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// Desk is where posts are planned. Every field is needed.
type Desk struct {
	DB    *store.DB
	Media Media
	// Platforms gives the real platforms, or the make-believe ones of a club.
	Platforms func(clubID int64, practice bool) *platforms.Registry
	// Language is the one that posts are written in (BCP 47), as platforms are told.
	Language string
	Now      func() time.Time
}

// Media knows the pictures of clubs.
type Media interface {
	// Pictures reads what is known of these pictures of a club, at once.
	Pictures(ctx context.Context, clubID int64, ids []string) (Pictures, error)
}

// Pictures says what accounts are sent of pictures.
type Pictures interface {
	// Copy describes the copy that an account with these rules is sent of a picture;
	// false: the picture is not there.
	Copy(id string, rules platforms.ImageRules, fit platforms.Fit) (platforms.Media, bool)
}

// Measured is a library whose pictures are measured: no copy is made.
type Measured struct{ *media.Library }

// Pictures implements Media.
func (m Measured) Pictures(ctx context.Context, clubID int64, ids []string) (Pictures, error) {
	return m.Library.Pictures(ctx, clubID, ids)
}

// Actor is who plans: a person in a club.
type Actor struct {
	store.Scope
	Role     club.Role
	Zone     string // of the club
	Practice bool   // the club practises
	Origin   string // where the request comes from, for the audit log
}

// needs is nil if the actor may do an action.
func (a Actor) needs(action club.Action) error {
	if a.Role.Can(action) {
		return nil
	}
	return club.NotAllowed(action)
}

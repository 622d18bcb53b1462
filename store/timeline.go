package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// PostEvent is one line of a post's timeline.
type PostEvent struct {
	ID           int64
	DeliveryID   string // empty: of the post as a whole
	ConnectionID int64  // of that delivery
	PersonID     int64  // 0: Bandstand itself
	Person       string
	At           time.Time
	Note         club.Note
}

// Timeline lists what happened to a post of the scope's club, oldest first.
func (db *DB) Timeline(ctx context.Context, s Scope, postID int64) ([]PostEvent, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (PostEvent, error) {
		var e PostEvent
		err := scan(&e.ID, intoID(&e.DeliveryID), &e.ConnectionID, &e.PersonID, &e.Person, into(&e.At), &e.Note.Kind, intoJSON(&e.Note.Args))
		return e, err
	}, `
		SELECT e.id, e.delivery_id, coalesce(d.connection_id, 0), coalesce(e.person_id, 0), coalesce(p.name, ''), e.at, e.kind, e.args
		FROM post_events e JOIN posts t ON t.id = e.post_id
		LEFT JOIN deliveries d ON d.id = e.delivery_id
		LEFT JOIN people p ON p.id = e.person_id
		WHERE e.post_id = ? AND t.club_id = ? ORDER BY e.at, e.id LIMIT 1000`, postID, s.ClubID)
}

// postEvent is a line of a timeline that a transaction will write.
type postEvent struct {
	Post     int64             `json:"post"`
	Delivery string            `json:"delivery,omitempty"`
	Person   int64             `json:"person,omitempty"`
	Kind     string            `json:"kind"`
	Args     map[string]string `json:"args"`
}

// addEvent adds a line to a post's timeline when the transaction ends.
// deliveryID may be empty, personID 0.
func (t *tx) addEvent(postID int64, deliveryID string, personID int64, n club.Note) {
	if n.Args == nil {
		n.Args = map[string]string{}
	}
	t.events = append(t.events, postEvent{postID, deliveryID, personID, n.Kind, n.Args})
}

// writeEvents writes what addEvent gathered: all in one statement, for most
// changes concern every account of a post.
func (t *tx) writeEvents(ctx context.Context) error {
	if len(t.events) == 0 {
		return nil
	}
	_, err := t.ExecContext(ctx, `
		INSERT INTO post_events (post_id, delivery_id, person_id, at, kind, args)
		SELECT value ->> 'post', unhex(value ->> 'delivery'), value ->> 'person', ?, value ->> 'kind', value -> 'args'
		FROM json_each(?) ORDER BY key`, ms(t.now), jsonOf(t.events))
	if err != nil {
		return fmt.Errorf("add %d lines to timelines: %w", len(t.events), err)
	}
	return nil
}

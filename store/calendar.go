package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Bounds of what one page of the calendar reads.
const (
	maxCalendarPosts = 5000
	maxTrayPosts     = 30
)

// CalendarPost is a post as the calendar shows it.
type CalendarPost struct {
	ID         int64
	At         time.Time // zero: without a time
	Excerpt    string    // begin of the text, at most 90 characters
	AuthorID   int64
	CampaignID int64 // 0: none
	Practice   bool
	Version    int64
	Picture    string // id of the first picture, or empty
	Deliveries []CalendarDelivery
}

// CalendarDelivery is one account of a post and how the post and what follows it
// stand there.
type CalendarDelivery struct {
	ConnectionID int64
	Status       club.Status
}

// One letter more than cards show tells them that there is more.
const calendarColumns = `
	p.id, p.planned_at, substr(p.excerpt, 1, 91), p.author_id, coalesce(p.campaign_id, 0), p.practice, p.version,
	(SELECT m.media_id FROM post_media m WHERE m.post_id = p.id ORDER BY m.position LIMIT 1),
	(SELECT group_concat(d.connection_id || ':' || d.status) FROM deliveries d WHERE d.post_id = p.id AND d.phase <> 'after_part')`

const calendarQuery = `
	SELECT ` + calendarColumns + ` FROM posts p
	WHERE p.club_id = ?1 AND p.deleted_at IS NULL AND p.planned_at >= ? AND p.planned_at < ? AND ` + shownToClub + `
	ORDER BY p.planned_at, p.id LIMIT ?`

// CalendarPosts lists the posts of the club that are planned from (inclusive)
// to (exclusive), earliest first.
func (db *DB) CalendarPosts(ctx context.Context, s Scope, from, to time.Time) ([]CalendarPost, error) {
	posts, err := queryAll(ctx, db.read, scanCalendarPost, calendarQuery, s.ClubID, ms(from), ms(to), maxCalendarPosts)
	if err != nil {
		return nil, fmt.Errorf("list posts of the calendar: %w", err)
	}
	return posts, nil
}

// daysQuery is calendarQuery for several spans of time.
const daysQuery = `
	SELECT ` + calendarColumns + ` FROM json_each(?2) AS span CROSS JOIN posts p
	WHERE p.club_id = ?1 AND p.deleted_at IS NULL AND p.planned_at >= span.value ->> 0 AND p.planned_at < span.value ->> 1 AND ` + shownToClub + `
	ORDER BY p.planned_at, p.id LIMIT ?`

// Span is a time from (inclusive) to (exclusive).
type Span struct{ From, To time.Time }

// CalendarPostsIn is CalendarPosts for several spans of time.
func (db *DB) CalendarPostsIn(ctx context.Context, s Scope, spans []Span) ([]CalendarPost, error) {
	list := make([][2]int64, len(spans))
	for i, d := range spans {
		list[i] = [2]int64{d.From.UnixMilli(), d.To.UnixMilli()}
	}
	posts, err := queryAll(ctx, db.read, scanCalendarPost, daysQuery, s.ClubID, jsonOf(list), maxCalendarPosts)
	if err != nil {
		return nil, fmt.Errorf("list posts of days: %w", err)
	}
	return posts, nil
}

// NextPlanned is when the club's next post from a time on is planned; the zero
// time: there is none.
func (db *DB) NextPlanned(ctx context.Context, s Scope, from time.Time) (time.Time, error) {
	var at time.Time
	err := db.read.QueryRowContext(ctx, `
		SELECT p.planned_at FROM posts p
		WHERE p.club_id = ?1 AND p.deleted_at IS NULL AND p.planned_at >= ? AND `+shownToClub+` ORDER BY p.planned_at LIMIT 1`, s.ClubID, ms(from)).Scan(into(&at))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return at, fmt.Errorf("find the next post of the calendar: %w", err)
	}
	return at, nil
}

// trayQuery names its index: SQLite cannot tell it from posts_list, which would
// go through every post of the club.
const trayQuery = `
	SELECT ` + calendarColumns + ` FROM posts p INDEXED BY posts_tray
	WHERE p.club_id = ?1 AND p.deleted_at IS NULL AND p.planned_at IS NULL AND ` + shownToClub + `
	ORDER BY p.updated_at DESC, p.id DESC LIMIT ?`

// TrayPosts lists the posts of the club that have no time, last changed first.
func (db *DB) TrayPosts(ctx context.Context, s Scope) ([]CalendarPost, error) {
	posts, err := queryAll(ctx, db.read, scanCalendarPost, trayQuery, s.ClubID, maxTrayPosts)
	if err != nil {
		return nil, fmt.Errorf("list posts without a time: %w", err)
	}
	return posts, nil
}

func scanCalendarPost(scan func(...any) error) (CalendarPost, error) {
	var p CalendarPost
	var deliveries *string
	if err := scan(&p.ID, into(&p.At), &p.Excerpt, &p.AuthorID, &p.CampaignID, &p.Practice, &p.Version, intoID(&p.Picture), &deliveries); err != nil {
		return p, err
	}
	if deliveries == nil {
		return p, nil
	}
	p.Deliveries = make([]CalendarDelivery, 0, 1+strings.Count(*deliveries, ","))
	for one := range strings.SplitSeq(*deliveries, ",") {
		id, status, _ := strings.Cut(one, ":")
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return p, fmt.Errorf("delivery of post %d: %w", p.ID, err)
		}
		at := slices.IndexFunc(p.Deliveries, func(d CalendarDelivery) bool { return d.ConnectionID == n })
		if at >= 0 && club.Status(status) == club.Cancelled {
			continue // it says nothing of the other parts
		}
		if at >= 0 { // another part
			p.Deliveries[at].Status = club.PostStatus([]club.Status{p.Deliveries[at].Status, club.Status(status)})
			continue
		}
		p.Deliveries = append(p.Deliveries, CalendarDelivery{n, club.Status(status)})
	}
	return p, nil
}

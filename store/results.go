package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// ResultFilter chooses rows of the results page.
type ResultFilter struct {
	From, To   time.Time // published in [From, To)
	Connection int64     // 0: all
	Practice   bool      // of make-believe accounts
	Limit      int
}

// Result is one published delivery with its latest numbers. A number that the
// platform did not give is absent from Numbers.
type Result struct {
	PostID       int64
	Excerpt      string
	Picture      string // id of the post's first picture, or empty
	DeliveryID   string
	ConnectionID int64
	Platform     platforms.ID
	Account      string
	PublishedAt  time.Time
	RemoteURL    string
	TakenAt      time.Time // zero: no numbers yet
	Numbers      map[platforms.Number]int64
}

// Results lists what was published, newest first, each with its latest numbers:
// one query.
func (db *DB) Results(ctx context.Context, s Scope, f ResultFilter) ([]Result, error) {
	out, err := queryAll(ctx, db.read, scanResult, `
		SELECT `+resultColumns+`
		FROM deliveries d
		JOIN posts p ON p.id = d.post_id
		JOIN connections c ON c.id = d.connection_id
		LEFT JOIN post_snapshots n ON n.id = (SELECT id FROM post_snapshots WHERE delivery_id = d.id ORDER BY taken_at DESC LIMIT 1)
		WHERE d.club_id = ?1 AND d.published_at >= ?2 AND d.published_at < ?3 AND (?4 = 0 OR d.connection_id = ?4) AND c.practice = ?5 AND d.part = 0
		ORDER BY d.published_at DESC, d.id LIMIT ?6`,
		s.ClubID, ms(f.From), ms(f.To), f.Connection, f.Practice, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list results: %w", err)
	}
	return out, nil
}

const resultColumns = `d.post_id, p.excerpt, (SELECT m.media_id FROM post_media m WHERE m.post_id = p.id ORDER BY m.position LIMIT 1),
	d.id, d.connection_id, c.platform, c.name, d.published_at, d.remote_url,
	n.taken_at, n.likes, n.comments, n.shares, n.reach, n.impressions`

func scanResult(scan func(...any) error) (Result, error) {
	var r Result
	var likes, comments, shares, reach, impressions sql.NullInt64
	err := scan(&r.PostID, &r.Excerpt, intoID(&r.Picture), intoID(&r.DeliveryID), &r.ConnectionID, &r.Platform, &r.Account, into(&r.PublishedAt), &r.RemoteURL,
		into(&r.TakenAt), &likes, &comments, &shares, &reach, &impressions)
	if err != nil {
		return r, err
	}
	r.Numbers = map[platforms.Number]int64{}
	for n, v := range map[platforms.Number]sql.NullInt64{
		platforms.Likes: likes, platforms.Comments: comments, platforms.Shares: shares, platforms.Reach: reach, platforms.Impressions: impressions,
	} {
		if v.Valid {
			r.Numbers[n] = v.Int64
		}
	}
	return r, nil
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Post is what a person writes once. Lists leave Live, Pending and the note out.
type Post struct {
	ID         int64
	AuthorID   int64
	Author     string
	Practice   bool // for make-believe accounts
	Excerpt    string
	Note       string // between colleagues
	CampaignID int64  // 0: none
	Campaign   string
	Planned    club.Slot // zero: no place on the calendar
	Version    int64
	CreatedAt  time.Time
	UpdatedAt  time.Time
	UpdatedBy  string
	Picture    string // id of the first picture, or empty

	Live       Revision
	Pending    *Revision // changes to a post that is no draft any more, not yet taken over
	Deliveries []PostDelivery
}

// Revision is one state of what a post says.
type Revision struct {
	ID      int64
	Content club.Content
	By      string
	At      time.Time
}

// PostDelivery is one account of a post as pages show it.
type PostDelivery struct {
	Delivery
	Connection Connection
}

// Shown is the status that people see of the delivery.
func (d PostDelivery) Shown() club.Status { return club.Shown(d.Status, d.Connection.Usable()) }

// Shown is the status that people see of the post: like Status, but what is
// scheduled on an account that cannot be used needs attention.
func (p Post) Shown() club.Status {
	return p.statusBy(PostDelivery.Shown)
}

// statusBy derives a status for the post from those of its deliveries. A part that
// waits for the one before it does not count: that one says how the post is.
func (p Post) statusBy(of func(PostDelivery) club.Status) club.Status {
	all := make([]club.Status, 0, len(p.Deliveries))
	for _, d := range p.Deliveries {
		if d.Phase != club.AfterPart {
			all = append(all, of(d))
		}
	}
	return club.PostStatus(all)
}

// Status is what the deliveries of the post make of it: what can be done with it
// goes by this.
func (p Post) Status() club.Status {
	return p.statusBy(func(d PostDelivery) club.Status { return d.Status })
}

// Begun tells whether the post is more than a draft: then edits are kept apart
// until they are taken over.
func (p Post) Begun() bool {
	for _, d := range p.Deliveries {
		if d.Status != club.Draft && d.Status != club.Cancelled {
			return true
		}
	}
	return false
}

// Count is on how many accounts the post itself is in a status, and on how many it
// is to be.
func (p Post) Count(s club.Status) (n, of int) {
	for _, d := range p.Deliveries {
		if d.Part > 0 {
			continue
		}
		if d.Status == s {
			n++
		}
		if d.Status != club.Cancelled {
			of++
		}
	}
	return n, of
}

// Content is what an editor works on: the pending revision, or the live one.
func (p Post) Content() club.Content {
	if p.Pending != nil {
		return p.Pending.Content
	}
	return p.Live.Content
}

const postColumns = `p.id, p.author_id, a.name, p.practice, p.excerpt, p.note, coalesce(p.campaign_id, 0), coalesce(g.name, ''),
	p.planned_at, coalesce(p.planned_local, ''), coalesce(p.planned_zone, ''), p.version, p.created_at, p.updated_at, u.name,
	(SELECT m.media_id FROM post_media m WHERE m.post_id = p.id ORDER BY m.position LIMIT 1)`

const postTables = ` FROM posts p JOIN people a ON a.id = p.author_id JOIN people u ON u.id = p.updated_by
	LEFT JOIN campaigns g ON g.id = p.campaign_id `

func scanPost(scan func(...any) error) (Post, error) {
	var p Post
	err := scan(&p.ID, &p.AuthorID, &p.Author, &p.Practice, &p.Excerpt, &p.Note, &p.CampaignID, &p.Campaign,
		into(&p.Planned.At), &p.Planned.Local, &p.Planned.Zone, &p.Version, into(&p.CreatedAt), into(&p.UpdatedAt), &p.UpdatedBy,
		intoID(&p.Picture))
	if errors.Is(err, sql.ErrNoRows) {
		return p, club.ErrNotFound
	}
	return p, err
}

// Post reads one post of the scope's club with everything its page shows.
func (db *DB) Post(ctx context.Context, s Scope, id int64) (Post, error) {
	return readPost(ctx, db.read, s, id)
}

func readPost(ctx context.Context, q querier, s Scope, id int64) (Post, error) {
	p, err := queryOne(ctx, q, scanPost, `SELECT `+postColumns+postTables+`
		WHERE p.id = ? AND p.club_id = ? AND p.deleted_at IS NULL`, id, s.ClubID)
	if err != nil {
		return p, fmt.Errorf("read post %d: %w", id, err)
	}
	if err := p.readRevisions(ctx, q); err != nil {
		return p, err
	}
	all := []Post{p}
	err = readDeliveries(ctx, q, all)
	return all[0], err
}

func (p *Post) readRevisions(ctx context.Context, q querier) error {
	type row struct {
		Revision
		state string
	}
	all, err := queryAll(ctx, q, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.ID, &r.state, intoJSON(&r.Content), &r.By, into(&r.At))
		return r, err
	}, `
		SELECT r.id, r.state, r.content, u.name, r.created_at FROM revisions r JOIN people u ON u.id = r.created_by
		WHERE r.post_id = ? AND r.state IN ('live', 'pending')`, p.ID)
	if err != nil {
		return fmt.Errorf("read texts of post %d: %w", p.ID, err)
	}
	for _, r := range all {
		if r.state == "live" {
			p.Live = r.Revision
			continue
		}
		p.Pending = &r.Revision
	}
	return nil
}

// readDeliveries fills in the deliveries of posts with one query, in the order
// in which the accounts were connected.
func readDeliveries(ctx context.Context, q querier, posts []Post) error {
	at := make(map[int64]int, len(posts))
	ids := make([]int64, len(posts))
	for i, p := range posts {
		at[p.ID], ids[i] = i, p.ID
	}
	all, err := queryAll(ctx, q, func(scan func(...any) error) (PostDelivery, error) {
		var d PostDelivery
		err := scan(append(d.Delivery.fields(), d.Connection.fields()...)...)
		return d, err
	}, `
		SELECT `+deliveryColumns+`, `+connectionColumns+`
		FROM deliveries d JOIN connections c ON c.id = d.connection_id
		WHERE d.post_id IN (SELECT value FROM json_each(?)) ORDER BY d.post_id, c.id, d.part`, jsonOf(ids))
	if err != nil {
		return fmt.Errorf("read deliveries: %w", err)
	}
	for _, d := range all {
		p := &posts[at[d.PostID]]
		p.Deliveries = append(p.Deliveries, d)
	}
	return nil
}

// PostGroup is a part of the list of posts.
type PostGroup string

// The parts of the list. A post can be in several: published on one account
// and failed on another.
const (
	AllPosts       PostGroup = ""
	DraftPosts     PostGroup = "draft"
	ScheduledPosts PostGroup = "scheduled" // or publishing
	PublishedPosts PostGroup = "published"
	TroubledPosts  PostGroup = "attention" // failed, needs attention, or waits for a broken account
	PutAwayPosts   PostGroup = "practice"  // made while a live club practised; in no other part
)

// PostGroups lists the parts that every club has, in the order of the screen.
var PostGroups = []PostGroup{AllPosts, DraftPosts, ScheduledPosts, PublishedPosts, TroubledPosts}

// groupConditions choose the posts of a part; ?1 is the club. What few posts
// are is read from an index of its own, so that years of published posts need
// not be gone through for it.
var groupConditions = map[PostGroup]string{
	DraftPosts:     `NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.post_id = p.id AND d.status NOT IN ('DRAFT', 'CANCELLED'))`,
	ScheduledPosts: `p.id IN (SELECT post_id FROM deliveries WHERE club_id = ?1 AND status IN ('SCHEDULED', 'PUBLISHING'))`,
	PublishedPosts: `EXISTS (SELECT 1 FROM deliveries d WHERE d.post_id = p.id AND d.status = 'PUBLISHED')`,
	TroubledPosts: `(p.id IN (SELECT post_id FROM deliveries WHERE club_id = ?1 AND status IN ('FAILED', 'NEEDS_ATTENTION'))
		OR p.id IN (SELECT d.post_id FROM deliveries d JOIN connections n ON n.id = d.connection_id
			WHERE d.club_id = ?1 AND d.status IN ('SCHEDULED', 'PUBLISHING') AND d.status = 'SCHEDULED' AND n.health NOT IN ('working', 'gaps')))`,
}

// PostFilter says which posts a list shows.
type PostFilter struct {
	Group  PostGroup
	Text   string // found in the text, whatever the case
	Limit  int
	Offset int
}

// Posts lists posts of the scope's club, the last changed first.
func (db *DB) Posts(ctx context.Context, s Scope, f PostFilter) ([]Post, error) {
	where := []string{`p.club_id = ?1`, `p.deleted_at IS NULL`, shownToClub}
	if f.Group == PutAwayPosts {
		where[2] = putAway
	}
	args := []any{s.ClubID}
	if c := groupConditions[f.Group]; c != "" {
		where = append(where, c)
	}
	if f.Text != "" {
		where = append(where, `EXISTS (SELECT 1 FROM revisions r WHERE r.post_id = p.id AND r.state = 'live'
			AND r.content ->> '$.text' LIKE ? ESCAPE '\')`)
		args = append(args, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Text)+"%")
	}
	posts, err := queryAll(ctx, db.read, scanPost, `SELECT `+postColumns+postTables+`
		WHERE `+strings.Join(where, " AND ")+` ORDER BY p.updated_at DESC, p.id DESC LIMIT ? OFFSET ?`,
		append(args, f.Limit, f.Offset)...)
	if err != nil {
		return nil, fmt.Errorf("list posts: %w", err)
	}
	return posts, readDeliveries(ctx, db.read, posts)
}

// earlierTexts is what a post said before: the latest 50 texts that differ from
// what it says now, each once.
const earlierTexts = `
	FROM revisions r JOIN people u ON u.id = r.created_by JOIN posts p ON p.id = r.post_id
	WHERE r.id IN (SELECT max(id) FROM revisions WHERE post_id = ?1 AND state = 'earlier' GROUP BY content ->> 'text')
		AND p.club_id = ?2 AND p.deleted_at IS NULL
		AND r.content ->> 'text' <> (SELECT content ->> 'text' FROM revisions WHERE post_id = ?1 AND state = 'live')
	ORDER BY r.created_at DESC, r.id DESC LIMIT 50`

// CountEarlierTexts counts what EarlierTexts lists.
func (db *DB) CountEarlierTexts(ctx context.Context, s Scope, id int64) (n int, err error) {
	err = db.read.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT r.id `+earlierTexts+`)`, id, s.ClubID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count earlier texts of post %d: %w", id, err)
	}
	return n, nil
}

// EarlierTexts lists what a post said before, newest first.
func (db *DB) EarlierTexts(ctx context.Context, s Scope, id int64) ([]Revision, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (Revision, error) {
		var r Revision
		err := scan(&r.ID, intoJSON(&r.Content), &r.By, into(&r.At))
		return r, err
	}, `SELECT r.id, r.content, u.name, r.created_at `+earlierTexts, id, s.ClubID)
}

package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Near is where a post that is being planned would stand: what it says on an
// account, and when.
type Near struct {
	PostID       int64 // 0: it is not stored yet
	ConnectionID int64
	Mark         []byte    // club.TextMark; nil: it has no text
	At           time.Time // zero: nobody has said when

	anyText bool // posts of any text count
}

// Repeat is another post on an account that is near a post being planned.
type Repeat struct {
	ConnectionID int64
	PostID       int64
	At           time.Time // when it goes or went out
	Out          bool      // it is public
	Same         bool      // it says the same; otherwise it is only close in time
}

// maxRepeats is how many posts Repeats looks at.
const maxRepeats = 10_000

// Repeats finds, for each of the planned posts, the posts of the scope's club that
// say the same within club.RepeatWithin of its time, and those of any text within
// club.CloseWithin, the nearest first. Where nobody has said when, only what says
// the same about now is found. However many are planned, it is one query.
func (db *DB) Repeats(ctx context.Context, s Scope, planned []Near) ([][]Repeat, error) {
	if len(planned) == 0 {
		return nil, nil
	}
	a := areaOf(planned, db.now())
	found, err := queryAll(ctx, db.read, func(scan func(...any) error) (r foundRepeat, err error) {
		err = scan(&r.ConnectionID, &r.PostID, into(&r.At), &r.Out, &r.mark)
		return r, err
	}, `
		SELECT d.connection_id, d.post_id, coalesce(d.published_at, d.due_at) AS at, d.status = 'PUBLISHED', m.mark
		FROM text_marks m
		CROSS JOIN deliveries d ON d.post_id = m.post_id AND d.connection_id = m.connection_id AND d.part = 0
		CROSS JOIN posts p ON p.id = d.post_id
		WHERE m.connection_id IN (SELECT value FROM json_each(?1)) AND m.mark IN (SELECT unhex(value) FROM json_each(?2))
		  AND d.club_id = ?3 AND p.deleted_at IS NULL
		  AND d.status IN ('SCHEDULED', 'PUBLISHING', 'PUBLISHED', 'NEEDS_ATTENTION') AND at BETWEEN ?4 AND ?5
		UNION ALL
		SELECT d.connection_id, d.post_id, d.due_at, 0, NULL
		FROM json_each(?1) c
		CROSS JOIN deliveries d ON d.connection_id = c.value AND d.status IN ('SCHEDULED', 'PUBLISHING') AND d.part = 0
		WHERE d.club_id = ?3 AND d.due_at BETWEEN ?6 AND ?7
		UNION ALL
		SELECT d.connection_id, d.post_id, d.published_at, 1, NULL
		FROM deliveries d CROSS JOIN posts p ON p.id = d.post_id
		WHERE d.club_id = ?3 AND d.published_at BETWEEN ?6 AND ?7 AND p.deleted_at IS NULL AND d.part = 0
		  AND d.connection_id IN (SELECT c.value FROM json_each(?1) c)
		LIMIT ?8`,
		jsonOf(distinct(a.accounts)), jsonOf(distinct(a.marks)), s.ClubID, ms(a.same.From), ms(a.same.To), ms(a.close.From), ms(a.close.To), maxRepeats)
	if err != nil {
		return nil, fmt.Errorf("look for the same text: %w", err)
	}
	return nearest(a.planned, found), nil
}

// area is where to look for posts that are near to planned ones.
type area struct {
	planned     []Near // each with a time
	accounts    []int64
	marks       []string // in hex
	same, close Span     // when posts that say the same count, and posts of any text
}

func areaOf(planned []Near, now time.Time) area {
	a := area{planned: slices.Clone(planned), accounts: make([]int64, 0, len(planned)), close: Span{From: now, To: now.Add(-time.Hour)}} // close: never
	reach := func(s *Span, at time.Time, within time.Duration, first bool) {
		if from := at.Add(-within); first || from.Before(s.From) {
			s.From = from
		}
		if to := at.Add(within); first || to.After(s.To) {
			s.To = to
		}
	}
	timed := false
	for i := range a.planned {
		n := &a.planned[i]
		a.accounts = append(a.accounts, n.ConnectionID)
		if i == 0 || !bytes.Equal(n.Mark, planned[i-1].Mark) { // accounts of one post mostly say the same
			a.marks = append(a.marks, hex.EncodeToString(n.Mark))
		}
		if n.At.IsZero() {
			n.At = now
		} else {
			n.anyText = true
			reach(&a.close, n.At, club.CloseWithin, !timed)
			timed = true
		}
		reach(&a.same, n.At, club.RepeatWithin, i == 0)
	}
	return a
}

// foundRepeat is a post that may be near to a planned one. It has a mark if it was
// found by what it says.
type foundRepeat struct {
	Repeat
	mark []byte
}

// distinct is a list without what it holds twice.
func distinct[T cmp.Ordered](list []T) []T {
	slices.Sort(list)
	return slices.Compact(list)
}

// nearest gives each planned post what is near to it.
func nearest(planned []Near, found []foundRepeat) [][]Repeat {
	type place struct {
		account int64
		mark    string // empty: of any text
	}
	at := map[place][]Repeat{}
	for _, f := range found {
		f.Same = f.mark != nil
		p := place{f.ConnectionID, string(f.mark)}
		at[p] = append(at[p], f.Repeat)
	}
	byTime := func(a, b Repeat) int { return a.At.Compare(b.At) }
	for _, list := range at {
		slices.SortStableFunc(list, byTime)
	}
	out := make([][]Repeat, len(planned))
	for i, n := range planned {
		pick := func(p place, within time.Duration) {
			list := at[p]
			from, _ := slices.BinarySearchFunc(list, Repeat{At: n.At.Add(-within)}, byTime)
			for _, r := range list[from:] {
				if r.At.After(n.At.Add(within)) {
					break
				}
				if r.PostID != n.PostID {
					out[i] = append(out[i], r)
				}
			}
		}
		if n.Mark != nil {
			pick(place{n.ConnectionID, string(n.Mark)}, club.RepeatWithin)
		}
		if n.anyText {
			pick(place{account: n.ConnectionID}, club.CloseWithin)
		}
		slices.SortStableFunc(out[i], func(a, b Repeat) int {
			return cmp.Compare(a.At.Sub(n.At).Abs(), b.At.Sub(n.At).Abs())
		})
	}
	return out
}

// markTexts keeps what the live revision of a post says on each account. What is
// public stays marked as it went out.
func (t *tx) markTexts(ctx context.Context, post int64) error {
	var raw string
	if err := t.QueryRowContext(ctx, `SELECT content FROM revisions WHERE post_id = ? AND state = 'live'`, post).Scan(&raw); err != nil {
		return fmt.Errorf("read text of post %d: %w", post, err)
	}
	var content club.Content
	if err := json.Unmarshal([]byte(raw), &content); err != nil {
		return fmt.Errorf("read text of post %d: %w", post, err)
	}
	public, err := queryAll(ctx, t, scanValue[int64], `SELECT connection_id FROM deliveries WHERE post_id = ? AND status = 'PUBLISHED' AND part = 0`, post)
	if err != nil {
		return fmt.Errorf("list public accounts of post %d: %w", post, err)
	}
	_, err = t.ExecContext(ctx, `DELETE FROM text_marks WHERE post_id = ? AND connection_id NOT IN (SELECT value FROM json_each(?))`, post, jsonOf(orEmpty(public)))
	if err != nil {
		return fmt.Errorf("mark text of post %d: %w", post, err)
	}
	for _, id := range content.Accounts {
		mark := club.TextMark(content.TextFor(id), content.Link)
		if mark == nil || slices.Contains(public, id) {
			continue
		}
		_, err := t.ExecContext(ctx, `INSERT INTO text_marks (connection_id, mark, post_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, id, mark, post)
		if err != nil {
			return fmt.Errorf("mark text of post %d: %w", post, err)
		}
	}
	return nil
}

package store

import (
	"context"
	"fmt"
	"strconv"

	"github.com/bandstand-app/bandstand/internal/club"
)

// What a club made while it practised is put away once it is live: it is on no
// page but the one that shows it. A club that practises sees everything, because
// its real posts still go out. ?1 is the club.
const (
	shownToClub = `p.practice <= (SELECT practice FROM clubs WHERE id = ?1)`
	putAway     = `p.practice > (SELECT practice FROM clubs WHERE id = ?1)`
)

// PutAway counts the posts of the scope's club that are put away.
func (db *DB) PutAway(ctx context.Context, s Scope) (int, error) {
	var n int
	err := db.read.QueryRowContext(ctx, `
		SELECT count(*) FROM posts p INDEXED BY posts_practice WHERE p.club_id = ?1 AND p.practice = 1 AND p.deleted_at IS NULL AND `+putAway, s.ClubID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count posts that are put away: %w", err)
	}
	return n, nil
}

// PracticePosts counts the posts that the scope's club made while it practised: those
// that are put away when it goes live.
func (db *DB) PracticePosts(ctx context.Context, s Scope) (int, error) {
	var n int
	err := db.read.QueryRowContext(ctx, `
		SELECT count(*) FROM posts p INDEXED BY posts_practice WHERE p.club_id = ? AND p.practice = 1 AND p.deleted_at IS NULL`, s.ClubID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count practice posts: %w", err)
	}
	return n, nil
}

// keepableMax is how many posts a club that goes live is asked about at most.
const keepableMax = 200

// Keepable lists the practice posts of the scope's club of which nothing is out,
// the last changed first: those that can be kept when the club goes live.
func (db *DB) Keepable(ctx context.Context, s Scope) ([]Post, error) {
	posts, err := queryAll(ctx, db.read, scanPost, `SELECT `+postColumns+postTables+`
		WHERE p.club_id = ?1 AND p.practice = 1 AND p.deleted_at IS NULL AND NOT EXISTS (
			SELECT 1 FROM deliveries d WHERE d.post_id = p.id AND d.status NOT IN ('DRAFT', 'SCHEDULED', 'CANCELLED'))
		ORDER BY p.updated_at DESC, p.id DESC LIMIT ?`, s.ClubID, keepableMax)
	if err != nil {
		return nil, fmt.Errorf("list practice posts to keep: %w", err)
	}
	return posts, readDeliveries(ctx, db.read, posts)
}

// GoLive ends practice mode of the scope's club. Its practice posts are put away;
// of those in keep the club gets a draft with the same words, pictures and time,
// for accounts that are still to be connected. The number of drafts is returned.
// A request that comes again makes none.
func (db *DB) GoLive(ctx context.Context, s Scope, keep []int64, origin string) (int, error) {
	kept := 0
	err := db.inTx(ctx, func(tx *tx) error {
		var practice bool
		if err := tx.QueryRowContext(ctx, `SELECT practice FROM clubs WHERE id = ?`, s.ClubID).Scan(&practice); err != nil {
			return fmt.Errorf("read the mode of club %d: %w", s.ClubID, err)
		}
		if !practice {
			return nil
		}
		if err := tx.setPractice(ctx, s, false, origin); err != nil {
			return err
		}
		for _, id := range keep {
			switch did, err := tx.keep(ctx, s, id); {
			case err != nil:
				return err
			case did:
				kept++
			}
		}
		return nil
	})
	return kept, err
}

// keep makes a draft of the live club from a practice post. Texts that were
// written for single accounts are put under the text for all: their accounts
// stay behind, their words do not. It reports whether there was anything to keep.
func (t *tx) keep(ctx context.Context, s Scope, id int64) (bool, error) {
	was, err := readPost(ctx, t, s, id)
	if club.CodeOf(err) == club.NotFound || err == nil && !was.Practice {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	saved, err := t.savePost(ctx, s, PostChange{
		Content: was.Content().WithoutAccounts(), Note: was.Note, Campaign: was.CampaignID, Slot: was.Planned,
	})
	if err != nil {
		return false, err
	}
	if _, err := t.ExecContext(ctx, `UPDATE posts SET author_id = ? WHERE id = ?`, was.AuthorID, saved.ID); err != nil {
		return false, fmt.Errorf("name the author of post %d: %w", saved.ID, err)
	}
	t.addEvent(saved.ID, "", s.PersonID, club.Note{Kind: NoteKept, Args: map[string]string{"post": strconv.FormatInt(id, 10)}})
	return true, nil
}

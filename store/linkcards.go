package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// deadCardLife is how long an address that could not be read is remembered.
const deadCardLife = 24 * time.Hour

const linkCardColumns = `url, state, title, description, media_id, read_at`

func scanLinkCard(scan func(...any) error) (club.LinkCard, error) {
	var c club.LinkCard
	err := scan(&c.URL, &c.State, &c.Title, &c.Description, intoID(&c.MediaID), into(&c.ReadAt))
	return c, err
}

// LinkCards reads the cards of a club's addresses, by address. Those that
// nobody asked for yet are left out.
func (db *DB) LinkCards(ctx context.Context, clubID int64, urls []string) (map[string]club.LinkCard, error) {
	cards, err := queryAll(ctx, db.read, scanLinkCard,
		`SELECT `+linkCardColumns+` FROM link_cards WHERE club_id = ? AND url IN (SELECT value FROM json_each(?))`, clubID, jsonOf(orEmpty(urls)))
	if err != nil {
		return nil, fmt.Errorf("read link cards: %w", err)
	}
	out := make(map[string]club.LinkCard, len(cards))
	for _, c := range cards {
		out[c.URL] = c
	}
	return out, nil
}

// StartLinkCard notes that a page is being read. A card that is ready stays so
// meanwhile.
func (db *DB) StartLinkCard(ctx context.Context, clubID int64, url string) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO link_cards (club_id, url, state, read_at) VALUES (?, ?, 'reading', ?)
			ON CONFLICT (club_id, url) DO UPDATE SET
				state = iif(state = 'ready', 'ready', 'reading'), read_at = excluded.read_at`, clubID, url, ms(tx.now))
		if err != nil {
			return fmt.Errorf("begin link card: %w", err)
		}
		// Half-typed addresses leave rows that nobody looks at again.
		_, err = tx.ExecContext(ctx, `DELETE FROM link_cards WHERE club_id = ? AND state <> 'ready' AND read_at < ?`, clubID, ms(tx.now.Add(-deadCardLife)))
		if err != nil {
			return fmt.Errorf("drop dead link cards: %w", err)
		}
		return nil
	})
}

// FinishLinkCard keeps what was read. A page that could be read before and now
// cannot keeps its card. The picture must be the club's.
func (db *DB) FinishLinkCard(ctx context.Context, clubID int64, c club.LinkCard) error {
	return db.inTx(ctx, func(tx *tx) error {
		if c.State != club.CardReady {
			_, err := tx.ExecContext(ctx, `UPDATE link_cards SET state = ?, read_at = ? WHERE club_id = ? AND url = ? AND state <> 'ready'`,
				c.State, ms(tx.now), clubID, c.URL)
			if err != nil {
				return fmt.Errorf("end link card: %w", err)
			}
			return tx.touch(ctx, clubID)
		}
		var picture []byte
		err := tx.QueryRowContext(ctx, `SELECT id FROM media WHERE id = unhex(?) AND club_id = ?`, c.MediaID, clubID).Scan(&picture)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look for picture of link card: %w", err)
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE link_cards SET state = 'ready', title = ?, description = ?, media_id = ?, read_at = ? WHERE club_id = ? AND url = ?`,
			c.Title, c.Description, picture, ms(tx.now), clubID, c.URL)
		if err != nil {
			return fmt.Errorf("keep link card: %w", err)
		}
		return tx.touch(ctx, clubID)
	})
}

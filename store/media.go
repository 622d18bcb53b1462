package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/bandstand-app/bandstand/internal/club"
)

// CreateMedia keeps a picture of m.ClubID. The file is stored already.
func (db *DB) CreateMedia(ctx context.Context, m club.Media) (club.Media, error) {
	id, err := mediaID(m.ID)
	if err != nil {
		return m, err
	}
	err = db.inTx(ctx, func(tx *tx) error {
		m.CreatedAt = tx.now
		_, err := tx.ExecContext(ctx, `
			INSERT INTO media (id, club_id, name, type, width, height, bytes, sha256, alt, moving, created_by, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			id, m.ClubID, m.Name, m.Type, m.Width, m.Height, m.Bytes, m.SHA256, m.Alt, m.Moving, m.CreatedBy, ms(m.CreatedAt))
		if err != nil {
			return fmt.Errorf("add picture: %w", err)
		}
		return nil
	})
	return m, err
}

const mediaColumns = `id, club_id, name, type, width, height, bytes, sha256, alt, moving, created_by, created_at`

func scanMedia(scan func(...any) error) (club.Media, error) {
	var m club.Media
	var id []byte
	err := scan(&id, &m.ClubID, &m.Name, &m.Type, &m.Width, &m.Height, &m.Bytes, &m.SHA256, &m.Alt, &m.Moving, &m.CreatedBy, into(&m.CreatedAt))
	if errors.Is(err, sql.ErrNoRows) {
		return m, club.ErrNotFound
	}
	m.ID = hex.EncodeToString(id)
	return m, err
}

// Media reads pictures of a club in the order of ids. What is not there, or
// another club's, is left out.
func (db *DB) Media(ctx context.Context, clubID int64, ids []string) ([]club.Media, error) {
	ids = mediaIDs(ids)
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := queryAll(ctx, db.read, scanMedia,
		`SELECT `+mediaColumns+` FROM media WHERE id IN (SELECT unhex(value) FROM json_each(?)) AND +club_id = ?`, jsonOf(ids), clubID)
	if err != nil {
		return nil, fmt.Errorf("read pictures: %w", err)
	}
	byID := make(map[string]club.Media, len(found))
	for _, m := range found {
		byID[m.ID] = m
	}
	var out []club.Media
	for _, id := range ids {
		if m, ok := byID[id]; ok {
			out = append(out, m)
		}
	}
	return out, nil
}

// MediaOfAnyClub reads one picture whose club is not known: for addresses that
// are signed.
func (db *DB) MediaOfAnyClub(ctx context.Context, id string) (club.Media, error) {
	b, err := mediaID(id)
	if err != nil {
		return club.Media{}, err
	}
	return queryOne(ctx, db.read, scanMedia, `SELECT `+mediaColumns+` FROM media WHERE id = ?`, b)
}

// SetMediaAlt keeps the description that the picture begins with in a post.
func (db *DB) SetMediaAlt(ctx context.Context, s Scope, id, alt string) error {
	b, err := mediaID(id)
	if err != nil {
		return err
	}
	return db.inTx(ctx, func(tx *tx) error {
		return mustChange(tx.ExecContext(ctx, `UPDATE media SET alt = ? WHERE id = ? AND club_id = ?`, alt, b, s.ClubID))
	})
}

// DeleteMedia forgets a picture of a club that no post uses. Its files are
// removed by package media.
func (db *DB) DeleteMedia(ctx context.Context, clubID int64, id string) error {
	b, err := mediaID(id)
	if err != nil {
		return err
	}
	return db.inTx(ctx, func(tx *tx) error {
		var used int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM post_media WHERE media_id = ?`, b).Scan(&used); err != nil {
			return fmt.Errorf("look for posts with the picture: %w", err)
		}
		if used > 0 {
			return &club.Error{Code: club.Conflict, Field: "media", Key: "media_in_use"}
		}
		return mustChange(tx.ExecContext(ctx, `DELETE FROM media WHERE id = ? AND club_id = ?`, b, clubID))
	})
}

// KnownMedia tells which of the ids are pictures of any club.
func (db *DB) KnownMedia(ctx context.Context, ids []string) (map[string]bool, error) {
	ids = mediaIDs(ids)
	known := make(map[string]bool, len(ids))
	if len(ids) == 0 {
		return known, nil
	}
	found, err := queryAll(ctx, db.read, func(scan func(...any) error) (string, error) {
		var id []byte
		err := scan(&id)
		return hex.EncodeToString(id), err
	}, `SELECT id FROM media WHERE id IN (SELECT unhex(value) FROM json_each(?))`, jsonOf(ids))
	if err != nil {
		return nil, fmt.Errorf("look for pictures: %w", err)
	}
	for _, id := range found {
		known[id] = true
	}
	return known, nil
}

// Renditions lists the copies that exist of the pictures.
func (db *DB) Renditions(ctx context.Context, ids []string) ([]club.Rendition, error) {
	ids = mediaIDs(ids)
	if len(ids) == 0 {
		return nil, nil
	}
	return queryAll(ctx, db.read, func(scan func(...any) error) (club.Rendition, error) {
		var r club.Rendition
		var id []byte
		err := scan(&id, &r.Spec, &r.Type, &r.Width, &r.Height, &r.Bytes)
		r.MediaID = hex.EncodeToString(id)
		return r, err
	}, `SELECT media_id, spec, type, width, height, bytes FROM renditions WHERE media_id IN (SELECT unhex(value) FROM json_each(?))`, jsonOf(ids))
}

// CreateRendition keeps that a copy exists; a copy made again replaces the row.
func (db *DB) CreateRendition(ctx context.Context, r club.Rendition) error {
	id, err := mediaID(r.MediaID)
	if err != nil {
		return err
	}
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO renditions (media_id, spec, type, width, height, bytes) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (media_id, spec) DO UPDATE SET type = excluded.type, width = excluded.width, height = excluded.height, bytes = excluded.bytes`,
			id, r.Spec, r.Type, r.Width, r.Height, r.Bytes)
		if err != nil {
			return fmt.Errorf("add copy of picture: %w", err)
		}
		return nil
	})
}

// mediaID reads an id as written in addresses; what is none is not there.
func mediaID(id string) ([]byte, error) {
	b, err := hex.DecodeString(id)
	if err != nil || len(b) != 16 {
		return nil, club.ErrNotFound
	}
	return b, nil
}

// mediaIDs leaves out what is no id.
func mediaIDs(ids []string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if _, err := mediaID(id); err == nil {
			out = append(out, id)
		}
	}
	return out
}

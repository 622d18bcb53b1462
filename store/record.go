package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// RecordQuery chooses lines of the record. Zero fields choose all.
type RecordQuery struct {
	PersonID int64
	Actions  []string
	// Before are the time and number of the last line seen: older ones follow it.
	BeforeAt time.Time
	BeforeID int64
	Limit    int
}

// RecordLine is a line of the record with the names of what it is about, as they
// are now.
type RecordLine struct {
	AuditEntry
	PostID  int64  // 0: it is not about a post that is still there
	Excerpt string // of that post
	Account string // name of the account it is about; "" if none
}

// Admins of a club see the lines of the club; of sign-ins, which belong to no
// club, those of its members since they joined; and those of people who never
// said who they are. ?1 is the club, ?2 the person, ?3 the actions as JSON, ?4
// and ?5 where to go on, ?6 how many.
const (
	recordChosen = ` AND (?2 = 0 OR a.person_id = ?2) AND (?3 = '[]' OR a.action IN (SELECT value FROM json_each(?3)))
		AND (?5 = 0 OR (a.at, a.id) < (?4, ?5)) ORDER BY a.at DESC, a.id DESC LIMIT ?6`
	recordOfClub   = `SELECT a.* FROM audit a WHERE a.club_id = ?1` + recordChosen
	recordOfNoClub = `SELECT a.* FROM audit a WHERE a.club_id IS NULL AND (a.person_id IS NULL
		OR EXISTS (SELECT 1 FROM members m WHERE m.club_id = ?1 AND m.person_id = a.person_id AND m.joined_at <= a.at))` + recordChosen
)

// Record lists lines of the record for admins of the scope's club, newest first.
func (db *DB) Record(ctx context.Context, s Scope, q RecordQuery) ([]RecordLine, error) {
	actions, err := json.Marshal(orEmpty(q.Actions))
	if err != nil {
		return nil, fmt.Errorf("name actions: %w", err)
	}
	all, err := queryAll(ctx, db.read, func(scan func(...any) error) (RecordLine, error) {
		var l RecordLine
		err := scan(&l.ID, &l.PersonID, &l.PersonName, into(&l.At), &l.Action, &l.Object, &l.Origin, &l.PostID, &l.Excerpt, &l.Account)
		return l, err
	}, `
		SELECT a.id, coalesce(a.person_id, 0), coalesce(p.name, ''), a.at, a.action, a.object, a.origin,
			coalesce(o.id, 0), coalesce(o.excerpt, ''),
			coalesce((SELECT c.name FROM connections c WHERE c.club_id = a.club_id AND a.action GLOB 'account_*' AND `+accountInRecord+` = a.object LIMIT 1), '')
		FROM (SELECT * FROM (`+recordOfClub+`) UNION ALL SELECT * FROM (`+recordOfNoClub+`)) a
			LEFT JOIN people p ON p.id = a.person_id
			LEFT JOIN posts o ON a.action GLOB 'post_*' AND o.id = CAST(a.object AS INTEGER) AND o.club_id = a.club_id AND o.deleted_at IS NULL
		ORDER BY a.at DESC, a.id DESC LIMIT ?6`,
		s.ClubID, q.PersonID, string(actions), ms(q.BeforeAt), q.BeforeID, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("read the record: %w", err)
	}
	return all, nil
}

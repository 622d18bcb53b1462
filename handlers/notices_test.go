package handlers

import (
	"net/http"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

func TestNoticesAreReadByTheirPersonAlone(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	account := s.account("tiny", true, club.NeedsReconnect)
	for i, r := range []club.Role{club.Admin, club.Writer} {
		_, err := s.db.Writer().ExecContext(t.Context(), `INSERT INTO notices (club_id, person_id, kind, key, args, connection_id, created_at) VALUES (?, ?, 'reconnect', ?, '{"code":"auth_revoked"}', ?, ?)`,
			s.club.ID, s.persons[r].ID, i, account, s.clock.Now().UnixMilli())
		if err != nil {
			t.Fatal(err)
		}
	}
	admin, writer := s.as(club.Admin), s.as(club.Writer)
	admin.get("/notices").want(http.StatusOK).says("needs reconnecting", "New")
	admin.post("/notices/read", nil).to("/notices")
	admin.get("/notices").saysNot("Mark all as read")
	writer.get("/notices").says("Mark all as read")
	s.as(club.Viewer).get("/notices").says("Nothing wants your attention")
}

func TestNoticeIsReadByOpeningIt(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	tiny, wide := s.account("tiny", true, club.Working), s.account("wide", true, club.Working)
	s.trouble(club.Failed, club.Refused, "duplicate", `{}`, tiny, wide)
	_, err := s.db.Writer().ExecContext(t.Context(), `
		INSERT INTO notices (club_id, person_id, kind, key, args, post_id, connection_id, created_at)
		SELECT d.club_id, ?, 'failed', 'failed:' || d.connection_id, '{"code":"duplicate"}', d.post_id, d.connection_id, 0 FROM deliveries d ORDER BY d.connection_id`,
		s.persons[club.Admin].ID)
	if err != nil {
		t.Fatal(err)
	}
	b := s.as(club.Admin)
	page := b.get("/notices").want(http.StatusOK).says("A post was not published on Riverside FC (Tiny) and Riverside FC (Wide).", "New")
	forms := page.doc().Find(".notice form")
	if forms.Length() != 1 {
		t.Fatalf("one post has %d lines in the bell", forms.Length())
	}
	b.post(forms.AttrOr("action", ""), nil).to("/posts/1")
	b.get("/notices").says("A post was not published").saysNot("Mark all as read")
	s.as(club.Writer).post(forms.AttrOr("action", ""), nil).want(http.StatusNotFound)
}

package handlers

import (
	"net/http"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

func TestNoticesAreReadByTheirPersonAlone(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for i, r := range []club.Role{club.Admin, club.Writer} {
		_, err := s.db.Writer().ExecContext(t.Context(), `INSERT INTO notices (club_id, person_id, kind, key, args, created_at) VALUES (?, ?, 'reconnect', ?, '{"code":"auth_revoked"}', ?)`,
			s.club.ID, s.persons[r].ID, i, s.clock.Now().UnixMilli())
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

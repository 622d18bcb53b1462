package handlers

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// TestDamagedDatabaseIsSaid: a page of the database is spoilt while the program
// runs. Whoever meets it is told what it is, everybody sees it on every page from
// then on, and an admin reads what to do, although not all of that page can be read.
func TestDamagedDatabaseIsSaid(t *testing.T) {
	t.Parallel()
	var s *scene
	s = newScene(t, func(c *Config) {
		c.Health = func() web.Health {
			h := web.Health{LastTick: time.Unix(1, 0), LastClaim: time.Unix(1, 0)}
			if s != nil {
				h.Damage = s.db.Damage()
			}
			return h
		}
	})
	s.schedule("Match day", "2026-11-24T18:30", s.connect("x", "riversidefc"))
	maeve := s.as(club.Admin)
	maeve.get("/calendar").want(http.StatusOK).saysNot("damaged")
	if err := s.db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	var path string
	var page int64
	err := s.db.Reader().QueryRowContext(t.Context(), `
		SELECT file, (SELECT rootpage FROM sqlite_master WHERE name = 'deliveries_ahead') FROM pragma_database_list`).Scan(&path, &page)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 4096), (page-1)*4096); err != nil {
		t.Fatal(err)
	}

	maeve.get("/settings/status").want(http.StatusOK).
		says("Something wants your attention", "Damaged, found", "malformed", "Since then nothing has been published", "last backup").
		saysNot("All is well")
	maeve.get("/accounts").want(http.StatusOK).says("The server's database is damaged", "What happened, and what to do")
	s.as(club.Viewer).get("/accounts").want(http.StatusOK).says("The server's database is damaged").saysNot("what to do")
	maeve.get("/healthz").want(http.StatusServiceUnavailable).says(`"damaged"`)
	if d := s.db.Damage(); d.At.IsZero() {
		t.Error("the database keeps nothing of it")
	}
}

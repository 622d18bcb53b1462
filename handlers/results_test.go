package handlers

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

func TestResultsWithoutPosts(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.as(club.Viewer).get("/results?days=7&sort=seen&account=99").want(http.StatusOK).says("0 posts on 0 accounts", "Numbers appear about an hour after your first post")
	csv := s.as(club.Viewer).get("/results.csv").want(http.StatusOK)
	if !strings.HasPrefix(csv.body, "\ufeff\"Post\",\"Platform\",\"Account\",\"Published\"") {
		t.Errorf("csv begins %q", csv.body[:60])
	}
}

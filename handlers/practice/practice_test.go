package practice

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/handlers/web/webtest"
	"github.com/bandstand-app/bandstand/internal/club"
)

// TestAClubThatHasGoneLiveHasNoPracticeWorld: its pages and switches are not there,
// and the page offers to practise again.
func TestAClubThatHasGoneLiveHasNoPracticeWorld(t *testing.T) {
	t.Parallel()
	room := webtest.Serve(t, func(app *web.App) []web.Route {
		return (&Room{App: app, GaveLately: func(echo.Context) bool { return true }}).Routes()
	})
	room.Post(club.Admin, "/practice/mode", url.Values{"practice": {"off"}}).To("/accounts")
	room.Get(club.Admin, "/practice").Want(http.StatusOK)
	room.Get(club.Admin, "/practice/tiny/feed").Want(http.StatusNotFound)
	room.Post(club.Admin, "/practice/behaviour", url.Values{"platform": {"tiny"}, "behaviour": {"well"}}).Want(http.StatusNotFound)
	room.Post(club.Admin, "/practice/reset", nil).Want(http.StatusNotFound)
	room.Post(club.Admin, "/practice/mode", url.Values{"practice": {"maybe"}}).Want(http.StatusNotFound)
}

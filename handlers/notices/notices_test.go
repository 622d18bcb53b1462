package notices

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/handlers/web/webtest"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// TestANoticeAboutAnUnsureAccountLeadsToTheDecision: who may decide what happens
// with posts that may be public comes to that page, everybody else to the account.
func TestANoticeAboutAnUnsureAccountLeadsToTheDecision(t *testing.T) {
	t.Parallel()
	var account int64
	room := webtest.Serve(t, func(app *web.App) []web.Route {
		r := &Room{App: app, IsUnsure: func(_ echo.Context, id int64) (bool, error) { return id == account, nil }}
		return r.Routes()
	})
	err := room.DB.Writer().QueryRowContext(t.Context(), `
		INSERT INTO connections (club_id, platform, practice, remote_id, name, handle, health, connected_by, connected_at)
		VALUES (?, 'tiny', 1, '1', 'Riverside FC', 'riverside', 'working', ?, 0) RETURNING id`, room.ID, room.Persons[club.Admin].ID).Scan(&account)
	if err != nil {
		t.Fatal(err)
	}
	for role, want := range map[club.Role]string{club.Admin: "/waiting", club.Publisher: "/waiting", club.Viewer: fmt.Sprintf("/accounts/%d", account)} {
		var id int64
		err := room.DB.Writer().QueryRowContext(t.Context(), `
			INSERT INTO notices (club_id, person_id, kind, key, args, connection_id, created_at) VALUES (?, ?, 'unsure', ?, '{}', ?, 0) RETURNING id`,
			room.ID, room.Persons[role].ID, string(role), account).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		room.Post(role, fmt.Sprintf("/notices/%d/opening", id), nil).To(want)
	}
	room.Post(club.Admin, "/notices/999/opening", nil).Want(http.StatusNotFound)
}

func TestNoticesAboutOneThingAreOneLine(t *testing.T) {
	t.Parallel()
	groups := bySubject([]store.Notice{
		{ID: 5, PostID: 1, ConnectionID: 8}, {ID: 4, ConnectionID: 8}, {ID: 3, PostID: 1, ConnectionID: 9}, {ID: 2}, {ID: 1, ConnectionID: 8},
	})
	var got [][]int64
	for _, g := range groups {
		var ids []int64
		for _, n := range g {
			ids = append(ids, n.ID)
		}
		got = append(got, ids)
	}
	if want := "[[5 3] [4 1] [2]]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

package handlers

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms/facebook"
)

// TestTheEndOfASignInIsSaidWithWhatToDo: Meta wants the person back after 90 days.
func TestTheEndOfASignInIsSaidWithWhatToDo(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "facebook")
	conn := st.only(true, facebook.ID)
	st.as(club.Publisher).get(pathOf(conn)).want(http.StatusOK).says("Sign-in good until 21 Feb 2027").saysNot("renews by itself", "Expires soon", "Press Reconnect")

	st.clock.Advance(77 * 24 * time.Hour)
	ending := "The sign-in ends on 21 Feb 2027, 09:00, and only a person can begin it again. Press Reconnect before then"
	tom := st.as(club.Publisher)
	tom.get(pathOf(conn)).says(ending, "Working").saysNot("Expires soon")
	st.clock.Advance(6 * 24 * time.Hour)
	tom = st.as(club.Publisher)
	for _, path := range []string{"/accounts", pathOf(conn)} {
		tom.get(path).says(ending, "Expires soon")
	}

	_, err := st.db.Writer().ExecContext(t.Context(), `
		INSERT INTO notices (club_id, person_id, kind, key, args, connection_id, created_at) VALUES (?, ?, 'ending', 'k', '{"ends":"2027-02-21T09:00:00Z"}', ?, ?)`,
		st.club.ID, st.persons[club.Publisher].ID, conn.ID, st.clock.Now().UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	list := tom.get("/notices").says("The sign-in of Riverside FC (Facebook Page) ends on 21 Feb 2027, 09:00. Press Reconnect before then")
	if got, want := list.doc().Find(".notice a").AttrOr("href", ""), "/accounts/"+strconv.FormatInt(conn.ID, 10); got != want {
		t.Errorf("the notice leads to %q, want %q", got, want)
	}

	tom.get(st.follow(tom, st.leave(tom, pathOf(conn)+"/reconnect", nil), "allow")).to(pathOf(conn))
	tom.get(pathOf(conn)).says("Sign-in good until 15 May 2027").saysNot("Expires soon", "Press Reconnect before")
}

package handlers

import (
	"net/http"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms/facebook"
	"github.com/bandstand-app/bandstand/store"
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

	warned := store.EndingSignIn{Connection: conn.Connection, Ends: time.Date(2027, 2, 21, 9, 0, 0, 0, time.UTC)}
	if err := st.db.WarnOfEnd(t.Context(), warned, 14); err != nil {
		t.Fatal(err)
	}
	list := tom.get("/notices").says("The sign-in of Riverside FC (Facebook) ends on 21 Feb 2027, 09:00. Press Reconnect before then")
	tom.post(list.doc().Find(".notice form").AttrOr("action", ""), nil).to(pathOf(conn))

	tom.get(st.follow(tom, st.leave(tom, pathOf(conn)+"/reconnect", nil), "allow")).to(pathOf(conn))
	tom.get(pathOf(conn)).says("Sign-in good until 15 May 2027").saysNot("Expires soon", "Press Reconnect before")
}

package handlers

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms/x"
)

func TestPracticePage(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	maeve := st.as(club.Admin)
	maeve.get("/practice").want(http.StatusOK).says("The club practises", "Nothing is public yet", "Go live")
	st.connect(club.Admin, "x")
	maeve.get("/practice").says("Rehearse", "Refuses photos")
	if maeve.get("/accounts").doc().Find(`.side a.house-practice[href="/practice"]`).Length() != 1 {
		t.Error("the banner does not lead to the practice page")
	}
	st.publish(st.only(true, x.ID))
	maeve.get("/practice").says("Trials on Saturday", "Riverside FC (@riversidefc)")
	maeve.post("/practice/behaviour", url.Values{"platform": {"x"}, "behaviour": {"explodes"}}).want(http.StatusNotFound)
	maeve.post("/practice/reset", nil).to("/practice")
	maeve.get("/practice").says("have forgotten everything", "Nothing is public yet")
	if got := st.only(true, x.ID); got.Health != club.Disconnected {
		t.Errorf("after a reset the account is %s", got.Health)
	}
	maeve.post("/practice/mode", url.Values{"practice": {"off"}}).to("/accounts")
	maeve.get("/accounts").says("The club is live").saysNot("Practice mode.")
	maeve.get("/practice").want(http.StatusOK).says("The club is live", "Switch to practice mode").saysNot("Rehearse")
	maeve.post("/practice/reset", nil).want(http.StatusNotFound)
	maeve.post("/practice/mode", url.Values{"practice": {"on"}}).to("/practice")
	maeve.get("/accounts").says("Practice mode.")
}

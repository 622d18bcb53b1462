package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms/facebook"
	"github.com/bandstand-app/bandstand/platforms/x"
)

// TestWhatNumbersCostIsSaidAndCanBeChosen, where the platform charges for them, by
// those who may connect accounts.
func TestWhatNumbersCostIsSaidAndCanBeChosen(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	conn := st.only(true, x.ID)
	tom, wren := st.as(club.Publisher), st.as(club.Writer)
	const heading = "What reading numbers costs"
	tom.get(pathOf(conn)).want(http.StatusOK).says(heading, "numbers cost nothing now", "US$0.001 if the X app belongs to this account, otherwise US$0.005", "about US$0.30 a month in any case")

	for n := range 30 {
		st.schedule(fmt.Sprint("Match day ", n), "2026-11-24T18:30", conn.ID)
	}
	_, err := st.db.Writer().ExecContext(t.Context(), `
		UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', next_at = NULL, published_at = ?, remote_id = lower(hex(id))`, st.clock.Now().UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	tom.get(pathOf(conn)).want(http.StatusOK).says("With the 30 posts of the last 90 days, numbers now cost about US$0.90 to US$4.50 a month.", "Once a week: about US$0.13 to US$0.65 a month")
	wren.get(pathOf(conn)).want(http.StatusOK).says(heading, "US$0.90 to US$4.50").saysNot("How often numbers are read")
	wren.post(pathOf(conn)+"/numbers", url.Values{"pace": {"asked"}}).want(http.StatusForbidden)
	tom.post(pathOf(conn)+"/numbers", url.Values{"pace": {"hourly"}}).want(http.StatusNotFound)
	if got := st.only(true, x.ID).NumbersPace; got != club.PaceUseful {
		t.Fatalf("the pace is %q although nobody chose one", got)
	}

	tom.post(pathOf(conn)+"/numbers", url.Values{"pace": {"weekly"}}).want(http.StatusSeeOther)
	page := tom.get(pathOf(conn)).says("Saved. Numbers are read once a week.", "numbers now cost about US$0.13 to US$0.65 a month.")
	if got, _ := page.doc().Find("input[name=pace][checked]").Attr("value"); got != "weekly" {
		t.Errorf("%q is chosen", got)
	}
	tom.post(pathOf(conn)+"/numbers", url.Values{"pace": {"asked"}}).want(http.StatusSeeOther)
	tom.get(pathOf(conn)).says("Numbers cost nothing unless somebody presses “")
	if got := st.only(true, x.ID).NumbersPace; got != club.PaceAsked {
		t.Errorf("the pace is %q", got)
	}

	st.connect(club.Publisher, "facebook")
	free := st.only(true, facebook.ID)
	tom.get(pathOf(free)).want(http.StatusOK).saysNot(heading)
	tom.post(pathOf(free)+"/numbers", url.Values{"pace": {"asked"}}).want(http.StatusNotFound)
}

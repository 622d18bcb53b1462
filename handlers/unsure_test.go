package handlers

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms/facebook"
	"github.com/bandstand-app/bandstand/platforms/x"
)

// TestUnsureIsAChoice of those who may connect accounts, where the platform
// itself guards against a double.
func TestUnsureIsAChoice(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	conn := st.only(true, x.ID)
	tom, wren := st.as(club.Publisher), st.as(club.Writer)

	const heading = "When we cannot tell whether a post went out"
	tom.get(pathOf(conn)).want(http.StatusOK).says(heading, "we send it once more", "Ask me")
	wren.get(pathOf(conn)).want(http.StatusOK).says(heading, "we send it once more").saysNot("Ask me")

	tom.post(pathOf(conn)+"/unsure", url.Values{"do": {"perhaps"}}).want(http.StatusNotFound)
	if !st.only(true, x.ID).SendsAgain {
		t.Fatal("people are asked although nobody said so")
	}
	tom.post(pathOf(conn)+"/unsure", url.Values{"do": {"ask"}}).want(http.StatusSeeOther)
	if st.only(true, x.ID).SendsAgain {
		t.Fatal("posts are sent again although people said no")
	}
	tom.get(pathOf(conn)).says("we ask you", "Send once more without asking")
	wren.get(pathOf(conn)).says("we ask you").saysNot("Send once more without asking")
	tom.post(pathOf(conn)+"/unsure", url.Values{"do": {"send"}}).want(http.StatusSeeOther)
	tom.get(pathOf(conn)).says("posts without pictures are sent once more", "Ask me")
	if !st.only(true, x.ID).SendsAgain {
		t.Error("the choice was not kept")
	}
	tom.post(pathOf(conn)+"/unsure", url.Values{"do": {"ask"}}).want(http.StatusSeeOther)
	tom.get(pathOf(conn)).says("When we are not sure, we ask.")
	if st.only(true, x.ID).SendsAgain {
		t.Error("the choice was not taken back")
	}

	st.connect(club.Publisher, "facebook")
	other := st.only(true, facebook.ID)
	tom.get(pathOf(other)).want(http.StatusOK).saysNot(heading)
	tom.post(pathOf(other)+"/unsure", url.Values{"do": {"send"}}).want(http.StatusNotFound)
}

package handlers

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/handlers/accounts"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/facebook"
)

// facebookReturns reads the ways back of testdata/facebook-returns.jsonl that are
// an address with a state of ours.
func facebookReturns(t *testing.T) (all []url.Values) {
	t.Helper()
	text, err := os.ReadFile("testdata/facebook-returns.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var one struct{ Query string }
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		if q, err := url.ParseQuery(one.Query); err == nil && q.Get("state") == "STATE" {
			all = append(all, q)
		}
	}
	if len(all) == 0 {
		t.Fatal("the file holds no case")
	}
	return all
}

// Facebook comes back with error_code and error_message where the app is set up
// wrongly: the sentence is the only one that helps.
func TestErrorMessageOfAReturnIsShown(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	tom := st.as(club.Publisher)
	begin := func(q url.Values) string {
		t.Helper()
		back := parse(t, st.follow(tom, st.leave(tom, "/accounts/connect/facebook", nil), "allow"))
		q.Set("state", back.Query().Get("state"))
		return back.Path + "?" + q.Encode()
	}
	for _, q := range facebookReturns(t) {
		tom.get(begin(q)).to("/accounts")
		tom.get("/accounts").want(http.StatusOK).says("said: “" + q.Get("error_message") + "” Nothing was changed")
	}
	for sent, said := range map[string]string{
		"<b>Bold</b> & more":                       "said: “<b>Bold</b> & more”",
		"Two\r\nlines\u0007 \u202Eback\u200Bwards": "said: “Two lines backwards”",
		strings.Repeat("é", 4000):                  strings.Repeat("é", accounts.SaidRunes) + "…”",
		" \n ":                                     "for a reason that is new to us",
	} {
		q := url.Values{"error_code": {"1"}, "error_message": {sent}}
		tom.get(begin(q)).to("/accounts")
		if page := tom.get("/accounts").want(http.StatusOK).says(said); strings.Contains(page.body, "<b>Bold") {
			t.Error("their text became part of the page")
		}
	}
	// With a code beside it, the code is not used.
	q := url.Values{"error_message": {"Something went wrong"}, "code": {"canary-code"}}
	tom.get(begin(q)).to("/accounts")
	tom.get("/accounts").want(http.StatusOK).says("said: “Something went wrong”")
}

// Whoever connects Instagram and is shown Pages alone wants to know why.
func TestInstagramWithoutALinkedAccountSaysHowToLinkOne(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	tom := st.as(club.Publisher)
	const why, others = "We were shown no Instagram account", "The same sign-in showed us 2 other accounts."
	back := st.follow(tom, st.leave(tom, "/accounts/connect/instagram", nil), "allow", "17841400000000001")
	to := tom.get(back).want(http.StatusSeeOther).Header.Get("Location")
	shown := tom.get(to).want(http.StatusOK).says(why, "To link one, switch to a professional account", others, "Riverside FC Juniors").saysNot("Instagram showed us")
	if n := shown.doc().Find(`input[name="account"][checked]`).Length(); n != 0 {
		t.Errorf("%d accounts of another platform are ticked", n)
	}
	// Nothing chosen is no reason to forget why.
	tom.post(to, url.Values{}).want(http.StatusUnprocessableEntity).says(why, "Choose at least one account")
	// Neither a Page nor an account.
	back = st.follow(tom, st.leave(tom, "/accounts/connect/instagram", nil), "allow", "17841400000000001", "1001", "1002")
	tom.get(back).to("/accounts")
	tom.get("/accounts").want(http.StatusOK).says(why, "Nothing was changed")
	// Pages are what Facebook was asked for.
	back = st.follow(tom, st.leave(tom, "/accounts/connect/facebook", nil), "allow", "17841400000000001")
	to = tom.get(back).want(http.StatusSeeOther).Header.Get("Location")
	tom.get(to).want(http.StatusOK).says("Facebook showed us 2 accounts.").saysNot(why)
	back = st.follow(tom, st.leave(tom, "/accounts/connect/instagram", nil), "allow")
	to = tom.get(back).want(http.StatusSeeOther).Header.Get("Location")
	tom.get(to).want(http.StatusOK).says("This sign-in showed us 3 accounts.").saysNot(why)
}

// A look at the token that fails is not about the account: it neither breaks one
// nor mends one.
func TestAFailedLookIsNotShownAsADeletedAccount(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	tom := st.as(club.Publisher)
	st.choose(tom, st.follow(tom, st.leave(tom, "/accounts/connect/facebook", nil), "allow"))
	conn := st.only(true, facebook.ID)
	world, err := st.server.Worlds.Of(st.club.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, health := range []club.Health{club.Working, club.NeedsReconnect} {
		if err := st.db.SetHealth(t.Context(), conn.ID, health, ""); err != nil {
			t.Fatal(err)
		}
		for _, fault := range []string{"account_gone", "no_permission", "restricted", "rejected", "error_before", "html", "reset_before"} {
			if err := world.Fault(platforms.SimFault{Platform: facebook.ID, Operation: "look", Fault: fault, Count: 1}); err != nil {
				t.Fatal(err)
			}
			tom.post(pathOf(conn)+"/check", nil)
			page := tom.get(pathOf(conn)).want(http.StatusOK).says("We could not ask Facebook just now").saysNot("It was deleted", "cannot find this account")
			if now := st.only(true, facebook.ID); now.Health != health {
				t.Errorf("%s: the account was %s and is %s: %s", fault, health, now.Health, page.text())
			}
		}
	}
}

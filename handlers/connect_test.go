package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/bluesky"
	"github.com/bandstand-app/bandstand/platforms/facebook"
	"github.com/bandstand-app/bandstand/platforms/x"
	"github.com/bandstand-app/bandstand/store"
)

func TestConnectInPracticeMode(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	tom := st.as(club.Publisher)
	tom.get("/accounts").want(http.StatusOK).says("No accounts yet", "Connect an account")
	tom.get("/accounts/connect").want(http.StatusOK).says("make-believe", "You must be able to post as the Page").saysNot("Needs set-up")
	tom.get("/accounts/connect/facebook").want(http.StatusOK).says("Go to Facebook", "Say yes to all questions", "The same sign-in shows the accounts of")

	address := st.leave(tom, "/accounts/connect/facebook", nil)
	if !strings.HasPrefix(address, st.web.URL+"/practice/") {
		t.Fatalf("a club in practice mode is sent to %s", address)
	}
	back := st.follow(tom, address, "allow")
	to := tom.get(back).want(http.StatusSeeOther).Header.Get("Location")
	choose := tom.get(to).want(http.StatusOK).says("showed us 3 accounts", "Riverside FC Juniors", "You can look at this account but not post as it")
	if n := choose.doc().Find(`input[name="account"][disabled]`).Length(); n != 1 {
		t.Errorf("%d accounts are greyed, want 1", n)
	}
	tom.post(to, url.Values{"account": {"99", "x"}}).want(http.StatusUnprocessableEntity).says("Choose at least one account")
	tom.post(to, url.Values{"account": {"0", "1", "2", "99", "x"}}).to("/accounts")
	list := tom.get("/accounts").want(http.StatusOK).says("Connected. Riverside FC", "can post, read numbers and comment", "Checked just now")
	if n := list.doc().Find(".account-line").Length(); n != 2 {
		t.Errorf("%d accounts, want a Page and a profile", n)
	}
	tom.get(to).want(http.StatusNotFound).says("no longer on offer")

	st.goLive()
	tom.get("/accounts").want(http.StatusOK).says("No accounts yet").saysNot("Riverside FC (")
	tom.get(pathOf(st.only(true, facebook.ID))).want(http.StatusNotFound)
	tom.get("/practice/meta/www/riversidefc").want(http.StatusNotFound)
}

func TestSignInIsForOneSessionOnce(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	begin := func(b *browser) string {
		return st.follow(b, st.leave(b, "/accounts/connect/x", nil), "allow")
	}
	unknown := func(name string, b *browser, path string) {
		t.Helper()
		a := b.get(path).to("/accounts")
		if got := a.Header.Get("Referrer-Policy"); got != "no-referrer" {
			t.Errorf("%s: Referrer-Policy %q", name, got)
		}
		if !strings.Contains(b.get("/accounts").text(), "We do not know this sign-in") {
			t.Errorf("%s: nothing is said", name)
		}
	}
	tom := st.as(club.Publisher)

	unknown("no state", tom, "/oauth/x/callback?code=1")
	unknown("wrong state", tom, "/oauth/x/callback?code=1&state=nonsense")

	back := begin(tom)
	unknown("another session of the same person", st.as(club.Publisher), back)
	unknown("seen by somebody else, it works no more", tom, back)

	unknown("another person", st.as(club.Admin), begin(tom))

	unknown("the address of another platform", tom, strings.Replace(begin(tom), "/oauth/x/", "/oauth/facebook/", 1))

	back = begin(tom)
	st.clock.Advance(11 * time.Minute)
	unknown("after ten minutes", tom, back)

	tom = st.as(club.Publisher) // whose password was given long ago
	back = begin(tom)
	to := tom.get(back).want(http.StatusSeeOther).Header.Get("Location")
	tom.get(to).want(http.StatusOK)
	unknown("used already", tom, back)
	st.as(club.Admin).get(to).want(http.StatusNotFound)
	st.clock.Advance(31 * time.Minute)
	tom.get(to).want(http.StatusNotFound)

	gone := st.as("").get(begin(st.as(club.Publisher))).to("/sign-in?to=/accounts&because=gone")
	if len(gone.Cookies()) > 0 {
		t.Error("somebody without a session was given one")
	}
	st.visitor().get(gone.Header.Get("Location")).says("You were signed out of Bandstand while you were away")
	if all, err := st.db.ConnectedAccounts(t.Context(), st.scope(club.Admin), true); err != nil || len(all) != 0 {
		t.Errorf("something was connected: %v, %v", all, err)
	}
}

func TestDenyingChangesNothing(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	tom := st.as(club.Publisher)
	tom.get(st.follow(tom, st.leave(tom, "/accounts/connect/facebook", nil), "deny")).to("/accounts")
	tom.get("/accounts").says("You came back from Facebook", "without connecting. Nothing was changed.")

	for query, want := range map[string]string{
		"error=server_error&error_description=" + url.QueryEscape("Try <b>later</b>"): "said: “Try <b>later</b>”",
		"error=user_cancelled_login": "without connecting",
		"":                           "for a reason that is new to us",
		"code=never-given":           "Nothing was changed",
	} {
		state := parse(t, st.leave(tom, "/accounts/connect/x", nil)).Query().Get("state")
		tom.get("/oauth/x/callback?" + query + "&state=" + url.QueryEscape(state)).to("/accounts")
		tom.get("/accounts").says(want)
	}
}

func TestMissingPermissionIsSaidWithItsEffect(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	tom := st.as(club.Publisher)
	back := st.follow(tom, st.leave(tom, "/accounts/connect/facebook", nil), "allow", "read_insights")
	st.choose(tom, back).to("/accounts")
	tom.get("/accounts").says("Reading numbers was not allowed.", "Works, with gaps", "Results show no numbers for this account")
	tom.get(pathOf(st.only(true, facebook.ID))).want(http.StatusOK).says("What that costs", "Results show no numbers", "read_insights", "Last checks")
}

func TestTypedSignIn(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.canaries = append(st.canaries, "abcd-efgh-canr-yyyy")
	tom := st.as(club.Publisher)
	form := tom.get("/accounts/connect/bluesky").want(http.StatusOK).says("Handle", "App password", "riversidefc.test")
	if form.doc().Find(`input[name="in-password"][type="password"]`).Length() != 1 {
		t.Error("the password can be read over a shoulder")
	}
	typed := func(handle, password string) url.Values {
		return url.Values{"in-handle": {handle}, "in-password": {password}, "in-host": {st.web.URL + "/practice/bluesky"}}
	}
	empty := tom.post("/accounts/connect/bluesky", url.Values{}).want(http.StatusUnprocessableEntity).says("Enter the Handle", "Enter the App password")
	if empty.doc().Find(".errors li").Length() != 2 {
		t.Error("the summary does not list both faults")
	}
	wrong := tom.post("/accounts/connect/bluesky", typed("riversidefc.test", "wron-gwro-ngwr-ongw")).want(http.StatusUnprocessableEntity).says("does not know this name and password")
	if got := wrong.doc().Find(`input[name="in-handle"]`).AttrOr("value", ""); got != "riversidefc.test" {
		t.Errorf("the handle typed is lost: %q", got)
	}
	if strings.Contains(wrong.body, "wron-gwro-ngwr-ongw") {
		t.Error("the password typed is shown again")
	}
	tom.post("/accounts/connect/bluesky", typed("riversidefc.test", "my main password")).want(http.StatusUnprocessableEntity).says("Use an app password here")
	tom.post("/accounts/connect/bluesky", typed("riversidefc.test", "abcd-efgh-canr-yyyy")).to("/accounts")
	tom.get("/accounts").says("Connected.", "@riversidefc.test")
	tom.get("/accounts/1").says("renews by itself")

	conn := st.only(true, bluesky.ID)
	path := pathOf(conn) + "/reconnect"
	tom.post(path, typed("oldtownchoir.test", "abcd-efgh-ijkl-mnop")).want(http.StatusUnprocessableEntity).says("That was a different account", "Old Town Choir", "We changed nothing")
	tom.post(path, typed("riversidefc.test", "abcd-efgh-ijkl-mnop")).to("/accounts/1")
	if again := st.only(true, bluesky.ID); again.ID != conn.ID {
		t.Errorf("reconnecting made account %d of %d", again.ID, conn.ID)
	}
}

func TestReconnectKeepsTheIdentityAndRefusesAnother(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "facebook")
	tom := st.as(club.Publisher)
	page := st.only(true, facebook.ID)
	path := pathOf(page)
	before := st.secrets()

	// The person shares the other Page alone.
	back := st.follow(tom, st.leave(tom, path+"/reconnect", nil), "allow", page.Account.RemoteID)
	tom.get(back).to(path)
	tom.get(path).says("That was a different account", "Riverside FC Juniors", "We changed nothing")
	if !slices.Equal(before, st.secrets()) {
		t.Error("refusing another account changed the sign-in")
	}

	back = st.follow(tom, st.leave(tom, path+"/reconnect", url.Values{"to": {"/posts/5"}}), "allow")
	tom.get(back).to("/posts/5")
	after := st.only(true, facebook.ID)
	if after.ID != page.ID || after.Version == page.Version {
		t.Errorf("account %d version %d became %d version %d", page.ID, page.Version, after.ID, after.Version)
	}
	tom.get("/accounts").says("Reconnected.")

	back = st.follow(tom, st.leave(tom, path+"/reconnect", url.Values{"to": {"https://evil.example"}}), "allow")
	tom.get(back).to(path)
}

// A person whose sign-in ended signs in once, not once an account.
func TestReconnectingOneAccountWakesTheOthersOfItsSignIn(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "facebook")
	tom := st.as(club.Publisher)
	all, err := st.db.ConnectedAccounts(t.Context(), st.scope(club.Publisher), true)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d accounts, %v", len(all), err)
	}
	ended := func() {
		t.Helper()
		for _, a := range all {
			if err := st.db.SetHealth(t.Context(), a.ID, club.NeedsReconnect, platforms.CodeAuthRevoked); err != nil {
				t.Fatal(err)
			}
		}
	}
	health := func() (h []club.Health) {
		t.Helper()
		now, err := st.db.ConnectedAccounts(t.Context(), st.scope(club.Publisher), true)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range now {
			h = append(h, a.Health)
		}
		return h
	}
	ended()
	back := st.follow(tom, st.leave(tom, pathOf(all[0])+"/reconnect", nil), "allow")
	tom.get(back).to(pathOf(all[0]))
	if got := health(); !slices.Equal(got, []club.Health{club.Working, club.Working}) {
		t.Errorf("after one sign-in the accounts are %v", got)
	}
	page := tom.get("/accounts").says("Reconnected.")
	for _, a := range all {
		page.says(a.Account.Name)
	}

	// What was not shared this time goes on waiting; what was disconnected stays so.
	ended()
	back = st.follow(tom, st.leave(tom, pathOf(all[0])+"/reconnect", nil), "allow", all[1].Account.RemoteID)
	tom.get(back).to(pathOf(all[0]))
	if got := health(); !slices.Equal(got, []club.Health{club.Working, club.NeedsReconnect}) {
		t.Errorf("without the other account being shared they are %v", got)
	}
	if err := st.db.Disconnect(t.Context(), st.scope(club.Publisher), all[1].ID, "test"); err != nil {
		t.Fatal(err)
	}
	back = st.follow(tom, st.leave(tom, pathOf(all[0])+"/reconnect", nil), "allow")
	tom.get(back).to(pathOf(all[0]))
	if got := health(); !slices.Equal(got, []club.Health{club.Working, club.Disconnected}) {
		t.Errorf("a disconnected account was connected again: %v", got)
	}
}

func TestWhoMayConnect(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	path := pathOf(st.only(true, x.ID))
	for _, r := range []club.Role{club.Writer, club.Viewer} {
		b := st.as(r)
		page := b.get("/accounts").want(http.StatusOK).says("Riverside FC")
		if n := page.doc().Find(".main form, .main a[href$='/reconnect'], .main a[href='/accounts/connect']").Length(); n != 0 {
			t.Errorf("%s is shown %d things they may not do", r, n)
		}
		b.get(path).want(http.StatusOK)
		for _, p := range []string{path + "/check", path + "/disconnect", path + "/reconnect", "/accounts/connect/x", "/practice/reset", "/practice/mode"} {
			b.post(p, nil).want(http.StatusForbidden)
		}
	}
	st.as(club.Publisher).post("/practice/mode", nil).want(http.StatusForbidden)
}

func TestConnectingIsRecorded(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	st.connect(club.Publisher, "x")
	st.as(club.Publisher).post(pathOf(st.only(true, x.ID))+"/disconnect", nil).to("/accounts")
	st.setUp("meta")
	entries, err := st.db.AuditEntries(t.Context(), st.club.ID, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"account_connected", "account_reconnected", "account_disconnected", "app_saved"} {
		i := slices.IndexFunc(entries, func(e store.AuditEntry) bool { return e.Action == action })
		if i < 0 || entries[i].PersonName == "" || entries[i].Origin == "" {
			t.Errorf("%s is not recorded with who and from where", action)
		}
	}
}

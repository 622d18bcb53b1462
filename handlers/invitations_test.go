package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

func invited(email string) url.Values { return url.Values{"email": {email}} }

// TestInvitationAsksForTheAddressFirst: whoever finds a link does not learn for
// whom it is, and gets in only as the invited person.
func TestInvitationAsksForTheAddressFirst(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	const email = "new@riverside.example"
	path := s.invite(email, club.Publisher)
	b := s.visitor()
	first := b.get(path).want(http.StatusOK).says("The address to which this invitation was sent")
	if strings.Contains(first.body, email) || first.doc().Find("[name=password]").Length() != 0 {
		t.Error("the first page names the address, or asks for a password")
	}
	a := b.post(path, invited("eve@elsewhere.example")).want(http.StatusUnprocessableEntity).holds("email", "eve@elsewhere.example")
	a.says("made for another address", "Maeve Byrne")
	b.post(path, invited("no address")).want(http.StatusUnprocessableEntity).holds("email", "no address")

	a = b.post(path, invited(" New@Riverside.example ")).want(http.StatusOK).says("Choose a password")
	if f := a.doc().Find("#email"); f.AttrOr("value", "") != "New@Riverside.example" || f.Filter("[readonly]").Length() != 1 {
		t.Errorf("the address on the second page can be changed: %s", a.body)
	}
	form := joining()
	form.Set("email", "eve@elsewhere.example")
	b.post(path, form).want(http.StatusUnprocessableEntity).says("made for another address")
	if _, err := s.db.PersonByEmail(t.Context(), "eve@elsewhere.example"); club.CodeOf(err) != club.NotFound {
		t.Errorf("an account was made for another address: %v", err)
	}
	form = joining()
	form.Set("password", "riverside brass lamps")
	b.post(path, form).want(http.StatusUnprocessableEntity).says("“Riverside” is in this password")
	b.post(path, joining()).to("/calendar")
	p, err := s.db.PersonByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := s.db.Membership(t.Context(), s.club.ID, p.ID); err != nil || m.Role != club.Publisher {
		t.Errorf("the invited person is %q, %v", m.Role, err)
	}
}

// TestAddressesOfAnInvitationCannotBeTriedOut: five wrong ones, then nothing for
// a while, the right one included. Others can try at other invitations.
func TestAddressesOfAnInvitationCannotBeTriedOut(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	path := s.invite("new@riverside.example", club.Writer)
	b := s.visitor()
	for range web.MaxTries {
		b.post(path, invited("eve@elsewhere.example")).want(http.StatusUnprocessableEntity)
	}
	for _, form := range []url.Values{invited("eve@elsewhere.example"), invited("new@riverside.example"), joining()} {
		b.post(path, form).want(http.StatusTooManyRequests)
	}
	if n := s.recorded(); n["invitation_missed"] != web.MaxTries || n["invitation_locked"] != 1 {
		t.Errorf("recorded are %v", n)
	}
	other := s.invite("other@riverside.example", club.Writer)
	b.post(other, invited("other@riverside.example")).want(http.StatusOK)
	s.clock.Advance(web.TriesWait)
	b.post(path, joining()).to("/calendar")
}

// TestInvitationOfSomebodyWithAnAccount: with the invited address they join at
// once; with another they say which one was invited first.
func TestInvitationOfSomebodyWithAnAccount(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	other := otherClub(t, s)
	ctx, olga := t.Context(), s.person(other.PersonID)
	path := s.invite(olga.Email, club.Viewer)
	s.visitor().post(path, invited(olga.Email)).want(http.StatusOK).says("There is an account for "+olga.Email, "Sign in").saysNot("Choose a password")
	s.visitor().post(path, url.Values{"email": {olga.Email}, "name": {"Not Olga"}, "password": {"three old tin drums"}}).want(http.StatusUnprocessableEntity).says("already has an account here")

	b := s.signedIn(olga.ID, other.ClubID)
	b.get(path).want(http.StatusOK).says("Join as Olga")
	b.post(path, url.Values{"as": {"me"}}).to("/calendar")
	if _, err := s.db.Membership(ctx, s.club.ID, olga.ID); err != nil {
		t.Errorf("Olga is no member: %v", err)
	}

	path = s.invite("olga@work.example", club.Viewer)
	if err := s.db.RemoveMember(ctx, s.scope(club.Admin), olga.ID, "test"); err != nil {
		t.Fatal(err)
	}
	b = s.signedIn(olga.ID, other.ClubID)
	b.get(path).want(http.StatusOK).saysNot("Join as Olga")
	b.post(path, url.Values{"as": {"me"}}).want(http.StatusUnprocessableEntity)
	b.post(path, invited("olga@work.example")).want(http.StatusOK).says("Join as Olga")
	b.post(path, url.Values{"email": {"olga@work.example"}, "as": {"me"}}).to("/calendar")
}

package holds

import (
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/holds"
)

// sameOutage is how far apart two posts of an account may have lost their answers, to
// be decided on together.
const sameOutage = 30 * time.Minute

// outage is what an account sent while its platform did not answer well.
type outage struct {
	account int64
	last    time.Time
	posts   []*planning.Waiting
	parts   []store.WaitingDelivery
}

// outages puts together what was lost on one account at about the same time, the
// longest first. list is in the order in which the posts were due.
func outages(list []*planning.Waiting) []*outage {
	var all []*outage
	for _, p := range list {
		if p.Phase != club.Ambiguous {
			continue
		}
		d := p.Parts[0]
		i := slices.IndexFunc(all, func(o *outage) bool {
			return o.account == d.ConnectionID && d.UnknownSince.Sub(o.last).Abs() <= sameOutage
		})
		if i < 0 {
			i = len(all)
			all = append(all, &outage{account: d.ConnectionID})
		}
		o := all[i]
		o.last, o.posts, o.parts = d.UnknownSince, append(o.posts, p), append(o.parts, p.Parts...)
	}
	slices.SortStableFunc(all, func(a, b *outage) int { return len(b.posts) - len(a.posts) })
	return all
}

// IsUnsure reports whether posts of an account wait for somebody to say whether they
// are public.
func (room *Room) IsUnsure(c echo.Context, account int64) (bool, error) {
	list, err := room.Planning.Waiting(c.Request().Context(), web.By(c))
	return slices.ContainsFunc(outages(list), func(o *outage) bool { return o.account == account }), err
}

// unsureGroups are the posts of which nobody knows whether they are public, each
// outage with one decision for all.
func (room *Room) unsureGroups(c echo.Context, list []*planning.Waiting) []holds.Group {
	var groups []holds.Group
	for _, o := range outages(list) {
		first := o.parts[0]
		looks, looking := first.Looks, false
		for _, d := range o.parts {
			looks = min(looks, d.Looks)
			looking = looking || d.Phase == club.Reconciling
		}
		ctx := c.Request().Context()
		g := holds.Group{
			Phase: "unsure-" + strconv.Itoa(len(groups)+1),
			Title: i18n.N(ctx, "waiting_unsure", len(o.posts), "account", room.AccountOn(c, first.Account, first.Platform), "time", i18n.When(ctx, room.Local(c, first.UnknownSince))),
			Text:  i18n.N(ctx, "waiting_unsure_looked", looks),
		}
		if looking {
			g.Text += " " + web.T(c, "waiting_unsure_looking")
		}
		g.Text += " " + web.T(c, "waiting_unsure_hint", "account", first.Account)
		for _, p := range o.posts {
			g.Rows = append(g.Rows, room.waitingRow(c, p, club.Slot{}))
		}
		if len(g.Rows) > 1 {
			g.Answers = room.unsureAnswers(c, o.parts, true)
		}
		groups = append(groups, g)
	}
	return groups
}

// unsureAnswers are the decisions that are open: what was not looked for often enough
// yet is not sent again, nor is anything while all posts are held.
func (room *Room) unsureAnswers(c echo.Context, parts []store.WaitingDelivery, all bool) []holds.Answer {
	end := ""
	if all {
		end = "_all"
	}
	answers := []holds.Answer{{Value: string(planning.ItIsThere), Label: web.T(c, "waiting_there"+end)}}
	early := func(d store.WaitingDelivery) bool { return !club.MayMiss(d.Phase, d.Code, d.Looks) }
	if web.Actor(c).Hold.Phase == "" && !slices.ContainsFunc(parts, early) {
		answers = append(answers, holds.Answer{Value: string(planning.SendNow), Label: web.T(c, "waiting_unsure_now"+end)})
	}
	return answers
}

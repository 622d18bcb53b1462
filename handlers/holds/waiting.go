package holds

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/holds"
)

// waitingPost is a post of which something was put aside for one reason.
type waitingPost struct {
	phase club.Phase
	parts []store.WaitingDelivery
}

func (p *waitingPost) id() int64 { return p.parts[0].PostID }

// key is what forms call it: its post, and its account where that is what is asked
// about.
func (p *waitingPost) key() string {
	key := strconv.FormatInt(p.id(), 10)
	if p.phase == club.Ambiguous {
		key += "-" + strconv.FormatInt(p.parts[0].ConnectionID, 10)
	}
	return key
}

func (p *waitingPost) ids() []string {
	ids := make([]string, 0, len(p.parts))
	for _, d := range p.parts {
		ids = append(ids, d.ID)
	}
	return ids
}

func (p *waitingPost) accounts() []int64 {
	ids := make([]int64, 0, len(p.parts))
	for _, d := range p.parts {
		ids = append(ids, d.ConnectionID)
	}
	return ids
}

// waitingPosts lists what was put aside, by reason and post, in the order in
// which it was due.
func (room *Room) waitingPosts(c echo.Context) ([]*waitingPost, error) {
	all, err := room.DB.Waiting(c.Request().Context(), web.Scope(c))
	if err != nil {
		return nil, err
	}
	type key struct {
		phase   club.Phase
		post    int64
		account int64 // where each account is asked about by itself
	}
	known := map[key]*waitingPost{}
	var list []*waitingPost
	for _, d := range all {
		k := key{phase: d.Phase, post: d.PostID}
		if d.Phase == club.Ambiguous || d.Phase == club.Reconciling {
			k.phase, k.account = club.Ambiguous, d.ConnectionID
		}
		if known[k] == nil {
			known[k] = &waitingPost{phase: k.phase}
			list = append(list, known[k])
		}
		known[k].parts = append(known[k].parts, d)
	}
	return list, nil
}

// showWaiting is the page of what was put aside, with a decision each.
func (room *Room) showWaiting(c echo.Context) error {
	list, err := room.waitingPosts(c)
	if err != nil {
		return err
	}
	w := holds.Waiting{Page: room.Page(c, "", web.T(c, "waiting_title")), Held: string(web.Actor(c).Hold.Phase)}
	if w.Groups, err = room.unsureGroups(c, list); err != nil {
		return err
	}
	for _, phase := range club.PutAside {
		g := holds.Group{Phase: string(phase), Title: web.T(c, "waiting_"+string(phase)), Text: web.T(c, "waiting_"+string(phase)+"_hint")}
		for _, p := range list {
			if p.phase != phase {
				continue
			}
			row, err := room.waitingRow(c, p)
			if err != nil {
				return err
			}
			g.Rows = append(g.Rows, row)
		}
		if len(g.Rows) > 1 {
			g.Answers = room.waitingAnswers(c, phase, true)
		}
		if len(g.Rows) > 0 {
			w.Groups = append(w.Groups, g)
		}
	}
	return room.Render(c, http.StatusOK, holds.Decide(w))
}

func (room *Room) waitingRow(c echo.Context, p *waitingPost) (holds.Row, error) {
	ctx := c.Request().Context()
	first := p.parts[0]
	row := holds.Row{
		Key: p.key(), Path: web.PostPath(p.id()), Title: cmp.Or(web.Shorten(first.Excerpt, 70), web.T(c, "post_untitled")),
		When: web.T(c, "waiting_planned", "when", i18n.When(ctx, room.Local(c, first.Planned.At))),
	}
	var names []string
	for _, d := range p.parts {
		names = append(names, room.AccountOn(c, d.Account, d.Platform))
	}
	row.Accounts = web.JoinAnd(c, names)
	if p.phase == club.Ambiguous {
		row.Answers = room.unsureAnswers(c, p.parts, false)
		return row, nil
	}
	row.Answers = room.waitingAnswers(c, p.phase, false)
	free, err := room.nextFree(c, p)
	if err != nil {
		return row, err
	}
	for i, a := range row.Answers {
		if a.Value == "free" {
			row.Answers[i].Label = web.T(c, "waiting_free_at", "when", i18n.When(ctx, web.InZone(free.At, free.Zone)))
		}
	}
	return row, nil
}

// nextFree is the next free time of a post's accounts.
func (room *Room) nextFree(c echo.Context, p *waitingPost) (club.Slot, error) {
	return room.FreeTime(c, p.id(), p.accounts(), web.InZone(p.parts[0].Planned.At, web.Actor(c).Club.Zone).Format(web.ClockLayout), room.Now())
}

// waitingAnswers are the decisions that are open: nothing can go out while all
// posts are held, and only what may be public can be said to be.
func (room *Room) waitingAnswers(c echo.Context, phase club.Phase, all bool) []holds.Answer {
	label := func(key string) string {
		if all {
			key += "_all"
		}
		return web.T(c, key)
	}
	var answers []holds.Answer
	if phase == club.Restored || phase == club.Clone {
		answers = append(answers, holds.Answer{Value: "there", Label: label("waiting_there")})
	}
	if web.Actor(c).Hold.Phase == "" {
		answers = append(answers, holds.Answer{Value: "now", Label: label("waiting_now")})
	}
	return append(answers,
		holds.Answer{Value: "free", Label: label("waiting_free")},
		holds.Answer{Value: "draft", Label: label("waiting_draft")})
}

// createDecisions carries out one decision on posts that were put aside, on
// each by itself. Those that cannot follow it stay, and are said.
func (room *Room) createDecisions(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	list, err := room.waitingPosts(c)
	if err != nil {
		return err
	}
	answer := c.FormValue("answer")
	if !slices.Contains([]string{"there", "now", "free", "draft"}, answer) {
		return club.ErrNotFound
	}
	done := 0
	var first error
	for _, p := range list {
		if !slices.Contains(form["post"], p.key()) {
			continue
		}
		err := room.decide(c, p, answer)
		switch code := club.CodeOf(err); {
		case err == nil:
			done++
		case code == club.Conflict, code == club.Invalid:
			first = cmp.Or(first, err)
		default:
			return err
		}
	}
	switch {
	case first != nil:
		room.Flash(c, "problem", web.T(c, "waiting_refused", "problem", room.ProblemOf(c, first).Text))
	case done == 0:
		room.Flash(c, "problem", web.T(c, "error_delivery_moved"))
	default:
		room.Flash(c, "done", i18n.N(c.Request().Context(), "waiting_done_"+answer, done))
	}
	return web.SeeOther(c, "/waiting")
}

// decide carries out a decision on one post.
func (room *Room) decide(c echo.Context, p *waitingPost, answer string) error {
	ctx, sc, from := c.Request().Context(), web.Scope(c), web.Origin(c)
	switch answer {
	case "there":
		return room.DB.Answer(ctx, sc, store.Answer{Kind: club.PersonFinds}, from, p.ids()...)
	case "now":
		if p.phase == club.Ambiguous { // what is sent is what was sent before
			return room.DB.Answer(ctx, sc, store.Answer{Kind: club.PersonMisses}, from, p.ids()...)
		}
		if err := room.CheckDeliveries(c, p.id(), p.ids()); err != nil {
			return err
		}
		return room.DB.Answer(ctx, sc, store.Answer{Kind: club.PersonSendsNow}, from, p.ids()...)
	case "free":
		if p.phase == club.Ambiguous {
			return club.ErrBeingSent
		}
		slot, err := room.nextFree(c, p)
		if err != nil {
			return err
		}
		_, err = room.DB.MovePost(ctx, sc, store.Move{
			PostID: p.id(), Version: p.parts[0].PostVersion, Op: fmt.Sprintf("waiting-%d-%d", p.id(), p.parts[0].PostVersion),
			To: slot, Role: web.Actor(c).Role, Via: "waiting",
		}, from)
		return err
	}
	if p.phase == club.Ambiguous {
		return club.ErrBeingSent
	}
	return room.DB.BackToDraft(ctx, sc, p.id(), from)
}

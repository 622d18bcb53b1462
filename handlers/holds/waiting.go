package holds

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/holds"
)

// keyOf is what forms call a post that waits: its id, and its account where that is
// what is asked about.
func keyOf(w *planning.Waiting) string {
	key := strconv.FormatInt(w.PostID(), 10)
	if w.Phase == club.Ambiguous {
		key += "-" + strconv.FormatInt(w.Parts[0].ConnectionID, 10)
	}
	return key
}

// showWaiting is the page of what was put aside, with a decision each.
func (room *Room) showWaiting(c echo.Context) error {
	list, err := room.Planning.Waiting(c.Request().Context(), web.By(c))
	if err != nil {
		return err
	}
	w := holds.Waiting{Page: room.Page(c, "", web.T(c, "waiting_title")), Held: string(web.Actor(c).Hold.Phase), Groups: room.unsureGroups(c, list)}
	shown := 0
	for _, p := range list {
		shown += len(p.Parts)
	}
	w.Cut = web.CutAt(c, "waiting_cut", shown, store.WaitingMax)
	free, err := room.freeTimes(c, list)
	if err != nil {
		return err
	}
	for _, phase := range club.PutAside {
		g := holds.Group{Phase: string(phase), Title: web.T(c, "waiting_"+string(phase)), Text: web.T(c, "waiting_"+string(phase)+"_hint")}
		for _, p := range list {
			if p.Phase != phase {
				continue
			}
			g.Rows = append(g.Rows, room.waitingRow(c, p, free[p]))
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

// freeTimes are the next free times of the posts that can be sent at another time.
func (room *Room) freeTimes(c echo.Context, list []*planning.Waiting) (map[*planning.Waiting]club.Slot, error) {
	movable := slices.DeleteFunc(slices.Clone(list), func(p *planning.Waiting) bool { return p.Phase == club.Ambiguous })
	if len(movable) == 0 {
		return nil, nil
	}
	slots, err := room.Planning.FreeFor(c.Request().Context(), web.By(c), movable...)
	if err != nil {
		return nil, err
	}
	free := make(map[*planning.Waiting]club.Slot, len(slots))
	for i, slot := range slots {
		free[movable[i]] = slot
	}
	return free, nil
}

// waitingRow is a post that waits. free is its next free time, if it can be moved.
func (room *Room) waitingRow(c echo.Context, p *planning.Waiting, free club.Slot) holds.Row {
	ctx := c.Request().Context()
	first := p.Parts[0]
	row := holds.Row{
		Key: keyOf(p), Path: web.PostPath(p.PostID()), Title: cmp.Or(web.Shorten(first.Excerpt, 70), web.T(c, "post_untitled")),
		When: web.T(c, "waiting_planned", "when", i18n.When(ctx, room.Local(c, first.Planned.At))),
	}
	var names []string
	for _, d := range p.Parts {
		names = append(names, room.AccountOn(c, d.Account, d.Platform))
	}
	row.Accounts = web.JoinAnd(c, names)
	if p.Phase == club.Ambiguous {
		row.Answers = room.unsureAnswers(c, p.Parts, false)
		return row
	}
	row.Answers = room.waitingAnswers(c, p.Phase, false)
	for i, a := range row.Answers {
		if a.Value == string(planning.SendAtFree) {
			row.Answers[i].Label = web.T(c, "waiting_free_at", "when", i18n.When(ctx, web.InZone(free.At, free.Zone)))
		}
	}
	return row
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
		answers = append(answers, holds.Answer{Value: string(planning.ItIsThere), Label: label("waiting_there")})
	}
	if web.Actor(c).Hold.Phase == "" {
		answers = append(answers, holds.Answer{Value: string(planning.SendNow), Label: label("waiting_now")})
	}
	return append(answers,
		holds.Answer{Value: string(planning.SendAtFree), Label: label("waiting_free")},
		holds.Answer{Value: string(planning.MakeItDraft), Label: label("waiting_draft")})
}

// createDecisions carries out one decision on posts that were put aside, on
// each by itself. Those that cannot follow it stay, and are said.
func (room *Room) createDecisions(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	list, err := room.Planning.Waiting(c.Request().Context(), web.By(c))
	if err != nil {
		return err
	}
	what := planning.Decision(c.FormValue("answer"))
	if !slices.Contains(planning.Decisions, what) {
		return club.ErrNotFound
	}
	done := 0
	var first error
	for _, p := range list {
		if !slices.Contains(form["post"], keyOf(p)) {
			continue
		}
		err := room.decide(c, p, what)
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
		room.Flash(c, "done", i18n.N(c.Request().Context(), "waiting_done_"+string(what), done))
	}
	return web.SeeOther(c, "/waiting")
}

// decide carries out a decision on one post.
func (room *Room) decide(c echo.Context, w *planning.Waiting, what planning.Decision) error {
	checked, err := room.Planning.Decide(c.Request().Context(), web.By(c), w, what)
	if err != nil {
		return err
	}
	return room.Blocked(c, checked)
}

package posts

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// postHead is status, failures, accounts and timeline of a post.
func (room *Room) postHead(c echo.Context, p store.Post) (posts.Head, error) {
	ctx := c.Request().Context()
	h := posts.Head{ID: p.ID, Status: p.Shown(), Practice: room.isPutAway(c, p), Words: room.partWords(c, p)}
	if !p.Planned.At.IsZero() {
		h.Planned = i18n.When(ctx, room.Local(c, p.Planned.At))
		h.Facts = append(h.Facts, web.T(c, "post_planned", "when", h.Planned, "place", i18n.Place(web.Actor(c).Club.Zone)))
	}
	h.Facts = append(h.Facts, web.T(c, "posts_by", "person", p.Author))
	if p.Campaign != "" {
		h.Facts = append(h.Facts, web.T(c, "post_campaign", "campaign", p.Campaign))
	}
	d := &composerContext{practice: p.Practice}
	var held []store.PostDelivery
	for _, x := range p.Deliveries {
		if x.Status == club.Cancelled {
			continue
		}
		h.Deliveries = append(h.Deliveries, room.deliveryView(c, d, p, x))
		if len(held) > 0 && sameTrouble(held[0], x) {
			held = append(held, x)
			continue
		}
		if len(held) == 0 && isHeld(x) {
			held = append(held, x)
			continue
		}
		if f, ok := room.failureView(c, d, p, x); ok {
			h.Failures = append(h.Failures, f)
		}
	}
	if len(held) > 0 {
		if f, ok := room.failureView(c, d, p, held...); ok {
			h.Failures = append(h.Failures, f)
		}
	}
	for i := range h.Failures {
		if f := &h.Failures[i]; f.Reconnect != nil {
			if err := room.addReconnect(c, f.Reconnect, p); err != nil {
				return h, err
			}
		}
	}
	if err := room.addRetimes(c, &h, p); err != nil {
		return h, err
	}
	if err := room.addTechnical(c, &h, d, p); err != nil {
		return h, err
	}
	return h, room.addEvents(c, &h, d, p)
}

// isHeld: Bandstand itself held a delivery back and asks before it goes on.
func isHeld(x store.PostDelivery) bool {
	return x.Status == club.NeedsAttention && (x.Phase == club.Late || x.Phase == club.Held || x.Phase == club.Restored || x.Phase == club.Clone || x.Phase == club.ClockInDoubt)
}

// sameTrouble: one question serves both, with one answer.
func sameTrouble(a, b store.PostDelivery) bool {
	return isHeld(b) && a.Code == b.Code && a.Phase == b.Phase && maps.Equal(a.Args, b.Args) && a.Connection.Usable() == b.Connection.Usable()
}

// failText is one of the four texts of a failure. A code that has none is a
// refusal we do not know.
func (room *Room) failText(c echo.Context, code, part string, args map[string]string) string {
	key := "fail_" + code + "_" + part
	if !room.Catalogue.Has(key) {
		key = "fail_unknown_refusal_" + part
	}
	return web.T(c, key, i18n.Args(args)...)
}

func (room *Room) deliveryView(c echo.Context, d *composerContext, p store.Post, x store.PostDelivery) posts.Delivery {
	ctx := c.Request().Context()
	v := posts.Delivery{ID: x.ID, Account: room.partView(c, d, p, x), Status: x.Shown(), URL: web.SafeURL(x.RemoteURL)}
	switch {
	case x.Status == club.Published:
		v.Words = i18n.When(ctx, room.Local(c, x.PublishedAt))
		v.Open = web.T(c, "post_open_on", "platform", v.Account.Site)
	case x.Phase == club.AfterPart && x.Code == platforms.CodePartBefore:
		v.Words = web.T(c, "part_stopped")
	case x.Phase == club.AfterPart:
		v.Words = web.T(c, "part_follows")
	case x.Status == club.Scheduled && x.Connection.Health == club.Paused:
		v.Words = web.T(c, "account_off_paused")
	case x.Status == club.Scheduled && !x.Connection.Usable():
		v.Words = web.T(c, "post_waits_account")
	case x.Phase == club.Reconciling:
		v.Words = web.T(c, "post_looking")
	case x.Status == club.Publishing && x.Phase == club.Backoff, x.Phase == club.Blocked:
		v.Words = web.T(c, "post_waits", "when", i18n.When(ctx, room.Local(c, x.NextAt)))
	case x.Status == club.Scheduled:
		v.Words = i18n.When(ctx, room.Local(c, x.DueAt))
	}
	return v
}

// addTechnical lists every call that was made for the post.
func (room *Room) addTechnical(c echo.Context, h *posts.Head, d *composerContext, p store.Post) error {
	all, err := room.DB.Attempts(c.Request().Context(), web.Scope(c), p.ID)
	if err != nil {
		return err
	}
	for _, x := range p.Deliveries {
		attempts := all[x.ID]
		if len(attempts) == 0 {
			continue
		}
		platform := string(x.Connection.Account.Platform)
		v := posts.Technical{Delivery: x.ID, Account: room.partView(c, d, p, x), Support: supportLine(platform, x.ID, attempts[len(attempts)-1])}
		for _, a := range attempts {
			v.Attempts = append(v.Attempts, room.attemptView(c, platform, a))
		}
		h.Technical = append(h.Technical, v)
	}
	return nil
}

// attemptView is one call for the technical details: never a token, because
// none is ever kept with an attempt.
func (room *Room) attemptView(c echo.Context, platform string, a store.Attempt) posts.Attempt {
	outcome := cmp.Or(string(a.Outcome), "open")
	v := posts.Attempt{
		At: room.Local(c, a.StartedAt).Format("2006-01-02 15:04:05"), Step: room.stepWords(c, platform, a.Kind), Outcome: web.T(c, "attempt_"+outcome),
	}
	if a.Kind == store.AttemptLook {
		v.Step = web.T(c, "attempt_look")
	}
	if a.Kind == store.AttemptRecalled {
		v.Step = web.T(c, "attempt_recalled")
	}
	add := func(key, value string) {
		if value != "" {
			v.Facts = append(v.Facts, posts.Detail{Name: web.T(c, key), Value: value})
		}
	}
	if a.HTTPStatus != 0 {
		add("attempt_status", strconv.Itoa(a.HTTPStatus))
	}
	add("attempt_code", a.PlatformCode)
	add("attempt_text", a.PlatformText)
	add("attempt_trace", a.TraceID)
	add("attempt_proof", a.Proof)
	return v
}

// supportLine is the last attempt in one line, as people paste it elsewhere.
func supportLine(platform, delivery string, a store.Attempt) string {
	return "platform=" + platform + " step=" + a.Kind + " outcome=" + string(a.Outcome) + " status=" + strconv.Itoa(a.HTTPStatus) +
		" code=" + a.PlatformCode + " trace=" + a.TraceID + " at=" + a.StartedAt.UTC().Format(time.RFC3339) + " delivery=" + delivery
}

// failureView explains what went wrong on one account, or on several with the
// same trouble, and offers the decisions that are open. The second value is
// false if there is nothing to explain.
func (room *Room) failureView(c echo.Context, d *composerContext, p store.Post, all ...store.PostDelivery) (posts.Failure, bool) {
	x := all[0]
	broken := x.Shown() != x.Status
	if x.Code == "" && !broken || x.Status == club.Published || x.Status == club.Draft || x.Phase == club.AfterPart {
		return posts.Failure{}, false
	}
	f := posts.Failure{Delivery: x.ID, Status: x.Shown(), Words: room.deliveryView(c, d, p, x).Words}
	var platformNames, accountNames []string
	for i, o := range all {
		a := room.partView(c, d, p, o)
		f.Accounts = append(f.Accounts, a)
		platformNames, accountNames = append(platformNames, a.Site), append(accountNames, o.Connection.Account.Name)
		if i > 0 {
			f.Also = append(f.Also, o.ID)
		}
	}
	args := room.shownArgs(c, x.Args)
	args["platform"], args["account"] = web.JoinAnd(c, platformNames), web.JoinAnd(c, slices.Compact(accountNames))
	args["owner"] = room.ownerOf(c, x.Connection)
	args["console"] = room.ConsoleOf(c, x.Connection.Account.Platform)
	code := x.Code
	if broken {
		code = cmp.Or(x.Connection.HealthCode, x.Code)
	}
	f.Title, f.Happened = room.failText(c, code, "title", args), room.failText(c, code, "happened", args)
	f.Did, f.Do = room.failText(c, code, "did", args), room.failText(c, code, "do", args)
	if broken && x.Connection.Health == club.NeedsReconnect {
		f.Did, f.Do = room.brokenText(c, x, args)
	}
	if x.Part > 0 && x.Status == club.Failed {
		room.tellOfPart(c, &f, p, x)
	}
	f.Calm = !broken && (x.Status == club.Scheduled || x.Status == club.Publishing)
	if !x.Connection.Usable() && x.Connection.Health != club.Paused && p.Practice == web.Actor(c).Club.Practice {
		f.Reconnect = &posts.Reconnect{Account: x.ConnectionID, Back: web.PostPath(p.ID) + "#failure-" + x.ID}
	}
	if f.Calm && x.Code != platforms.CodeOutcomeLooking || broken || !web.Actor(c).Role.Can(club.SchedulePosts) {
		return f, true
	}
	room.addDecisions(c, &f, p, x, args["platform"])
	return f, true
}

// brokenText says of a post that is scheduled on an account that cannot be used
// what becomes of it, and what happens by itself once the account works again.
func (room *Room) brokenText(c echo.Context, x store.PostDelivery, args map[string]string) (did, do string) {
	key := "post_broken_planned_"
	if !x.DueAt.After(room.Now()) {
		key = "post_broken_due_"
	}
	when := i18n.Args(args)
	when = append(when, "planned", i18n.When(c.Request().Context(), room.Local(c, x.DueAt)), "late", i18n.When(c.Request().Context(), room.Local(c, x.LateAfter)))
	return web.T(c, key+"did", when...), web.T(c, key+"do", when...)
}

// addDecisions offers what a person can decide (rows 31 to
// 36): for an unclear outcome only what they saw; otherwise everything.
func (room *Room) addDecisions(c echo.Context, f *posts.Failure, p store.Post, x store.PostDelivery, platform string) {
	if x.Phase == club.Ambiguous || x.Phase == club.DuplicateSuspect || x.Phase == club.Reconciling {
		f.Decisions = []posts.Decision{{Answer: "there", Label: web.T(c, "answer_there"), AskLink: true}}
		if looks, _ := strconv.Atoi(x.Args["n"]); club.MayMiss(x.Phase, x.Code, looks) {
			f.Decisions = append(f.Decisions, posts.Decision{Answer: "missing", Label: web.T(c, "answer_missing")})
		}
		f.Look = web.SafeURL(x.RemoteURL)
		return
	}
	now := posts.Decision{Answer: "now", Label: web.T(c, "answer_now"), Kind: "main"}
	if x.Status == club.Failed {
		now.Label = web.T(c, "answer_again")
	}
	code := x.Code
	if !room.Catalogue.Has("fail_" + code + "_title") {
		code = platforms.CodeUnknownRefusal // as which it is told
	}
	if x.Status == club.Failed && platforms.RemedyFor(code) != platforms.RemedySend {
		now.Kind = "" // as things are, it would only fail again
		f.EditFirst = platforms.RemedyFor(code) == platforms.RemedyEdit && f.Reconnect == nil
	}
	leave := "quiet"
	if x.Phase == club.Partial && x.Code == platforms.CodeParentGone { // there is nothing that it could follow
		now.Kind, leave = "", "main"
	}
	if x.Phase == club.Restored || x.Phase == club.Clone {
		f.Decisions = append(f.Decisions, posts.Decision{Answer: "there", Label: web.T(c, "waiting_there"), AskLink: true})
	}
	if x.Connection.Usable() && web.Actor(c).Hold.Phase == "" {
		f.Decisions = append(f.Decisions, now)
	}
	discard := web.T(c, "answer_discard", "platform", platform)
	if x.Part > 0 {
		discard = web.T(c, "answer_discard_part")
	}
	f.Decisions = append(f.Decisions, posts.Decision{Answer: "discard", Label: discard, Kind: leave})
	f.Retime = &posts.When{Place: i18n.Place(web.Actor(c).Club.Zone)}
	f.Edit = web.PostPath(p.ID) + "/edit"
}

// addRetimes proposes the next free time wherever a new one can be chosen.
func (room *Room) addRetimes(c echo.Context, h *posts.Head, p store.Post) error {
	if !slices.ContainsFunc(h.Failures, func(f posts.Failure) bool { return f.Retime != nil }) {
		return nil
	}
	var accounts []int64
	for _, x := range p.Deliveries {
		accounts = append(accounts, x.ConnectionID)
	}
	slot, err := room.Planning.NextFree(c.Request().Context(), web.By(c), p.ID, accounts, cmp.Or(p.Planned.Clock(), planning.UsualClock), room.Now())
	for i := range h.Failures {
		if r := h.Failures[i].Retime; r != nil {
			r.Date, r.Clock = slot.Date(), slot.Clock()
		}
	}
	return err
}

// addReconnect leads to the sign-in of a platform, and from there back to the
// trouble on this page. Whoever may not connect accounts, or finds nothing to
// sign in with, is led to the account, where that is said.
func (room *Room) addReconnect(c echo.Context, r *posts.Reconnect, p store.Post) error {
	r.Path = "/accounts/" + strconv.FormatInt(r.Account, 10)
	if !web.Actor(c).Role.Can(club.ConnectAccount) {
		return nil
	}
	i := slices.IndexFunc(p.Deliveries, func(x store.PostDelivery) bool { return x.ConnectionID == r.Account })
	conn := p.Deliveries[i].Connection
	possible, leaves, err := room.AllowReconnecting(c, conn)
	if err != nil || !possible {
		return err
	}
	r.Path += "/reconnect"
	if r.Leaves = leaves; !leaves {
		r.Path += "?" + url.Values{"to": {r.Back}}.Encode()
	}
	return nil
}

// ownerOf is who connected an account.
func (room *Room) ownerOf(c echo.Context, n store.Connection) string {
	members, err := room.DB.Members(c.Request().Context(), web.Actor(c).Club.ID)
	if err != nil {
		return ""
	}
	i := slices.IndexFunc(members, func(m store.Member) bool { return m.PersonID == n.ConnectedBy })
	if i < 0 {
		return web.T(c, "roles_admin")
	}
	return members[i].Name
}

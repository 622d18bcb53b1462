package posts

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// addEvents is the timeline. The same for several accounts at once is one line.
func (room *Room) addEvents(c echo.Context, h *posts.Head, d *composerContext, p store.Post) error {
	events, err := room.DB.Timeline(c.Request().Context(), web.Scope(c), p.ID)
	if err != nil {
		return err
	}
	deliveries := map[string]store.PostDelivery{}
	for _, x := range p.Deliveries {
		deliveries[x.ID] = x
	}
	for i := 0; i < len(events); {
		e := events[i]
		about := []store.PostDelivery{deliveries[e.DeliveryID]}
		for i++; i < len(events) && sameEvent(e, events[i]); i++ {
			about = append(about, deliveries[events[i].DeliveryID])
		}
		h.Events = append(h.Events, posts.Event{ISO: e.At.Format(time.RFC3339), When: room.eventTime(c, e), Text: room.eventText(c, d, p, e, about)})
	}
	for _, about := range story(events) {
		var on []store.PostDelivery
		for _, e := range about {
			if e.DeliveryID != "" {
				on = append(on, deliveries[e.DeliveryID])
			}
		}
		on = onePerAccount(on)
		h.Story = append(h.Story, posts.Event{
			ISO: about[0].At.Format(time.RFC3339), When: i18n.When(c.Request().Context(), room.Local(c, about[0].At)), Text: room.storyText(c, d, p, about[0], on),
		})
	}
	return nil
}

// What people want to know of a post, in the order in which they are told: who
// scheduled it, where it is out, and what is wrong.
var (
	planKinds    = []string{club.NoteScheduled, club.NoteRetimed, club.NoteBackToDraft}
	outKinds     = []string{club.NotePublished, club.NoteFound, club.NoteSaidThere}
	troubleKinds = []string{club.NoteRefused, club.NoteExhausted, club.NoteAsks, club.NoteLate, club.NoteDoubt, club.NoteSignIn, club.NoteBlocked, club.NoteAlone}
)

// story is a post in three lines at most, each about one or more accounts: the
// latest plan, where it is out, and the latest trouble that nothing has ended since.
// Of a post that is only written, it is how it began.
func story(events []store.PostEvent) [][]store.PostEvent {
	var plan, out, trouble []store.PostEvent
	told := map[string]bool{} // deliveries that have gone on since
	for _, e := range slices.Backward(events) {
		kind := e.Note.Kind
		switch {
		case slices.Contains(planKinds, kind) && (len(plan) == 0 || sameStory(plan, e)):
			plan = append(plan, e)
		case slices.Contains(outKinds, kind) && !told[e.DeliveryID]:
			out = append(out, e)
		case slices.Contains(troubleKinds, kind) && !told[e.DeliveryID] && (len(trouble) == 0 || sameStory(trouble, e)):
			trouble = append(trouble, e)
		}
		if slices.Contains(planKinds, kind) || slices.Contains(outKinds, kind) || slices.Contains(troubleKinds, kind) || kind == club.NoteSentNow {
			told[e.DeliveryID] = true
		}
	}
	lines := slices.DeleteFunc([][]store.PostEvent{plan, out, trouble}, func(l []store.PostEvent) bool { return len(l) == 0 })
	if len(lines) == 0 && len(events) > 0 {
		lines = append(lines, events[:1])
	}
	return lines
}

// sameStory: the same happened to another account.
func sameStory(told []store.PostEvent, e store.PostEvent) bool {
	return e.Note.Kind == told[0].Note.Kind && e.DeliveryID != "" &&
		!slices.ContainsFunc(told, func(o store.PostEvent) bool { return o.DeliveryID == e.DeliveryID })
}

// storyText is one line of the story. Many accounts are told as a number, which the
// page names beside it.
func (room *Room) storyText(c echo.Context, d *composerContext, p store.Post, e store.PostEvent, on []store.PostDelivery) string {
	if e.DeliveryID == "" {
		return room.eventText(c, d, p, e, on)
	}
	kind := e.Note.Kind
	if slices.Contains(outKinds, kind) {
		kind = club.NotePublished
	}
	args := room.eventArgs(c, d, p, e, on)
	args["account"] = i18n.N(c.Request().Context(), "story_accounts", len(on))
	if len(on) <= 2 {
		var names []string
		for _, x := range on {
			names = append(names, withPart(room.nameAmong(d, x.Connection, p.Deliveries), partName(c, p, x)))
		}
		args["account"] = web.JoinAnd(c, names)
	}
	return web.T(c, "story_"+kind, i18n.Args(args)...)
}

// nameAmong is the platform's name, with the account's where the post has another
// one there.
func (room *Room) nameAmong(d *composerContext, n store.Connection, all []store.PostDelivery) string {
	a := room.accountView(d, n)
	if slices.ContainsFunc(all, func(o store.PostDelivery) bool {
		return o.ConnectionID != n.ID && o.Connection.Account.Platform == n.Account.Platform
	}) {
		return a.Site + " " + a.Name
	}
	return a.Site
}

// sameEvent: the same happened to several accounts in one go. What platforms
// call a step differs.
func sameEvent(a, b store.PostEvent) bool {
	return a.Note.Kind != club.NoteStep && a.DeliveryID != "" && b.DeliveryID != "" && a.Note.Kind == b.Note.Kind && a.PersonID == b.PersonID &&
		b.At.Sub(a.At) < time.Second && maps.Equal(a.Note.Args, b.Note.Args)
}

// eventTime shows seconds where machines are at work.
func (room *Room) eventTime(c echo.Context, e store.PostEvent) string {
	ctx, at := c.Request().Context(), room.Local(c, e.At)
	if e.PersonID != 0 {
		return i18n.When(ctx, at)
	}
	return web.T(c, "date_when", "day", i18n.DayShort(ctx, at), "time", at.Format("15:04:05"))
}

// eventText is one line of the timeline.
func (room *Room) eventText(c echo.Context, d *composerContext, p store.Post, e store.PostEvent, about []store.PostDelivery) string {
	return web.T(c, "event_"+e.Note.Kind, i18n.Args(room.eventArgs(c, d, p, e, about))...)
}

// eventArgs are what the words of an event are filled with.
func (room *Room) eventArgs(c echo.Context, d *composerContext, p store.Post, e store.PostEvent, about []store.PostDelivery) map[string]string {
	args := room.shownArgs(c, e.Note.Args)
	args["person"] = cmp.Or(e.Person, web.T(c, "app_name"))
	platform := ""
	if e.DeliveryID != "" {
		var names []string
		for _, x := range onePerAccount(about) {
			a := room.accountView(d, x.Connection)
			names = append(names, withPart(a.Site+" "+a.Name, partName(c, p, x)))
		}
		args["account"] = web.JoinAnd(c, names)
		args["platform"] = room.accountView(d, about[0].Connection).Site
		platform = string(about[0].Connection.Account.Platform)
	}
	if code := args["code"]; code != "" {
		args["reason"] = room.failText(c, code, "title", args)
	}
	switch e.Note.Kind {
	case club.NoteStep:
		args["step"] = room.stepWords(c, platform, args["step"])
		if args["n"] == "1" {
			delete(args, "n") // the first of one is only confusing
		}
	case club.NoteDoubt:
		args["reason"] = web.T(c, "doubt_"+args["reason"])
	}
	return args
}

// stepWords is what a platform calls a step.
func (room *Room) stepWords(c echo.Context, platform, kind string) string {
	if key := platform + ".step_" + kind; room.Catalogue.Has(key) {
		return web.T(c, key)
	}
	return kind
}

// shownArgs turns times among placeholders into words of the club's zone.
func (room *Room) shownArgs(c echo.Context, args map[string]string) map[string]string {
	out := make(map[string]string, len(args)+3)
	for k, v := range args {
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			v = i18n.When(c.Request().Context(), room.Local(c, at))
		}
		out[k] = v
	}
	return out
}

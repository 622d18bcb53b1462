package handlers

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
func (s *Server) addEvents(c echo.Context, h *posts.Head, d *desk, p store.Post) error {
	events, err := s.DB.Timeline(c.Request().Context(), web.Scope(c), p.ID)
	if err != nil {
		return err
	}
	accounts := map[int64]store.PostDelivery{}
	for _, x := range p.Deliveries {
		accounts[x.ConnectionID] = x
	}
	for i := 0; i < len(events); {
		e := events[i]
		about := []store.PostDelivery{accounts[e.ConnectionID]}
		for i++; i < len(events) && sameEvent(e, events[i]); i++ {
			about = append(about, accounts[events[i].ConnectionID])
		}
		h.Events = append(h.Events, posts.Event{ISO: e.At.Format(time.RFC3339), When: s.eventTime(c, e), Text: s.eventText(c, d, e, about)})
	}
	for _, about := range story(events) {
		e := about[0]
		var accountsOf []store.PostDelivery
		for _, x := range about {
			accountsOf = append(accountsOf, accounts[x.ConnectionID])
		}
		h.Story = append(h.Story, posts.Event{ISO: e.At.Format(time.RFC3339), When: i18n.When(c.Request().Context(), s.Local(c, e.At)), Text: s.eventText(c, d, e, accountsOf)})
	}
	return nil
}

// storyKinds are the three things that people want to know of a post, in the order
// in which they are told: who scheduled it, where it is out, and what went wrong.
var storyKinds = [][]string{
	{club.NoteScheduled, club.NoteRetimed, club.NoteBackToDraft},
	{club.NotePublished, club.NoteFound, club.NoteSaidThere},
	{club.NoteRefused, club.NoteExhausted, club.NoteAsks, club.NoteLate, club.NoteDoubt, club.NoteSignIn, club.NoteBlocked},
}

// story is the latest of each of these, with the same of other accounts; of a post
// that is only written, how it began.
func story(events []store.PostEvent) [][]store.PostEvent {
	var out [][]store.PostEvent
	for _, kinds := range storyKinds {
		var last []store.PostEvent
		for _, e := range slices.Backward(events) {
			if !slices.Contains(kinds, e.Note.Kind) || len(last) > 0 && (e.Note.Kind != last[0].Note.Kind || e.DeliveryID == "" ||
				slices.ContainsFunc(last, func(o store.PostEvent) bool { return o.DeliveryID == e.DeliveryID })) {
				continue
			}
			last = append(last, e)
		}
		if len(last) > 0 {
			out = append(out, last)
		}
	}
	if len(out) == 0 && len(events) > 0 {
		out = [][]store.PostEvent{events[:1]}
	}
	return out
}

// sameEvent: the same happened to several accounts in one go. What platforms
// call a step differs.
func sameEvent(a, b store.PostEvent) bool {
	return a.Note.Kind != club.NoteStep && a.DeliveryID != "" && b.DeliveryID != "" && a.Note.Kind == b.Note.Kind && a.PersonID == b.PersonID &&
		b.At.Sub(a.At) < time.Second && maps.Equal(a.Note.Args, b.Note.Args)
}

// eventTime shows seconds where machines are at work.
func (s *Server) eventTime(c echo.Context, e store.PostEvent) string {
	ctx, at := c.Request().Context(), s.Local(c, e.At)
	if e.PersonID != 0 {
		return i18n.When(ctx, at)
	}
	return web.T(c, "date_when", "day", i18n.DayShort(ctx, at), "time", at.Format("15:04:05"))
}

// eventText is one line of the timeline.
func (s *Server) eventText(c echo.Context, d *desk, e store.PostEvent, about []store.PostDelivery) string {
	args := s.shownArgs(c, e.Note.Args)
	args["person"] = cmp.Or(e.Person, web.T(c, "app_name"))
	platform := ""
	if e.DeliveryID != "" {
		var names []string
		for _, x := range about {
			a := s.accountView(d, x.Connection)
			names = append(names, a.Platform+" "+a.Name)
		}
		args["account"] = web.JoinAnd(c, names)
		args["platform"] = s.accountView(d, about[0].Connection).Site
		platform = string(about[0].Connection.Account.Platform)
	}
	if code := args["code"]; code != "" {
		args["reason"] = s.failText(c, code, "title", args)
	}
	switch e.Note.Kind {
	case club.NoteStep:
		args["step"] = s.stepWords(c, platform, args["step"])
		if args["n"] == "1" {
			delete(args, "n") // the first of one is only confusing
		}
	case club.NoteDoubt:
		args["reason"] = web.T(c, "doubt_"+args["reason"])
	}
	return web.T(c, "event_"+e.Note.Kind, i18n.Args(args)...)
}

// stepWords is what a platform calls a step.
func (s *Server) stepWords(c echo.Context, platform, kind string) string {
	if key := platform + ".step_" + kind; s.Catalogue.Has(key) {
		return web.T(c, key)
	}
	return kind
}

// shownArgs turns times among placeholders into words of the club's zone.
func (s *Server) shownArgs(c echo.Context, args map[string]string) map[string]string {
	out := make(map[string]string, len(args)+3)
	for k, v := range args {
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			v = i18n.When(c.Request().Context(), s.Local(c, at))
		}
		out[k] = v
	}
	return out
}

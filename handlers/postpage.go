package handlers

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// showPost is the page of one post.
func (s *Server) showPost(c echo.Context) error {
	p, err := s.DB.Post(c.Request().Context(), scope(c), number(c.Param("id")))
	if err != nil {
		return err
	}
	v, err := s.postView(c, p)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, posts.One(s.page(c, "posts", titleOf(c, p)), v))
}

// titleOf is how a post is called: by its first words.
func titleOf(c echo.Context, p store.Post) string {
	if p.Excerpt == "" {
		return t(c, "post_untitled")
	}
	if r := []rune(p.Excerpt); len(r) > 70 {
		return string(r[:70]) + "…"
	}
	return p.Excerpt
}

// statusStopPolling ends htmx's polling of an element.
const statusStopPolling = 286

// showPostStatus is the part of the page that changes while a post is on its
// way.
func (s *Server) showPostStatus(c echo.Context) error {
	p, err := s.DB.Post(c.Request().Context(), scope(c), number(c.Param("id")))
	if err != nil {
		return err
	}
	h, err := s.postHead(c, p)
	if err != nil {
		return err
	}
	if !isHX(c) {
		return seeOther(c, postPath(p.ID))
	}
	status := http.StatusOK
	if !h.Poll {
		status = statusStopPolling
	}
	return s.render(c, status, posts.PostHead(h), posts.PostTimeline(h.Events, true))
}

func (s *Server) postView(c echo.Context, p store.Post) (posts.Page, error) {
	ctx := c.Request().Context()
	a := who(c)
	d, err := s.deskFor(c, &p, p.Live.Content)
	if err != nil {
		return posts.Page{}, err
	}
	h, err := s.postHead(c, p)
	if err != nil {
		return posts.Page{}, err
	}
	status := p.Status()
	v := posts.Page{
		ID: p.ID, Version: p.Version, Op: rand.Text(), Practice: p.Practice, Head: h, Note: p.Note,
		MayCopy: a.Role.Can(club.WritePosts), MayEdit: mayEdit(a, p) && status != club.Published,
		MayDelete: mayDelete(a, p) && status != club.Publishing,
		MayMove:   a.Role.Can(club.SchedulePosts) && club.CanMove(status),
		MayUndo:   a.Role.Can(club.SchedulePosts) && status == club.Scheduled,
	}
	v.DeleteHint = t(c, "post_delete_hint")
	if n, _ := p.Count(club.Published); n > 0 {
		v.DeleteHint = t(c, "post_delete_hint_published")
	}
	all, err := s.verdicts(c, d, p.Live.Content)
	if err != nil {
		return v, err
	}
	s.addContent(c, &v, d, p, all)
	if p.Pending != nil {
		v.Pending = &posts.Pending{Changes: changes(p.Live.Content.Text, p.Pending.Content.Text), MayTake: a.Role.Can(club.SchedulePosts)}
	}
	if v.Numbers, err = s.numbersOf(c, p); err != nil {
		return v, err
	}
	earlier, err := s.DB.EarlierTexts(ctx, scope(c), p.ID)
	if err != nil {
		return v, err
	}
	now := p.Live.Content.Text
	for _, e := range earlier {
		v.Earlier = append(v.Earlier, posts.Earlier{By: e.By, At: i18n.When(ctx, inZone(e.At, a.Club.Zone)), Changes: changes(e.Content.Text, now)})
	}
	return v, nil
}

// addContent shows what the post says, text by text.
func (s *Server) addContent(c echo.Context, v *posts.Page, d *desk, p store.Post, all []verdict) {
	content := p.Live.Content
	label := ""
	if len(content.Texts) > 0 {
		label = t(c, "composer_text")
	}
	v.Text = []posts.Text{{Label: label, Text: content.Text}}
	slot := p.Planned
	f := &composerForm{content: content}
	for i := range all {
		x := &all[i]
		if own, ok := content.Texts[x.conn.ID]; ok {
			v.Text = append(v.Text, posts.Text{Label: t(c, "composer_text_for", "account", s.accountLabel(d, x.conn)), Text: own})
		}
		v.Previews = append(v.Previews, s.card(c, d, f, x, slot))
	}
	if d.link != nil {
		v.Link = d.link.URL
	}
	for _, m := range content.Media {
		if known, ok := d.media[m.ID]; ok {
			w, h := within(known.Width, known.Height, thumbSize)
			v.Pictures = append(v.Pictures, posts.Shown{Thumb: thumbPath(m.ID), Width: w, Height: h, Alt: m.Alt})
		}
	}
}

// postHead is status, failures, accounts and timeline of a post.
func (s *Server) postHead(c echo.Context, p store.Post) (posts.Head, error) {
	ctx := c.Request().Context()
	h := posts.Head{ID: p.ID, Status: p.Status(), Words: s.partWords(c, p)}
	if !p.Planned.At.IsZero() {
		h.Facts = append(h.Facts, t(c, "post_planned", "when", i18n.When(ctx, s.local(c, p.Planned.At)), "place", i18n.Place(who(c).Club.Zone)))
	}
	h.Facts = append(h.Facts, t(c, "posts_by", "person", p.Author))
	if p.Campaign != "" {
		h.Facts = append(h.Facts, t(c, "post_campaign", "campaign", p.Campaign))
	}
	d := &desk{practice: p.Practice}
	platformOf := map[int64]store.PostDelivery{}
	for _, x := range p.Deliveries {
		platformOf[x.ConnectionID] = x
		if x.Status == club.Cancelled {
			continue
		}
		line, err := s.deliveryView(c, d, x)
		if err != nil {
			return h, err
		}
		h.Deliveries = append(h.Deliveries, line)
		if x.Status == club.Publishing || x.Status == club.Scheduled && !x.DueAt.After(s.Now()) {
			h.Poll = true
		}
		if f, ok := s.failureView(c, d, p, x); ok {
			h.Failures = append(h.Failures, f)
		}
	}
	events, err := s.DB.Timeline(ctx, scope(c), p.ID)
	if err != nil {
		return h, err
	}
	for _, e := range events {
		h.Events = append(h.Events, posts.Event{
			ISO: e.At.Format(time.RFC3339), When: i18n.When(ctx, s.local(c, e.At)), Text: s.eventText(c, d, e, platformOf[e.ConnectionID]),
		})
	}
	return h, nil
}

// local shows an instant in the club's zone.
func (s *Server) local(c echo.Context, at time.Time) time.Time { return inZone(at, who(c).Club.Zone) }

// eventText is one line of the timeline.
func (s *Server) eventText(c echo.Context, d *desk, e store.PostEvent, x store.PostDelivery) string {
	args := s.shownArgs(c, e.Note.Args)
	args["person"] = cmp.Or(e.Person, t(c, "app_name"))
	platform := ""
	if e.DeliveryID != "" {
		a := s.accountView(d, x.Connection)
		platform = string(x.Connection.Account.Platform)
		args["account"] = a.Platform + " " + a.Name
		args["platform"] = a.Platform
	}
	if code := args["code"]; code != "" {
		args["reason"] = s.failText(c, code, "title", args)
	}
	switch e.Note.Kind {
	case club.NoteStep:
		args["step"] = s.stepWords(c, platform, args["step"])
	case club.NoteDoubt:
		args["reason"] = t(c, "doubt_"+args["reason"])
	}
	return t(c, "event_"+e.Note.Kind, i18n.Args(args)...)
}

// stepWords is what a platform calls a step.
func (s *Server) stepWords(c echo.Context, platform, kind string) string {
	if key := platform + ".step_" + kind; s.Catalogue.Has(key) {
		return t(c, key)
	}
	return kind
}

// shownArgs turns times among placeholders into words of the club's zone.
func (s *Server) shownArgs(c echo.Context, args map[string]string) map[string]string {
	out := make(map[string]string, len(args)+3)
	for k, v := range args {
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			v = i18n.When(c.Request().Context(), s.local(c, at))
		}
		out[k] = v
	}
	return out
}

// failText is one of the four texts of a failure. A code that has none is a
// refusal we do not know.
func (s *Server) failText(c echo.Context, code, part string, args map[string]string) string {
	key := "fail_" + code + "_" + part
	if !s.Catalogue.Has(key) {
		key = "fail_unknown_refusal_" + part
	}
	return t(c, key, i18n.Args(args)...)
}

func (s *Server) deliveryView(c echo.Context, d *desk, x store.PostDelivery) (posts.Delivery, error) {
	ctx := c.Request().Context()
	v := posts.Delivery{ID: x.ID, Account: s.accountView(d, x.Connection), Status: x.Status, URL: safeURL(x.RemoteURL)}
	switch {
	case x.Status == club.Published:
		v.Words = i18n.When(ctx, s.local(c, x.PublishedAt))
		v.Open = t(c, "post_open_on", "platform", v.Account.Platform)
	case x.Phase == club.Reconciling:
		v.Words = t(c, "post_looking")
	case x.Status == club.Publishing && x.Phase == club.Backoff, x.Phase == club.Blocked:
		v.Words = t(c, "post_waits", "when", i18n.When(ctx, s.local(c, x.NextAt)))
	case x.Status == club.Scheduled:
		v.Words = i18n.When(ctx, s.local(c, x.DueAt))
	}
	attempts, err := s.DB.Attempts(ctx, scope(c), x.ID)
	if err != nil {
		return v, err
	}
	platform := string(x.Connection.Account.Platform)
	for _, a := range attempts {
		v.Details = append(v.Details, s.attemptView(c, platform, a))
	}
	if n := len(attempts); n > 0 {
		v.Support = supportLine(platform, x.ID, attempts[n-1])
	}
	return v, nil
}

// attemptView is one call for the technical details: never a token, because
// none is ever kept with an attempt.
func (s *Server) attemptView(c echo.Context, platform string, a store.Attempt) posts.Attempt {
	outcome := cmp.Or(string(a.Outcome), "open")
	v := posts.Attempt{
		At: s.local(c, a.StartedAt).Format("2006-01-02 15:04:05"), Step: s.stepWords(c, platform, a.Kind), Outcome: t(c, "attempt_"+outcome),
	}
	if a.Kind == store.AttemptLook {
		v.Step = t(c, "attempt_look")
	}
	add := func(key, value string) {
		if value != "" {
			v.Facts = append(v.Facts, posts.Detail{Name: t(c, key), Value: value})
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

// failureView explains what went wrong on one account, and offers the decisions
// that are open. The second value is false if there is nothing to explain.
func (s *Server) failureView(c echo.Context, d *desk, p store.Post, x store.PostDelivery) (posts.Failure, bool) {
	if x.Code == "" || x.Status == club.Published || x.Status == club.Draft {
		return posts.Failure{}, false
	}
	f := posts.Failure{Delivery: x.ID, Account: s.accountView(d, x.Connection), Status: x.Status}
	args := s.shownArgs(c, x.Args)
	args["platform"], args["account"] = f.Account.Platform, x.Connection.Account.Name
	args["owner"] = s.ownerOf(c, x.Connection)
	f.Title, f.Happened = s.failText(c, x.Code, "title", args), s.failText(c, x.Code, "happened", args)
	f.Did, f.Do = s.failText(c, x.Code, "did", args), s.failText(c, x.Code, "do", args)
	f.Calm = x.Status == club.Scheduled || x.Status == club.Publishing
	if !x.Connection.Usable() {
		f.Reconnect = "/accounts/" + strconv.FormatInt(x.ConnectionID, 10)
	}
	if f.Calm || !who(c).Role.Can(club.SchedulePosts) {
		return f, true
	}
	s.addDecisions(c, &f, p, x)
	return f, true
}

// addDecisions offers what a person can decide (reliability.md §2.4, rows 31 to
// 36): for an unclear outcome only what they saw; otherwise everything.
func (s *Server) addDecisions(c echo.Context, f *posts.Failure, p store.Post, x store.PostDelivery) {
	if x.Phase == club.Ambiguous || x.Phase == club.DuplicateSuspect {
		f.Decisions = []posts.Decision{
			{Answer: "there", Label: t(c, "answer_there"), AskLink: true},
			{Answer: "missing", Label: t(c, "answer_missing")},
		}
		f.Look = s.accountURL(p, x)
		return
	}
	now := posts.Decision{Answer: "now", Label: t(c, "answer_now"), Kind: "main"}
	if x.Status == club.Failed {
		now.Label = t(c, "answer_again")
	}
	if f.Reconnect == "" {
		f.Decisions = append(f.Decisions, now)
	}
	f.Decisions = append(f.Decisions, posts.Decision{Answer: "discard", Label: t(c, "answer_discard", "platform", f.Account.Platform), Kind: "quiet"})
	date, clock := proposal(s.Now(), who(c).Club.Zone, "", p.Planned.Clock())
	f.Retime = &posts.When{Date: date, Clock: clock, Place: i18n.Place(who(c).Club.Zone), Min: s.local(c, s.Now()).Format(dateForm)}
	f.Edit = postPath(p.ID) + "/edit"
}

// accountURL is where the account can be looked at: beside another post of it.
func (s *Server) accountURL(p store.Post, x store.PostDelivery) string {
	return safeURL(x.RemoteURL)
}

// ownerOf is who connected an account.
func (s *Server) ownerOf(c echo.Context, n store.Connection) string {
	members, err := s.DB.Members(c.Request().Context(), who(c).Club.ID)
	if err != nil {
		return ""
	}
	i := slices.IndexFunc(members, func(m store.Member) bool { return m.PersonID == n.ConnectedBy })
	if i < 0 {
		return t(c, "roles_admin")
	}
	return members[i].Name
}

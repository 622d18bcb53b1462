package posts

import (
	"errors"
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
	"github.com/bandstand-app/bandstand/views/ui"
)

// composerView is the form with everything around it, ready to be drawn.
func (room *Room) composerView(c echo.Context, d *composerContext, f *composerForm) (posts.Composer, error) {
	checked, err := room.check(c, d, f)
	if err != nil {
		return posts.Composer{}, err
	}
	a := web.Actor(c)
	v := posts.Composer{
		Op: f.op, Post: f.post, Version: f.version, Person: a.Person.ID, Begun: d.begun(), Scheduled: d.post != nil && d.post.Status() == club.Scheduled, Practice: d.practice,
		Text: f.content.Text, Link: f.content.Link, Note: f.note, NewLabel: f.newLabel,
		MaySchedule: a.Role.Can(club.SchedulePosts), Faults: f.faults.List, LinkCard: room.linkCardView(d),
		Mark: room.DB.FormMark(web.Scope(c)), Kept: f.kept, Notice: f.notice,
	}
	v.Accounts = room.accountLines(c, d, f.content)
	v.Pictures = room.pictureViews(c, d, f, checked)
	v.Campaigns = []ui.Option{{Label: web.T(c, "composer_campaign_none")}}
	for _, g := range d.campaigns {
		v.Campaigns = append(v.Campaigns, ui.Option{Value: strconv.FormatInt(g.ID, 10), Label: g.Name})
	}
	if f.campaign != 0 {
		v.Campaign = strconv.FormatInt(f.campaign, 10)
	}
	v.Preview = room.previewOf(c, d, f, checked)
	v.When = v.Preview.When
	v.Counters, v.Own, v.OwnTools = room.texts(c, d, f, checked.Drafts)
	v.Parts, v.PartTools, v.Choices = room.partViews(c, d, f, checked), room.partTools(c, d, f), room.choiceViews(c, d, f, checked)
	v.Preview.Parts, v.Preview.PartTools, v.Preview.Choices = v.Parts, v.PartTools, v.Choices
	v.Preview.Counters, v.Preview.Own, v.Preview.OwnTools, v.Preview.Pictures = v.Counters, v.Own, v.OwnTools, v.Pictures
	v.Save = posts.SaveState{Post: f.post, Version: f.version}
	if d.post != nil && d.post.Pending != nil {
		v.Save.Pending, v.Save.Text = true, web.T(c, "save_pending")
	}
	if f.notice != "" {
		v.Save.Pending, v.Save.Unsaved, v.Save.Text = false, true, web.T(c, "composer_unsaved")
	}
	if !v.MaySchedule {
		v.WhyNot = room.WhoCan(c, club.SchedulePosts)
	}
	return v, nil
}

// texts are the counters of the text for all, the own texts with theirs, and
// the accounts that could get one.
func (room *Room) texts(c echo.Context, d *composerContext, f *composerForm, all []planning.Draft) (shared []posts.Counter, own []posts.OwnText, tools []posts.Account) {
	var using []planning.Draft
	for _, v := range all {
		text, has := f.content.Texts[v.Connection.ID]
		if !has {
			using = append(using, v)
			tools = append(tools, room.accountView(d, v.Connection))
			continue
		}
		own = append(own, posts.OwnText{
			Account: room.accountView(d, v.Connection), Text: text, Counters: room.counters(c, d, []planning.Draft{v}), Fresh: f.fresh == v.Connection.ID, Error: f.faults.At("text-" + strconv.FormatInt(v.Connection.ID, 10)),
		})
	}
	if len(all) < 2 {
		tools = nil
	}
	return room.counters(c, d, using), own, tools
}

// accountView is an account with its platform.
func (room *Room) accountView(d *composerContext, n store.Connection) posts.Account {
	a := posts.Account{ID: n.ID, Name: web.AccountName(n)}
	if p, ok := room.Registry(d.practice).Platform(n.Account.Platform); ok {
		a.Mark, a.Platform, a.Site, a.Short = p.Info().Mark, p.Info().Name, p.Info().SiteName(), p.Info().Short
	}
	return a
}

// accountLines are the accounts to tick. Those that cannot be used say why;
// ticked ones stay ticked, so that saving loses nothing.
func (room *Room) accountLines(c echo.Context, d *composerContext, content club.Content) []posts.Account {
	out := make([]posts.Account, 0, len(d.all))
	for _, n := range d.all {
		a := room.accountView(d, n)
		a.Ticked = slices.Contains(content.Accounts, n.ID)
		switch n.Health {
		case club.NeedsReconnect, club.Disconnected:
			a.Reason, a.Link, a.LinkText = web.T(c, "account_off_"+string(n.Health)), "/accounts", web.T(c, "account_off_link")
		case club.Paused:
			a.Reason = web.T(c, "account_off_paused")
		}
		if d.published(n.ID) {
			a.Reason, a.Ticked, a.Off = web.T(c, "account_published"), true, true
		}
		a.Off = a.Off || a.Reason != "" && !a.Ticked && n.Health != club.Paused // posts may wait for an update
		out = append(out, a)
	}
	return out
}

// wish is when the form asks for the post to go out.
func (f *composerForm) wish() planning.Wish {
	return planning.Wish{Choice: planning.Choice(f.when), Date: f.date, Clock: f.clock}
}

// slotOf reads the time of a form. The zero slot means no time, or none that can be
// read: then field and message say what is wrong.
func (room *Room) slotOf(c echo.Context, f *composerForm) (slot club.Slot, field, message string) {
	slot, err := f.wish().Read(web.Actor(c).Club.Zone, room.Now())
	if e, ok := errors.AsType[*club.Error](err); ok {
		return club.Slot{}, e.Field, web.TimeText(c, e)
	}
	if f.when == string(planning.AtTime) {
		f.clock, _ = club.ParseClock(f.clock) // it has been read
	}
	return slot, "", ""
}

// whenOf is the choice of a time with a note where clocks change.
func (room *Room) whenOf(c echo.Context, _ *composerContext, f *composerForm) (club.Slot, posts.When) {
	ctx := c.Request().Context()
	wish := f.clock
	slot, _, _ := room.slotOf(c, f)
	zone := web.Actor(c).Club.Zone
	w := posts.When{
		Choice: f.when, Date: f.date, Clock: f.clock, Place: i18n.Place(zone), Free: f.free, Words: web.T(c, "composer_when_none"),
	}
	if slot.At.IsZero() {
		return slot, w
	}
	local := web.InZone(slot.At, zone)
	w.Words = i18n.When(ctx, local)
	w.Full = web.T(c, "composer_when_full", "day", i18n.Day(ctx, local), "time", i18n.Clock(ctx, local), "place", i18n.Place(zone))
	if f.when == "now" {
		w.Words = web.T(c, "composer_now")
		return slot, w
	}
	switch slot.Note {
	case club.SlotGap:
		before := beforeGap(slot)
		w.Note = web.T(c, "time_gap", "time", wish, "date", i18n.DayShort(ctx, local), "after", slot.Clock())
		w.Offers = []string{slot.Clock(), before}
	case club.SlotTwice:
		w.Note = web.T(c, "time_twice", "time", slot.Clock(), "date", i18n.DayShort(ctx, local))
	case club.SlotPlain:
	}
	return slot, w
}

// beforeGap is the clock time that the wish is when the clocks have not gone
// forward yet: for 02:30, which becomes 03:30, it is 01:30.
func beforeGap(slot club.Slot) string {
	_, after := web.InZone(slot.At, slot.Zone).Zone()
	_, before := web.InZone(slot.At.Add(-24*time.Hour), slot.Zone).Zone()
	width := time.Duration(after-before) * time.Second
	return web.InZone(slot.At.Add(-width), slot.Zone).Format(web.ClockLayout)
}

// linkCardView is what is known of the page behind the link.
func (room *Room) linkCardView(d *composerContext) *posts.LinkCard {
	if d.link == nil || d.linkState == "" {
		return nil
	}
	v := &posts.LinkCard{State: string(d.linkState), Domain: web.DomainOf(d.link.URL)}
	if card, known := d.material.Card(d.link.URL); known && card.State == club.CardReady {
		v.Title, v.Description = card.Title, card.Description
		if card.MediaID != "" {
			v.Image = web.ThumbPath(card.MediaID)
		}
	}
	return v
}

// fitChoices are the ways to make a picture fit an account.
func fitChoices(c echo.Context) []ui.Option {
	return []ui.Option{
		{Value: string(platforms.FitCrop), Label: web.T(c, "fit_crop")},
		{Value: string(platforms.FitPad), Label: web.T(c, "fit_borders")},
	}
}

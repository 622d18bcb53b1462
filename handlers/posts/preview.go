package posts

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// check asks what there is to know of a form before it is scheduled.
func (room *Room) check(c echo.Context, d *composerContext, f *composerForm) (planning.Checked, error) {
	slot, _, _ := room.slotOf(c, f)
	all := []planning.Prepared{d.prepare(f.drawn(), slot)}
	if err := room.Planning.FindRepeats(c.Request().Context(), web.Scope(c).ClubID, all); err != nil {
		return planning.Checked{}, err
	}
	return planning.Checked{Prepared: all[0], Findings: planning.Check(all[0], nil)}, nil
}

// createPreview answers while one types. It writes nothing.
func (room *Room) createPreview(c echo.Context) error {
	f, post, err := room.composing(c)
	if err != nil {
		return err
	}
	d, err := room.contextFor(c, post, f.content)
	if err != nil {
		return err
	}
	v, err := room.composerView(c, d, f)
	if err != nil {
		return err
	}
	if !web.IsHX(c) {
		return room.renderComposer(c, http.StatusOK, v)
	}
	return room.Render(c, http.StatusOK, posts.PreviewAnswer(v.Preview, v.LinkCard))
}

// previewOf draws the cards and everything else that depends on the text.
func (room *Room) previewOf(c echo.Context, d *composerContext, f *composerForm, checked planning.Checked) posts.Preview {
	p := posts.Preview{Style: f.style, Reading: d.linkState == club.CardReading}
	slot, when := room.whenOf(c, d, f)
	p.When = when
	if f.large {
		for _, x := range f.faults.List {
			p.Must = append(p.Must, posts.Problem{Text: x.Text, Field: x.Field})
		}
	}
	findings := f.shown(d, checked.Findings)
	must, look := room.problems(c, d, f, checked.Prepared, findings)
	p.Must, p.Look = append(p.Must, must...), look
	if f.untouched {
		p.Must, p.Look = nil, nil
	}
	all := len(checked.Drafts)
	p.Must, p.Look = room.oneEach(c, merged(p.Must), all), room.oneEach(c, merged(p.Look), all)
	ready := all
	for i := range checked.Drafts {
		draft := &checked.Drafts[i]
		card := room.card(c, d, f, draft, slot)
		if slices.ContainsFunc(findings, func(q planning.Finding) bool {
			return q.Connection == draft.Connection.ID && q.Severity == platforms.MustFix
		}) {
			card.Must = !f.untouched
			ready--
		}
		p.Cards = append(p.Cards, card)
	}
	switch {
	case all == 0, len(p.Must) == 0 && f.blank():
	case len(p.Must) > 0:
		p.Ready = i18n.N(c.Request().Context(), "ready_problems", len(p.Must), "ready", strconv.Itoa(ready), "of", strconv.Itoa(all))
	default:
		p.Ready = i18n.N(c.Request().Context(), "ready_all", ready)
	}
	return p
}

// shown leaves out what nobody needs to hear yet: whoever has not begun to write
// has made no mistake, and who has no account is told of that elsewhere.
func (f *composerForm) shown(d *composerContext, all []planning.Finding) []planning.Finding {
	var out []planning.Finding
	for _, q := range all {
		ofText := q.Connection != 0 && q.Code != planning.CodeReconnect && q.Near == nil
		if ofText && f.blank() && !f.pressed || q.Code == planning.CodeNoAccount && len(d.all) == 0 {
			continue
		}
		out = append(out, q)
	}
	return out
}

// problems puts findings into words: what must be fixed, and what is worth a look.
func (room *Room) problems(c echo.Context, d *composerContext, f *composerForm, p planning.Prepared, all []planning.Finding) (must, look []posts.Problem) {
	for _, q := range all {
		line := posts.Problem{Text: room.FindingText(c, p, q), Field: f.fieldOf(q)}
		if q.Part > 0 && q.Part <= len(f.content.Parts) {
			line.Text = web.T(c, "problem_in_part", "part", partTitle(c, f.content, q.Part-1), "problem", line.Text)
		}
		if draft := p.Draft(q.Connection); draft != nil {
			line.Account = room.accountLabel(d, draft.Connection)
		}
		if q.Near != nil {
			line.Other = web.PostPath(q.Near.PostID)
		} else {
			line.Code = q.Code
		}
		if q.Severity == platforms.MustFix {
			must = append(must, line)
		} else {
			look = append(look, line)
		}
	}
	return must, look
}

// merged joins the same problem of several accounts into one line.
func merged(all []posts.Problem) []posts.Problem {
	var out []posts.Problem
	for _, q := range all {
		i := slices.IndexFunc(out, func(o posts.Problem) bool {
			return o.Text == q.Text && o.Field == q.Field && o.Other == q.Other && o.Account != ""
		})
		if i < 0 || q.Account == "" {
			q.Accounts = 1
			out = append(out, q)
			continue
		}
		out[i].Account += ", " + q.Account
		out[i].Accounts++
	}
	return out
}

// fieldOf is the id of the field that a finding leads to.
func (f *composerForm) fieldOf(q planning.Finding) string {
	switch q.Field {
	case "format":
		return "format-" + strconv.FormatInt(q.Connection, 10)
	case "options":
		return optionField(q.Connection, q.Args["option"])
	case "text":
		if q.Part > 0 {
			return partField(q.Part - 1)
		}
		if _, own := f.content.Texts[q.Connection]; own {
			return "text-" + strconv.FormatInt(q.Connection, 10)
		}
		return "text"
	case "media":
		switch {
		case q.Media == "":
			return "files"
		case q.Code == platforms.CodeMediaAspect, q.Code == platforms.CodeMediaStill:
			return "verdicts-" + q.Media
		}
		return "alt-" + q.Media
	case "account":
		return "accounts"
	}
	return q.Field
}

// card draws one account's preview.
func (room *Room) card(c echo.Context, d *composerContext, f *composerForm, draft *planning.Draft, slot club.Slot) posts.Card {
	ctx := c.Request().Context()
	info, conn := draft.Platform.Info(), draft.Connection
	p := platforms.Preview{
		Account: conn.Account, Draft: draft.Draft, Computer: f.style.Computer,
		MediaURL: func(id string) string { return viewPath(id, conn.ID, fitOf(f.content, id, conn.ID)) },
		T:        func(key string, args ...string) string { return i18n.T(ctx, key, args...) },
	}
	if !slot.At.IsZero() {
		p.When = i18n.When(ctx, web.InZone(slot.At, slot.Zone))
	}
	if len(draft.Rules.Text) > 0 {
		_, over := mainRule(draft.Rules).Split(draft.Rules.FinalText(draft.Draft))
		p.Over = len([]rune(over))
	}
	return posts.Card{Parts: room.partCards(c, f, draft, p), ID: conn.ID, Short: info.Short, Label: room.accountLabel(d, conn), Mark: info.Mark, Platform: info.Name, Account: web.AccountName(conn), Drawing: draft.Platform.Preview(p)}
}

func fitOf(c club.Content, media string, connection int64) platforms.Fit {
	for _, m := range tray(c) {
		if m.ID == media {
			return m.Fit[connection]
		}
	}
	return platforms.FitWhole
}

// mainRule is the one count that is always shown.
func mainRule(r platforms.FormatRules) platforms.TextRule {
	for _, t := range r.Text {
		if !t.Side {
			return t
		}
	}
	return r.Text[0]
}

// counters count a text by each rule of the accounts that use it. Accounts with
// the same rule and count share a line.
func (room *Room) counters(c echo.Context, d *composerContext, all []planning.Draft) []posts.Counter {
	var out []posts.Counter
	for _, v := range all {
		final := v.Rules.FinalText(v.Draft)
		for _, r := range v.Rules.Text {
			used := r.Measure(final)
			k := posts.Counter{Label: room.accountLabel(d, v.Connection), Text: web.T(c, "counter", "used", i18n.Number(c.Request().Context(), int64(used)), "limit", i18n.Number(c.Request().Context(), int64(r.Max)), "unit", web.T(c, "unit_"+r.Unit))}
			switch {
			case used > r.Max:
				k.State, k.Say = "over", i18n.N(c.Request().Context(), "counter_over", used-r.Max, "platform", k.Label)
			case used*5 >= r.Max*4:
				k.State, k.Say = "near", i18n.N(c.Request().Context(), "counter_left", r.Max-used, "platform", k.Label)
			case used < r.ShowFrom, r.Side && r.ShowFrom == 0:
				continue
			}
			i := slices.IndexFunc(out, func(o posts.Counter) bool { return o.Text == k.Text })
			if i >= 0 {
				out[i].Label += ", " + k.Label
				continue
			}
			out = append(out, k)
		}
	}
	return out
}

// accountLabel is the platform's name, with the account's where two accounts of
// one platform are connected.
func (room *Room) accountLabel(d *composerContext, n store.Connection) string {
	p, _ := room.Registry(d.practice).Platform(n.Account.Platform)
	for _, o := range d.all {
		if o.ID != n.ID && o.Account.Platform == n.Account.Platform {
			return p.Info().SiteName() + " " + web.AccountName(n)
		}
	}
	return p.Info().SiteName()
}

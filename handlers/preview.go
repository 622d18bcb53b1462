package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// verdict is what the one checker says of a content for one account.
type verdict struct {
	conn     store.Connection
	platform platforms.Platform
	rules    platforms.Rules
	draft    platforms.Draft
	problems []platforms.Problem
}

// verdicts checks a content for every ticked account that the desk knows, and
// on which it is not public yet.
func (s *Server) verdicts(c echo.Context, d *desk, content club.Content) ([]verdict, error) {
	registry := s.Registry(d.practice)
	var out []verdict
	for _, n := range d.all {
		if !slices.Contains(content.Accounts, n.ID) || d.published(n.ID) {
			continue
		}
		p, _ := registry.Platform(n.Account.Platform)
		v := verdict{conn: n, platform: p, rules: p.Rules(n.Account)}
		media, err := s.measure(c, d, content, v)
		if err != nil {
			return nil, err
		}
		v.draft = content.Draft(n.ID, media, d.link)
		v.problems = platforms.Check(v.rules, v.draft)
		out = append(out, v)
	}
	return out, nil
}

// createPreview answers while one types. It writes nothing.
func (s *Server) createPreview(c echo.Context) error {
	f, post, err := s.composing(c)
	if err != nil {
		return err
	}
	d, err := s.deskFor(c, post, f.content)
	if err != nil {
		return err
	}
	v, err := s.composerView(c, d, f)
	if err != nil {
		return err
	}
	if !web.IsHX(c) {
		return s.renderComposer(c, http.StatusOK, v)
	}
	return s.Render(c, http.StatusOK, posts.PreviewAnswer(v.Preview, v.LinkCard))
}

// previewOf draws the cards and everything else that depends on the text.
func (s *Server) previewOf(c echo.Context, d *desk, f *composerForm, all []verdict) posts.Preview {
	p := posts.Preview{Style: f.style, Reading: d.linkState == club.CardReading}
	slot, when := s.whenOf(c, d, f)
	p.When = when
	if f.large {
		for _, x := range f.faults.List {
			p.Must = append(p.Must, posts.Problem{Text: x.Text, Field: x.Field})
		}
	}
	add := func(q platforms.Problem, v *verdict) {
		line := posts.Problem{Text: s.problemText(c, q, v), Field: f.fieldOf(q, v), Code: q.Code}
		if v != nil {
			line.Account = s.accountLabel(d, v.conn)
		}
		if q.Severity == platforms.MustFix {
			p.Must = append(p.Must, line)
			return
		}
		p.Look = append(p.Look, line)
	}
	for _, q := range s.postProblems(d, f, all) {
		add(q, nil)
	}
	ready := 0
	for i := range all {
		v := &all[i]
		problems := v.problems
		if f.blank() && !f.pressed {
			problems = nil // whoever has not begun to write has made no mistake
		}
		if !v.conn.Usable() && v.conn.Health != club.Paused { // a post may wait for an update
			problems = append([]platforms.Problem{{Code: codeReconnect, Severity: platforms.MustFix, Field: "account"}}, problems...)
		}
		for _, q := range problems {
			add(q, v)
		}
		p.Look = append(p.Look, s.repeatProblems(c, d, f, v)...)
		if !platforms.Blocks(problems) {
			ready++
		}
		card := s.card(c, d, f, v, slot)
		card.Must = !f.untouched && platforms.Blocks(problems)
		p.Cards = append(p.Cards, card)
	}
	if f.untouched {
		p.Must, p.Look = nil, nil
	}
	p.Must, p.Look = s.oneEach(c, merged(p.Must), len(all)), s.oneEach(c, merged(p.Look), len(all))
	switch {
	case len(all) == 0, len(p.Must) == 0 && f.blank():
	case len(p.Must) > 0:
		p.Ready = i18n.N(c.Request().Context(), "ready_problems", len(p.Must), "ready", strconv.Itoa(ready), "of", strconv.Itoa(len(all)))
	default:
		p.Ready = i18n.N(c.Request().Context(), "ready_all", ready)
	}
	return p
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

// Problems that no platform rule knows: their texts are problem_<code>.
const (
	codeNoAccount = "no_account"
	codeReconnect = "reconnect_first"
	codeLinkForm  = "link_form"
)

// postProblems are problems of the post as a whole.
func (s *Server) postProblems(d *desk, f *composerForm, all []verdict) []platforms.Problem {
	var out []platforms.Problem
	if len(all) == 0 && len(d.all) > 0 {
		out = append(out, platforms.Problem{Code: codeNoAccount, Severity: platforms.MustFix, Field: "account"})
	}
	if f.content.Link != "" && d.link == nil {
		out = append(out, platforms.Problem{Code: codeLinkForm, Severity: platforms.MustFix, Field: "link"})
	}
	return out
}

// problemText is one line of the problem list. The account stands before it.
func (s *Server) problemText(c echo.Context, q platforms.Problem, v *verdict) string {
	args := map[string]string{}
	for k, a := range q.Args {
		args[k] = a
	}
	if v != nil {
		args["platform"], args["account"] = v.platform.Info().Name, v.conn.Account.Name
	}
	if u := args["unit"]; u != "" {
		args["unit"] = web.T(c, "unit_"+u)
	}
	return web.T(c, "problem_"+q.Code, i18n.Args(args)...)
}

// fieldOf is the id of the field that a problem leads to.
func (f *composerForm) fieldOf(q platforms.Problem, v *verdict) string {
	switch q.Field {
	case "text":
		if v != nil {
			if _, own := f.content.Texts[v.conn.ID]; own {
				return "text-" + strconv.FormatInt(v.conn.ID, 10)
			}
		}
		return "text"
	case "media":
		if v != nil && q.Index < len(v.draft.Media) && q.Code != platforms.CodeTooManyMedia {
			if q.Code == platforms.CodeMediaAspect || q.Code == platforms.CodeMediaStill {
				return "verdicts-" + v.draft.Media[q.Index].ID
			}
			return "alt-" + v.draft.Media[q.Index].ID
		}
		return "files"
	case "account":
		return "accounts"
	}
	return q.Field
}

// card draws one account's preview.
func (s *Server) card(c echo.Context, d *desk, f *composerForm, v *verdict, slot club.Slot) posts.Card {
	ctx := c.Request().Context()
	info := v.platform.Info()
	p := platforms.Preview{
		Account: v.conn.Account, Draft: v.draft, Computer: f.style.Computer,
		MediaURL: func(id string) string { return viewPath(id, v.conn.ID, fitOf(f.content, id, v.conn.ID)) },
		T:        func(key string, args ...string) string { return i18n.T(ctx, key, args...) },
	}
	if !slot.At.IsZero() {
		p.When = i18n.When(ctx, web.InZone(slot.At, slot.Zone))
	}
	if len(v.rules.Text) > 0 {
		_, over := mainRule(v.rules).Split(v.rules.FinalText(v.draft))
		p.Over = len([]rune(over))
	}
	return posts.Card{ID: v.conn.ID, Short: info.Short, Label: s.accountLabel(d, v.conn), Mark: info.Mark, Platform: info.Name, Account: web.AccountName(v.conn), Drawing: v.platform.Preview(p)}
}

func fitOf(c club.Content, media string, connection int64) platforms.Fit {
	for _, m := range c.Media {
		if m.ID == media {
			return m.Fit[connection]
		}
	}
	return platforms.FitWhole
}

// mainRule is the one count that is always shown.
func mainRule(r platforms.Rules) platforms.TextRule {
	for _, t := range r.Text {
		if !t.Side {
			return t
		}
	}
	return r.Text[0]
}

// counters count a text by each rule of the accounts that use it. Accounts with
// the same rule and count share a line.
func (s *Server) counters(c echo.Context, d *desk, all []verdict) []posts.Counter {
	var out []posts.Counter
	for _, v := range all {
		final := v.rules.FinalText(v.draft)
		for _, r := range v.rules.Text {
			used := r.Measure(final)
			k := posts.Counter{Label: s.accountLabel(d, v.conn), Text: web.T(c, "counter", "used", i18n.Number(c.Request().Context(), int64(used)), "limit", i18n.Number(c.Request().Context(), int64(r.Max)), "unit", web.T(c, "unit_"+r.Unit))}
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
func (s *Server) accountLabel(d *desk, n store.Connection) string {
	p, _ := s.Registry(d.practice).Platform(n.Account.Platform)
	for _, o := range d.all {
		if o.ID != n.ID && o.Account.Platform == n.Account.Platform {
			return p.Info().SiteName() + " " + web.AccountName(n)
		}
	}
	return p.Info().SiteName()
}

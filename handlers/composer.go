package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/posts"
)

// Limits of what a post may hold; far beyond what any platform takes.
const (
	maxText  = 100_000 // bytes of all its texts together, and of its note
	maxAlt   = 10_000  // bytes of what describes one picture
	maxLabel = 80      // characters
	maxKey   = 64      // bytes; ours have 26
)

// composerForm is what the composer sends, and what it shows again.
type composerForm struct {
	op       string
	post     int64
	version  int64
	content  club.Content
	note     string
	campaign int64
	newLabel string
	when     string // "time", "now" or "none"
	date     string
	clock    string
	do       string // the button pressed
	style    posts.Style
	uploads  []web.Upload
	faults   web.Faults
	fresh    int64  // account whose own text was just made
	large    bool   // more than can be kept
	kept     string // reference of what was put aside while nobody was signed in
	notice   string // what to know about this form before anything else
	request  string // names this very press of a button, if it brings no files
	// untouched: nobody has written anything yet, so nothing is wrong yet.
	untouched bool
	pressed   bool // somebody asked for the post to be scheduled
	free      bool // the time is the next free one
}

// blank reports whether nothing has been written that could be wrong.
func (f *composerForm) blank() bool {
	c := f.content
	return strings.TrimSpace(c.Text) == "" && len(c.Texts) == 0 && len(c.Media) == 0 && c.Link == ""
}

// bindComposer reads the form. What is wrong with its fields is in its faults.
func bindComposer(c echo.Context) (*composerForm, error) {
	v, err := c.FormParams()
	if err != nil {
		return nil, err
	}
	f := composerOf(v)
	if id := c.Param("id"); id != "" {
		f.post = web.ParseID(id)
	}
	f.uploads = web.Uploads(c)
	if len(f.op) > maxKey || len(f.kept) > maxKey {
		return nil, &club.Error{Code: club.Invalid, Key: "error_unreadable"}
	}
	if f.op != "" && len(f.uploads) == 0 {
		sum := sha256.Sum256([]byte(v.Encode()))
		f.request = hex.EncodeToString(sum[:])
	}
	f.measure(c)
	if !slices.Contains([]string{"", "time", "now", "none"}, f.when) {
		f.faults.Add("when", web.T(c, "choose_listed"))
	}
	return f, nil
}

// composerOf reads the fields of the form.
func composerOf(v url.Values) *composerForm {
	f := &composerForm{
		op: v.Get("op"), kept: v.Get("kept"), note: strings.TrimSpace(v.Get("note")), newLabel: strings.TrimSpace(v.Get("campaign_new")),
		when: v.Get("when"), date: strings.TrimSpace(v.Get("date")), clock: strings.TrimSpace(v.Get("time")),
		do: v.Get("do"), style: styleOf(v),
	}
	f.post, f.version, f.campaign = web.ParseID(v.Get("post")), web.ParseID(v.Get("version")), web.ParseID(v.Get("campaign"))
	f.content = contentOf(v)
	f.free = v.Get("free") == f.date+"T"+f.clock // nobody has chosen another
	return f
}

// measure says at each field what holds more than can be kept. The form is then
// shown again with all of it.
func (f *composerForm) measure(c echo.Context) {
	before := len(f.faults.List)
	tooLong := func(field string, limit int) {
		f.faults.Add(field, web.T(c, "composer_too_long", "limit", i18n.Number(c.Request().Context(), int64(limit))))
	}
	size, longest, at := len(f.content.Text), len(f.content.Text), "text"
	for _, id := range f.content.Accounts {
		own := len(f.content.Texts[id])
		size += own
		if own > longest {
			longest, at = own, "text-"+strconv.FormatInt(id, 10)
		}
	}
	switch {
	case longest > maxText:
		tooLong(at, maxText)
	case size > maxText:
		f.faults.Add(at, web.T(c, "composer_too_long_together", "limit", i18n.Number(c.Request().Context(), maxText)))
	}
	for _, m := range f.content.Media {
		if len(m.Alt) > maxAlt {
			tooLong("alt-"+m.ID, maxAlt)
		}
	}
	if len(f.content.Media) > web.MaxPictures {
		f.faults.Add("media", web.T(c, "composer_too_many_pictures", "limit", strconv.Itoa(web.MaxPictures)))
	}
	if len(f.content.Link) > planning.MaxLink {
		tooLong("link", planning.MaxLink)
	}
	if len([]rune(f.newLabel)) > maxLabel {
		tooLong("campaign_new", maxLabel)
	}
	if len(f.note) > maxText {
		tooLong("note", maxText)
	}
	f.large = len(f.faults.List) > before
}

// drawn is what the checker and the preview are given of the content: of more
// than can be kept, its begin.
func (f *composerForm) drawn() club.Content {
	if !f.large {
		return f.content
	}
	content := f.content
	content.Text, content.Link = begin(content.Text, maxText), begin(content.Link, planning.MaxLink)
	content.Texts = maps.Clone(content.Texts)
	for id, text := range content.Texts {
		content.Texts[id] = begin(text, maxText)
	}
	content.Media = slices.Clone(content.Media[:min(len(content.Media), web.MaxPictures)])
	for i := range content.Media {
		content.Media[i].Alt = begin(content.Media[i].Alt, maxAlt)
	}
	return content
}

// begin is at most n bytes of a text.
func begin(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}

// styleOf is how the person wants the preview drawn.
func styleOf(v url.Values) posts.Style {
	return posts.Style{Computer: v.Get("screen") == "computer", Colours: v.Get("colours"), Unfolded: v.Get("fold") == "after"}
}

// composing reads the form, and the post that it is about. Where that post is
// not there, it returns the form with the error.
func (s *Server) composing(c echo.Context) (*composerForm, *store.Post, error) {
	f, err := bindComposer(c)
	if err != nil {
		return nil, nil, err
	}
	post, err := s.editable(c, f.post)
	if err != nil {
		return f, nil, err
	}
	if post != nil {
		f.keepPublished(*post)
	}
	return f, post, nil
}

// keepPublished puts back what the form cannot change: accounts on which the
// post is public, with their texts.
func (f *composerForm) keepPublished(p store.Post) {
	live := p.Live.Content
	for _, d := range p.Deliveries {
		if d.Status != club.Published || !slices.Contains(live.Accounts, d.ConnectionID) {
			continue
		}
		f.content.Accounts = append(f.content.Accounts, d.ConnectionID)
		if own, ok := live.Texts[d.ConnectionID]; ok {
			if f.content.Texts == nil {
				f.content.Texts = map[int64]string{}
			}
			f.content.Texts[d.ConnectionID] = own
		}
	}
	f.content = f.content.Normal()
}

// contentOf reads the fields that make what a post says.
func contentOf(v url.Values) club.Content {
	content := club.Content{Text: v.Get("text"), Link: strings.TrimSpace(v.Get("link")), Texts: map[int64]string{}}
	if l := planning.LinkOf(content.Link); l != nil {
		content.Link = l.URL // as the card of it is kept
	}
	for _, a := range v["account"] {
		if id := web.ParseID(a); id != 0 {
			content.Accounts = append(content.Accounts, id)
		}
	}
	for _, a := range v["own"] {
		if id := web.ParseID(a); id != 0 {
			content.Texts[id] = v.Get("text-" + a)
		}
	}
	for _, id := range v["media"] {
		if slices.ContainsFunc(content.Media, func(m club.ContentMedia) bool { return m.ID == id }) {
			continue
		}
		m := club.ContentMedia{ID: id, Alt: strings.TrimSpace(v.Get("alt-" + id))}
		for _, a := range content.Accounts {
			fit := platforms.Fit(v.Get("fit-" + id + "-" + strconv.FormatInt(a, 10)))
			if fit == platforms.FitCrop || fit == platforms.FitPad {
				if m.Fit == nil {
					m.Fit = map[int64]platforms.Fit{}
				}
				m.Fit[a] = fit
			}
		}
		content.Media = append(content.Media, m)
	}
	return content.Normal()
}

// change is the form as the store takes it.
func (f *composerForm) change(slot club.Slot) store.PostChange {
	return store.PostChange{
		ID: f.post, Op: f.op, Version: f.version, Content: f.content, Note: f.note,
		Campaign: f.campaign, NewCampaign: f.newLabel, Slot: slot, Request: f.request,
	}
}

// formOf is the form as an existing post fills it.
func formOf(p store.Post) *composerForm {
	f := &composerForm{
		op: rand.Text(), post: p.ID, version: p.Version, content: p.Content(), note: p.Note, campaign: p.CampaignID,
		when: "none", date: p.Planned.Date(), clock: p.Planned.Clock(),
	}
	if !p.Planned.At.IsZero() {
		f.when = "time"
	}
	return f
}

// desk is what the composer needs to know around a form.
type desk struct {
	post      *store.Post // nil: new
	practice  bool
	material  *planning.Material // what the content refers to
	all       []store.Connection // of this mode, in the order of the screens
	media     map[string]club.Media
	link      *platforms.Link
	linkState club.LinkCardState // empty: nobody asked yet
	campaigns []store.Campaign
}

// connection finds an account of the desk.
func (d *desk) connection(id int64) (store.Connection, bool) {
	i := slices.IndexFunc(d.all, func(c store.Connection) bool { return c.ID == id })
	if i < 0 {
		return store.Connection{}, false
	}
	return d.all[i], true
}

// published tells whether the post is public on an account.
func (d *desk) published(connection int64) bool {
	return d.post != nil && slices.ContainsFunc(d.post.Deliveries, func(x store.PostDelivery) bool {
		return x.ConnectionID == connection && x.Status == club.Published
	})
}

// begun tells whether the post is more than a draft.
func (d *desk) begun() bool { return d.post != nil && d.post.Begun() }

// deskFor gathers what is around a form. post is nil for a new one.
func (s *Server) deskFor(c echo.Context, post *store.Post, content club.Content) (*desk, error) {
	ctx := c.Request().Context()
	d := &desk{post: post, practice: web.Actor(c).Club.Practice}
	if post != nil {
		d.practice = post.Practice
	}
	if err := s.askForLink(c, content); err != nil {
		return nil, err
	}
	var err error
	if d.material, err = s.planning.Material(ctx, web.Scope(c).ClubID, planning.Plan{Content: content}); err != nil {
		return nil, err
	}
	d.all = d.material.Accounts(d.practice, content.Accounts)
	d.readLink(content, web.Actor(c).Club.Practice)
	if d.campaigns, err = s.DB.Campaigns(ctx, web.Scope(c)); err != nil {
		return nil, err
	}
	return d, s.readMedia(c, d, content)
}

// prepare makes the draft of each ticked account on which the post is not public
// yet.
func (d *desk) prepare(content club.Content, slot club.Slot) planning.Prepared {
	p := planning.Plan{Practice: d.practice, Content: content, Slot: slot}
	if d.post != nil {
		p.PostID, p.Public = d.post.ID, planning.PublicOn(*d.post)
	}
	return d.material.Prepare(p)
}

// showNewPost is an empty composer: accounts as last time, the next free time.
func (s *Server) showNewPost(c echo.Context) error {
	ctx := c.Request().Context()
	m, err := s.DB.Membership(ctx, web.Actor(c).Club.ID, web.Actor(c).Person.ID)
	if err != nil {
		return err
	}
	f := &composerForm{op: rand.Text(), when: "time", campaign: web.ParseID(c.QueryParam("campaign"))}
	f.content = contentOf(url.Values{"media": splitList(c.QueryParam("media"))})
	f.untouched = len(f.content.Media) == 0
	d, err := s.deskFor(c, nil, f.content)
	if err != nil {
		return err
	}
	for _, n := range d.all {
		// The first time, every account that works.
		if (len(m.LastAccounts) == 0 || slices.Contains(m.LastAccounts, n.ID)) && n.Usable() {
			f.content.Accounts = append(f.content.Accounts, n.ID)
		}
	}
	f.content = f.content.Normal()
	if err := s.propose(c, f); err != nil {
		return err
	}
	return s.drawComposer(c, http.StatusOK, d, f)
}

// propose fills in a time that is free for the ticked accounts: on the day that
// was asked for, if it has one, or else on the next day that has. "after" asks
// for the first day from that one on which the clock time itself is free.
func (s *Server) propose(c echo.Context, f *composerForm) error {
	slot, free, err := s.planning.Propose(c.Request().Context(), web.By(c), planning.Proposal{
		Accounts: f.content.Accounts, Clock: c.QueryParam("time"), Date: c.QueryParam("date"), After: c.QueryParam("after"),
	})
	if err != nil {
		return err
	}
	f.date, f.clock, f.free = slot.Date(), slot.Clock(), free
	return nil
}

func splitList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// showPostEditor is the composer with a post in it. Who may not edit it sees
// the post's page instead.
func (s *Server) showPostEditor(c echo.Context) error {
	p, err := s.DB.Post(c.Request().Context(), web.Scope(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	a := web.Actor(c)
	switch own := p.AuthorID == a.Person.ID; {
	case club.MayEdit(a.Role, own, p.Status()):
	case club.MayKeep(a.Role, own, p.Status()):
		s.Flash(c, "note", web.T(c, "edit_published"))
		return web.SeeOther(c, web.PostPath(p.ID))
	default:
		s.Flash(c, "note", web.T(c, "edit_not_yours", "person", p.Author))
		return web.SeeOther(c, web.PostPath(p.ID))
	}
	f := formOf(p)
	d, err := s.deskFor(c, &p, f.content)
	if err != nil {
		return err
	}
	return s.drawComposer(c, http.StatusOK, d, f)
}

// editable reads the post that a form is about, nil for a new one, and refuses
// those whose words are not kept for it.
func (s *Server) editable(c echo.Context, id int64) (*store.Post, error) {
	if id == 0 {
		return nil, nil
	}
	p, err := s.DB.Post(c.Request().Context(), web.Scope(c), id)
	if err != nil {
		return nil, err
	}
	if a := web.Actor(c); !club.MayKeep(a.Role, p.AuthorID == a.Person.ID, p.Status()) {
		return nil, web.Forbidden(club.SchedulePosts)
	}
	return &p, nil
}

// drawComposer shows the form with everything around it: as a page, or to htmx
// as the page's content alone.
func (s *Server) drawComposer(c echo.Context, status int, d *desk, f *composerForm) error {
	v, err := s.composerView(c, d, f)
	if err != nil {
		return err
	}
	return s.renderComposer(c, status, v)
}

func (s *Server) renderComposer(c echo.Context, status int, v posts.Composer) error {
	title, nav := web.T(c, "composer_title_new"), "new"
	if v.Post != 0 {
		title, nav = web.T(c, "composer_title_edit"), "posts"
	}
	page := s.Page(c, nav, title)
	page.Faults = v.Faults
	if v.Notice != "" {
		page.Flash = &layout.Flash{Kind: "note", Text: v.Notice}
	}
	if web.IsHX(c) {
		v.TabTitle = page.FullTitle(c.Request().Context())
		c.Response().Header().Set("HX-Retarget", "#composer-page")
		c.Response().Header().Set("HX-Reswap", "outerHTML")
		return s.Render(c, status, posts.ComposerPage(title, v))
	}
	return s.Render(c, status, posts.Write(page, v))
}

package handlers

import (
	"cmp"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/textdiff"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// createPost is the composer's one form: the button pressed says what to do.
func (s *Server) createPost(c echo.Context) error {
	f, post, err := s.composing(c)
	if club.CodeOf(err) == club.NotFound && f != nil {
		return s.composeAnew(c, f)
	}
	if err != nil {
		return err
	}
	if len(f.uploads) > 0 {
		if err := s.takeUploads(c, f); err != nil {
			return err
		}
	}
	d, err := s.deskFor(c, post, f.content)
	if err != nil {
		return err
	}
	if f.faults.Any() {
		return s.drawComposer(c, http.StatusUnprocessableEntity, d, f)
	}
	do, arg, _ := strings.Cut(f.do, "-")
	switch do {
	case "schedule", "next":
		return s.schedule(c, d, f, do == "next")
	case "mine":
		f.version = web.ParseID(arg)
		return s.saveDraft(c, d, f)
	case "", "draft":
		return s.saveDraft(c, d, f)
	}
	return s.arrange(c, d, f, do, arg)
}

// saveDraft keeps what is there, finished or not.
func (s *Server) saveDraft(c echo.Context, d *desk, f *composerForm) error {
	slot, field, message := s.slotOf(c, f)
	change := f.change(slot)
	change.Asked = true
	saved, err := s.DB.SavePost(c.Request().Context(), web.Scope(c), change)
	if err != nil {
		return s.notSaved(c, d, f, err)
	}
	s.dropKept(c, f)
	if field != "" {
		// What was written is safe; the time is not understood.
		f.post, f.version = saved.ID, saved.Version
		f.faults.Add(field, message)
		return s.drawComposer(c, http.StatusUnprocessableEntity, d, f)
	}
	key := "saved_draft"
	switch {
	case saved.Pending:
		key = "saved_pending"
	case saved.Begun:
		key = "saved"
	}
	s.Flash(c, "done", web.T(c, key))
	return web.SeeOther(c, web.PostPath(saved.ID))
}

// arrange carries out the buttons that only change the form.
func (s *Server) arrange(c echo.Context, d *desk, f *composerForm, do, arg string) error {
	media := f.content.Media
	at := slices.IndexFunc(media, func(m club.ContentMedia) bool { return m.ID == arg })
	switch {
	case do == "own":
		return s.giveOwnText(c, d, f, web.ParseID(arg))
	case do == "shared":
		delete(f.content.Texts, web.ParseID(arg))
		if web.IsHX(c) {
			return s.answerTools(c, d, f)
		}
	case do == "up" && at > 0:
		media[at-1], media[at] = media[at], media[at-1]
	case do == "down" && at >= 0 && at < len(media)-1:
		media[at+1], media[at] = media[at], media[at+1]
	case do == "remove" && at >= 0:
		f.content.Media = slices.Delete(media, at, at+1)
	case do == "time":
		f.clock = arg
	}
	v, err := s.composerView(c, d, f)
	if err != nil {
		return err
	}
	return s.renderComposer(c, http.StatusOK, v)
}

// giveOwnText copies the text for all into one for a single account.
func (s *Server) giveOwnText(c echo.Context, d *desk, f *composerForm, id int64) error {
	if _, ok := d.connection(id); !ok {
		return club.ErrNotFound
	}
	if _, has := f.content.Texts[id]; has && web.IsHX(c) {
		return c.NoContent(http.StatusNoContent) // pressed twice
	}
	if f.content.Texts == nil {
		f.content.Texts = map[int64]string{}
	}
	f.content.Texts[id], f.fresh = f.content.Text, id
	v, err := s.composerView(c, d, f)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(v.Own, func(o posts.OwnText) bool { return o.Account.ID == id })
	if !web.IsHX(c) || i < 0 {
		return s.renderComposer(c, http.StatusOK, v)
	}
	return s.Render(c, http.StatusOK, posts.OwnTextField(v.Own[i]), posts.OwnTools(v.OwnTools, true))
}

// answerTools redraws the buttons that give an account its own text.
func (s *Server) answerTools(c echo.Context, d *desk, f *composerForm) error {
	v, err := s.composerView(c, d, f)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, posts.OwnTools(v.OwnTools, true))
}

// createAutosave keeps what is being typed. It checks nothing: only scheduling
// does.
func (s *Server) createAutosave(c echo.Context) error {
	f, post, err := s.composing(c)
	if err != nil {
		return err
	}
	if f.large {
		if web.IsHX(c) {
			return c.NoContent(http.StatusRequestEntityTooLarge) // the page has words of its own for this
		}
		d, err := s.deskFor(c, post, f.drawn())
		if err != nil {
			return err
		}
		return s.drawComposer(c, http.StatusRequestEntityTooLarge, d, f)
	}
	slot, _, _ := s.slotOf(c, f)
	if slot.At.IsZero() && f.when == "time" && post != nil {
		slot = post.Planned // half a date is no wish to lose the other
	}
	saved, err := s.DB.SavePost(c.Request().Context(), web.Scope(c), f.change(slot))
	if err != nil {
		d, derr := s.deskFor(c, post, f.content)
		if derr != nil {
			return derr
		}
		return s.notSaved(c, d, f, err)
	}
	s.dropKept(c, f)
	if f.post == 0 || f.kept != "" {
		c.Response().Header().Set("HX-Replace-Url", web.PostPath(saved.ID)+"/edit")
	}
	state := posts.SaveState{
		Post: saved.ID, Version: saved.Version, Pending: saved.Pending,
		Text: web.T(c, "save_done", "time", i18n.Clock(c.Request().Context(), web.InZone(saved.At, web.Actor(c).Club.Zone))),
	}
	if saved.Pending {
		state.Text = web.T(c, "save_pending")
	}
	if !web.IsHX(c) {
		return web.SeeOther(c, web.PostPath(saved.ID)+"/edit")
	}
	return s.Render(c, http.StatusOK, posts.Saved(state))
}

// notSaved answers a composer whose post could not be stored. What was typed
// stays: on the page that htmx keeps, or in the form that is shown again.
func (s *Server) notSaved(c echo.Context, d *desk, f *composerForm, err error) error {
	switch {
	case club.CodeOf(err) == club.Conflict:
		return s.showConflict(c, d, f, err)
	case club.Storage(err) && !web.IsHX(c):
		p := s.ProblemOf(c, err)
		f.faults.Add("", p.Text)
		return s.drawComposer(c, p.Status, d, f)
	case club.CodeOf(err) == club.NotFound && s.partsGone(c, d, f) && !isAutosave(c):
		return s.drawComposer(c, http.StatusUnprocessableEntity, d, f)
	}
	return err
}

// isAutosave: the page stays as it is, whatever the answer.
func isAutosave(c echo.Context) bool { return web.IsHX(c) && strings.HasSuffix(c.Path(), "/autosave") }

// partsGone says at its field what the form holds and the club does not have:
// an account, a picture, a label. Nothing that was written goes with it. It
// tells whether there is any.
func (s *Server) partsGone(c echo.Context, d *desk, f *composerForm) bool {
	before := len(f.faults.List)
	gone, moved := false, ""
	for _, id := range f.content.Accounts {
		if _, there := d.connection(id); there {
			continue
		}
		gone = true
		if own := f.content.Texts[id]; strings.TrimSpace(own) != "" {
			f.content.Text += "\n\n" + own
			moved = "yes"
		}
	}
	if gone {
		f.content.Accounts = slices.DeleteFunc(f.content.Accounts, func(id int64) bool { _, there := d.connection(id); return !there })
		f.faults.Add("accounts", web.T(c, "composer_account_gone", "moved", moved))
	}
	if slices.ContainsFunc(f.content.Media, func(m club.ContentMedia) bool { _, there := d.media[m.ID]; return !there }) {
		f.faults.Add("media", web.T(c, "composer_picture_gone"))
	}
	if f.campaign != 0 && !slices.ContainsFunc(d.campaigns, func(g store.Campaign) bool { return g.ID == f.campaign }) {
		f.faults.Add("campaign", web.T(c, "choose_listed"))
	}
	return len(f.faults.List) > before
}

// composeAnew shows what was written for a post that is not there any more as a
// new one.
func (s *Server) composeAnew(c echo.Context, f *composerForm) error {
	f.post, f.version, f.op = 0, 0, rand.Text()
	f.faults.Add("", web.T(c, "composer_post_gone"))
	d, err := s.deskFor(c, nil, f.content)
	if err != nil {
		return err
	}
	s.partsGone(c, d, f)
	return s.drawComposer(c, http.StatusNotFound, d, f)
}

// showConflict puts both texts side by side: nothing is overwritten.
func (s *Server) showConflict(c echo.Context, d *desk, f *composerForm, cause error) error {
	ce, ok := errors.AsType[*club.Error](cause)
	if !ok || ce.Key != "post_conflict" {
		return cause
	}
	f.post = web.ParseID(ce.Args["post"]) // also if the answer that made it was lost
	theirs, err := s.DB.Post(c.Request().Context(), web.Scope(c), f.post)
	if err != nil {
		return err
	}
	d.post = &theirs
	v, err := s.composerView(c, d, f)
	if err != nil {
		return err
	}
	v.Conflict = &posts.Conflict{
		Person: ce.Args["person"], Own: ce.Args["own"], Version: theirs.Version, Mine: f.content.Text, Theirs: theirs.Content().Text,
		Text: s.ProblemOf(c, cause).Text,
	}
	v.Conflict.Changes = changes(textdiff.Words(v.Conflict.Theirs, v.Conflict.Mine))
	if web.IsHX(c) {
		c.Response().Header().Set("HX-Retarget", "#conflict-slot")
		c.Response().Header().Set("HX-Reswap", "innerHTML")
		return s.Render(c, http.StatusConflict, posts.ConflictPanel(v))
	}
	return s.renderComposer(c, http.StatusConflict, v)
}

// changes is what differs between two texts, for a page.
func changes(parts []textdiff.Part) []posts.Change {
	var out []posts.Change
	for _, p := range parts {
		kind := ""
		switch p.In {
		case textdiff.First:
			kind = "del"
		case textdiff.Second:
			kind = "ins"
		case textdiff.Both:
		}
		out = append(out, posts.Change{Kind: kind, Text: p.Text})
	}
	return out
}

// createDeletion takes a post off every page.
func (s *Server) createDeletion(c echo.Context) error {
	id := web.ParseID(c.Param("id"))
	p, err := s.editable(c, id)
	if err != nil {
		return err
	}
	if p == nil {
		return club.ErrNotFound
	}
	// What may not be deleted just now, the store says.
	a := web.Actor(c)
	if !club.MayDelete(a.Role, p.AuthorID == a.Person.ID, p.Status()) && !a.Role.Can(club.SchedulePosts) {
		return web.Forbidden(club.SchedulePosts)
	}
	if err := s.DB.DeletePost(c.Request().Context(), web.Scope(c), id, web.Origin(c)); err != nil {
		return err
	}
	s.Flash(c, "done", web.T(c, "post_deleted"))
	return web.SeeOther(c, "/posts")
}

// createDuplicate makes a draft with the same content.
func (s *Server) createDuplicate(c echo.Context) error {
	id, err := s.DB.DuplicatePost(c.Request().Context(), web.Scope(c), web.ParseID(c.Param("id")), c.FormValue("op"))
	if err != nil {
		return err
	}
	s.Flash(c, "done", web.T(c, "post_copied"))
	return web.SeeOther(c, web.PostPath(id)+"/edit")
}

// createRevision decides on changes to a scheduled post: take them over, or
// throw them away.
func (s *Server) createRevision(c echo.Context) error {
	id := web.ParseID(c.Param("id"))
	p, err := s.editable(c, id)
	if err != nil {
		return err
	}
	if p == nil || p.Pending == nil {
		return club.ErrNotFound
	}
	if c.FormValue("do") == "throw" {
		if err := s.DB.ThrowAwayPending(c.Request().Context(), web.Scope(c), id, web.ParseID(c.FormValue("version"))); err != nil {
			return err
		}
		s.Flash(c, "done", web.T(c, "pending_thrown"))
		return web.SeeOther(c, web.PostPath(id))
	}
	if !web.Actor(c).Role.Can(club.SchedulePosts) {
		return web.Forbidden(club.SchedulePosts)
	}
	f := formOf(*p)
	f.version = web.ParseID(c.FormValue("version"))
	d, err := s.deskFor(c, p, f.content)
	if err != nil {
		return err
	}
	return s.schedule(c, d, f, false)
}

// listSize is how many posts a page of the list shows.
const listSize = 40

// showPosts lists the posts of the club.
func (s *Server) showPosts(c echo.Context) error {
	if done, err := s.Unchanged(c); done || err != nil {
		return err
	}
	group := store.PostGroup(c.QueryParam("show"))
	if !slices.Contains(store.PostGroups, group) && group != store.PutAwayPosts {
		group = store.AllPosts
	}
	query := strings.TrimSpace(c.QueryParam("q"))
	page := web.ParseID(c.QueryParam("page"))
	found, err := s.DB.Posts(c.Request().Context(), web.Scope(c), store.PostFilter{
		Group: group, Text: query, Limit: listSize + 1, Offset: int(min(page, 10_000)) * listSize,
	})
	if err != nil {
		return err
	}
	v := posts.List{Query: query, Group: string(group), MayAdd: web.Actor(c).Role.Can(club.WritePosts), Filters: query != "" || group != store.AllPosts}
	if v.PutAway, err = s.DB.PutAway(c.Request().Context(), web.Scope(c)); err != nil {
		return err
	}
	for _, g := range store.PostGroups {
		v.Tabs = append(v.Tabs, posts.Tab{Label: web.T(c, "posts_show_"+cmp.Or(string(g), "all")), Href: web.PostListPath(g, query, 0), Current: g == group})
	}
	if len(found) > listSize {
		found = found[:listSize]
		v.More = web.PostListPath(group, query, page+1)
	}
	for _, p := range found {
		v.Lines = append(v.Lines, s.postLine(c, p))
	}
	return s.Render(c, http.StatusOK, posts.All(s.Page(c, "posts", web.T(c, "posts_title")), v))
}

func (s *Server) postLine(c echo.Context, p store.Post) posts.Line {
	ctx := c.Request().Context()
	l := posts.Line{ID: p.ID, Text: p.Excerpt, Status: p.Shown(), Practice: s.isPutAway(c, p), Author: p.Author, Campaign: p.Campaign, Planned: p.Planned.At}
	l.Words = s.partWords(c, p)
	if !p.Planned.At.IsZero() {
		l.When = i18n.When(ctx, web.InZone(p.Planned.At, web.Actor(c).Club.Zone))
	}
	if p.Picture != "" {
		l.Thumb = web.ThumbPath(p.Picture)
	}
	d := &desk{practice: p.Practice}
	for _, x := range p.Deliveries {
		if x.Status != club.Cancelled {
			l.Accounts = append(l.Accounts, s.accountView(d, x.Connection))
		}
	}
	return l
}

// isPutAway reports whether a post was made in practice mode and the club is live.
func (s *Server) isPutAway(c echo.Context, p store.Post) bool {
	return p.Practice && !web.Actor(c).Club.Practice
}

// partWords say how much of a post is published, where that is not all or none.
func (s *Server) partWords(c echo.Context, p store.Post) string {
	n, of := p.Count(club.Published)
	if n == 0 || n == of {
		return ""
	}
	return web.T(c, "posts_part", "n", strconv.Itoa(n), "of", strconv.Itoa(of))
}

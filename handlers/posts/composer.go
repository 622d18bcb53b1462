package posts

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/posts"
)

// composerContext is what the composer needs to know around a form.
type composerContext struct {
	post      *store.Post // nil: new
	practice  bool
	material  *planning.Material // what the content refers to
	all       []store.Connection // of this mode, in the order of the screens
	media     map[string]club.Media
	link      *platforms.Link
	linkState club.LinkCardState // empty: nobody asked yet
	campaigns []store.Campaign
}

// connection finds an account of the context.
func (d *composerContext) connection(id int64) (store.Connection, bool) {
	i := slices.IndexFunc(d.all, func(c store.Connection) bool { return c.ID == id })
	if i < 0 {
		return store.Connection{}, false
	}
	return d.all[i], true
}

// published tells whether the post is public on an account.
func (d *composerContext) published(connection int64) bool {
	return d.post != nil && slices.ContainsFunc(d.post.Deliveries, func(x store.PostDelivery) bool {
		return x.ConnectionID == connection && x.Status == club.Published
	})
}

// begun tells whether the post is more than a draft.
func (d *composerContext) begun() bool { return d.post != nil && d.post.Begun() }

// contextFor gathers what is around a form. post is nil for a new one.
func (room *Room) contextFor(c echo.Context, post *store.Post, content club.Content) (*composerContext, error) {
	ctx := c.Request().Context()
	d := &composerContext{post: post, practice: web.Actor(c).Club.Practice}
	if post != nil {
		d.practice = post.Practice
	}
	if err := room.askForLink(c, content); err != nil {
		return nil, err
	}
	var err error
	if d.material, err = room.Planning.Material(ctx, web.Scope(c).ClubID, planning.Plan{Content: content}); err != nil {
		return nil, err
	}
	d.all = d.material.Accounts(d.practice, content.Accounts)
	d.readLink(content, web.Actor(c).Club.Practice)
	if d.campaigns, err = room.DB.Campaigns(ctx, web.Scope(c)); err != nil {
		return nil, err
	}
	return d, room.readMedia(c, d, content)
}

// prepare makes the draft of each ticked account on which the post is not public
// yet.
func (d *composerContext) prepare(content club.Content, slot club.Slot) planning.Prepared {
	p := planning.Plan{Practice: d.practice, Content: content, Slot: slot}
	if d.post != nil {
		p.PostID, p.Public = d.post.ID, planning.PublicOn(*d.post)
	}
	return d.material.Prepare(p)
}

// composing reads the form, and the post that it is about. Where that post is
// not there, it returns the form with the error.
func (room *Room) composing(c echo.Context) (*composerForm, *store.Post, error) {
	f, err := bindComposer(c)
	if err != nil {
		return nil, nil, err
	}
	post, err := room.editable(c, f.post)
	if err != nil {
		return f, nil, err
	}
	practice := web.Actor(c).Club.Practice
	if post != nil {
		f.keepPublished(*post)
		practice = post.Practice
	}
	f.content, err = room.Planning.Share(c.Request().Context(), web.Scope(c).ClubID, practice, f.content)
	return f, post, err
}

// showNewPost is an empty composer: accounts as last time, the next free time.
func (room *Room) showNewPost(c echo.Context) error {
	ctx := c.Request().Context()
	m, err := room.DB.Membership(ctx, web.Actor(c).Club.ID, web.Actor(c).Person.ID)
	if err != nil {
		return err
	}
	f := &composerForm{op: rand.Text(), when: "time", campaign: web.ParseID(c.QueryParam("campaign"))}
	f.content = contentOf(url.Values{"media": splitList(c.QueryParam("media"))})
	f.untouched = len(f.content.Media) == 0
	d, err := room.contextFor(c, nil, f.content)
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
	if err := room.propose(c, f); err != nil {
		return err
	}
	return room.drawComposer(c, http.StatusOK, d, f)
}

// propose fills in a time that is free for the ticked accounts: on the day that
// was asked for, if it has one, or else on the next day that has. "after" asks
// for the first day from that one on which the clock time itself is free.
func (room *Room) propose(c echo.Context, f *composerForm) error {
	slot, free, err := room.Planning.Propose(c.Request().Context(), web.By(c), planning.Proposal{
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
func (room *Room) showPostEditor(c echo.Context) error {
	p, err := room.DB.Post(c.Request().Context(), web.Scope(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	a := web.Actor(c)
	switch own := p.AuthorID == a.Person.ID; {
	case club.MayEdit(a.Role, own, p.Status()):
	case club.MayKeep(a.Role, own, p.Status()):
		room.Flash(c, "note", web.T(c, "edit_published"))
		return web.SeeOther(c, web.PostPath(p.ID))
	default:
		room.Flash(c, "note", web.T(c, "edit_not_yours", "person", p.Author))
		return web.SeeOther(c, web.PostPath(p.ID))
	}
	f := formOf(p)
	d, err := room.contextFor(c, &p, f.content)
	if err != nil {
		return err
	}
	return room.drawComposer(c, http.StatusOK, d, f)
}

// editable reads the post that a form is about, nil for a new one, and refuses
// those whose words are not kept for it.
func (room *Room) editable(c echo.Context, id int64) (*store.Post, error) {
	if id == 0 {
		return nil, nil
	}
	p, err := room.DB.Post(c.Request().Context(), web.Scope(c), id)
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
func (room *Room) drawComposer(c echo.Context, status int, d *composerContext, f *composerForm) error {
	v, err := room.composerView(c, d, f)
	if err != nil {
		return err
	}
	return room.renderComposer(c, status, v)
}

func (room *Room) renderComposer(c echo.Context, status int, v posts.Composer) error {
	title, nav := web.T(c, "composer_title_new"), "new"
	if v.Post != 0 {
		title, nav = web.T(c, "composer_title_edit"), "posts"
	}
	page := room.Page(c, nav, title)
	page.Faults = v.Faults
	if v.Notice != "" {
		page.Flash = &layout.Flash{Kind: "note", Text: v.Notice}
	}
	if web.IsHX(c) {
		v.TabTitle = page.FullTitle(c.Request().Context())
		c.Response().Header().Set("HX-Retarget", "#composer-page")
		c.Response().Header().Set("HX-Reswap", "outerHTML")
		return room.Render(c, status, posts.ComposerPage(title, v))
	}
	return room.Render(c, status, posts.Write(page, v))
}

package posts

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/internal/textdiff"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// showPost is the page of one post.
func (room *Room) showPost(c echo.Context) error {
	p, err := room.DB.Post(c.Request().Context(), web.Scope(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	v, err := room.postView(c, p)
	if err != nil {
		return err
	}
	return room.Render(c, http.StatusOK, posts.One(room.Page(c, "posts", web.PostTitle(c, p)), v))
}

// statusStopPolling ends htmx's polling of an element.
const statusStopPolling = 286

// showPostStatus is the page again while the post is on its way, without its
// frame, and with what happened since in words; nothing if nothing has.
func (room *Room) showPostStatus(c echo.Context) error {
	p, err := room.DB.Post(c.Request().Context(), web.Scope(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	if !web.IsHX(c) {
		return web.SeeOther(c, web.PostPath(p.ID))
	}
	status := http.StatusOK
	if pollEvery(p, room.Now()) == 0 {
		status = statusStopPolling
	} else if web.ParseID(c.QueryParam("since")) == web.Actor(c).Club.Changes {
		return c.NoContent(http.StatusNoContent)
	}
	v, err := room.postView(c, p)
	if err != nil {
		return err
	}
	parts := []templ.Component{posts.PostPage(web.PostTitle(c, p), v)}
	if news := room.newsOf(c, p); news != "" {
		parts = append(parts, posts.News(news))
	}
	return room.Render(c, status, parts...)
}

// How often the page of a post asks what became of it.
const (
	pollSoon = 2 * time.Second
	pollCalm = 15 * time.Second
	// pollFrom is how long before its time a post is worth asking about.
	pollFrom = 15 * time.Minute
)

// pollEvery is how often a page asks about a post; 0: nothing happens by itself.
func pollEvery(p store.Post, now time.Time) time.Duration {
	var every time.Duration
	for _, d := range p.Deliveries {
		wait := d.DueAt.Sub(now)
		switch {
		case d.Phase == club.AfterPart: // nothing happens to it by itself
		case d.Status == club.Publishing, d.Status == club.Scheduled && wait <= 2*pollCalm:
			return pollSoon
		case d.Status == club.Scheduled && wait <= pollFrom:
			every = pollCalm
		}
	}
	return every
}

// pollPath is the address to ask at. It says what the page knows already.
func pollPath(p store.Post, changes int64) string {
	q := url.Values{"since": {strconv.FormatInt(changes, 10)}, "was": {string(p.Shown())}}
	for _, d := range p.Deliveries {
		if d.Status == club.Published && d.Part == 0 {
			q.Add("out", strconv.FormatInt(d.ConnectionID, 10))
		}
	}
	return web.PostPath(p.ID) + "/status?" + q.Encode()
}

// newsOf says what the page that asks does not know yet.
func (room *Room) newsOf(c echo.Context, p store.Post) string {
	known := c.QueryParams()
	d := &composerContext{practice: p.Practice}
	var out, news []string
	for _, x := range p.Deliveries {
		if x.Status == club.Published && x.Part == 0 && !slices.Contains(known["out"], strconv.FormatInt(x.ConnectionID, 10)) {
			out = append(out, room.nameAmong(d, x.Connection, p.Deliveries))
		}
	}
	if len(out) > 0 {
		news = append(news, web.T(c, "post_now_out", "post", web.PostTitle(c, p), "platform", web.JoinAnd(c, out)))
	}
	if status := p.Shown(); known.Get("was") != string(status) && (status == club.Failed || status == club.NeedsAttention) {
		news = append(news, web.T(c, "post_now", "post", web.PostTitle(c, p), "status", web.T(c, "status_"+string(status))))
	}
	return strings.Join(news, " ")
}

func (room *Room) postView(c echo.Context, p store.Post) (posts.Page, error) {
	ctx := c.Request().Context()
	a := web.Actor(c)
	d, err := room.contextFor(c, &p, p.Live.Content)
	if err != nil {
		return posts.Page{}, err
	}
	h, err := room.postHead(c, p)
	if err != nil {
		return posts.Page{}, err
	}
	status, own := p.Status(), p.AuthorID == a.Person.ID
	v := posts.Page{
		ID: p.ID, Version: p.Version, Op: rand.Text(), Practice: p.Practice, Head: h, Note: p.Note,
		MayCopy: a.Role.Can(club.WritePosts), MayEdit: club.MayEdit(a.Role, own, status),
		MayDelete: club.MayDelete(a.Role, own, status), MayMove: club.MayMove(a.Role, own, status),
		MayUndo: a.Role.Can(club.SchedulePosts) && status == club.Scheduled,
	}
	if every := pollEvery(p, room.Now()); every > 0 {
		v.Poll, v.Every = pollPath(p, a.Club.Changes), strconv.Itoa(int(every.Seconds()))+"s"
	}
	v.DeleteHint = web.T(c, "post_delete_hint")
	if n, _ := p.Count(club.Published); n > 0 {
		v.DeleteHint = web.T(c, "post_delete_hint_published")
	}
	d.post = nil // what is public is shown as well
	room.addContent(c, &v, d, p, d.prepare(p.Live.Content, p.Planned).Drafts)
	if p.Pending != nil {
		v.Pending = &posts.Pending{Changes: changes(textdiff.Words(allTexts(p.Live.Content), allTexts(p.Pending.Content))), MayTake: a.Role.Can(club.SchedulePosts)}
	}
	if v.Numbers, err = room.numbersOf(c, p); err != nil {
		return v, err
	}
	v.Earlier, err = room.DB.CountEarlierTexts(ctx, web.Scope(c), p.ID)
	return v, err
}

// showEarlierTexts is what a post said before, and what changed since. It is a
// page of its own, so that texts are compared only for those who want to know.
func (room *Room) showEarlierTexts(c echo.Context) error {
	ctx, a := c.Request().Context(), web.Actor(c)
	p, err := room.DB.Post(ctx, web.Scope(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	earlier, err := room.DB.EarlierTexts(ctx, web.Scope(c), p.ID)
	if err != nil {
		return err
	}
	v := posts.EarlierPage{ID: p.ID, Post: web.PostTitle(c, p)}
	budget := textdiff.NewBudget()
	for _, e := range earlier {
		v.Texts = append(v.Texts, posts.Earlier{
			By: e.By, At: i18n.When(ctx, web.InZone(e.At, a.Club.Zone)), Changes: changes(budget.Words(allTexts(e.Content), allTexts(p.Live.Content))),
		})
	}
	return room.Render(c, http.StatusOK, posts.EarlierTexts(room.Page(c, "posts", web.T(c, "post_earlier_title")), v))
}

// addContent shows what the post says, text by text.
func (room *Room) addContent(c echo.Context, v *posts.Page, d *composerContext, p store.Post, all []planning.Draft) {
	content := p.Live.Content
	label := ""
	if len(content.Texts) > 0 {
		label = web.T(c, "composer_text")
	}
	v.Text = []posts.Text{{Label: label, Text: content.Text}}
	slot := p.Planned
	f := &composerForm{content: content}
	for i := range all {
		x := &all[i]
		if own, ok := content.Texts[x.Connection.ID]; ok {
			v.Text = append(v.Text, posts.Text{Label: web.T(c, "composer_text_for", "account", room.accountLabel(d, x.Connection)), Text: own})
		}
		v.Previews = append(v.Previews, room.card(c, d, f, x, slot))
	}
	for i, part := range content.Parts {
		v.Text = append(v.Text, posts.Text{Label: partTitle(c, content, i), Text: part.Text})
	}
	if d.link != nil {
		v.Link = d.link.URL
	}
	for _, m := range tray(content) {
		if known, ok := d.media[m.ID]; ok {
			w, h := within(known.Width, known.Height, media.View.MaxWidth)
			v.Pictures = append(v.Pictures, posts.Shown{Src: "/media/" + m.ID + "/view", Width: w, Height: h, Alt: m.Alt})
		}
	}
}

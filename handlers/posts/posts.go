// Package posts is where posts are written, previewed, scheduled and looked after:
// the composer, its pictures and links, the list, and the page of each post.
package posts

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// Room answers for posts and their pictures.
type Room struct {
	*web.App
	Planning planning.Desk
	Links    LinkReader
	// OnCalendar returns the path at which the calendar shows a post.
	OnCalendar func(c echo.Context, slot club.Slot, post int64) (string, error)
	// AllowReconnecting reports whether an account can be signed in again from this
	// page, and whether that leaves Bandstand for the platform's sign-in page, which a
	// form of this page may then lead to.
	AllowReconnecting func(c echo.Context, conn store.Connection) (possible, leaves bool, err error)
}

// LinkReader reads what web pages say of themselves, beside the requests that
// ask for it: *linkcard.Reader.
type LinkReader interface {
	Request(ctx context.Context, clubID, personID int64, address string) error
}

// Routes returns the addresses of the room.
func (room *Room) Routes() []web.Route {
	return []web.Route{
		web.Get("/posts", club.ViewClub, room.showPosts),
		web.Get("/posts/new", club.WritePosts, room.showNewPost),
		web.Post("/posts", club.WritePosts, room.createPost, web.Typed|web.Files),
		web.Post("/posts/autosave", club.WritePosts, room.createAutosave, web.Typed),
		web.Post("/posts/preview", club.WritePosts, room.createPreview, web.Typed),
		web.Get("/posts/kept/:ref", club.WritePosts, room.showKeptPost),
		web.Get("/posts/:id", club.ViewClub, room.showPost),
		web.Get("/posts/:id/status", club.ViewClub, room.showPostStatus, web.Poll),
		web.Get("/posts/:id/earlier", club.ViewClub, room.showEarlierTexts),
		web.Get("/posts/:id/edit", club.ViewClub, room.showPostEditor),
		web.Post("/posts/:id/autosave", club.WritePosts, room.createAutosave, web.Typed),
		web.Post("/posts/:id/schedule", club.SchedulePosts, room.createSchedule, web.Typed),
		web.Post("/posts/:id/draft", club.SchedulePosts, room.createDraft),
		web.Post("/posts/:id/revision", club.WritePosts, room.createRevision, web.Files), // a button of the same form
		web.Post("/posts/:id/duplicate", club.WritePosts, room.createDuplicate),
		web.Post("/posts/:id/deletion", club.WritePosts, room.createDeletion),
		web.Post("/deliveries/:id/answer", club.SchedulePosts, room.createAnswer).On("/posts"),

		// Pictures
		web.Post("/media", club.WritePosts, room.createMedia, web.Files).On("/posts"),
		web.Get("/media/:id/thumb", club.ViewClub, room.showThumb),
		web.Get("/media/:id/view", club.ViewClub, room.showView),
		web.Get("/m/:id/:expiry/:mac/:file", club.Public, room.showPublicMedia, web.Machine),
	}
}

// listSize is how many posts a page of the list shows.
const listSize = 40

// showPosts lists the posts of the club.
func (room *Room) showPosts(c echo.Context) error {
	if done, err := room.Unchanged(c); done || err != nil {
		return err
	}
	group := store.PostGroup(c.QueryParam("show"))
	if !slices.Contains(store.PostGroups, group) && group != store.PutAwayPosts {
		group = store.AllPosts
	}
	query := strings.TrimSpace(c.QueryParam("q"))
	page := web.ParseID(c.QueryParam("page"))
	found, err := room.DB.Posts(c.Request().Context(), web.Scope(c), store.PostFilter{
		Group: group, Text: query, Limit: listSize + 1, Offset: int(min(page, 10_000)) * listSize,
	})
	if err != nil {
		return err
	}
	v := posts.List{Query: query, Group: string(group), MayAdd: web.Actor(c).Role.Can(club.WritePosts), Filters: query != "" || group != store.AllPosts}
	if v.PutAway, err = room.DB.PutAway(c.Request().Context(), web.Scope(c)); err != nil {
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
		v.Lines = append(v.Lines, room.postLine(c, p))
	}
	return room.Render(c, http.StatusOK, posts.All(room.Page(c, "posts", web.T(c, "posts_title")), v))
}

func (room *Room) postLine(c echo.Context, p store.Post) posts.Line {
	ctx := c.Request().Context()
	l := posts.Line{ID: p.ID, Text: p.Excerpt, Status: p.Shown(), Practice: room.isPutAway(c, p), Author: p.Author, Campaign: p.Campaign, Planned: p.Planned.At}
	l.Words = room.partWords(c, p)
	if !p.Planned.At.IsZero() {
		l.When = i18n.When(ctx, web.InZone(p.Planned.At, web.Actor(c).Club.Zone))
	}
	if p.Picture != "" {
		l.Thumb = web.ThumbPath(p.Picture)
	}
	d := &composerContext{practice: p.Practice}
	for _, x := range p.Deliveries {
		if x.Status != club.Cancelled && x.Part == 0 {
			l.Accounts = append(l.Accounts, room.accountView(d, x.Connection))
		}
	}
	return l
}

// isPutAway reports whether a post was made in practice mode and the club is live.
func (room *Room) isPutAway(c echo.Context, p store.Post) bool {
	return p.Practice && !web.Actor(c).Club.Practice
}

// partWords say how much of a post is published, where that is not all or none.
func (room *Room) partWords(c echo.Context, p store.Post) string {
	n, of := p.Count(club.Published)
	if n == of {
		return partsWords(c, p)
	}
	if n == 0 {
		return ""
	}
	return web.T(c, "posts_part", "n", strconv.Itoa(n), "of", strconv.Itoa(of))
}

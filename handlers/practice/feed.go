package practice

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/accounts"
)

// feedShown is how many make-believe posts the practice page lists.
const feedShown = 10

// shown is one entry of the feed: something public, the accounts it is public on, and
// what follows it there.
type shown struct {
	platforms.SimPost
	account int // place among all accounts, -1 if it is there no more
	ours    store.OwnPost
	place   int // of a part of ours: its place among the parts of the post; -1: not known
	places  []accounts.FeedPlace
	parts   []*shown
	parent  *shown
}

// feedReader puts the feed together.
type feedReader struct {
	room     *Room
	c        echo.Context
	all      []store.Connected
	own      map[store.RemotePost]store.OwnPost
	contents map[int64]club.Content
}

// feed is what became public in the make-believe world, newest first, with what
// follows each below it: the same post on several accounts once. only narrows it to
// one platform; empty: all.
func (room *Room) feed(c echo.Context, w *practice.World, all []store.Connected, only platforms.ID) ([]accounts.FeedPost, error) {
	ctx := c.Request().Context()
	public := w.Posts()
	if only != "" {
		public = slices.DeleteFunc(public, func(p platforms.SimPost) bool { return p.Platform != only })
	}
	r := &feedReader{room: room, c: c, all: all}
	remote := make([]store.RemotePost, 0, len(public))
	for _, p := range public {
		if name, ok := r.name(p); ok {
			remote = append(remote, name)
		}
	}
	var err error
	if r.own, err = room.DB.PublishedAs(ctx, web.Scope(c), remote); err != nil {
		return nil, err
	}
	var feed []*shown
	threads := map[*shown][]practice.Thread{}
	for _, t := range practice.Threads(public) {
		one := r.entry(t.SimPost)
		known := find(feed, func(e *shown) bool {
			return one.ours.ID != 0 && e.ours == one.ours && e.Kind == one.Kind && (e.ours.Part == 0 || e.Text == one.Text)
		})
		if known == nil {
			if len(feed) == feedShown {
				continue
			}
			known = one
			feed = append(feed, one)
		}
		known.places = append(known.places, r.feedPlace(t.SimPost))
		threads[known] = append(threads[known], t)
	}
	posts := map[int64]bool{}
	for _, e := range feed {
		if e.ours.ID != 0 {
			posts[e.ours.ID] = true
		}
	}
	if r.contents, err = room.DB.LiveContents(ctx, web.Actor(c).Club.ID, slices.Sorted(maps.Keys(posts))); err != nil {
		return nil, err
	}
	out := make([]accounts.FeedPost, 0, len(feed))
	for _, e := range feed {
		for _, t := range threads[e] {
			r.follow(e, t)
		}
		// Parts that are ours have the order in which they were written.
		slices.SortStableFunc(e.parts, func(a, b *shown) int {
			if a.place < 0 || b.place < 0 {
				return 0
			}
			return cmp.Compare(a.place, b.place)
		})
		out = append(out, r.feedPost(e))
	}
	return out, nil
}

func find(in []*shown, fits func(*shown) bool) *shown {
	if i := slices.IndexFunc(in, fits); i >= 0 {
		return in[i]
	}
	return nil
}

// account is the place of an entry's account among all, -1 if it is there no more.
func (r *feedReader) account(p platforms.SimPost) int {
	return slices.IndexFunc(r.all, func(x store.Connected) bool {
		return x.Account.Platform == p.Platform && x.Account.RemoteID == p.Account
	})
}

// name is how the database knows an entry; false if its account is there no more.
func (r *feedReader) name(p platforms.SimPost) (store.RemotePost, bool) {
	i := r.account(p)
	if i < 0 {
		return store.RemotePost{}, false
	}
	return store.RemotePost{ConnectionID: r.all[i].ID, RemoteID: p.ID}, true
}

func (r *feedReader) entry(p platforms.SimPost) *shown {
	e := &shown{SimPost: p, account: r.account(p), place: -1}
	if name, ok := r.name(p); ok {
		e.ours = r.own[name]
	}
	return e
}

// follow adds what follows an entry on one account. The same part on another account
// is there already.
func (r *feedReader) follow(to *shown, t practice.Thread) {
	entries := map[string]*shown{t.ID: to}
	for _, p := range t.Parts {
		one := r.entry(p)
		if content, ok := r.contents[one.ours.ID]; ok && one.account >= 0 {
			if at := content.PartsFor(r.all[one.account].ID); one.ours.Part > 0 && one.ours.Part <= len(at) {
				one.place = at[one.ours.Part-1]
			}
		}
		known := find(to.parts, func(e *shown) bool { return one.place >= 0 && e.place == one.place && e.Kind == one.Kind })
		if known == nil {
			known = one
			known.parent = cmp.Or(entries[p.Parent], to)
			to.parts = append(to.parts, known)
		}
		known.places = append(known.places, r.feedPlace(p))
		entries[p.ID] = known
	}
}

// pictures are the ids in the library of what an entry shows.
func (r *feedReader) pictures(e *shown) []club.ContentMedia {
	content := r.contents[e.ours.ID]
	if e.ours.Part == 0 {
		return content.Media
	}
	if e.account < 0 {
		return nil
	}
	part, _, _ := content.Part(r.all[e.account].ID, e.ours.Part)
	return part.Media
}

// feedPost is what people see of one entry.
func (r *feedReader) feedPost(e *shown) accounts.FeedPost {
	one := accounts.FeedPost{
		Kind: e.Kind, Text: e.Text, Link: e.Link, Deleted: e.Deleted, Places: e.places,
		When: i18n.WhenYear(r.c.Request().Context(), r.room.Local(r.c, e.Time)), Stamp: e.Time.UTC().Format(time.RFC3339),
	}
	if e.parent != nil {
		one.Follows = cmp.Or(firstWords(e.parent.Text), i18n.WhenYear(r.c.Request().Context(), r.room.Local(r.c, e.parent.Time)))
	}
	if e.ours.ID != 0 {
		one.Href = web.PostPath(e.ours.ID)
	}
	own := r.pictures(e)
	for i, m := range e.Media {
		picture := accounts.FeedPicture{Alt: cmp.Or(m.Alt, web.T(r.c, "practice_picture"))}
		if i < len(own) {
			picture.Thumb = web.ThumbPath(own[i].ID)
		}
		one.Pictures = append(one.Pictures, picture)
	}
	for _, part := range e.parts {
		one.Parts = append(one.Parts, r.feedPost(part))
	}
	return one
}

// firstWords are enough of a text to know it by.
func firstWords(text string) string {
	const enough = 50
	words := strings.Join(strings.Fields(text), " ")
	if runes := []rune(words); len(runes) > enough {
		return strings.TrimSpace(string(runes[:enough])) + "…"
	}
	return words
}

// feedPlace is one account that something is public on.
func (r *feedReader) feedPlace(p platforms.SimPost) accounts.FeedPlace {
	place := accounts.FeedPlace{Platform: r.room.PlatformName(r.c, p.Platform), Account: p.Account}
	if found, ok := r.room.Practice.Platform(p.Platform); ok {
		place.Mark = found.Info().Mark
	}
	if i := r.account(p); i >= 0 {
		place.Account = web.AccountLabel(r.all[i].Account)
	}
	return place
}

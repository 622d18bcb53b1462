package posts

import (
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// partView is the account of a delivery, with the part of the post that it is.
func (room *Room) partView(c echo.Context, d *composerContext, p store.Post, x store.PostDelivery) posts.Account {
	a := room.accountView(d, x.Connection)
	a.Part = partName(c, p, x)
	return a
}

// partName is which part of the post a delivery is: "post 2 of 3", "first comment".
// It is empty for the post itself.
func partName(c echo.Context, p store.Post, x store.PostDelivery) string {
	if x.Part == 0 {
		return ""
	}
	if isComment(p, x) {
		return web.T(c, "part_name_comment")
	}
	last := lastPart(p, x.ConnectionID)
	if x.Status == club.Cancelled { // it is told of as one of those that there were
		for _, o := range p.Deliveries {
			if o.ConnectionID == x.ConnectionID {
				last = max(last, o.Part)
			}
		}
	}
	return web.T(c, "part_name_thread", "n", strconv.Itoa(x.Part+1), "of", strconv.Itoa(1+last))
}

// isComment reports whether a delivery is the first comment under the post.
func isComment(p store.Post, x store.PostDelivery) bool {
	_, kind, ok := p.Live.Content.Part(x.ConnectionID, x.Part)
	return ok && kind == club.CommentPart
}

// lastPart is the number of the last part on an account, of those that were not
// cancelled.
func lastPart(p store.Post, connection int64) (last int) {
	for _, x := range p.Deliveries {
		if x.ConnectionID == connection && x.Status != club.Cancelled {
			last = max(last, x.Part)
		}
	}
	return last
}

// withPart adds to the name of an account which part of the post is meant.
func withPart(name, part string) string {
	if part == "" {
		return name
	}
	return name + ", " + part
}

// onePerAccount leaves out parts where the post itself, or an earlier part, is among
// the deliveries: what happened to all of them is told once.
func onePerAccount(all []store.PostDelivery) []store.PostDelivery {
	var out []store.PostDelivery
	for _, x := range all {
		i := slices.IndexFunc(out, func(o store.PostDelivery) bool { return o.ConnectionID == x.ConnectionID })
		switch {
		case i < 0:
			out = append(out, x)
		case x.Part < out[i].Part:
			out[i] = x
		}
	}
	return out
}

// partsWords say what is missing of a post that is published on all of its accounts.
func partsWords(c echo.Context, p store.Post) string {
	for _, x := range p.Deliveries {
		if x.Part == 0 || x.Status != club.Failed && x.Status != club.NeedsAttention {
			continue
		}
		if p.Live.ID == 0 { // lists leave out what a post says
			return web.T(c, "posts_part_missing")
		}
		if isComment(p, x) {
			return web.T(c, "posts_comment_missing")
		}
		return web.T(c, "posts_thread_broken", "n", strconv.Itoa(publicParts(p, x.ConnectionID)), "of", strconv.Itoa(1+lastPart(p, x.ConnectionID)))
	}
	return ""
}

// publicParts counts the parts that are public on an account, the post itself too.
func publicParts(p store.Post, connection int64) (n int) {
	for _, x := range p.Deliveries {
		if x.ConnectionID == connection && x.Status == club.Published {
			n++
		}
	}
	return n
}

// tellOfPart says of a part that did not go out what that means for the post.
func (room *Room) tellOfPart(c echo.Context, f *posts.Failure, p store.Post, x store.PostDelivery) {
	n, of := strconv.Itoa(publicParts(p, x.ConnectionID)), strconv.Itoa(1+lastPart(p, x.ConnectionID))
	f.Happened = web.T(c, "part_failed_happened", "title", f.Title, "happened", f.Happened)
	if isComment(p, x) {
		f.Title, f.Did = web.T(c, "comment_failed_title"), web.T(c, "comment_failed_did")
		return
	}
	f.Title, f.Did = web.T(c, "thread_broken_title", "n", n, "of", of), web.T(c, "thread_broken_did", "n", n)
}

// allTexts is everything that a content says to all accounts, text below text.
func allTexts(content club.Content) string {
	texts := []string{content.Text}
	for _, p := range content.Parts {
		texts = append(texts, p.Text)
	}
	return strings.Join(texts, "\n\n")
}

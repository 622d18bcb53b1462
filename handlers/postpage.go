package handlers

import (
	"crypto/rand"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// showPost is the page of one post.
func (s *Server) showPost(c echo.Context) error {
	p, err := s.DB.Post(c.Request().Context(), scope(c), number(c.Param("id")))
	if err != nil {
		return err
	}
	v, err := s.postView(c, p)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, posts.One(s.page(c, "posts", titleOf(c, p)), v))
}

// titleOf is how a post is called: by its first words.
func titleOf(c echo.Context, p store.Post) string {
	if p.Excerpt == "" {
		return t(c, "post_untitled")
	}
	if r := []rune(p.Excerpt); len(r) > 70 {
		return string(r[:70]) + "…"
	}
	return p.Excerpt
}

// statusStopPolling ends htmx's polling of an element.
const statusStopPolling = 286

// showPostStatus is the part of the page that changes while a post is on its
// way.
func (s *Server) showPostStatus(c echo.Context) error {
	p, err := s.DB.Post(c.Request().Context(), scope(c), number(c.Param("id")))
	if err != nil {
		return err
	}
	h, err := s.postHead(c, p)
	if err != nil {
		return err
	}
	if !isHX(c) {
		return seeOther(c, postPath(p.ID))
	}
	status := http.StatusOK
	if !h.Poll {
		status = statusStopPolling
	}
	return s.render(c, status, posts.PostHead(h), posts.PostTimeline(h, true))
}

func (s *Server) postView(c echo.Context, p store.Post) (posts.Page, error) {
	ctx := c.Request().Context()
	a := who(c)
	d, err := s.deskFor(c, &p, p.Live.Content)
	if err != nil {
		return posts.Page{}, err
	}
	h, err := s.postHead(c, p)
	if err != nil {
		return posts.Page{}, err
	}
	status := p.Status()
	v := posts.Page{
		ID: p.ID, Version: p.Version, Op: rand.Text(), Practice: p.Practice, Head: h, Note: p.Note,
		MayCopy: a.Role.Can(club.WritePosts), MayEdit: mayEdit(a, p) && status != club.Published,
		MayDelete: mayDelete(a, p) && status != club.Publishing,
		MayMove:   a.Role.Can(club.SchedulePosts) && club.CanMove(status),
		MayUndo:   a.Role.Can(club.SchedulePosts) && status == club.Scheduled,
	}
	v.DeleteHint = t(c, "post_delete_hint")
	if n, _ := p.Count(club.Published); n > 0 {
		v.DeleteHint = t(c, "post_delete_hint_published")
	}
	d.post = nil // what is public is shown as well
	all, err := s.verdicts(c, d, p.Live.Content)
	if err != nil {
		return v, err
	}
	s.addContent(c, &v, d, p, all)
	if p.Pending != nil {
		v.Pending = &posts.Pending{Changes: changes(p.Live.Content.Text, p.Pending.Content.Text), MayTake: a.Role.Can(club.SchedulePosts)}
	}
	if v.Numbers, err = s.numbersOf(c, p); err != nil {
		return v, err
	}
	earlier, err := s.DB.EarlierTexts(ctx, scope(c), p.ID)
	if err != nil {
		return v, err
	}
	now := p.Live.Content.Text
	for _, e := range earlier {
		v.Earlier = append(v.Earlier, posts.Earlier{By: e.By, At: i18n.When(ctx, inZone(e.At, a.Club.Zone)), Changes: changes(e.Content.Text, now)})
	}
	return v, nil
}

// addContent shows what the post says, text by text.
func (s *Server) addContent(c echo.Context, v *posts.Page, d *desk, p store.Post, all []verdict) {
	content := p.Live.Content
	label := ""
	if len(content.Texts) > 0 {
		label = t(c, "composer_text")
	}
	v.Text = []posts.Text{{Label: label, Text: content.Text}}
	slot := p.Planned
	f := &composerForm{content: content}
	for i := range all {
		x := &all[i]
		if own, ok := content.Texts[x.conn.ID]; ok {
			v.Text = append(v.Text, posts.Text{Label: t(c, "composer_text_for", "account", s.accountLabel(d, x.conn)), Text: own})
		}
		v.Previews = append(v.Previews, s.card(c, d, f, x, slot))
	}
	if d.link != nil {
		v.Link = d.link.URL
	}
	for _, m := range content.Media {
		if known, ok := d.media[m.ID]; ok {
			w, h := within(known.Width, known.Height, thumbSize)
			v.Pictures = append(v.Pictures, posts.Shown{Thumb: thumbPath(m.ID), Width: w, Height: h, Alt: m.Alt})
		}
	}
}

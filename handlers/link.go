package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// LinkReader reads what web pages say of themselves, beside the requests that
// ask for it: *linkcard.Reader.
type LinkReader interface {
	Request(ctx context.Context, clubID, personID int64, address string) error
}

// readLink finds what is known of the page that a content links to. What people
// send asks for the page to be read; looking at a post never does. In practice
// mode no page is read: nothing leaves this computer.
func (s *Server) readLink(c echo.Context, d *desk, content club.Content) error {
	d.link = linkOf(content.Link)
	if d.link == nil {
		return nil
	}
	ctx, a := c.Request().Context(), web.Actor(c)
	if a.Club.Practice {
		d.linkState = club.CardNotRead
		return nil
	}
	if c.Request().Method == http.MethodPost && a.Role.Can(club.WritePosts) {
		if err := s.Links.Request(ctx, a.Club.ID, a.Person.ID, d.link.URL); err != nil {
			return err
		}
	}
	cards, err := s.DB.LinkCards(ctx, a.Club.ID, []string{d.link.URL})
	if err != nil {
		return err
	}
	card, known := cards[d.link.URL]
	d.linkState = card.State
	if !known || card.State != club.CardReady {
		return nil
	}
	d.link.Title, d.link.Description = card.Title, card.Description
	if card.MediaID == "" {
		return nil
	}
	pictures, err := s.Media.Items(ctx, a.Club.ID, []string{card.MediaID})
	if err != nil || len(pictures) == 0 {
		return err
	}
	m := pictures[0]
	d.link.Image = &platforms.Media{ID: m.ID, Name: m.Name, Type: m.Type, Width: m.Width, Height: m.Height, Bytes: m.Bytes, Alt: m.Alt}
	return nil
}

// linkOf reads what was typed as a link: nil for what is no address.
func linkOf(text string) *platforms.Link {
	if text == "" || len(text) > maxLink {
		return nil
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !strings.Contains(u.Hostname(), ".") || u.User != nil || strings.ContainsAny(text, " \t\n") {
		return nil
	}
	return &platforms.Link{URL: u.String()}
}

package posts

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/planning"
)

// askForLink asks for the page that a content links to to be read, where people send
// it: looking at a post never does. In practice mode no page is read: nothing
// leaves this computer.
func (room *Room) askForLink(c echo.Context, content club.Content) error {
	l, a := planning.LinkOf(content.Link), web.Actor(c)
	if l == nil || a.Club.Practice || c.Request().Method != http.MethodPost || !a.Role.Can(club.WritePosts) {
		return nil
	}
	return room.Links.Request(c.Request().Context(), a.Club.ID, a.Person.ID, l.URL)
}

// readLink says how far the reading of the page is that a content links to.
func (d *composerContext) readLink(content club.Content, practice bool) {
	if d.link = planning.LinkOf(content.Link); d.link == nil {
		return
	}
	card, _ := d.material.Card(d.link.URL)
	if d.linkState = card.State; practice && card.State != club.CardReady {
		d.linkState = club.CardNotRead
	}
}

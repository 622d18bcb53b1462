package handlers

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
)

// What is known of the page behind a link.
const linkReading = "reading"

// readLink finds what is known of the page that a content links to.
func (s *Server) readLink(_ echo.Context, d *desk, content club.Content) error {
	d.link = linkOf(content.Link)
	return nil
}

// domainOf is the part of an address that people know.
func domainOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

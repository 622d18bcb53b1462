package web

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/store"
)

// KeptPath is the folder of the addresses where texts that were put aside are
// given back.
const KeptPath = "/posts/kept/"

// LocalPath returns p if it is a path of ours and valid text, or else "".
func LocalPath(p string) string {
	if !utf8.ValidString(p) || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n\t") {
		return ""
	}
	return p
}

// CurrentPath returns the page that htmx asked from, or "".
func CurrentPath(c echo.Context) string {
	u, err := url.Parse(c.Request().Header.Get("HX-Current-URL"))
	if err != nil || u.Host != c.Request().Host {
		return ""
	}
	return LocalPath(u.RequestURI())
}

// ThumbPath returns the address of a small copy of a picture.
func ThumbPath(id string) string { return "/media/" + id + "/thumb" }

// SafeURL returns an address that a platform gave if it is one of the web, or else
// "": make-believe platforms live on this computer.
func SafeURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	return u.String()
}

// DomainOf returns the part of an address that people know.
func DomainOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

// PostPath returns the address of a post.
func PostPath(id int64) string { return "/posts/" + strconv.FormatInt(id, 10) }

// BecauseGone, in the address of the sign-in page, says that somebody came back
// from a platform after their sign-in here had ended.
const BecauseGone = "gone"

// PostListPath returns the address of a page of the list of posts; query is what is
// looked for.
func PostListPath(g store.PostGroup, query string, page int64) string {
	q := url.Values{}
	if g != store.AllPosts {
		q.Set("show", string(g))
	}
	if query != "" {
		q.Set("q", query)
	}
	if page > 0 {
		q.Set("page", strconv.FormatInt(page, 10))
	}
	if len(q) == 0 {
		return "/posts"
	}
	return "/posts?" + q.Encode()
}

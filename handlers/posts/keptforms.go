package posts

import (
	"crypto/rand"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// showKeptPost is the composer with what was put aside, for who wrote it.
func (room *Room) showKeptPost(c echo.Context) error {
	ref := c.Param("ref")
	fields, err := room.DB.KeptForm(c.Request().Context(), web.Scope(c), ref)
	if err != nil {
		return err
	}
	f := composerOf(fields)
	f.kept, f.notice = ref, web.T(c, "kept_back")
	if fields.Has(web.LostFiles) {
		f.notice += " " + web.T(c, "kept_files")
	}
	post, err := room.editable(c, f.post)
	if code := club.CodeOf(err); code == club.NotFound || code == club.Forbidden || post != nil && post.Status() == club.Published {
		// Somebody deleted it, or it went out: the text is still theirs.
		post, err = nil, nil
		f.post, f.version, f.op = 0, 0, rand.Text()
		f.notice += " " + web.T(c, "kept_new")
	}
	if err != nil {
		return err
	}
	if post != nil {
		f.keepPublished(*post)
	}
	f.measure(c)
	d, err := room.contextFor(c, post, f.content)
	if err != nil {
		return err
	}
	return room.drawComposer(c, http.StatusOK, d, f)
}

// dropKept removes what was put aside of a form, now that it is saved. What
// cannot be removed expires.
func (room *Room) dropKept(c echo.Context, f *composerForm) {
	if f.kept != "" {
		_ = room.DB.DropKeptForm(c.Request().Context(), web.Scope(c), f.kept)
	}
}

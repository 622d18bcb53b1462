package handlers

import (
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// Problems with another post on the same account; each is worth a look.
const (
	codeSaidBefore = "said_before" // the same text is out
	codeSaidAgain  = "said_again"  // the same text is planned
	codeCloseBy    = "close_by"    // another post less than an hour away
)

// readRepeats finds the posts of other days that a form comes near to.
func (s *Server) readRepeats(c echo.Context, d *desk, f *composerForm, all []verdict) (err error) {
	slot, _, _ := s.slotOf(c, f)
	near := make([]store.Near, 0, len(all))
	for _, v := range all {
		near = append(near, store.Near{PostID: f.post, ConnectionID: v.conn.ID, Mark: club.TextMark(v.draft.Text, f.content.Link), At: slot.At})
	}
	found, err := s.DB.Repeats(c.Request().Context(), web.Scope(c), near)
	d.repeats = slices.Concat(found...)
	return err
}

// repeatProblems are lines about other posts on one account: the nearest that
// says the same, and the nearest in time.
func (s *Server) repeatProblems(c echo.Context, d *desk, f *composerForm, v *verdict) []posts.Problem {
	var out []posts.Problem
	var same, near int64
	for _, r := range d.repeats {
		if r.ConnectionID != v.conn.ID || r.Same && same != 0 || !r.Same && (near != 0 || r.PostID == same) {
			continue
		}
		code, field := codeCloseBy, "when"
		switch {
		case r.Same && r.Out:
			code, field = codeSaidBefore, f.fieldOf(platforms.Problem{Field: "text"}, v)
		case r.Same:
			code, field = codeSaidAgain, f.fieldOf(platforms.Problem{Field: "text"}, v)
		}
		if r.Same {
			same = r.PostID
		} else {
			near = r.PostID
		}
		out = append(out, s.repeatLine(c, d, v, r, code, field))
	}
	return out
}

func (s *Server) repeatLine(c echo.Context, d *desk, v *verdict, r store.Repeat, code, field string) posts.Problem {
	return posts.Problem{
		Text:    web.T(c, "problem_"+code, "when", i18n.When(c.Request().Context(), s.Local(c, r.At))),
		Account: s.accountLabel(d, v.conn), Field: field, Other: web.PostPath(r.PostID),
	}
}

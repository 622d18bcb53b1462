package posts

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/posts"
)

// viewPath is the address of a picture as an account will show it.
func viewPath(id string, connection int64, fit platforms.Fit) string {
	q := url.Values{"for": {strconv.FormatInt(connection, 10)}}
	if fit != platforms.FitWhole {
		q.Set("fit", string(fit))
	}
	return "/media/" + id + "/view?" + q.Encode()
}

// readMedia finds the pictures of a content.
func (room *Room) readMedia(c echo.Context, d *composerContext, content club.Content) error {
	d.media = map[string]club.Media{}
	found, err := room.Media.Items(c.Request().Context(), web.Actor(c).Club.ID, content.Pictures())
	for _, m := range found {
		d.media[m.ID] = m
	}
	return err
}

// thumbSize is the longer side of a thumbnail on screen, in CSS pixels.
const thumbSize = 120

// pictureViews are the tiles of the pictures.
func (room *Room) pictureViews(c echo.Context, d *composerContext, f *composerForm, checked planning.Checked) []posts.Picture {
	all, with := tray(f.content), withOptions(c, f.content)
	out := make([]posts.Picture, 0, len(all))
	for _, m := range all {
		known, ok := d.media[m.ID]
		p := posts.Picture{ID: m.ID, Name: known.Name, Thumb: web.ThumbPath(m.ID), Alt: m.Alt, AltError: f.faults.At("alt-" + m.ID), Gone: !ok, With: with, WithValue: strconv.Itoa(m.with)}
		if ok {
			p.Width, p.Height = within(known.Width, known.Height, thumbSize)
			p.Verdicts = room.pictureVerdicts(c, d, m, known, checked)
			p.NoAlt = checked.Says(platforms.CodeAltMissing, m.ID)
		}
		out = append(out, p)
	}
	return out
}

// within scales a size down to a longest side.
func within(w, h, side int) (int, int) {
	if long := max(w, h); long > side {
		return max(1, w*side/long), max(1, h*side/long)
	}
	return w, h
}

// pictureVerdicts say what the ticked accounts make of a picture. Accounts that
// show it whole share a line.
func (room *Room) pictureVerdicts(c echo.Context, d *composerContext, m trayPicture, known club.Media, checked planning.Checked) []posts.Verdict {
	var whole, still []string
	var out []posts.Verdict
	drafts := showing(checked.Drafts, m)
	for _, v := range drafts {
		label := room.accountLabel(d, v.Connection)
		if checked.Says(platforms.CodeMediaStill, m.ID, v.Connection.ID) {
			still = append(still, label)
		}
		rules := v.Rules.Media.Image
		if rules.FitsRatio(known.Width, known.Height) {
			whole = append(whole, label)
			continue
		}
		fit := m.Fit[v.Connection.ID]
		line := posts.Verdict{
			Account: label, Must: fit == platforms.FitWhole, Fit: string(fit), Fits: fitChoices(c),
			Name: "fit-" + m.ID + "-" + strconv.FormatInt(v.Connection.ID, 10),
			Text: web.T(c, "verdict_shape", "ratio", platforms.Ratio(float64(known.Width)/float64(known.Height)), "min", platforms.Ratio(rules.MinRatio), "max", platforms.Ratio(rules.MaxRatio)),
		}
		switch fit {
		case platforms.FitCrop:
			line.Text = web.T(c, "verdict_crop")
		case platforms.FitPad:
			line.Text = web.T(c, "verdict_borders")
		case platforms.FitWhole:
		}
		out = append(out, line)
	}
	switch {
	case len(whole) > 1 && len(whole) == len(drafts):
		out = append(out, posts.Verdict{Text: web.T(c, "verdict_whole_all")})
	case len(whole) > 0:
		out = append([]posts.Verdict{{Account: web.Join(c, whole), Text: web.T(c, "verdict_whole")}}, out...)
	}
	if len(still) > 0 {
		out = append(out, posts.Verdict{Account: web.Join(c, still), Text: web.T(c, "verdict_still")})
	}
	return out
}

// showing are the drafts of the accounts that are sent the text which a picture is
// shown with.
func showing(all []planning.Draft, m trayPicture) []planning.Draft {
	if m.with == 0 {
		return all
	}
	var out []planning.Draft
	for _, d := range all {
		if slices.ContainsFunc(d.Parts, func(p planning.Part) bool { return p.Place == m.with-1 }) {
			out = append(out, d)
		}
	}
	return out
}

// takeUploads stores the pictures that came with the composer's form, and says
// at the field what is wrong with those it refuses.
func (room *Room) takeUploads(c echo.Context, f *composerForm) error {
	a := web.Actor(c)
	for _, u := range f.uploads {
		err := u.Fault
		var m club.Media
		if err == nil {
			m, err = room.Media.Take(c.Request().Context(), a.Club.ID, a.Person.ID, u.File)
		}
		if ce, ok := errors.AsType[*club.Error](err); ok {
			f.faults.Add("media", web.T(c, ce.Key, i18n.Args(ce.Args)...))
			continue
		}
		if err != nil {
			return err
		}
		f.content.Media = append(f.content.Media, club.ContentMedia{ID: m.ID, Alt: m.Alt})
	}
	f.uploads = nil
	return nil
}

// createMedia takes pictures in. To the uploader it answers with their tiles;
// to a plain form with a new post that has them.
func (room *Room) createMedia(c echo.Context) error {
	f, err := bindComposer(c)
	if err != nil {
		return err
	}
	if err := room.takeUploads(c, f); err != nil {
		return err
	}
	if !web.IsHX(c) {
		if f.faults.Any() {
			d, err := room.contextFor(c, nil, f.content)
			if err != nil {
				return err
			}
			return room.drawComposer(c, http.StatusUnprocessableEntity, d, f)
		}
		return web.SeeOther(c, "/posts/new?media="+strings.Join(f.content.Pictures(), ","))
	}
	if f.faults.Any() {
		return room.Render(c, http.StatusUnprocessableEntity, layout.Toast("problem", f.faults.List[0].Text))
	}
	d, err := room.contextFor(c, nil, f.content)
	if err != nil {
		return err
	}
	prepared := d.prepare(f.content, club.Slot{})
	checked := planning.Checked{Prepared: prepared, Findings: planning.Check(prepared, nil)}
	return room.Render(c, http.StatusOK, posts.Tray(room.pictureViews(c, d, f, checked)))
}

// pictureCache is how long a browser keeps a copy: pictures never change.
const pictureCache = "private, max-age=604800, immutable"

func (room *Room) showThumb(c echo.Context) error { return room.sendCopy(c, media.Thumb) }

// showView sends a picture as one account will show it.
func (room *Room) showView(c echo.Context) error {
	id := web.ParseID(c.QueryParam("for"))
	if id == 0 {
		return room.sendCopy(c, media.View)
	}
	conn, err := room.DB.Connection(c.Request().Context(), web.Scope(c), id)
	if err != nil {
		return err
	}
	found, err := room.Media.Items(c.Request().Context(), web.Actor(c).Club.ID, []string{c.Param("id")})
	if err != nil {
		return err
	}
	p, ok := room.Registry(conn.Practice).Platform(conn.Account.Platform)
	fit := platforms.Fit(c.QueryParam("fit"))
	if len(found) == 0 || !ok || (fit != platforms.FitWhole && fit != platforms.FitCrop && fit != platforms.FitPad) {
		return club.ErrNotFound
	}
	spec := media.SpecFor(p.Rules(conn.Account).Usual().Media.Image, fit, found[0])
	spec.JPEG, spec.PNG, spec.MaxBytes = true, false, media.View.MaxBytes
	spec.MaxWidth, spec.MaxHeight = media.View.MaxWidth, media.View.MaxHeight
	return room.sendCopy(c, spec)
}

func (room *Room) sendCopy(c echo.Context, spec media.Spec) error {
	f, err := room.Media.Open(c.Request().Context(), web.Actor(c).Club.ID, c.Param("id"), spec)
	if err != nil {
		return err
	}
	return send(c, f, c.Param("id")+"-"+spec.String(), pictureCache)
}

// picturePolicy is for a picture that somebody opens as a page (rule U5).
const picturePolicy = "default-src 'none'; sandbox"

// showPublicMedia gives platforms the picture behind a signed address. They ask
// with HEAD first, or for a part of it.
func (room *Room) showPublicMedia(c echo.Context) error {
	f, err := room.Media.OpenPublic(c.Request().Context(), c.Param("id"), c.Param("expiry"), c.Param("mac"), c.Param("file"))
	if err != nil {
		return err
	}
	return send(c, f, c.Param("id")+"-"+c.Param("file"), "private, max-age=3600")
}

// send answers with a picture of ours, or the part that is asked for: its type is
// what we encoded, never guessed. tag names the copy, which never changes.
func send(c echo.Context, f platforms.MediaFile, tag, cache string) error {
	defer f.Close()
	h := c.Response().Header()
	h.Set("Content-Security-Policy", picturePolicy)
	h.Set("Content-Type", f.Type)
	h.Set("Cache-Control", cache)
	h.Set("Content-Disposition", "inline")
	h.Set("ETag", strconv.Quote(tag))
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, f.Whole())
	return nil
}

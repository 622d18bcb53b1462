package posts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// Limits of what a post may hold; far beyond what any platform takes.
const (
	maxText  = 100_000 // bytes of all its texts together, and of its note
	maxAlt   = 10_000  // bytes of what describes one picture
	maxLabel = 80      // characters
	maxKey   = 64      // bytes; ours have 26
)

// composerForm is what the composer sends, and what it shows again.
type composerForm struct {
	op       string
	post     int64
	version  int64
	content  club.Content
	note     string
	campaign int64
	newLabel string
	when     string // "time", "now" or "none"
	date     string
	clock    string
	do       string // the button pressed
	style    posts.Style
	uploads  []web.Upload
	faults   web.Faults
	fresh    int64 // account whose own text was just made
	// freshPart is the further text that was just made, counted from 1; fixed is how
	// many of them are public already.
	freshPart, fixed int
	large            bool   // more than can be kept
	kept             string // reference of what was put aside while nobody was signed in
	notice           string // what to know about this form before anything else
	request          string // names this very press of a button, if it brings no files
	// untouched: nobody has written anything yet, so nothing is wrong yet.
	untouched bool
	pressed   bool // somebody asked for the post to be scheduled
	free      bool // the time is the next free one
}

// blank reports whether nothing has been written that could be wrong.
func (f *composerForm) blank() bool {
	c := f.content
	return strings.TrimSpace(c.Text) == "" && len(c.Texts) == 0 && len(c.Media) == 0 && c.Link == "" && len(c.Parts) == 0
}

// bindComposer reads the form. What is wrong with its fields is in its faults.
func bindComposer(c echo.Context) (*composerForm, error) {
	v, err := c.FormParams()
	if err != nil {
		return nil, err
	}
	f := composerOf(v)
	if id := c.Param("id"); id != "" {
		f.post = web.ParseID(id)
	}
	f.uploads = web.Uploads(c)
	if len(f.op) > maxKey || len(f.kept) > maxKey {
		return nil, &club.Error{Code: club.Invalid, Key: "error_unreadable"}
	}
	if f.op != "" && len(f.uploads) == 0 {
		sum := sha256.Sum256([]byte(v.Encode()))
		f.request = hex.EncodeToString(sum[:])
	}
	f.measure(c)
	if !slices.Contains([]string{"", "time", "now", "none"}, f.when) {
		f.faults.Add("when", web.T(c, "choose_listed"))
	}
	return f, nil
}

// composerOf reads the fields of the form.
func composerOf(v url.Values) *composerForm {
	f := &composerForm{
		op: v.Get("op"), kept: v.Get("kept"), note: strings.TrimSpace(v.Get("note")), newLabel: strings.TrimSpace(v.Get("campaign_new")),
		when: v.Get("when"), date: strings.TrimSpace(v.Get("date")), clock: strings.TrimSpace(v.Get("time")),
		do: v.Get("do"), style: styleOf(v),
	}
	f.post, f.version, f.campaign = web.ParseID(v.Get("post")), web.ParseID(v.Get("version")), web.ParseID(v.Get("campaign"))
	f.content = contentOf(v)
	f.free = v.Get("free") == f.date+"T"+f.clock // nobody has chosen another
	return f
}

// measure says at each field what holds more than can be kept. The form is then
// shown again with all of it.
func (f *composerForm) measure(c echo.Context) {
	before := len(f.faults.List)
	tooLong := func(field string, limit int) {
		f.faults.Add(field, web.T(c, "composer_too_long", "limit", i18n.Number(c.Request().Context(), int64(limit))))
	}
	size, longest, at := len(f.content.Text), len(f.content.Text), "text"
	for _, id := range f.content.Accounts {
		own := len(f.content.Texts[id])
		size += own
		if own > longest {
			longest, at = own, "text-"+strconv.FormatInt(id, 10)
		}
	}
	size += f.measureParts(c)
	switch {
	case longest > maxText:
		tooLong(at, maxText)
	case size > maxText:
		f.faults.Add(at, web.T(c, "composer_too_long_together", "limit", i18n.Number(c.Request().Context(), maxText)))
	}
	pictures := tray(f.content)
	for _, m := range pictures {
		if len(m.Alt) > maxAlt {
			tooLong("alt-"+m.ID, maxAlt)
		}
	}
	if len(pictures) > web.MaxPictures {
		f.faults.Add("media", web.T(c, "composer_too_many_pictures", "limit", strconv.Itoa(web.MaxPictures)))
	}
	if len(f.content.Link) > planning.MaxLink {
		tooLong("link", planning.MaxLink)
	}
	if len([]rune(f.newLabel)) > maxLabel {
		tooLong("campaign_new", maxLabel)
	}
	if len(f.note) > maxText {
		tooLong("note", maxText)
	}
	f.large = len(f.faults.List) > before
}

// drawn is what the checker and the preview are given of the content: of more
// than can be kept, its beginning.
func (f *composerForm) drawn() club.Content {
	if !f.large {
		return f.content
	}
	content := f.content
	content.Text, content.Link = prefix(content.Text, maxText), prefix(content.Link, planning.MaxLink)
	content.Texts = maps.Clone(content.Texts)
	for id, text := range content.Texts {
		content.Texts[id] = prefix(text, maxText)
	}
	content.Media = drawnPictures(content.Media)
	content.Parts = slices.Clone(content.Parts)
	for i := range content.Parts {
		content.Parts[i].Text, content.Parts[i].Media = prefix(content.Parts[i].Text, maxText), drawnPictures(content.Parts[i].Media)
	}
	return content
}

func drawnPictures(media []club.ContentMedia) []club.ContentMedia {
	media = slices.Clone(media[:min(len(media), web.MaxPictures)])
	for i := range media {
		media[i].Alt = prefix(media[i].Alt, maxAlt)
	}
	return media
}

// prefix returns at most n bytes of a text.
func prefix(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}

// styleOf is how the person wants the preview drawn.
func styleOf(v url.Values) posts.Style {
	return posts.Style{Computer: v.Get("screen") == "computer", Colours: v.Get("colours"), Unfolded: v.Get("fold") == "after"}
}

// keepPublished puts back what the form cannot change: accounts on which the
// post is public, with their texts and what was chosen for them, and further texts
// that are public.
func (f *composerForm) keepPublished(p store.Post) {
	live := p.Live.Content
	for _, d := range p.Deliveries {
		if d.Status != club.Published || d.Part > 0 || !slices.Contains(live.Accounts, d.ConnectionID) {
			continue
		}
		f.content.Accounts = append(f.content.Accounts, d.ConnectionID)
		if own, ok := live.Texts[d.ConnectionID]; ok {
			if f.content.Texts == nil {
				f.content.Texts = map[int64]string{}
			}
			f.content.Texts[d.ConnectionID] = own
		}
		if format, ok := live.Formats[d.ConnectionID]; ok {
			if f.content.Formats == nil {
				f.content.Formats = map[int64]platforms.Format{}
			}
			f.content.Formats[d.ConnectionID] = format
		}
		if options, ok := live.Options[d.ConnectionID]; ok {
			if f.content.Options == nil {
				f.content.Options = map[int64]map[string]string{}
			}
			f.content.Options[d.ConnectionID] = options
		}
	}
	f.keepPublicParts(p)
	f.content = f.content.Normal()
}

// contentOf reads the fields that make what a post says.
func contentOf(v url.Values) club.Content {
	content := club.Content{Text: v.Get("text"), Link: strings.TrimSpace(v.Get("link")), Texts: map[int64]string{}}
	if l := planning.LinkOf(content.Link); l != nil {
		content.Link = l.URL // as the card of it is kept
	}
	for _, a := range v["account"] {
		if id := web.ParseID(a); id != 0 {
			content.Accounts = append(content.Accounts, id)
		}
	}
	for _, a := range v["own"] {
		if id := web.ParseID(a); id != 0 {
			content.Texts[id] = v.Get("text-" + a)
		}
	}
	content.Parts = partsOf(v)
	choicesOf(v, &content)
	seen := map[string]bool{}
	for _, id := range v["media"] {
		if seen[id] {
			continue
		}
		seen[id] = true
		m := club.ContentMedia{ID: id, Alt: strings.TrimSpace(v.Get("alt-" + id))}
		for _, a := range content.Accounts {
			fit := platforms.Fit(v.Get("fit-" + id + "-" + strconv.FormatInt(a, 10)))
			if fit == platforms.FitCrop || fit == platforms.FitPad {
				if m.Fit == nil {
					m.Fit = map[int64]platforms.Fit{}
				}
				m.Fit[a] = fit
			}
		}
		if n := web.ParseID(v.Get("with-" + id)); n > 0 && n <= int64(len(content.Parts)) && content.Parts[n-1].Kind == club.ThreadPart {
			content.Parts[n-1].Media = append(content.Parts[n-1].Media, m)
			continue
		}
		content.Media = append(content.Media, m)
	}
	return content.Normal()
}

// change is the form as the store takes it.
func (f *composerForm) change(slot club.Slot) store.PostChange {
	return store.PostChange{
		ID: f.post, Op: f.op, Version: f.version, Content: f.content, Note: f.note,
		Campaign: f.campaign, NewCampaign: f.newLabel, Slot: slot, Request: f.request,
	}
}

// formOf is the form as an existing post fills it.
func formOf(p store.Post) *composerForm {
	f := &composerForm{
		op: rand.Text(), post: p.ID, version: p.Version, content: p.Content(), note: p.Note, campaign: p.CampaignID,
		when: "none", date: p.Planned.Date(), clock: p.Planned.Clock(),
	}
	f.keepPublicParts(p)
	if !p.Planned.At.IsZero() {
		f.when = "time"
	}
	return f
}

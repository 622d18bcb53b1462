package posts

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
	"github.com/bandstand-app/bandstand/views/ui"
)

// Limits of what may follow a post and of what is chosen for it; far beyond what any
// platform takes.
const (
	maxParts       = 100
	maxOption      = 2_000 // characters of one option
	maxOptionCount = 100
)

// feedValue is what the form calls the usual format.
const feedValue = "feed"

// partsOf reads the further texts of the form, without their pictures.
func partsOf(v url.Values) []club.Part {
	kinds, texts := v["part_kind"], v["part_text"]
	var out []club.Part
	for i := range min(len(kinds), len(texts), maxParts) {
		kind := club.PartKind(kinds[i])
		if kind == club.ThreadPart || kind == club.CommentPart {
			out = append(out, club.Part{Kind: kind, Text: texts[i]})
		}
	}
	return out
}

// choicesOf reads the format and the options of each account.
func choicesOf(v url.Values, content *club.Content) {
	for _, id := range content.Accounts {
		if format := v.Get("format-" + strconv.FormatInt(id, 10)); format != "" && format != feedValue && len(format) <= maxKey {
			if content.Formats == nil {
				content.Formats = map[int64]platforms.Format{}
			}
			content.Formats[id] = platforms.Format(format)
		}
	}
	count := 0
	for _, name := range slices.Sorted(maps.Keys(v)) {
		rest, ok := strings.CutPrefix(name, "option-")
		account, key, found := strings.Cut(rest, "-")
		id := web.ParseID(account)
		if !ok || !found || id == 0 || key == "" || len(key) > maxKey || v.Get(name) == "" || !slices.Contains(content.Accounts, id) || count >= maxOptionCount {
			continue
		}
		count++
		if content.Options == nil {
			content.Options = map[int64]map[string]string{}
		}
		if content.Options[id] == nil {
			content.Options[id] = map[string]string{}
		}
		content.Options[id][key] = prefix(v.Get(name), maxOption*utf8.UTFMax)
	}
}

// trayPicture is a picture of the form with the place of the text that it is shown
// with: 0 for the post.
type trayPicture struct {
	club.ContentMedia
	with int
}

// tray lists the pictures of all texts, in their order.
func tray(c club.Content) []trayPicture {
	var out []trayPicture
	for _, m := range c.Media {
		out = append(out, trayPicture{m, 0})
	}
	for i, p := range c.Parts {
		for _, m := range p.Media {
			out = append(out, trayPicture{m, i + 1})
		}
	}
	return out
}

// shownWith is the list of pictures that one of them belongs to, and its place there;
// nil if there is no such picture.
func (f *composerForm) shownWith(picture string) (list *[]club.ContentMedia, at int) {
	is := func(m club.ContentMedia) bool { return m.ID == picture }
	if at := slices.IndexFunc(f.content.Media, is); at >= 0 {
		return &f.content.Media, at
	}
	for i := range f.content.Parts {
		if at := slices.IndexFunc(f.content.Parts[i].Media, is); at >= 0 {
			return &f.content.Parts[i].Media, at
		}
	}
	return nil, 0
}

// keepPublicParts puts back the further texts that are public on some account: nobody
// can change them, and they stay in their order.
func (f *composerForm) keepPublicParts(p store.Post) {
	live := p.Live.Content
	for _, d := range p.Deliveries {
		if at := live.PartsFor(d.ConnectionID); d.Status == club.Published && d.Part > 0 && d.Part <= len(at) {
			f.fixed = max(f.fixed, at[d.Part-1]+1)
		}
	}
	if f.fixed == 0 {
		return
	}
	kept := slices.Clone(live.Parts[:f.fixed])
	if len(f.content.Parts) > f.fixed {
		kept = append(kept, f.content.Parts[f.fixed:]...)
	}
	f.content.Parts = kept
	for _, part := range kept[:f.fixed] {
		for _, m := range part.Media {
			f.content.Media = slices.DeleteFunc(f.content.Media, func(o club.ContentMedia) bool { return o.ID == m.ID })
		}
	}
}

// addPart adds a further text: a thread goes on before the comment.
func (f *composerForm) addPart(kind club.PartKind) {
	at := len(f.content.Parts)
	first := slices.IndexFunc(f.content.Parts, func(p club.Part) bool { return p.Kind == club.CommentPart })
	if first >= 0 && kind == club.CommentPart || at >= maxParts {
		return
	}
	if first >= f.fixed {
		at = first
	}
	f.content.Parts = slices.Insert(f.content.Parts, at, club.Part{Kind: kind})
	f.freshPart = at + 1
}

// dropPart takes a further text away, counted from 1. Its pictures stay with the post.
func (f *composerForm) dropPart(n int) {
	if n <= f.fixed || n > len(f.content.Parts) {
		return
	}
	f.content.Media = append(f.content.Media, f.content.Parts[n-1].Media...)
	f.content.Parts = slices.Delete(f.content.Parts, n-1, n)
}

// arrangeParts carries out a button that adds a further text, or takes one away.
func (room *Room) arrangeParts(c echo.Context, d *composerContext, f *composerForm) error {
	f.content = d.material.Share(d.practice, f.content)
	v, err := room.composerView(c, d, f)
	if err != nil {
		return err
	}
	if !web.IsHX(c) {
		return room.renderComposer(c, http.StatusOK, v)
	}
	return room.Render(c, http.StatusOK, posts.PartsAnswer(v))
}

// partViews are the further texts as the form shows them.
func (room *Room) partViews(c echo.Context, d *composerContext, f *composerForm, checked planning.Checked) []posts.Part {
	out := make([]posts.Part, 0, len(f.content.Parts))
	for i, p := range f.content.Parts {
		var sent []planning.Draft
		for _, draft := range checked.Drafts {
			for _, part := range draft.Parts {
				if part.Place == i {
					sent = append(sent, planning.Draft{Draft: part.Draft, Connection: draft.Connection, Platform: draft.Platform, Rules: part.Rules})
				}
			}
		}
		out = append(out, posts.Part{
			N: i + 1, Kind: string(p.Kind), Title: partTitle(c, f.content, i), Text: p.Text, For: room.accountNames(c, d, p.Accounts),
			Counters: room.counters(c, d, sent), Fresh: f.freshPart == i+1, Error: f.faults.At(partField(i)), Fixed: i < f.fixed,
		})
	}
	return out
}

// partField is the field of a further text.
func partField(place int) string { return "part-" + strconv.Itoa(place+1) }

// partTitle is what a further text is called: "Thread, post 2", "First comment".
func partTitle(c echo.Context, content club.Content, place int) string {
	if content.Parts[place].Kind == club.CommentPart {
		return web.T(c, "part_comment")
	}
	n := 2
	for _, p := range content.Parts[:place] {
		if p.Kind == club.ThreadPart {
			n++
		}
	}
	return web.T(c, "part_thread", "n", strconv.Itoa(n))
}

// partTools are the further texts that can still be added.
func (room *Room) partTools(c echo.Context, d *composerContext, f *composerForm) posts.PartTools {
	tools := posts.PartTools{Thread: room.accountNames(c, d, d.material.Takers(d.practice, f.content, club.ThreadPart))}
	if !slices.ContainsFunc(f.content.Parts, func(p club.Part) bool { return p.Kind == club.CommentPart }) {
		tools.Comment = room.accountNames(c, d, d.material.Takers(d.practice, f.content, club.CommentPart))
	}
	return tools
}

// accountNames lists accounts in words.
func (room *Room) accountNames(c echo.Context, d *composerContext, ids []int64) string {
	var names []string
	for _, n := range d.all {
		if slices.Contains(ids, n.ID) {
			names = append(names, room.accountLabel(d, n))
		}
	}
	return web.Join(c, names)
}

// choiceViews are the formats and options of the accounts that have any.
func (room *Room) choiceViews(c echo.Context, d *composerContext, f *composerForm, checked planning.Checked) []posts.Choice {
	var out []posts.Choice
	for i := range checked.Drafts {
		draft := &checked.Drafts[i]
		id, info := draft.Connection.ID, draft.Platform.Info()
		v := posts.Choice{Account: room.accountView(d, draft.Connection), Format: formatValue(f.content.Formats[id])}
		for _, format := range draft.Formats {
			v.Formats = append(v.Formats, ui.Option{Value: formatValue(format), Label: web.T(c, "format_"+formatValue(format))})
		}
		for _, o := range draft.Rules.Options {
			v.Options = append(v.Options, optionView(c, info, id, o, f))
		}
		if len(v.Formats) > 1 || len(v.Options) > 0 {
			out = append(out, v)
		}
	}
	return out
}

func formatValue(f platforms.Format) string {
	if f == platforms.FormatFeed {
		return feedValue
	}
	return string(f)
}

// optionView is one option of a platform, in the words of its catalogue.
func optionView(c echo.Context, info platforms.Info, account int64, o platforms.Option, f *composerForm) posts.OptionField {
	word := o.Word(info.ID)
	v := posts.OptionField{
		ID: optionField(account, o.Key), Kind: string(o.Kind), Label: web.T(c, word), Value: f.content.Options[account][o.Key],
	}
	v.Error = f.faults.At(v.ID)
	for i, choice := range o.Choices {
		value := choice
		if i == 0 {
			value = "" // what the platform does by itself
		}
		v.Choices = append(v.Choices, ui.Option{Value: value, Label: web.T(c, o.ChoiceWord(info.ID, choice))})
	}
	return v
}

func optionField(account int64, key string) string {
	return "option-" + strconv.FormatInt(account, 10) + "-" + key
}

// withOptions are the texts that a picture can be shown with: the post and those of
// its thread.
func withOptions(c echo.Context, content club.Content) []ui.Option {
	out := []ui.Option{{Value: "0", Label: web.T(c, "picture_with_post")}}
	for i, p := range content.Parts {
		if p.Kind == club.ThreadPart {
			out = append(out, ui.Option{Value: strconv.Itoa(i + 1), Label: partTitle(c, content, i)})
		}
	}
	return out
}

// partCards are the drawings of what follows a post on one account.
func (room *Room) partCards(c echo.Context, f *composerForm, draft *planning.Draft, p platforms.Preview) []posts.PartCard {
	var out []posts.PartCard
	for _, part := range draft.Parts {
		next := p
		next.Draft, next.When, next.Over = part.Draft, "", 0
		next.Comment = f.content.Parts[part.Place].Kind == club.CommentPart
		if len(part.Rules.Text) > 0 {
			_, over := mainRule(part.Rules).Split(part.Rules.FinalText(part.Draft))
			next.Over = utf8.RuneCountInString(over)
		}
		out = append(out, posts.PartCard{Title: partTitle(c, f.content, part.Place), Drawing: draft.Platform.Preview(next)})
	}
	return out
}

// measureParts says at its field which further text holds more than can be kept, and
// how much all of them hold.
func (f *composerForm) measureParts(c echo.Context) (size int) {
	for i, p := range f.content.Parts {
		size += len(p.Text)
		if len(p.Text) > maxText {
			f.faults.Add(partField(i), web.T(c, "composer_too_long", "limit", i18n.Number(c.Request().Context(), maxText)))
		}
	}
	return size
}

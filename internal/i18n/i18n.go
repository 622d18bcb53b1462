// Package i18n gives every text that people read, from the message catalogue.
// A second language is one more file in locales, and one beside each
// platform's en.toml.
package i18n

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Language is the language in which everything is said, and which stands in where
// another one lacks a message (BCP 47).
const Language = "en"

//go:embed locales/*.toml
var locales embed.FS

// Messages are the files of Bandstand's own messages; platforms bring theirs.
func Messages() fs.FS { return locales }

// Catalogue holds the messages of all languages.
type Catalogue struct {
	// bundle holds the messages that plain does not.
	bundle *goi18n.Bundle
	keys   map[string]bool
	// plain holds, by language, the messages without plurals, which need no
	// template: nearly all.
	plain map[string]map[string]phrase
	// languages are those there are, the usual one first; matcher chooses.
	languages []language.Tag
	matcher   language.Matcher
	// counts holds messages with a number that were asked for: counted → string.
	counts sync.Map
}

// phrase is a message cut at its placeholders: text, name, text, name … text.
type phrase []string

// cut makes a phrase; false if the message needs more than to be filled in.
func cut(s string) (phrase, bool) {
	p := make(phrase, 0, 2*strings.Count(s, "{{")+1)
	for {
		text, rest, found := strings.Cut(s, "{{")
		p = append(p, text)
		if !found {
			return p, true
		}
		var inside string
		if inside, s, found = strings.Cut(rest, "}}"); !found {
			return nil, false
		}
		name, ok := strings.CutPrefix(strings.TrimSpace(inside), ".")
		if !ok || name == "" || strings.ContainsFunc(name, notWord) {
			return nil, false
		}
		p = append(p, name)
	}
}

func notWord(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// fill puts the values of args (name, value, name, value …) in their places.
func (p phrase) fill(args []string) string {
	if len(p) == 1 {
		return p[0]
	}
	var b strings.Builder
	for i, s := range p {
		if i%2 == 0 {
			b.WriteString(s)
			continue
		}
		for j := 0; j+1 < len(args); j += 2 {
			if args[j] == s {
				b.WriteString(Isolate(args[j+1]))
				break
			}
		}
	}
	return b.String()
}

// unmarshal reads the one format of message files.
var unmarshal = map[string]goi18n.UnmarshalFunc{"toml": toml.Unmarshal}

// Load reads the catalogue: Bandstand's own messages, then those that
// platforms bring. A key that stands twice is an error.
func Load(extra ...fs.FS) (*Catalogue, error) {
	c := &Catalogue{
		bundle: goi18n.NewBundle(language.English), keys: map[string]bool{}, plain: map[string]map[string]phrase{},
		languages: []language.Tag{language.English},
	}
	for _, fsys := range append([]fs.FS{locales}, extra...) {
		err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(p) != ".toml" {
				return err
			}
			return c.add(fsys, p)
		})
		if err != nil {
			return nil, err
		}
	}
	c.matcher = language.NewMatcher(c.languages)
	return c, nil
}

func (c *Catalogue) add(fsys fs.FS, p string) error {
	b, err := fs.ReadFile(fsys, p)
	if err != nil {
		return err
	}
	// en.calendar.toml and en.toml are both English.
	lang, _, _ := strings.Cut(path.Base(p), ".")
	f, err := goi18n.ParseMessageFileBytes(b, lang+".toml", unmarshal)
	if err != nil {
		return fmt.Errorf("read messages %s: %w", p, err)
	}
	if !slices.Contains(c.languages, f.Tag) {
		c.languages = append(c.languages, f.Tag)
	}
	plain := c.plain[lang]
	if plain == nil {
		plain = map[string]phrase{}
		c.plain[lang] = plain
	}
	var others []*goi18n.Message
	for _, m := range f.Messages {
		if _, twice := plain[m.ID]; twice || lang == Language && c.keys[m.ID] {
			return fmt.Errorf("read messages %s: %q stands twice", p, m.ID)
		}
		if lang == Language {
			c.keys[m.ID] = true
		}
		if p, ok := cut(m.Other); ok && m.Zero+m.One+m.Two+m.Few+m.Many == "" {
			plain[m.ID] = p
		} else {
			others = append(others, m)
		}
	}
	if err := c.bundle.AddMessages(f.Tag, others...); err != nil {
		return fmt.Errorf("read messages %s: %w", p, err)
	}
	return nil
}

// Keys lists every key of the English catalogue, sorted.
func (c *Catalogue) Keys() []string { return slices.Sorted(maps.Keys(c.keys)) }

// Languages lists the languages there are (BCP 47), the usual one first.
func (c *Catalogue) Languages() []string {
	tags := make([]string, len(c.languages))
	for i, t := range c.languages {
		tags[i] = t.String()
	}
	return tags
}

// Choose is the language there is that fits best. Each wish is a language, or a
// list of them as browsers send it; the first that is not empty and can be read
// decides.
func (c *Catalogue) Choose(wishes ...string) string {
	for _, w := range wishes {
		tags, _, err := language.ParseAcceptLanguage(w)
		if err != nil || len(tags) == 0 {
			continue
		}
		_, i, _ := c.matcher.Match(tags...)
		return c.languages[i].String()
	}
	return Language
}

// Has reports whether there is a message with this key.
func (c *Catalogue) Has(key string) bool { return c.keys[key] }

// Text is the message for a key; args are name, value, name, value … A missing
// message shows its key, so that it is noticed.
func (c *Catalogue) Text(lang, key string, args ...string) string {
	if lang == "" {
		lang = Language
	}
	if p, ok := c.plain[lang][key]; ok {
		return p.fill(args)
	}
	return c.localize(lang, key, data(args), nil)
}

// Count is Text for a message with plural forms; n is also {{.n}}.
func (c *Catalogue) Count(lang, key string, n int, args ...string) string {
	keep := len(args) == 0 && n >= 0 && n < maxKept
	asked := counted{lang, key, n}
	if s, ok := c.counts.Load(asked); ok && keep {
		return s.(string)
	}
	d := data(args)
	d["n"] = fmt.Sprint(n)
	s := c.localize(lang, key, d, n)
	if keep {
		c.counts.Store(asked, s)
	}
	return s
}

// counted is a message with a number and nothing else: pages say few of them,
// again and again.
type counted struct {
	lang, key string
	n         int
}

// maxKept bounds the numbers whose messages are kept.
const maxKept = 1000

func (c *Catalogue) localize(lang, key string, d map[string]string, n any) string {
	s, err := goi18n.NewLocalizer(c.bundle, lang, Language).Localize(&goi18n.LocalizeConfig{MessageID: key, TemplateData: d, PluralCount: n})
	switch english, ok := c.plain[Language][key]; {
	case err == nil, s != "": // an error with a text says that the text is English
		return s
	case ok:
		return english.fill(Args(d))
	}
	return key
}

func data(args []string) map[string]string {
	d := make(map[string]string, len(args)/2+1)
	for i := 0; i+1 < len(args); i += 2 {
		d[args[i]] = Isolate(args[i+1])
	}
	return d
}

type contextKey struct{}

type reader struct {
	c    *Catalogue
	lang string
}

// With puts the catalogue and the language of the person into ctx.
func With(ctx context.Context, c *Catalogue, lang string) context.Context {
	return context.WithValue(ctx, contextKey{}, reader{c, lang})
}

// Lang is the language of ctx (BCP 47).
func Lang(ctx context.Context) string {
	if r, ok := ctx.Value(contextKey{}).(reader); ok && r.lang != "" {
		return r.lang
	}
	return Language
}

// Direction is the way in which the language of ctx is written, "ltr" or "rtl", as
// HTML has it.
func Direction(ctx context.Context) string { return T(ctx, "direction") }

// T is the message for a key in the language of ctx.
func T(ctx context.Context, key string, args ...string) string {
	r, ok := ctx.Value(contextKey{}).(reader)
	if !ok {
		return key
	}
	return r.c.Text(r.lang, key, args...)
}

// N is the message for a key and a number, in the plural form that fits.
func N(ctx context.Context, key string, n int, args ...string) string {
	r, ok := ctx.Value(contextKey{}).(reader)
	if !ok {
		return key
	}
	return r.c.Count(r.lang, key, n, args...)
}

// Args turns a map of placeholders into the form that T takes.
func Args(m map[string]string) []string {
	out := make([]string, 0, 2*len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k, m[k])
	}
	return out
}

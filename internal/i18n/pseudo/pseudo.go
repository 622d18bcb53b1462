// Package pseudo makes a language for tests out of the English one: every message
// is 40 % longer, in letters that look foreign, and stands in brackets. What
// appears without brackets was not translated; what does not fit would not fit in
// German either.
package pseudo

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing/fstest"
	"unicode"

	"github.com/BurntSushi/toml"
)

// Language is its tag (BCP 47). Esperanto lends it: its plural forms are those of
// English, and Bandstand does not speak it.
const Language = "eo"

// Brackets stand around each message.
const (
	Open  = "⟦"
	Close = "⟧"
)

// Messages are the messages of English files in the pseudo language.
func Messages(files ...fs.FS) (fs.FS, error) {
	out := fstest.MapFS{}
	for i, f := range files {
		err := fs.WalkDir(f, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(p) != ".toml" {
				return err
			}
			b, err := fs.ReadFile(f, p)
			if err != nil {
				return err
			}
			var messages map[string]any
			if err := toml.Unmarshal(b, &messages); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
			for key, m := range messages {
				messages[key] = translate(key, m)
			}
			var w strings.Builder
			if err := toml.NewEncoder(&w).Encode(messages); err != nil {
				return err
			}
			rest := strings.TrimPrefix(path.Base(p), "en.")
			out[fmt.Sprintf("%s.%d.%s", Language, i, rest)] = &fstest.MapFile{Data: []byte(w.String())}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// translate is a message, or a message with its plural forms.
func translate(key string, m any) any {
	switch m := m.(type) {
	case string:
		return message(key, m)
	case map[string]any:
		for form, text := range m {
			if s, ok := text.(string); ok {
				m[form] = message(key, s)
			}
		}
	}
	return m
}

func message(key, s string) string {
	switch {
	case key == "direction" || key == "app_name" || strings.HasPrefix(key, "number_") || !strings.ContainsFunc(outside(s), unicode.IsLetter):
		return s // no word in it
	case strings.HasPrefix(key, "date_weekdays") || strings.HasPrefix(key, "date_months"):
		words := strings.Fields(s)
		for i, w := range words {
			words[i] = longer(foreign(w))
		}
		return strings.Join(words, " ")
	}
	// Punctuation that belongs to what stands before stays outside.
	start := len(s) - len(strings.TrimLeft(s, " ,"))
	return s[:start] + Open + longer(foreign(s[start:])) + Close
}

// outside is a message without its placeholders.
func outside(s string) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(s, "{{")
		b.WriteString(text)
		if !found {
			return b.String()
		}
		_, s, _ = strings.Cut(rest, "}}")
	}
}

var accents = strings.NewReplacer("a", "á", "e", "é", "i", "î", "o", "ö", "u", "ü", "A", "Å", "E", "É", "I", "Î", "O", "Ö", "U", "Û", "n", "ñ", "c", "ç", "s", "š")

// foreign writes the text of a message, but not its placeholders, in letters with
// accents.
func foreign(s string) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(s, "{{")
		b.WriteString(accents.Replace(text))
		if !found {
			return b.String()
		}
		inside, after, _ := strings.Cut(rest, "}}")
		b.WriteString("{{" + inside + "}}")
		s = after
	}
}

// longer adds 40 % to a text, in words of the length that German has, before the
// punctuation at its end.
func longer(s string) string {
	const word = "šchlängé"
	n := (len([]rune(outside(s)))*2 + 4) / 5
	text := strings.TrimRight(s, ".:!?… ")
	end := s[len(text):]
	var b strings.Builder
	b.WriteString(text)
	if !strings.ContainsRune(s, ' ') { // one word grows
		return b.String() + string([]rune(strings.Repeat(word, n/8+1))[:n]) + end
	}
	for ; n > 0; n -= 9 {
		b.WriteString(" " + string([]rune(word)[:min(8, n)]))
	}
	return b.String() + end
}

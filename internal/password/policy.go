package password

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/bandstand-app/bandstand/internal/club"
)

// The length of passwords, in characters.
const (
	Min = 12
	Max = 128

	maxBytes = Max * utf8.UTFMax
)

// Check reports what is wrong with a new password typed into a field. names are
// the person's name and address and the names of their clubs: whoever wants to
// guess the password knows these, so none of their words may be in it.
func Check(field, password string, names ...string) error {
	n := utf8.RuneCountInString(normal(password))
	switch {
	case n < Min:
		return club.Fault(field, "password_short", "n", strconv.Itoa(Min))
	case n > Max:
		return club.Fault(field, "password_long", "n", strconv.Itoa(Max))
	case isRun(strings.ToLower(normal(password))) || guesses(password) < fewestGuesses:
		return club.Fault(field, "password_common")
	}
	squashed := letters(password)
	for _, name := range names {
		for _, word := range wordsOf(name) {
			if strings.Contains(squashed, letters(word)) {
				return club.Fault(field, "password_name", "word", word)
			}
		}
	}
	return nil
}

// shortestName is the least length of a name that counts: shorter ones are part
// of many words.
const shortestName = 4

// wordsOf lists what must not be in a password because of a name: the whole of
// it, written together, and each of its words. Of an address it is the part
// before the @.
func wordsOf(name string) []string {
	name, _, _ = strings.Cut(name, "@")
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	words = append([]string{strings.TrimSpace(name)}, words...)
	var out []string
	for _, w := range words {
		if utf8.RuneCountInString(letters(w)) >= shortestName {
			out = append(out, w)
		}
	}
	return out
}

// letters is s in lower case without accents, and without all that is neither
// letter nor digit.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFD.String(s))
}

// isRun reports whether s only walks along the digits or the alphabet, or along
// a row of the keyboard.
func isRun(s string) bool {
	for _, row := range runs {
		if strings.Contains(row, s) {
			return true
		}
	}
	return false
}

// runs are rows that never end, in both directions.
var runs = func() (out []string) {
	for _, row := range []string{"0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn"} {
		endless := strings.Repeat(row, Max/len(row)+2)
		out = append(out, endless, reversed(endless))
	}
	return out
}()

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

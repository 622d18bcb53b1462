package club

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// clockForms are the ways people write a time of day, in lower case and with
// plain spaces: "18:30", "18.30", "18h30", "6:30 pm", "6 p.m.", "18 Uhr"; and
// without a separator: "1830", "630pm".
var clockForms = []*regexp.Regexp{
	regexp.MustCompile(`^(\d{1,2})(?: ?[:.h] ?(\d{2})(?:[:.]([0-5]\d))?)?( ?(?:h|hrs|uhr))?(?: ?([ap])(?:\.? ?m)?\.?)?$`),
	regexp.MustCompile(`^(\d{1,2})(\d{2})()( ?(?:h|hrs|uhr))?(?: ?([ap])(?:\.? ?m)?\.?)?$`),
}

// maxClock is longer than any way to write a time of day, in bytes.
const maxClock = 40

// ParseClock reads a time of day as people write it and returns it as 18:30.
// Seconds are dropped. A number up to 12 alone is refused: it may be morning or
// evening.
func ParseClock(text string) (string, error) {
	unreadable := fmt.Errorf("not a time of day: %q", prefixOf(text, maxClock))
	if len(text) > maxClock {
		return "", unreadable
	}
	text = plainClock(text)
	for _, form := range clockForms {
		f := form.FindStringSubmatch(text)
		if f == nil {
			continue
		}
		hour, _ := strconv.Atoi(f[1]) // the forms admit only digits
		minute, _ := strconv.Atoi(f[2])
		isBare := f[2] == "" && f[4] == "" && f[5] == ""
		hour, ok := hourOfDay(hour, f[5])
		if !ok || minute > 59 || isBare && hour <= 12 {
			return "", unreadable
		}
		return fmt.Sprintf("%02d:%02d", hour, minute), nil
	}
	return "", unreadable
}

// hourOfDay turns an hour into one of the 24-hour clock. half is "a" or "p" for
// before or after noon, or empty. Hours that are already of the 24-hour clock
// may carry the half they belong to ("18:30 PM", "0:30 AM").
func hourOfDay(hour int, half string) (int, bool) {
	switch {
	case hour > 23, half == "a" && hour > 12, half == "p" && hour == 0:
		return 0, false
	case half == "a" && hour == 12:
		return 0, true
	case half == "p" && hour < 12:
		return hour + 12, true
	}
	return hour, true
}

// plainClock lowers letters, makes every kind of space a plain one (browsers
// write U+202F before PM) and drops marks that cannot be seen.
func plainClock(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '\uff1a' || r == '\u2236': // colons of other keyboards
			return ':'
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return unicode.ToLower(r)
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// prefixOf returns at most n bytes of text, cut at a rune boundary.
func prefixOf(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}

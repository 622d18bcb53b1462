package club

import (
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The longest names that are taken, in characters, and the longest address
// (RFC 5321, 4.5.3.1.3) in bytes.
const (
	MaxName  = 80
	MaxEmail = 254
)

// ParseEmail trims and checks an address as typed into a field.
func ParseEmail(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > MaxEmail || !strings.Contains(s[strings.LastIndexByte(s, '@'):], ".") {
		return "", Fault(field, "email_invalid")
	}
	return s, nil
}

// ParseName trims and checks the name of a person or a club as typed into a
// field. emptyKey is the message for an empty one.
func ParseName(field, emptyKey, s string) (string, error) {
	s = strings.Join(strings.Fields(strings.Map(printable, s)), " ")
	switch {
	case s == "":
		return "", Fault(field, emptyKey)
	case utf8.RuneCountInString(s) > MaxName:
		return "", Fault(field, "name_too_long", "n", strconv.Itoa(MaxName))
	}
	return s, nil
}

// printable drops control characters and those that turn the reading direction.
func printable(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case !unicode.IsPrint(r):
		return -1
	}
	return r
}

// ParseZone checks the name of a time zone. An older name becomes the one that
// Zones lists.
func ParseZone(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	if listed := OlderZoneNames()[s]; listed != "" {
		s = listed
	}
	if _, err := time.LoadLocation(s); err != nil || s == "" || s == "Local" {
		return "", Fault(field, "zone_unknown")
	}
	return s, nil
}

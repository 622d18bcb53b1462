package password

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/internal/club"
)

// The length of passwords, in characters.
const (
	Min = 12
	Max = 128

	maxBytes = Max * utf8.UTFMax
)

// fewest different characters: "aaaaaaaaaaaa" and "121212121212" are guessed at
// once.
const fewest = 4

// Check tells what is wrong with a new password typed into a field. about are
// words that must not be all of it: the person's name and address.
func Check(field, password string, about ...string) error {
	n := utf8.RuneCountInString(normal(password))
	switch {
	case n < Min:
		return club.Fault(field, "password_short", "n", strconv.Itoa(Min))
	case n > Max:
		return club.Fault(field, "password_long", "n", strconv.Itoa(Max))
	case isCommon(password, about):
		return club.Fault(field, "password_common")
	}
	return nil
}

func isCommon(password string, about []string) bool {
	plain := strings.ToLower(normal(password))
	different := map[rune]bool{}
	for _, r := range plain {
		different[r] = true
	}
	if len(different) < fewest {
		return true
	}
	for _, a := range about {
		if strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(plain)) {
			return true
		}
	}
	letters := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r == ' ', r == '-', r == '_', r == '.', r == '!':
			return -1
		}
		return r
	}, plain)
	return common[plain] || common[letters] || isRun(plain)
}

// isRun tells whether s only walks along the digits or the alphabet, or along
// a row of the keyboard.
func isRun(s string) bool {
	for _, row := range []string{"0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn"} {
		endless := strings.Repeat(row, Max/len(row)+2)
		if strings.Contains(endless, s) || strings.Contains(reversed(endless), s) {
			return true
		}
	}
	return false
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// common holds what is guessed first among long passwords, in lower case. A
// password is common too when digits, spaces and marks are all it adds to one.
var common = setOf(
	"password", "passwordpassword", "passw", "passwort", "passwortpasswort", "motdepasse", "contraseña", "senha",
	"administrator", "adminadmin", "adminpassword", "rootroot", "letmein", "letmeinletmein", "letmeinplease", "welcome", "welcomehome",
	"changeme", "changemeplease", "changethis", "changemenow", "default", "defaultpassword", "temporary", "secret", "secretpassword",
	"supersecret", "topsecret", "iloveyou", "iloveyouforever", "iloveyouiloveyou", "sunshine", "princess", "football", "footballclub",
	"baseball", "basketball", "superman", "batman", "starwars", "trustno", "monkeymonkey", "dragondragon", "masterpassword",
	"qwerty", "qwertyqwerty", "qwertyuiop", "qwertyasdfgh", "qwertyuiopasdf", "qazwsxedc", "qazwsxedcrfv", "zaqxswcde", "asdfghjkl", "asdfasdfasdf",
	"azerty", "azertyuiop", "qwertz", "qwertzuiop", "zxcvbnm", "qweasdzxc", "abcabcabcabc", "abcdabcdabcd", "abc", "abcd", "abcdef",
	"1q2w3e4r5t6y", "1qaz2wsx3edc", "1qaz2wsx3edc4rfv", "q1w2e3r4t5y6", "a1b2c3d4e5f6", "1a2b3c4d5e6f", "123qweasdzxc", "qwe123qwe123", "abc123abc123",
	"correcthorsebatterystaple", "correct horse battery staple", "thequickbrownfox", "thisismypassword", "mypassword", "mypasswordis", "nopassword",
	"whatever", "whateverwhatever", "computer", "internet", "bandstand", "bandstandbandstand", "socialmedia",
)

func setOf(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

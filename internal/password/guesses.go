package password

import (
	_ "embed"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// commonList holds the 20,000 passwords that were met most often in known leaks,
// the commonest first, then 10,000 of at least Min characters: the other long
// ones of the same list, and the commonest long words of eight languages. All are
// in lower case. They come from @zxcvbn-ts/language-common 3.0.4 and the language
// packages en, de, fr, es-es, it, nl-be, pt-br and pl 3.0.2 (MIT, see
// common.LICENSE.txt).
//
//go:embed common.txt
var commonList string

// ranks gives the place of a common password in commonList, from 1. What we
// would try first on this program stands before all of them.
var ranks = sync.OnceValue(func() map[string]int {
	m := make(map[string]int, 30_000)
	n := 0
	for word := range strings.Lines(commonList) {
		n++
		m[strings.TrimSuffix(word, "\n")] = n
	}
	for _, word := range triedFirst {
		m[word] = 1
	}
	return m
})

// triedFirst is what the list lacks: words for "password" and the like in other
// languages, this program's name, and well-known examples of long passwords.
var triedFirst = []string{
	"passwort", "kennwort", "motdepasse", "contraseña", "contrasena", "senha", "wachtwoord", "administrator", "adminpassword",
	"letmeinplease", "welcomehome", "changemeplease", "changethis", "changemenow", "defaultpassword", "secretpassword", "topsecret",
	"iloveyouforever", "footballclub", "masterpassword", "socialmedia", "bandstand",
	"correcthorsebatterystaple", "correct horse battery staple", "thequickbrownfox", "the quick brown fox", "thisismypassword", "mypasswordis", "nopassword",
}

const (
	// longestWord is that of triedFirst, in characters.
	longestWord = 28
	// fewestGuesses is what a password must take at least. It lies above every
	// common password with a year, digits or a mark behind it, and above two very
	// common ones in a row; three words that nobody wrote together before take a
	// million times as many.
	fewestGuesses = 1e8
)

// guesses estimates how many tries somebody needs who knows which passwords are
// common, and in which ways people make them longer: it is the product for the
// cheapest way of cutting the password, in lower case, into pieces.
func guesses(password string) float64 {
	lower := strings.ToLower(normal(password))
	if rank, ok := ranks()[lower]; ok {
		return float64(rank)
	}
	r := []rune(lower)
	if n := period(r); n < len(r) {
		return guesses(string(r[:n])) * float64(len(r)/n)
	}
	plain := make([]rune, len(r)) // what was written with digits and marks
	for i, c := range r {
		plain[i] = c
		if letter, ok := lookalikes[c]; ok {
			plain[i] = letter
		}
	}
	best := make([]float64, len(r)+1) // of the first n characters
	best[0] = 1
	for end := 1; end <= len(r); end++ {
		best[end] = best[end-1] * single(r[end-1])
		for start := max(0, end-longestWord); start <= end-2; start++ {
			best[end] = min(best[end], best[start]*piece(r[start:end], plain[start:end]))
		}
	}
	return best[len(r)]
}

// lookalikes are characters that stand for letters.
var lookalikes = map[rune]rune{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', '$': 's', '!': 'i'}

// single is the guesses that one character takes.
func single(c rune) float64 {
	switch {
	case c >= 'a' && c <= 'z':
		return 26
	case c >= '0' && c <= '9':
		return 10
	case strings.ContainsRune(" -_.!", c):
		return 5 // what people put between words and at the end
	case c < unicode.MaxASCII || unicode.IsLetter(c):
		return 40
	}
	return 1000 // a picture
}

// piece is the guesses that some characters take as one thing; plain is how they
// read as letters.
func piece(r, plain []rune) float64 {
	n := math.Inf(1)
	if rank, ok := ranks()[string(r)]; ok {
		n = float64(rank)
	} else if rank, ok := ranks()[string(plain)]; ok {
		n = 4 * float64(rank)
	}
	if len(r) >= 3 && isRun(string(r)) {
		n = min(n, 40*float64(len(r)))
	}
	if period(r) == 1 {
		n = min(n, single(r[0])*float64(len(r)))
	}
	if !slices.ContainsFunc(r, func(c rune) bool { return !unicode.IsDigit(c) }) {
		switch year := string(r); {
		case len(r) == 4 && (strings.HasPrefix(year, "19") || strings.HasPrefix(year, "20")):
			n = min(n, 140)
		case len(r) == 6 || len(r) == 8: // a birthday
			n = min(n, 40_000)
		}
	}
	return n
}

// period is the length of the shortest block that r is made of by repeating it.
func period(r []rune) int {
	for n := 1; n <= len(r)/2; n++ {
		if len(r)%n == 0 && slices.Equal(r[n:], r[:len(r)-n]) {
			return n
		}
	}
	return len(r)
}

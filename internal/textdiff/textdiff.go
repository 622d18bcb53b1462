// Package textdiff says in words what differs between two texts.
package textdiff

import (
	"strings"
	"unicode"
)

// In tells in which of the two texts a part stands.
type In int

// The places of a part.
const (
	Both In = iota
	First
	Second
)

// Part is a stretch of text.
type Part struct {
	In   In
	Text string
}

// maxCells bounds the table of a comparison; larger differences are shown as
// one whole against another.
const maxCells = 4_000_000

// Words compares two texts word by word. The parts that stand in Both and First
// make the first text, those in Both and Second the second.
func Words(first, second string) []Part {
	a, b := split(first), split(second)
	pre := 0
	for pre < len(a) && pre < len(b) && a[pre] == b[pre] {
		pre++
	}
	post := 0
	for post < len(a)-pre && post < len(b)-pre && a[len(a)-1-post] == b[len(b)-1-post] {
		post++
	}
	var out []Part
	out = add(out, Both, a[:pre]...)
	out = middle(out, a[pre:len(a)-post], b[pre:len(b)-post])
	return add(out, Both, a[len(a)-post:]...)
}

// split cuts a text into words, each with the white space that follows it.
func split(s string) []string {
	var out []string
	begin, space := 0, false
	for i, r := range s {
		is := unicode.IsSpace(r)
		if space && !is {
			out = append(out, s[begin:i])
			begin = i
		}
		space = is
	}
	if begin < len(s) {
		out = append(out, s[begin:])
	}
	return out
}

// middle compares by the longest common subsequence.
func middle(out []Part, a, b []string) []Part {
	if len(a)*len(b) > maxCells {
		return add(add(out, First, a...), Second, b...)
	}
	w := len(b) + 1
	long := make([]int32, (len(a)+1)*w)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				long[i*w+j] = long[(i+1)*w+j+1] + 1
			} else {
				long[i*w+j] = max(long[(i+1)*w+j], long[i*w+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = add(out, Both, a[i])
			i, j = i+1, j+1
		case long[(i+1)*w+j] >= long[i*w+j+1]:
			out = add(out, First, a[i])
			i++
		default:
			out = add(out, Second, b[j])
			j++
		}
	}
	return add(add(out, First, a[i:]...), Second, b[j:]...)
}

// add appends words, joined to the last part if that stands in the same place.
func add(out []Part, in In, words ...string) []Part {
	if len(words) == 0 {
		return out
	}
	text := strings.Join(words, "")
	if n := len(out); n > 0 && out[n-1].In == in {
		out[n-1].Text += text
		return out
	}
	return append(out, Part{in, text})
}

// Package textdiff says in words what differs between two texts.
package textdiff

import (
	"math"
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

// maxCells is how much is compared with one Budget: 4 million pairs of words,
// which takes some tens of milliseconds and 8 MB.
const maxCells = 4_000_000

// Budget bounds the work of several comparisons together. What is too much for
// the rest of it is shown as one whole against another.
type Budget struct {
	cells int
	table []uint16 // of the latest comparison
}

// NewBudget is enough for all the comparisons of one page.
func NewBudget() *Budget { return &Budget{cells: maxCells} }

// Words compares two texts word by word, with a budget of its own.
func Words(first, second string) []Part { return NewBudget().Words(first, second) }

// Words compares two texts word by word. The parts that stand in Both and First
// make the first text, those in Both and Second the second.
func (b *Budget) Words(first, second string) []Part {
	c := comparison{budget: b, texts: [2]string{first, second}, words: [2][]string{split(first), split(second)}}
	w, v := c.words[0], c.words[1]
	pre := 0
	for pre < len(w) && pre < len(v) && w[pre] == v[pre] {
		pre++
	}
	post := 0
	for post < len(w)-pre && post < len(v)-pre && w[len(w)-1-post] == v[len(v)-1-post] {
		post++
	}
	c.add(Both, pre)
	c.middle(len(w)-pre-post, len(v)-pre-post)
	c.add(Both, post)
	return c.out
}

// comparison is under way: at is how far it has come in each text, in words and
// in bytes.
type comparison struct {
	budget *Budget
	texts  [2]string
	words  [2][]string
	at     [2]int
	bytes  [2]int
	out    []Part
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

// middle compares the next n words of the first text with the next m of the
// second by the longest common subsequence.
func (c *comparison) middle(n, m int) {
	w := m + 1
	cells := (n + 1) * w
	if n == 0 || m == 0 || n > math.MaxUint16 || m > math.MaxUint16 || cells > c.budget.cells {
		c.add(First, n)
		c.add(Second, m)
		return
	}
	c.budget.cells -= cells
	if cap(c.budget.table) < cells {
		c.budget.table = make([]uint16, cells)
	}
	long := c.budget.table[:cells]
	clear(long)
	a, b := c.words[0][c.at[0]:c.at[0]+n], c.words[1][c.at[1]:c.at[1]+m]
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if a[i] == b[j] {
				long[i*w+j] = long[(i+1)*w+j+1] + 1
			} else {
				long[i*w+j] = max(long[(i+1)*w+j], long[i*w+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < n && j < m {
		switch {
		case a[i] == b[j]:
			c.add(Both, 1)
			i, j = i+1, j+1
		case long[(i+1)*w+j] >= long[i*w+j+1]:
			c.add(First, 1)
			i++
		default:
			c.add(Second, 1)
			j++
		}
	}
	c.add(First, n-i)
	c.add(Second, m-j)
}

// add appends the next words, joined to the last part if that stands in the same
// place. Words that follow each other in a part do so in the text.
func (c *comparison) add(in In, n int) {
	if n == 0 {
		return
	}
	from := 0 // the text that has the words
	if in == Second {
		from = 1
	}
	begin := c.bytes[from]
	for t, takes := range [2]bool{in != Second, in != First} {
		if takes {
			for _, word := range c.words[t][c.at[t] : c.at[t]+n] {
				c.bytes[t] += len(word)
			}
			c.at[t] += n
		}
	}
	if last := len(c.out) - 1; last >= 0 && c.out[last].In == in {
		begin -= len(c.out[last].Text)
		c.out[last].Text = c.texts[from][begin:c.bytes[from]]
		return
	}
	c.out = append(c.out, Part{in, c.texts[from][begin:c.bytes[from]]})
}

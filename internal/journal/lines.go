package journal

import (
	"bufio"
	"errors"
	"io"
)

// lines cuts a file into lines. One that is longer than any we write is given
// as empty: it is no entry.
type lines struct {
	r   *bufio.Reader
	end int64 // of the last line given
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, maxLine)} }

// next gives the next line without its end, until the next call. io.EOF: there
// is none that has an end.
func (l *lines) next() ([]byte, error) {
	b, err := l.r.ReadSlice('\n')
	n := int64(len(b))
	for errors.Is(err, bufio.ErrBufferFull) {
		b = nil
		var more []byte
		more, err = l.r.ReadSlice('\n')
		n += int64(len(more))
	}
	if err != nil {
		return nil, err
	}
	l.end += n
	if b == nil {
		return nil, nil
	}
	return b[:len(b)-1], nil
}

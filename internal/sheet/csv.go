// Package sheet writes and reads tables that people open in a spreadsheet. It
// knows nothing of what is in them.
package sheet

import (
	"bufio"
	"io"
	"strings"
)

// bom tells spreadsheets that the file is UTF-8.
const bom = "\ufeff"

// WriteCSV writes rows as CSV: UTF-8 with a mark, every field quoted, lines that
// end as in RFC 4180, and no field that a spreadsheet would take for a formula
// (rule W12).
func WriteCSV(w io.Writer, rows [][]string) error {
	out := bufio.NewWriter(w)
	_, _ = out.WriteString(bom) // Flush has the first error
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				_ = out.WriteByte(',')
			}
			_, _ = out.WriteString(`"` + strings.ReplaceAll(plain(cell), `"`, `""`) + `"`)
		}
		_, _ = out.WriteString("\r\n")
	}
	return out.Flush()
}

// plain puts an apostrophe before what would be run as a formula.
func plain(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

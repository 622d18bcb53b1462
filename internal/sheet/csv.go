// Package sheet writes and reads tables that people open in a spreadsheet. It
// knows nothing of what is in them.
package sheet

import (
	"encoding/csv"
	"io"
	"strings"
)

// bom tells spreadsheets that the file is UTF-8.
const bom = "\ufeff"

// WriteCSV writes rows as CSV: UTF-8 with a mark, every field quoted where
// needed, and no field that a spreadsheet would take for a formula (rule W12).
func WriteCSV(w io.Writer, rows [][]string) error {
	if _, err := io.WriteString(w, bom); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = plain(cell)
		}
		if err := out.Write(safe); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// plain puts an apostrophe before what would be run as a formula.
func plain(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// Package migrations holds the database schema as numbered steps, each one
// change, forward only. A file that was released never changes.
package migrations

import "embed"

// FS holds the .sql files.
//
//go:embed *.sql
var FS embed.FS

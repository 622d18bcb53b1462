package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// copiesKept is how many copies of earlier schemas are kept: that of the last
// change, and that of the one before it.
const copiesKept = 2

// copyName is what the copy of a database is called that had this schema:
// bandstand-schema-6.db.
func copyName(schema int64) string {
	return strings.TrimSuffix(FileName, ".db") + "-schema-" + strconv.FormatInt(schema, 10) + ".db"
}

// keepCopy puts a copy of the whole database beside it, before its schema is
// changed (rule D7): an earlier program cannot read it afterwards.
func (db *DB) keepCopy(ctx context.Context, schema int64) error {
	dir := filepath.Dir(db.path)
	to := filepath.Join(dir, copyName(schema))
	unfinished := to + ".new"
	err := os.WriteFile(unfinished, nil, 0o600) // for nobody else to read
	if err == nil {
		_, err = db.write.ExecContext(ctx, `VACUUM INTO ?`, unfinished)
	}
	if err == nil {
		err = syncPath(unfinished)
	}
	if err == nil {
		err = os.Rename(unfinished, to)
	}
	if err == nil {
		err = syncPath(dir)
	}
	if err == nil {
		err = forgetCopies(dir)
	}
	if err != nil {
		return fmt.Errorf("copy the database before its schema is changed: %w", errors.Join(err, os.RemoveAll(unfinished)))
	}
	return nil
}

// forgetCopies removes the copies of the oldest schemas.
func forgetCopies(dir string) error {
	found, err := filepath.Glob(filepath.Join(dir, strings.TrimSuffix(FileName, ".db")+"-schema-*.db"))
	if err != nil {
		return err
	}
	schema := func(path string) int64 {
		digits := strings.TrimSuffix(path[strings.LastIndexByte(path, '-')+1:], ".db")
		n, _ := strconv.ParseInt(digits, 10, 64) // what somebody else put there comes last
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(schema(b), schema(a)) })
	for _, path := range found[min(copiesKept, len(found)):] {
		if schema(path) == 0 {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// syncPath makes last what is in a file, or which names are in a directory.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

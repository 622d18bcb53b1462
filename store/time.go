package store

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// millis carries a time.Time to and from its column: UTC milliseconds, NULL for
// the zero time.
type millis struct{ t *time.Time }

// ms writes a time.
func ms(t time.Time) millis { return millis{&t} }

// Value implements driver.Valuer.
func (m millis) Value() (driver.Value, error) {
	if m.t == nil || m.t.IsZero() {
		return nil, nil
	}
	return m.t.UnixMilli(), nil
}

// into reads a time: pass it to Scan.
func into(t *time.Time) *millis { return &millis{t} }

// Scan implements sql.Scanner.
func (m *millis) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*m.t = time.Time{}
	case int64:
		*m.t = time.UnixMilli(v).UTC()
	default:
		return fmt.Errorf("a time is stored as %T", src)
	}
	return nil
}

// orNever reads a column in which 0 stands for never.
type orNever struct{ t *time.Time }

// intoOrNever reads such a time: pass it to Scan.
func intoOrNever(t *time.Time) orNever { return orNever{t} }

// Scan implements sql.Scanner.
func (n orNever) Scan(src any) error {
	if v, ok := src.(int64); ok && v == 0 {
		*n.t = time.Time{}
		return nil
	}
	return into(n.t).Scan(src)
}

// Package ui is the component kit: small parts that several screens share.
package ui

import (
	"slices"
	"strings"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Field is one labelled field of a form.
type Field struct {
	ID           string // also its name, unless Name is set
	Name         string
	Label        string
	Hint         string
	Value        string
	Error        string
	Type         string // "text" if empty
	Autocomplete string
	InputMode    string
	Optional     bool
	Autofocus    bool
	ReadOnly     bool
}

// Option is one choice.
type Option struct{ Value, Label string }

// Tab is the name of one part of several: that with its id.
type Tab struct {
	Part, Mark, Name string
	Short            string // shown in place of the name where that has no room; may be empty
	Alarm            string // what is wrong with this part, for screen readers: others see a dot
}

func (f Field) name() string {
	if f.Name != "" {
		return f.Name
	}
	return f.ID
}

func (f Field) kind() string {
	if f.Type != "" {
		return f.Type
	}
	return "text"
}

// words reports whether people write in the field in their own language.
func (f Field) words() bool { return slices.Contains([]string{"text", "email", "search"}, f.kind()) }

func (f Field) describedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-h")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-e")
	}
	return strings.Join(ids, " ")
}

// StatusIcon pairs each status with a shape, so that colour is never alone.
func StatusIcon(s club.Status) string {
	switch s {
	case club.Scheduled:
		return "clock"
	case club.Publishing:
		return "arrow-up"
	case club.Published:
		return "check"
	case club.Failed:
		return "octagon-x"
	case club.NeedsAttention:
		return "triangle-alert"
	}
	return "pencil"
}

package platforms

import (
	"errors"
	"fmt"
	"log/slog"
)

// Secret holds a token or password so that it cannot be printed, logged or
// marshalled by accident. The pointer matters: fmt does not call methods of
// values it reaches through unexported fields, but it does not follow pointers
// there either.
type Secret struct{ p *string }

// NewSecret wraps s. The empty string gives the zero Secret.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{p: &s}
}

// IsZero tells whether there is nothing inside.
func (s Secret) IsZero() bool { return s.p == nil }

// Reveal returns what is inside. Only platform clients, sign-in and the sealing
// of the store call it.
func (s Secret) Reveal() string {
	if s.p == nil {
		return ""
	}
	return *s.p
}

const hidden = "[secret]"

// Format implements fmt.Formatter for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// String implements fmt.Stringer.
func (Secret) String() string { return hidden }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return hidden }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

var errSecret = errors.New("a secret is never marshalled")

// MarshalJSON always fails.
func (Secret) MarshalJSON() ([]byte, error) { return nil, errSecret }

// MarshalText always fails.
func (Secret) MarshalText() ([]byte, error) { return nil, errSecret }

package canary

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// Flock is many secrets that are looked for at once: what it costs to search
// data hardly grows with their number.
type Flock struct {
	forms map[uint64][]perch // by their first bytes
	maybe [1 << 16]bool      // whether a form may begin here
	names map[string]string  // of what was added
}

// perch is a form of a secret.
type perch struct {
	Sighting
	text []byte
}

// Sighting is a secret that was found.
type Sighting struct{ Name, Way string }

// beginning is how many bytes of a form it is found by: no secret may be shorter.
const beginning = 8

// Add puts a secret among those that are looked for. One that is there already
// keeps its first name.
func (f *Flock) Add(name, secret string) {
	if len(secret) < beginning {
		panic("canary: " + name + " is too short to be told from other text")
	}
	if f.names == nil {
		f.names, f.forms = map[string]string{}, map[uint64][]perch{}
	}
	if _, has := f.names[secret]; has {
		return
	}
	f.names[secret] = name
	for _, form := range Forms(secret) {
		text := []byte(form.Text)
		key := binary.LittleEndian.Uint64(text)
		f.forms[key] = append(f.forms[key], perch{Sighting{name, form.Way}, text})
		f.maybe[spread(key)] = true
	}
}

// spread is a number for the first half of the beginning of a form.
func spread(key uint64) uint16 { return uint16(uint32(key) * 2654435761 >> 16) } //nolint:gosec // part of it is meant

// Len is how many secrets are looked for.
func (f *Flock) Len() int { return len(f.names) }

// Names are what they are called, by the secret.
func (f *Flock) Names() map[string]string { return f.names }

// Find lists the secrets that stand somewhere in data, each once for every way.
func (f *Flock) Find(data []byte) []Sighting {
	var found []Sighting
	for i := 0; i+beginning <= len(data); i++ {
		key := binary.LittleEndian.Uint64(data[i:])
		if !f.maybe[spread(key)] {
			continue
		}
		for _, p := range f.forms[key] {
			if bytes.HasPrefix(data[i:], p.text) && !slices.Contains(found, p.Sighting) {
				found = append(found, p.Sighting)
			}
		}
	}
	slices.SortFunc(found, func(a, b Sighting) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Way, b.Way)) })
	return found
}

package platforms

import (
	"cmp"
	"slices"
)

// Registry is the set of platforms of one installation, in the order in which
// screens list them. It is built in cmd/bandstand/catalogue and never changes.
type Registry struct {
	order []ID
	byID  map[ID]Platform
}

// NewRegistry collects ps. It panics on a repeated id: a programmer's mistake
// found at start-up.
func NewRegistry(ps ...Platform) *Registry {
	r := &Registry{byID: make(map[ID]Platform, len(ps))}
	for _, p := range ps {
		id := p.Info().ID
		if _, dup := r.byID[id]; dup {
			panic("platform registered twice: " + string(id))
		}
		r.order = append(r.order, id)
		r.byID[id] = p
	}
	return r
}

// Platform returns the platform with this id, or nil and false.
func (r *Registry) Platform(id ID) (Platform, bool) {
	p, ok := r.byID[id]
	return p, ok
}

// All lists the platforms in order.
func (r *Registry) All() []Platform {
	out := make([]Platform, 0, len(r.order))
	for _, id := range r.order {
		out = append(out, r.byID[id])
	}
	return out
}

// Slot lists the platforms that share one platform app, in order.
func (r *Registry) Slot(slot string) []Platform {
	var out []Platform
	for _, p := range r.All() {
		if slot != "" && p.Info().AppSlot == slot {
			out = append(out, p)
		}
	}
	return out
}

// Compare orders two platforms as the registry lists them.
func (r *Registry) Compare(a, b ID) int {
	return cmp.Compare(slices.Index(r.order, a), slices.Index(r.order, b))
}

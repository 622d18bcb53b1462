package media

import (
	"context"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// Pictures are pictures of a club and what is known of their copies, read at
// once: what any account would be sent of them is told without another look.
type Pictures struct {
	rows   map[string]club.Media
	copies map[[2]string]club.Rendition // by picture id and spec
}

// Pictures reads pictures of a club and their copies, with two queries. Pictures
// that are not there are left out.
func (l *Library) Pictures(ctx context.Context, clubID int64, ids []string) (*Pictures, error) {
	found, err := l.rows.Media(ctx, clubID, ids)
	if err != nil {
		return nil, err
	}
	made, err := l.rows.Renditions(ctx, ids)
	if err != nil {
		return nil, err
	}
	p := &Pictures{rows: make(map[string]club.Media, len(found)), copies: make(map[[2]string]club.Rendition, len(made))}
	for _, m := range found {
		p.rows[m.ID] = m
	}
	for _, r := range made {
		p.copies[[2]string{r.MediaID, r.Spec}] = r
	}
	return p, nil
}

// Copy says what an account with these rules would be sent of a picture; false if
// the picture is not there. Bytes is exact where the copy exists, else the most
// that it can be.
func (p *Pictures) Copy(id string, rules platforms.ImageRules, fit platforms.Fit) (platforms.Media, bool) {
	m, ok := p.rows[id]
	if !ok {
		return platforms.Media{}, false
	}
	s := SpecFor(rules, fit, m)
	r, ok := p.copies[[2]string{id, s.String()}]
	if !ok {
		r = s.estimate(m)
	}
	return describe(m, r, fit), true
}

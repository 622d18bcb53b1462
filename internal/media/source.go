package media

import (
	"context"
	"errors"
	"io/fs"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// estimate is what a copy will be, if MaxBytes does not make it smaller.
func (s Spec) estimate(m club.Media) club.Rendition {
	size := s.layout(m.Width, m.Height).canvas
	r := club.Rendition{MediaID: m.ID, Type: m.Type, Width: size.X, Height: size.Y, Bytes: m.Bytes}
	switch {
	case !s.PNG:
		r.Type = typeJPEG
	case !s.JPEG:
		r.Type = typePNG
	}
	if s.MaxBytes > 0 {
		r.Bytes = min(r.Bytes, s.MaxBytes)
	}
	return r
}

func describe(m club.Media, r club.Rendition, fit platforms.Fit) platforms.Media {
	return platforms.Media{ID: m.ID, Name: m.Name, Type: r.Type, Width: r.Width, Height: r.Height, Bytes: r.Bytes, Alt: m.Alt, Fit: fit, Moving: m.Moving}
}

// Prepare makes the copies that an account with these rules takes, and tells
// exactly what they are: one for each id, in the same order. A picture that is
// gone, or that cannot be made small enough, is a *platforms.Error of kind
// MediaRejected.
func (l *Library) Prepare(ctx context.Context, clubID int64, ids []string, rules platforms.ImageRules, fits map[string]platforms.Fit) ([]platforms.Media, error) {
	src := &source{library: l, clubID: clubID, rules: rules, fits: fits}
	out := make([]platforms.Media, 0, len(ids))
	for _, id := range ids {
		m, spec, err := src.find(ctx, id)
		if err != nil {
			return nil, src.explain(m, err)
		}
		r, _, err := l.rendition(ctx, m, spec)
		if err != nil {
			return nil, src.explain(m, err)
		}
		out = append(out, describe(m, r, fits[id]))
	}
	return out, nil
}

// Source gives a platform client the copies of a club's pictures for an account
// with these rules. fits is by picture id.
func (l *Library) Source(clubID int64, rules platforms.ImageRules, fits map[string]platforms.Fit) platforms.MediaSource {
	return &source{library: l, clubID: clubID, rules: rules, fits: fits}
}

type source struct {
	library *Library
	clubID  int64
	rules   platforms.ImageRules
	fits    map[string]platforms.Fit // by picture id
}

// Open implements platforms.MediaSource.
func (s *source) Open(ctx context.Context, id string) (platforms.MediaFile, error) {
	m, spec, err := s.find(ctx, id)
	if err != nil {
		return platforms.MediaFile{}, s.explain(m, err)
	}
	f, err := s.library.open(ctx, m, spec)
	return f, s.explain(m, err)
}

// PublicURL implements platforms.MediaSource.
func (s *source) PublicURL(ctx context.Context, id string) (string, error) {
	m, spec, err := s.find(ctx, id)
	if err != nil {
		return "", s.explain(m, err)
	}
	// Made before anybody asks for it: platforms wait only seconds.
	r, _, err := s.library.rendition(ctx, m, spec)
	if err != nil {
		return "", s.explain(m, err)
	}
	return s.library.publicURL(m.ID, spec, r.Type), nil
}

func (s *source) find(ctx context.Context, id string) (club.Media, Spec, error) {
	found, err := s.library.rows.Media(ctx, s.clubID, []string{id})
	if err != nil {
		return club.Media{}, Spec{}, err
	}
	if len(found) == 0 {
		return club.Media{}, Spec{}, club.ErrNotFound
	}
	return found[0], SpecFor(s.rules, s.fits[id], found[0]), nil
}

// explain makes a missing picture a refusal: nothing is posted without it. Any
// other error of ours is one that another try may not meet.
func (s *source) explain(m club.Media, err error) error {
	refuse := func(code string, cause error) error {
		return &platforms.Error{Kind: platforms.MediaRejected, Code: code, Op: "open picture", Args: map[string]string{"file": m.Name}, Err: cause}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, club.ErrNotFound):
		return refuse(platforms.CodeMediaGone, fs.ErrNotExist)
	case errors.Is(err, errTooBig):
		return refuse(platforms.CodeMediaTooBig, err)
	}
	return err
}

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// freeze makes what goes out, checked by the platform's rules as they are now,
// or says why it cannot go out.
func (r *run) freeze(ctx context.Context, generation int) ([]byte, *club.Problem, error) {
	m, err := r.DB.Material(ctx, r.d)
	if err != nil {
		return nil, nil, err
	}
	rules := r.platform.Rules(r.conn.Account)
	pictures, problem, err := r.pictures(ctx, rules, m.Content)
	if problem != nil || err != nil {
		return nil, problem, err
	}
	if err := r.cardPicture(ctx, rules, m.Link); err != nil {
		return nil, nil, err
	}
	draft := m.Content.Draft(r.d.ConnectionID, pictures, m.Link)
	for _, p := range platforms.Check(rules, draft) {
		if p.Severity == platforms.MustFix {
			return nil, &club.Problem{Code: p.Code, Args: p.Args, Media: p.Field == "media"}, nil
		}
	}
	body, err := json.Marshal(platforms.Publication{
		Draft: draft, Key: club.Key(r.d.ID, generation), CreatedAt: r.Now().UTC(),
	})
	return body, nil, err
}

// pictures measures the copies that the account will get.
func (r *run) pictures(ctx context.Context, rules platforms.Rules, c club.Content) (map[string]platforms.Media, *club.Problem, error) {
	if len(c.Media) == 0 {
		return nil, nil, nil
	}
	var want []platforms.Media
	for _, m := range c.Media {
		want = append(want, platforms.Media{ID: m.ID, Alt: m.Alt, Fit: m.Fit[r.d.ConnectionID]})
	}
	_, got, err := r.Media.MediaFor(ctx, r.d.ClubID, rules.Media, want...)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &club.Problem{Code: platforms.CodeMediaGone, Media: true}, nil
	}
	if e, ok := errors.AsType[*platforms.Error](err); ok {
		return nil, &club.Problem{Code: e.Code, Args: e.Args, Media: true}, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("make copies of pictures: %w", err)
	}
	byID := make(map[string]platforms.Media, len(got))
	for _, m := range got {
		byID[m.ID] = m
	}
	return byID, nil, nil
}

// cardPicture measures the picture of a link's card. A card can do without.
func (r *run) cardPicture(ctx context.Context, rules platforms.Rules, link *platforms.Link) error {
	if link == nil || link.Image == nil {
		return nil
	}
	_, got, err := r.Media.MediaFor(ctx, r.d.ClubID, rules.Media, *link.Image)
	if _, refused := errors.AsType[*platforms.Error](err); refused || errors.Is(err, fs.ErrNotExist) {
		link.Image = nil
		return nil
	}
	if err != nil {
		return fmt.Errorf("make copy of card picture: %w", err)
	}
	link.Image = &got[0]
	return nil
}

// openSession makes ready to call the platform: the sign-in, opened now, and
// the pictures. The refusal is the platform's, or says that nothing was sent.
func (r *run) openSession(ctx context.Context) (refusal *platforms.Error, err error) {
	notSent := func(code string, cause error) *platforms.Error {
		return &platforms.Error{Kind: platforms.NotSent, Code: code, Platform: r.conn.Account.Platform, Err: cause}
	}
	s, version, err := r.signIns.Session(ctx, r.conn, r.platform)
	if err != nil {
		if e, ok := errors.AsType[*platforms.Error](err); ok {
			return e, nil
		}
		return nil, err
	}
	want := r.pub.Media
	if r.pub.Link != nil && r.pub.Link.Image != nil {
		want = append(want[:len(want):len(want)], *r.pub.Link.Image)
	}
	if len(want) > 0 {
		s.Media, _, err = r.Media.MediaFor(ctx, r.d.ClubID, r.platform.Rules(r.conn.Account).Media, want...)
		if errors.Is(err, fs.ErrNotExist) {
			e := notSent(platforms.CodeMediaGone, err)
			e.Kind = platforms.MediaRejected
			return e, nil
		}
		if err != nil {
			return nil, fmt.Errorf("open pictures: %w", err)
		}
	}
	r.session, r.token = s, version
	return nil, nil
}

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
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
	draft.Lang = i18n.Language
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

// pictures makes the copies that the account will get, by picture id.
func (r *run) pictures(ctx context.Context, rules platforms.Rules, c club.Content) (map[string]platforms.Media, *club.Problem, error) {
	if len(c.Media) == 0 {
		return nil, nil, nil
	}
	ids := make([]string, 0, len(c.Media))
	fits := map[string]platforms.Fit{}
	for _, m := range c.Media {
		ids = append(ids, m.ID)
		fits[m.ID] = m.Fit[r.d.ConnectionID]
	}
	got, err := r.Media.Prepare(ctx, r.d.ClubID, ids, rules.Media.Image, fits)
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

// cardPicture makes the copy for a link's card. A card can do without.
func (r *run) cardPicture(ctx context.Context, rules platforms.Rules, link *platforms.Link) error {
	if link == nil || link.Image == nil {
		return nil
	}
	got, err := r.Media.Prepare(ctx, r.d.ClubID, []string{link.Image.ID}, rules.Media.Image, nil)
	_, refused := errors.AsType[*platforms.Error](err)
	switch {
	case refused:
		link.Image = nil
		return nil
	case err != nil:
		return fmt.Errorf("make copy of card picture: %w", err)
	}
	link.Image = &got[0]
	return nil
}

// openSession makes ready to call the platform: the sign-in, opened now, and
// the pictures. The refusal is the platform's.
func (r *run) openSession(ctx context.Context) (refusal *platforms.Error, err error) {
	s, version, err := r.signIns.Session(ctx, r.conn, r.platform)
	r.token = version
	if err != nil {
		if e, ok := errors.AsType[*platforms.Error](err); ok {
			return e, nil
		}
		return nil, err
	}
	fits := make(map[string]platforms.Fit, len(r.pub.Media))
	for _, m := range r.pub.Media {
		fits[m.ID] = m.Fit
	}
	s.Media = r.Media.Source(r.d.ClubID, r.platform.Rules(r.conn.Account).Media.Image, fits)
	r.session = s
	return nil, nil
}

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// freeze makes what goes out, checked by the platform's rules as they are now,
// or says why it cannot go out.
func (r *run) freeze(ctx context.Context, generation int) ([]byte, *club.Problem, error) {
	prepared, err := r.prepare(ctx)
	if e, ok := errors.AsType[*platforms.Error](err); ok {
		return nil, &club.Problem{Code: e.Code, Args: e.Args, Media: true}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, f := range planning.Check(prepared, nil) {
		if f.Part > 0 { // what follows is checked when it is its turn
			continue
		}
		if f.Severity == platforms.MustFix && f.Code != planning.CodeReconnect {
			return nil, &club.Problem{Code: f.Code, Args: f.Args, Media: f.Field == "media"}, nil
		}
	}
	if len(prepared.Drafts) == 0 {
		return nil, nil, fmt.Errorf("post %d has no part %d for connection %d", r.d.PostID, r.d.Part, r.d.ConnectionID)
	}
	reply, err := r.reply(ctx)
	if err != nil {
		return nil, nil, err
	}
	body, err := json.Marshal(platforms.Publication{
		Draft: prepared.Drafts[0].Draft, Key: club.Key(r.d.ID, generation), CreatedAt: r.Now().UTC(), Reply: reply,
	})
	return body, nil, err
}

// reply says what the delivery follows; nil for the post itself.
func (r *run) reply(ctx context.Context) (*platforms.ReplyTo, error) {
	if r.d.Part == 0 {
		return nil, nil
	}
	root, parent, err := r.DB.Follows(ctx, r.d)
	if err != nil {
		return nil, err
	}
	return &platforms.ReplyTo{Root: root, Parent: parent}, nil
}

// prepare makes the draft of the delivery as every preview does, but that it makes
// the copies of pictures. A picture that cannot be sent is a *platforms.Error.
func (r *run) prepare(ctx context.Context) (planning.Prepared, error) {
	contents, err := r.DB.LiveContents(ctx, r.d.ClubID, []int64{r.d.PostID})
	if err != nil {
		return planning.Prepared{}, err
	}
	content, ok := contents[r.d.PostID]
	if !ok {
		return planning.Prepared{}, fmt.Errorf("post %d says nothing", r.d.PostID)
	}
	// What is ticked by now is not asked: this delivery is of its account.
	content.Accounts = []int64{r.d.ConnectionID}
	cl, err := r.DB.Club(ctx, r.d.ClubID)
	if err != nil {
		return planning.Prepared{}, err
	}
	desk := planning.Desk{DB: r.DB, Media: copier{r, content}, Platforms: r.Platforms, Language: cl.Language, Now: r.Now}
	all, err := desk.Drafts(ctx, r.d.ClubID, []planning.Plan{{
		PostID: r.d.PostID, Practice: r.conn.Practice, Content: content, Accounts: []store.Connection{r.conn}, Part: r.d.Part,
	}})
	if err != nil {
		return planning.Prepared{}, err
	}
	return all[0], nil
}

// copier makes the copies of pictures that the delivery's account is sent.
type copier struct {
	r       *run
	content club.Content
}

// copies are what an account is sent of pictures, by id and fit.
type copies map[copyName]platforms.Media

type copyName struct {
	id  string
	fit platforms.Fit
}

// Copy implements planning.Pictures.
func (c copies) Copy(id string, _ platforms.ImageRules, fit platforms.Fit) (platforms.Media, bool) {
	m, ok := c[copyName{id, fit}]
	return m, ok
}

// Pictures implements planning.Media. Without a picture of the post nothing goes
// out; the picture of a link's card it can do without.
func (c copier) Pictures(ctx context.Context, _ int64, ids []string) (planning.Pictures, error) {
	media := c.content.Media
	if part, _, ok := c.content.Part(c.r.d.ConnectionID, c.r.d.Part); ok {
		media = part.Media
	}
	own := make([]string, 0, len(media))
	fits := map[string]platforms.Fit{}
	for _, m := range media {
		own = append(own, m.ID)
		fits[m.ID] = m.Fit[c.r.d.ConnectionID]
	}
	made := copies{}
	if err := c.make(ctx, made, own, fits); err != nil {
		return nil, err
	}
	elsewhere := c.content.Pictures() // in what this delivery does not send
	for _, id := range ids {
		if _, isOwn := fits[id]; isOwn || slices.Contains(elsewhere, id) {
			continue
		}
		if err := c.make(ctx, made, []string{id}, nil); err != nil {
			if _, refused := errors.AsType[*platforms.Error](err); !refused {
				return nil, err
			}
		}
	}
	return made, nil
}

func (c copier) make(ctx context.Context, made copies, ids []string, fits map[string]platforms.Fit) error {
	if len(ids) == 0 {
		return nil
	}
	rules := planning.RulesOf(c.r.platform.Rules(c.r.conn.Account), c.content, c.r.d.ConnectionID, c.r.d.Part)
	got, err := c.r.Media.Prepare(ctx, c.r.d.ClubID, ids, rules.Media.Image, fits)
	if err != nil {
		return fmt.Errorf("make copies of pictures: %w", err)
	}
	for i, m := range got {
		made[copyName{ids[i], fits[ids[i]]}] = m
	}
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
	s.Media = r.Media.Source(r.d.ClubID, r.platform.Rules(r.conn.Account).Of(r.pub).Media.Image, fits)
	r.session = s
	return nil, nil
}

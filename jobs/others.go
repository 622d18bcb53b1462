package jobs

import (
	"context"
	"maps"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// own is what a look says of this delivery alone: a post that the database or the
// journal gives to another one proves nothing.
func (e *Engine) own(ctx context.Context, d store.Delivery, seen platforms.Evidence) (platforms.Evidence, error) {
	ids := make([]string, 0, len(seen.Matches))
	for _, m := range seen.Matches {
		ids = append(ids, m.RemoteID)
	}
	if len(ids) == 0 {
		return seen, nil
	}
	others, nameless, err := e.others(ctx, d, ids)
	if err != nil {
		return seen, err
	}
	return seen.Without(others, nameless), nil
}

// others says which of these posts belong to other deliveries, and how many of the
// same words do without a known id.
func (e *Engine) others(ctx context.Context, d store.Delivery, ids []string) (map[string]bool, int, error) {
	others, nameless, err := e.DB.Others(ctx, d, ids)
	if err != nil {
		return nil, 0, err
	}
	witnessed, err := e.Journal.Others(d.ID, ids)
	if err != nil { // it knows more than the database only after an old copy was put back
		e.Log.Error("the publish journal is not asked whose post this is", "delivery", d.ID, "err", err)
	}
	maps.Copy(others, witnessed)
	return others, nameless, nil
}

// ownSteps is what was done for a delivery, without the post that a duplicate
// answer named if that is another delivery's.
func (r *run) ownSteps(ctx context.Context) ([]platforms.StepResult, error) {
	var named []string
	for _, s := range r.done {
		if s.Kind == platforms.DuplicateOf {
			named = append(named, s.Ref)
		}
	}
	if len(named) == 0 {
		return r.done, nil
	}
	others, _, err := r.others(ctx, r.d, named)
	if err != nil {
		return nil, err
	}
	steps := make([]platforms.StepResult, 0, len(r.done))
	for _, s := range r.done {
		if s.Kind != platforms.DuplicateOf || !others[s.Ref] {
			steps = append(steps, s)
		}
	}
	return steps, nil
}

// ownAnswer is what the irreversible call answered. An id that another delivery
// has is as good as none (row 17): whether this one is public must be looked for.
func (r *run) ownAnswer(ctx context.Context, answer platforms.StepResult) platforms.StepResult {
	if answer.RemoteID == "" {
		return answer
	}
	others, _, err := r.others(ctx, r.d, []string{answer.RemoteID})
	if err != nil || !others[answer.RemoteID] {
		return answer // what cannot be known now, the database says when it is told
	}
	r.Log.Warn("a platform answered with the id of another post", "delivery", r.d.ID, "id", answer.RemoteID)
	answer.RemoteID, answer.RemoteURL = "", ""
	return answer
}

package jobs

import (
	"context"
	"errors"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// warnOfEnds tells people of sign-ins that end soon and that only they can begin
// again.
func (e *Engine) warnOfEnds(ctx context.Context) error {
	now := e.Now()
	var errs []error
	for _, p := range e.Platforms(0, false).All() {
		_, renews := p.(platforms.Renewer)
		ending, err := e.DB.EndingSignIns(ctx, p.Info().ID, renews, now.Add(club.WarnOfEndWithin))
		errs = append(errs, err)
		for _, s := range ending {
			errs = append(errs, e.DB.WarnOfEnd(ctx, s, club.EndStage(s.Ends.Sub(now))))
		}
	}
	return errors.Join(errs...)
}

package jobs

import (
	"context"
	"errors"

	"github.com/bandstand-app/bandstand/internal/club"
)

// resumeUpdated lets accounts go on that waited for another version of their
// platform's interface than the one that was refused.
func (e *Engine) resumeUpdated(ctx context.Context) error {
	for _, p := range e.Platforms(0, false).All() {
		info := p.Info()
		n, err := e.DB.ResumeUpdated(ctx, info.ID, info.API.Version)
		if err != nil {
			return err
		}
		if n > 0 {
			e.Log.Info("accounts go on: another version of the platform's API is spoken now", "platform", info.ID, "version", info.API.Version, "accounts", n)
		}
	}
	return nil
}

// warnOfVersions tells admins of versions that end soon, in time for an update.
func (e *Engine) warnOfVersions(ctx context.Context) error {
	now := e.Now()
	var errs []error
	for _, p := range e.Platforms(0, false).All() {
		info := p.Info()
		ends := info.API.Ends()
		if ends.IsZero() || ends.Before(now) || ends.Sub(now) > club.WarnOfVersionWithin {
			continue
		}
		errs = append(errs, e.DB.WarnOfVersion(ctx, info.ID, info.API.Version, ends, club.VersionStage(ends.Sub(now))))
	}
	return errors.Join(errs...)
}

package calendar

import (
	"context"

	"github.com/bandstand-app/bandstand/internal/i18n"
)

// daySays says for those who listen how many posts a day has, and what its colour
// shows.
func daySays(ctx context.Context, d Day) string {
	switch {
	case d.Past:
		return i18n.T(ctx, "calendar_day_was", "count", d.Count)
	case d.Today:
		return i18n.T(ctx, "calendar_day_today", "count", d.Count)
	}
	return i18n.T(ctx, "calendar_day_with", "count", d.Count)
}

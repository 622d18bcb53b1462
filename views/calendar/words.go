package calendar

import (
	"context"

	"github.com/bandstand-app/bandstand/internal/i18n"
)

// past says for those who listen what the hatching shows.
func past(ctx context.Context, d Day) string {
	switch {
	case d.Past:
		return ", " + i18n.T(ctx, "calendar_past")
	case d.Today:
		return ", " + i18n.T(ctx, "calendar_today_word")
	}
	return ""
}

package layout

import (
	"context"

	"github.com/bandstand-app/bandstand/internal/i18n"
)

func noticesLabel(ctx context.Context, unread int) string {
	if unread == 0 {
		return i18n.T(ctx, "nav_notices")
	}
	return i18n.N(ctx, "nav_notices_new", unread)
}

package web

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// JoinAnd lists words: "one, two and three".
func JoinAnd(c echo.Context, words []string) string { return i18n.And(c.Request().Context(), words) }

// Join lists words: "one, two, three".
func Join(c echo.Context, words []string) string { return i18n.List(c.Request().Context(), words) }

// HoldWords says that all posts are held, since when, by whom and why. It is empty
// if they are not.
func (app *App) HoldWords(c echo.Context, h store.Hold) string {
	if h.Phase == "" {
		return ""
	}
	ctx := c.Request().Context()
	since := i18n.When(ctx, app.Local(c, h.Since))
	if h.Phase != club.Held {
		return T(c, "hold_banner_"+string(h.Phase), "when", since)
	}
	args := []string{"when", since, "person", h.Person, "reason", h.Reason}
	if !h.Until.IsZero() {
		args = append(args, "until", i18n.When(ctx, app.Local(c, h.Until)))
	}
	return T(c, "hold_banner", args...)
}

// Direction returns the way in which the clock is off, as message keys spell it.
func Direction(ahead time.Duration) string {
	if ahead < 0 {
		return "behind"
	}
	return "ahead"
}

// Span returns roughly how long something is, in words.
func Span(c echo.Context, d time.Duration) string {
	d = d.Abs()
	key, unit := "clock_minutes", time.Minute
	switch {
	case d >= 48*time.Hour:
		key, unit = "clock_days", 24*time.Hour
	case d >= 2*time.Hour:
		key, unit = "clock_hours", time.Hour
	}
	return i18n.N(c.Request().Context(), key, int((d+unit/2)/unit))
}

// AccountOn names an account together with its platform.
func (app *App) AccountOn(c echo.Context, account string, id platforms.ID) string {
	if p, ok := app.Registry(Actor(c).Club.Practice).Platform(id); ok {
		return T(c, "account_on", "account", account, "platform", p.Info().SiteName())
	}
	return account
}

// Shorten cuts text to at most n characters, between words where there are some.
func Shorten(text string, n int) string {
	runes, space := 0, 0
	for i, r := range text {
		if r == ' ' {
			space = i
		}
		if runes == n {
			// Languages without spaces are cut anywhere.
			if space < i/2 {
				space = i
			}
			return text[:space] + "…"
		}
		runes++
	}
	return text
}

// AccountName returns the handle of an account, or its name if it has no handle.
func AccountName(n store.Connection) string {
	if n.Account.Handle != "" {
		return "@" + strings.TrimPrefix(n.Account.Handle, "@")
	}
	return n.Account.Name
}

// PlatformName returns the name of a kind of account, or its id if that platform
// is no longer there.
func (app *App) PlatformName(c echo.Context, p platforms.ID) string {
	if found, ok := app.Registry(Actor(c).Club.Practice).Platform(p); ok {
		return found.Info().Name
	}
	return string(p)
}

// SiteName returns what sentences call a platform.
func (app *App) SiteName(c echo.Context, p platforms.ID) string {
	if found, ok := app.Registry(Actor(c).Club.Practice).Platform(p); ok {
		return found.Info().SiteName()
	}
	return string(p)
}

// ConsoleOf returns where credit for the calls of a platform is bought, or "".
func (app *App) ConsoleOf(c echo.Context, p platforms.ID) string {
	if found, ok := app.Registry(Actor(c).Club.Practice).Platform(p); ok {
		return found.Info().AppConsole
	}
	return ""
}

// AppName is what the platform app of a platform is called on its developer site.
func (app *App) AppName(c echo.Context, p platforms.ID) string {
	if found, ok := app.Registry(Actor(c).Club.Practice).Platform(p); ok {
		return found.Info().AppName
	}
	return ""
}

// AccountLabel returns the name of an account, with its handle where that says
// more.
func AccountLabel(a platforms.Account) string {
	if a.Handle == "" || strings.EqualFold(a.Handle, a.Name) {
		return a.Name
	}
	return a.Name + " (@" + a.Handle + ")"
}

// PostTitle returns what a post is called: its first words.
func PostTitle(c echo.Context, p store.Post) string {
	if p.Excerpt == "" {
		return T(c, "post_untitled")
	}
	if r := []rune(p.Excerpt); len(r) > 70 {
		return string(r[:70]) + "…"
	}
	return p.Excerpt
}

// CutAt says that a list may go on, if it shows as many as it does at most.
func CutAt(c echo.Context, key string, shown, most int) string {
	if shown < most {
		return ""
	}
	return T(c, key, "n", i18n.Number(c.Request().Context(), int64(most)))
}

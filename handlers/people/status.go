package people

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/people"
)

// late is how far behind its time a post is before that is remarkable.
const late = 5 * time.Minute

// showStatus tells an admin what to look at when something seems wrong.
func (room *Room) showStatus(c echo.Context) error {
	page := people.StatusPage{Page: room.Page(c, "settings", web.T(c, "status_title")), Well: true}
	for _, part := range []func(echo.Context) (people.StatusGroup, error){room.publishingStatus, room.accountsStatus, room.storageStatus, room.networkStatus} {
		g, err := part(c)
		if club.CodeOf(err) == club.Damaged {
			continue // what cannot be read is left out; what is wrong is said
		}
		if err != nil {
			return err
		}
		for _, l := range g.Lines {
			page.Well = page.Well && !l.Trouble
		}
		page.Groups = append(page.Groups, g)
	}
	return room.Render(c, http.StatusOK, people.Status(page))
}

func (room *Room) publishingStatus(c echo.Context) (people.StatusGroup, error) {
	ctx, h := c.Request().Context(), room.Health()
	q, err := room.DB.Queue(ctx, web.Scope(c))
	if err != nil {
		return people.StatusGroup{}, err
	}
	g := people.StatusGroup{ID: "publishing", Title: web.T(c, "status_publishing")}
	look := people.StatusLine{Name: web.T(c, "status_look"), Value: web.T(c, "status_look_at", "time", room.whenExactly(c, h.LastTick))}
	if h.Stuck {
		look.Value, look.Trouble = web.T(c, "status_stuck", "time", room.whenExactly(c, h.LastTick)), true
	}
	g.Lines = append(g.Lines, look,
		people.StatusLine{Name: web.T(c, "status_claim"), Value: room.whenExactly(c, h.LastClaim)},
		room.clockLine(c, h.ClockAhead),
		people.StatusLine{Name: web.T(c, "status_scheduled"), Value: i18n.Number(ctx, int64(q.Scheduled))},
		people.StatusLine{Name: web.T(c, "status_underway"), Value: i18n.Number(ctx, int64(q.Publishing))},
	)
	next := people.StatusLine{Name: web.T(c, "status_next"), Value: web.T(c, "status_next_none")}
	if !q.Oldest.IsZero() {
		next.Value = room.whenExactly(c, q.Oldest)
		if room.Now().Sub(q.Oldest) > late {
			next = people.StatusLine{Name: web.T(c, "status_overdue"), Value: web.T(c, "status_overdue_since", "time", next.Value), Trouble: true}
		}
	}
	g.Lines = append(g.Lines, next)
	deciding := people.StatusLine{Name: web.T(c, "status_deciding"), Value: i18n.Number(ctx, int64(q.Deciding))}
	if q.Deciding > 0 {
		deciding.Trouble, g.Href, g.More = true, web.PostListPath(store.TroubledPosts, "", 0), web.T(c, "status_deciding_link")
	}
	g.Lines = append(g.Lines, deciding)
	return g, nil
}

func (room *Room) clockLine(c echo.Context, ahead time.Duration) people.StatusLine {
	l := people.StatusLine{Name: web.T(c, "status_clock"), Value: web.T(c, "status_clock_right")}
	if ahead != 0 {
		l.Value, l.Trouble = web.T(c, "status_clock_"+web.Direction(ahead), "time", web.Span(c, ahead)), true
	}
	return l
}

func (room *Room) accountsStatus(c echo.Context) (people.StatusGroup, error) {
	ctx := c.Request().Context()
	all, err := room.DB.Connections(ctx, web.Scope(c))
	if err != nil {
		return people.StatusGroup{}, err
	}
	g := people.StatusGroup{ID: "accounts", Title: web.T(c, "status_accounts"), Href: "/accounts", More: web.T(c, "status_accounts_link")}
	count, used := map[club.Health]int{}, map[platforms.ID]bool{}
	for _, n := range all {
		if n.Practice == web.Actor(c).Club.Practice && n.Health != club.Disconnected {
			count[n.Health]++
			used[n.Account.Platform] = true
		}
	}
	for _, health := range []club.Health{club.Working, club.WorksWithGaps, club.NeedsReconnect, club.Paused} {
		if n := count[health]; n > 0 || health == club.Working {
			g.Lines = append(g.Lines, people.StatusLine{
				Name: web.T(c, "account_health_"+string(health)), Value: i18n.Number(ctx, int64(n)),
				Trouble: health == club.NeedsReconnect || health == club.Paused,
			})
		}
	}
	for _, p := range room.Registry(web.Actor(c).Club.Practice).All() {
		if info := p.Info(); used[info.ID] && info.API.Version != "" {
			g.Lines = append(g.Lines, room.versionLine(c, info))
		}
	}
	return g, nil
}

// versionLine says how long a platform serves the version of its API that
// Bandstand speaks.
func (room *Room) versionLine(c echo.Context, info platforms.Info) people.StatusLine {
	ctx, ends := c.Request().Context(), info.API.Ends()
	left := ends.Sub(room.Now())
	args := []string{"version", info.API.Version, "date", i18n.DayYear(ctx, ends)}
	l := people.StatusLine{Name: web.T(c, "status_version", "platform", info.SiteName())}
	switch {
	case ends.IsZero():
		l.Value = web.T(c, "status_version_in_use", args...)
	case left <= 0:
		l.Value, l.Trouble = web.T(c, "status_version_ended", args...), true
	case left <= club.WarnOfVersionWithin:
		l.Value, l.Trouble = i18n.N(ctx, "status_version_ends", int(left/(24*time.Hour)), args...), true
	default:
		l.Value = web.T(c, "status_version_until", args...)
	}
	return l
}

func (room *Room) storageStatus(c echo.Context) (people.StatusGroup, error) {
	ctx, h := c.Request().Context(), room.Health()
	x, err := room.DB.Examined(ctx)
	if err != nil && club.CodeOf(err) != club.Damaged {
		return people.StatusGroup{}, err
	}
	free, tight, err := room.Media.Room()
	if err != nil {
		return people.StatusGroup{}, err
	}
	disk := people.StatusLine{Name: web.T(c, "status_disk"), Value: web.T(c, "status_disk_free", "size", i18n.Bytes(ctx, free))}
	switch {
	case h.Held:
		disk.Value, disk.Trouble = web.T(c, "status_disk_held", "size", i18n.Bytes(ctx, free)), true
	case tight:
		disk.Value, disk.Trouble = web.T(c, "status_disk_tight", "size", i18n.Bytes(ctx, free)), true
	}
	journal := people.StatusLine{
		Name:  web.T(c, "status_journal"),
		Value: web.T(c, "status_journal_at", "size", i18n.Bytes(ctx, h.Journal.Size), "time", room.whenExactly(c, h.Journal.Last)),
	}
	switch {
	case h.Journal.Bad:
		journal.Value, journal.Trouble = web.T(c, "status_journal_bad"), true
	case h.Journal.Last.IsZero():
		journal.Value = web.T(c, "status_journal_empty")
	}
	return people.StatusGroup{ID: "storage", Title: web.T(c, "status_storage"), Lines: []people.StatusLine{disk, room.databaseLine(c, x), room.writesLine(c), journal}}, nil
}

// networkStatus says whether visitors can be told apart.
func (room *Room) networkStatus(c echo.Context) (people.StatusGroup, error) {
	l := people.StatusLine{Name: web.T(c, "status_visitors"), Value: web.T(c, "status_visitors_known")}
	if p, found := room.UntrustedProxy(); found {
		l.Value, l.Trouble = web.T(c, "status_visitors_proxy", "address", p.Address, "network", p.Network), p.Near
	}
	return people.StatusGroup{ID: "network", Title: web.T(c, "status_network"), Lines: []people.StatusLine{l}}, nil
}

func (room *Room) databaseLine(c echo.Context, x store.Examination) people.StatusLine {
	l := people.StatusLine{Name: web.T(c, "status_database")}
	damage := room.DB.Damage() // it may be this page that found it
	switch {
	case !damage.At.IsZero():
		l.Value, l.Trouble = web.T(c, "status_database_damaged", "time", room.whenExactly(c, damage.At), "trouble", damage.Said), true
	case x.Trouble != "":
		l.Value, l.Trouble = web.T(c, "status_database_bad", "trouble", x.Trouble), true
	case x.At.IsZero():
		l.Value = web.T(c, "status_database_new")
	default:
		l.Value = web.T(c, "status_database_good", "time", room.whenExactly(c, x.At))
	}
	return l
}

// writesLine says how long people had to wait for each other at most.
func (room *Room) writesLine(c echo.Context) people.StatusLine {
	longest := i18n.Number(c.Request().Context(), room.DB.LongestWrite().Took.Milliseconds())
	return people.StatusLine{Name: web.T(c, "status_writes"), Value: web.T(c, "status_writes_longest", "ms", longest, "limit", strconv.FormatInt(store.WriteLimit.Milliseconds(), 10))}
}

// whenExactly writes a moment to the second, in the club's zone.
func (room *Room) whenExactly(c echo.Context, at time.Time) string {
	if at.IsZero() {
		return web.T(c, "status_never")
	}
	at = at.In(room.Zone(c))
	return web.T(c, "date_when", "day", i18n.DayShort(c.Request().Context(), at), "time", at.Format(time.TimeOnly))
}

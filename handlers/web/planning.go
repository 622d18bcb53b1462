package web

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
)

// NewPlanning returns where posts are planned, with the platforms as they are drawn
// and counted.
func (app *App) NewPlanning() planning.Desk {
	return planning.Desk{
		DB: app.DB, Media: planning.Measured{Library: app.Media}, Language: i18n.Language, Now: app.Now,
		Platforms: func(_ int64, practice bool) *platforms.Registry { return app.Registry(practice) },
	}
}

// By returns who plans with a request.
func By(c echo.Context) planning.Actor {
	a := Actor(c)
	return planning.Actor{Scope: Scope(c), Role: a.Role, Zone: a.Club.Zone, Practice: a.Club.Practice, Origin: Origin(c)}
}

// FindingText says what was found, without the name of the account.
func (app *App) FindingText(c echo.Context, p planning.Prepared, f planning.Finding) string {
	args := map[string]string{}
	for k, a := range f.Args {
		args[k] = a
	}
	if d := p.Draft(f.Connection); d != nil {
		args["platform"], args["account"] = d.Platform.Info().Name, d.Connection.Account.Name
	}
	if u := args["unit"]; u != "" {
		args["unit"] = T(c, "unit_"+u)
	}
	if f.Near != nil {
		args["when"] = i18n.When(c.Request().Context(), app.Local(c, f.Near.At))
	}
	if f.Field == "date" || f.Field == "time" {
		return TimeText(c, &club.Error{Key: f.Code, Args: f.Args})
	}
	return T(c, "problem_"+f.Code, i18n.Args(args)...)
}

// TimeText says what is wrong with a time.
func TimeText(c echo.Context, e *club.Error) string {
	ctx, zone := c.Request().Context(), Actor(c).Club.Zone
	at, err := time.Parse(time.RFC3339, e.Args["at"])
	if err != nil {
		return T(c, e.Key)
	}
	local := InZone(at, zone)
	return T(c, e.Key, "wish", i18n.When(ctx, local), "place", i18n.Place(zone),
		"time", e.Args["clock"], "date", i18n.DayShort(ctx, local), "after", local.Format(ClockLayout))
}

// Blocked returns an error that says what must be fixed first, or nil.
func (app *App) Blocked(c echo.Context, checked planning.Checked) error {
	for _, f := range checked.Findings {
		if f.Severity == platforms.MustFix {
			return &club.Error{Code: club.Conflict, Key: "answer_problem", Args: map[string]string{"problem": app.FindingText(c, checked.Prepared, f)}}
		}
	}
	return nil
}

// Command floor is what `make bench` measures Bandstand against: a handler that
// does what a calendar cannot do without, and nothing else. One query for the
// month, a card a post, a check of the session; and one small transaction to
// move a post. It runs on the same database with the same libraries.
package main

import (
	"bytes"
	"context"
	"database/sql"
	"flag"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"
	_ "github.com/mattn/go-sqlite3"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "address")
	path := flag.String("db", "data/bandstand.db", "database of Bandstand")
	flag.Parse()
	if err := run(*listen, *path); err != nil {
		log.Fatal(err)
	}
}

type server struct {
	read, write *sql.DB
	sessions    *scs.SessionManager
}

func run(listen, path string) error {
	const dsn = "?_busy_timeout=5000&_foreign_keys=1&"
	write, err := sql.Open("sqlite3", "file:"+path+dsn+"_txlock=immediate&_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		return err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite3", "file:"+path+dsn+"mode=ro&_query_only=1&_cache_size=-8000")
	if err != nil {
		return err
	}
	read.SetMaxOpenConns(4)
	read.SetMaxIdleConns(4)
	s := &server{read: read, write: write, sessions: scs.New()}
	s.sessions.Store = sqlite3store.NewWithCleanupInterval(read, 0)
	s.sessions.HashTokenInStore = true
	s.sessions.Cookie.Name = "bandstand"
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Use(echo.WrapMiddleware(s.sessions.LoadAndSave), s.signedIn)
	e.GET("/calendar", s.showMonth)
	e.POST("/move", s.move)
	return http.ListenAndServe(listen, e)
}

func (s *server) signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.sessions.GetInt64(c.Request().Context(), "person") == 0 {
			return echo.ErrUnauthorized
		}
		return next(c)
	}
}

type month struct {
	name string
	days []day
}

type day struct {
	id, number, name string
	cards            []card
}

type card struct {
	id, version                 int64
	clock, day, excerpt, status string
	platforms                   []string
}

func (m month) weeks() [][]day {
	var weeks [][]day
	for i := 0; i < len(m.days); i += 7 {
		weeks = append(weeks, m.days[i:min(i+7, len(m.days))])
	}
	return weeks
}

const cards = `
	SELECT p.id, p.planned_at, substr(p.excerpt, 1, 90), p.version,
		(SELECT group_concat(c.platform || ':' || d.status) FROM deliveries d JOIN connections c ON c.id = d.connection_id WHERE d.post_id = p.id)
	FROM posts p `

// showMonth answers with the month of ?date, in the club whose id is ?club.
func (s *server) showMonth(c echo.Context) error {
	d, err := time.Parse(time.DateOnly, c.QueryParam("date"))
	if err != nil {
		return err
	}
	first := time.Date(d.Year(), d.Month(), 1, 0, 0, 0, 0, time.UTC)
	next := first.AddDate(0, 1, 0)
	m := month{name: first.Format("January 2006")}
	for d := first; d.Before(next); d = d.AddDate(0, 0, 1) {
		m.days = append(m.days, day{id: d.Format("day-2006-01-02"), number: strconv.Itoa(d.Day()), name: d.Format("Monday 2 January")})
	}
	rows, err := s.read.QueryContext(c.Request().Context(), cards+`
		WHERE p.club_id = ? AND p.deleted_at IS NULL AND p.planned_at >= ? AND p.planned_at < ? ORDER BY p.planned_at, p.id`,
		c.QueryParam("club"), first.UnixMilli(), next.UnixMilli())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		one, at, err := scan(rows.Scan)
		if err != nil {
			return err
		}
		d := &m.days[at.Day()-1]
		one.day = d.name
		d.cards = append(d.cards, one)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := page(m).Render(c.Request().Context(), &b); err != nil {
		return err
	}
	return c.HTMLBlob(http.StatusOK, b.Bytes())
}

func scan(scan func(...any) error) (card, time.Time, error) {
	var one card
	var at int64
	var deliveries string
	if err := scan(&one.id, &at, &one.excerpt, &one.version, &deliveries); err != nil {
		return one, time.Time{}, err
	}
	for d := range strings.SplitSeq(deliveries, ",") {
		var platform string
		platform, one.status, _ = strings.Cut(d, ":")
		one.platforms = append(one.platforms, strings.ToUpper(platform[:min(2, len(platform))]))
	}
	t := time.UnixMilli(at).UTC()
	one.clock = t.Format("15:04")
	return one, t, nil
}

// move gives the post ?id another time, if ?version is still its version, and
// answers with its card.
func (s *server) move(c echo.Context) error {
	ctx := c.Request().Context()
	at, err := time.Parse("2006-01-02T15:04", c.FormValue("to"))
	if err != nil {
		return err
	}
	if err := s.commit(ctx, c.FormValue("id"), c.FormValue("version"), at); err != nil {
		return err
	}
	one, at, err := scan(s.read.QueryRowContext(ctx, cards+`WHERE p.id = ?`, c.FormValue("id")).Scan)
	if err != nil {
		return err
	}
	one.day = at.Format("Monday 2 January")
	var b bytes.Buffer
	if err := postCard(one).Render(ctx, &b); err != nil {
		return err
	}
	return c.HTMLBlob(http.StatusOK, b.Bytes())
}

func (s *server) commit(ctx context.Context, id, version string, at time.Time) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	res, err := tx.ExecContext(ctx, `
		UPDATE posts SET planned_at = ?, planned_local = ?, version = version + 1 WHERE id = ? AND version = ?`,
		at.UnixMilli(), at.Format("2006-01-02T15:04"), id, version)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return echo.NewHTTPError(http.StatusConflict)
	}
	_, err = tx.ExecContext(ctx, `UPDATE deliveries SET due_at = ?1, next_at = ?1 WHERE post_id = ?2`, at.UnixMilli(), id)
	if err != nil {
		return err
	}
	return tx.Commit()
}

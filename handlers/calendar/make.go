package calendar

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/calendar"
)

// How much one page of the calendar holds.
const (
	maxCards       = 400
	maxCardsPerDay = 12
	cardRunes      = 90 // what three lines hold in a month
)

// maker turns posts into what the calendar shows.
type maker struct {
	room  *Room
	c     echo.Context
	ctx   context.Context
	actor *store.Actor
	q     query
	zone  *time.Location
	today time.Time // UTC midnight of the club's date

	accounts     map[int64]accountWords
	campaigns    map[int64]string
	campaignList []store.Campaign
	people       []store.Member
	statuses     map[club.Status]string
	lists        map[string]placeWords // by the connections of a post
	names        map[string]string     // of days
	seen         []int64               // posts that the filters let through

	// Room that is used for one post after the other.
	states, shown []club.Status
	key           []byte
	facts         []string
}

// accountWords is what a connection is called.
type accountWords struct {
	platform        platforms.ID
	short, platName string
	name            string
	usable          bool
}

// placeWords is where a post goes, for those who look and those who listen.
type placeWords struct {
	chips  []calendar.Chip
	spoken string
}

func (room *Room) newMaker(c echo.Context, q query) (*maker, error) {
	a := web.Actor(c)
	zone, err := time.LoadLocation(a.Club.Zone)
	if err != nil {
		return nil, err
	}
	y, mo, d := room.Now().In(zone).Date()
	return &maker{
		room: room, c: c, ctx: c.Request().Context(), actor: a, q: q, zone: zone, today: time.Date(y, mo, d, 0, 0, 0, 0, time.UTC),
		names: map[string]string{}, lists: map[string]placeWords{},
	}, nil
}

// load reads what posts refer to. Once is enough.
func (m *maker) load(posts []store.CalendarPost) error {
	if m.campaigns == nil && slices.ContainsFunc(posts, func(p store.CalendarPost) bool { return p.CampaignID != 0 }) {
		if err := m.loadCampaigns(); err != nil {
			return err
		}
	}
	if m.accounts != nil {
		return nil
	}
	connections, err := m.room.DB.Connections(m.ctx, web.Scope(m.c))
	if err != nil {
		return err
	}
	m.accounts = make(map[int64]accountWords, len(connections))
	for _, n := range connections {
		w := accountWords{platform: n.Account.Platform, short: string(n.Account.Platform), platName: string(n.Account.Platform), name: n.Account.Name, usable: n.Usable()}
		if p, ok := m.room.Registry(n.Practice).Platform(n.Account.Platform); ok {
			info := p.Info()
			w.short, w.platName = info.Short, info.Name
		}
		m.accounts[n.ID] = w
	}
	m.statuses = make(map[club.Status]string, len(statusChoices))
	for _, st := range statusChoices {
		m.statuses[st] = web.T(m.c, "status_"+string(st))
	}
	return nil
}

func (m *maker) loadCampaigns() error {
	all, err := m.room.DB.Campaigns(m.ctx, web.Scope(m.c))
	if err != nil {
		return err
	}
	m.campaignList, m.campaigns = all, make(map[int64]string, len(all))
	for _, g := range all {
		m.campaigns[g.ID] = g.Name
	}
	return nil
}

// dayName is "Tuesday 24 November"; dates of other years carry the year.
func (m *maker) dayName(d time.Time) string {
	key := d.Format(time.DateOnly)
	name, ok := m.names[key]
	if !ok {
		name = i18n.Day(m.ctx, d)
		if d.Year() != m.today.Year() {
			name += " " + strconv.Itoa(d.Year())
		}
		m.names[key] = name
	}
	return name
}

// days reads the posts from (inclusive) to (exclusive) and makes the days.
func (m *maker) days(from, to time.Time) ([]calendar.Day, error) {
	span, err := m.spanOf(from, to)
	if err != nil {
		return nil, err
	}
	posts, err := m.room.DB.CalendarPosts(m.ctx, web.Scope(m.c), span.From, span.To)
	if err != nil {
		return nil, err
	}
	var dates []time.Time
	for d := from; d.Before(to); d = d.AddDate(0, 0, 1) {
		dates = append(dates, d)
	}
	return m.makeDays(dates, posts)
}

// someDays makes the days of these dates.
func (m *maker) someDays(dates []time.Time) ([]calendar.Day, error) {
	if len(dates) == 0 {
		return nil, nil
	}
	spans := make([]store.Span, len(dates))
	for i, d := range dates {
		var err error
		if spans[i], err = m.spanOf(d, d.AddDate(0, 0, 1)); err != nil {
			return nil, err
		}
	}
	posts, err := m.room.DB.CalendarPostsIn(m.ctx, web.Scope(m.c), spans)
	if err != nil {
		return nil, err
	}
	return m.makeDays(dates, posts)
}

// spanOf is the time from the begin of one of the club's days to that of another.
func (m *maker) spanOf(from, to time.Time) (store.Span, error) {
	start, err := club.NewSlot(from.Format(time.DateOnly), "00:00", m.actor.Club.Zone)
	if err != nil {
		return store.Span{}, err
	}
	end, err := club.NewSlot(to.Format(time.DateOnly), "00:00", m.actor.Club.Zone)
	return store.Span{From: start.At, To: end.At}, err
}

func (m *maker) makeDays(dates []time.Time, posts []store.CalendarPost) ([]calendar.Day, error) {
	if err := m.load(posts); err != nil {
		return nil, err
	}
	first, next := m.month()
	_, end := m.table()
	days := make([]calendar.Day, 0, len(dates))
	index := make(map[int]int, len(dates))
	for _, d := range dates {
		key := d.Format(time.DateOnly)
		index[dateNumber(d)] = len(days)
		past := d.Before(m.today)
		days = append(days, calendar.Day{
			Key: key, Number: strconv.Itoa(d.Day()), Name: m.dayName(d), Today: d.Equal(m.today), Past: past,
			Out: m.isMonth() && (d.Before(first) || !d.Before(next)), Listed: !m.isMonth() || !d.Before(end),
			Add: !past && m.actor.Role.Can(club.WritePosts),
		})
		if out := &days[len(days)-1]; out.Out && d.Day() == 1 {
			out.Number = i18n.Date(m.ctx, d) // the first of another month says so
		}
	}
	perDay := m.perDay(len(posts), len(days))
	for _, p := range posts {
		states, status := m.status(p)
		if !m.q.matches(p, status) {
			continue
		}
		m.seen = append(m.seen, p.ID)
		at := p.At.In(m.zone)
		i, ok := index[dateNumber(at)]
		if !ok {
			continue
		}
		d := &days[i]
		d.Total++
		if d.Cards == nil {
			d.Cards = make([]calendar.Card, 0, min(perDay, maxCardsPerDay))
		}
		if len(d.Cards) < perDay {
			d.Cards = append(d.Cards, m.card(p, states, status, d.Name, i18n.Clock(m.ctx, at)))
		}
	}
	for i := range days {
		days[i].Count = m.count(days[i].Total)
	}
	return days, nil
}

// dateNumber is the date of a time: 20261124.
func dateNumber(t time.Time) int {
	y, m, d := t.Date()
	return y*10_000 + int(m)*100 + d
}

// status is how the deliveries of a post stand, until the next post is asked
// about, and what people see of the post.
func (m *maker) status(p store.CalendarPost) ([]club.Status, club.Status) {
	m.states, m.shown = m.states[:0], m.shown[:0]
	for _, d := range p.Deliveries {
		m.states = append(m.states, d.Status)
		m.shown = append(m.shown, club.Shown(d.Status, m.accounts[d.ConnectionID].usable))
	}
	return m.states, club.PostStatus(m.shown)
}

// perDay is how many cards a day may hold so that the page stays small.
func (m *maker) perDay(posts, days int) int {
	switch {
	case m.q.print:
		return posts
	case posts <= maxCards:
		return maxCardsPerDay
	}
	return min(maxCardsPerDay, max(calendar.Visible, maxCards/days))
}

func (m *maker) count(n int) string {
	key := "n" + strconv.Itoa(n)
	words, ok := m.names[key]
	if !ok {
		words = i18n.N(m.ctx, "calendar_posts", n)
		m.names[key] = words
	}
	return words
}

// card makes one post. day is empty for a post without a time.
func (m *maker) card(p store.CalendarPost, states []club.Status, status club.Status, day, clock string) calendar.Card {
	places := m.places(p)
	is, role, own := club.PostStatus(states), m.actor.Role, p.AuthorID == m.actor.Person.ID
	c := calendar.Card{
		ID: p.ID, Version: p.Version, Time: clock, Text: web.Shorten(p.Excerpt, cardRunes), Chips: places.chips, Status: status,
		Practice: p.Practice && !m.actor.Club.Practice, Movable: club.MayMove(role, own, is), Editable: club.MayEdit(role, own, is),
	}
	if c.Text == "" {
		c.Text = web.T(m.c, "calendar_no_text")
	}
	if p.Picture != "" {
		c.Picture = web.ThumbPath(p.Picture)
	}
	m.facts = append(m.facts[:0], "") // begins with a comma
	for _, fact := range [...]string{day, clock, places.spoken, m.statuses[status], m.outOf(p, status), m.campaigns[p.CampaignID]} {
		if fact != "" {
			m.facts = append(m.facts, fact)
		}
	}
	c.Facts = web.Join(m.c, m.facts)
	return c
}

// outOf says of a post that needs attention how much of it is out.
func (m *maker) outOf(p store.CalendarPost, status club.Status) string {
	if status != club.NeedsAttention {
		return ""
	}
	out, all := 0, 0
	for _, d := range p.Deliveries {
		if d.Status == club.Published {
			out++
		}
		if d.Status != club.Cancelled {
			all++
		}
	}
	return web.T(m.c, "calendar_out_of", "n", strconv.Itoa(out), "all", strconv.Itoa(all))
}

// places says where a post goes. Posts that go to the same accounts share the
// words.
func (m *maker) places(p store.CalendarPost) placeWords {
	m.key = m.key[:0]
	for _, d := range p.Deliveries {
		if d.Status != club.Cancelled {
			m.key = append(strconv.AppendInt(m.key, d.ConnectionID, 36), ' ')
		}
	}
	w, ok := m.lists[string(m.key)]
	if ok {
		return w
	}
	var ids []int64
	for _, d := range p.Deliveries {
		if d.Status != club.Cancelled {
			ids = append(ids, d.ConnectionID)
		}
	}
	m.sortAccounts(ids, p.Practice)
	var spoken []string
	var last platforms.ID
	for _, id := range ids {
		a := m.accounts[id]
		if a.platform == last {
			continue
		}
		last = a.platform
		spoken = append(spoken, a.platName)
		w.chips = append(w.chips, calendar.Chip{Platform: string(a.platform), Short: a.short})
	}
	w.spoken = web.JoinAnd(m.c, spoken)
	m.lists[string(m.key)] = w
	return w
}

// sortAccounts puts connections in the order of the platforms, then of age.
func (m *maker) sortAccounts(ids []int64, practice bool) {
	registry := m.room.Registry(practice)
	slices.SortFunc(ids, func(a, b int64) int {
		return cmp.Or(registry.Compare(m.accounts[a].platform, m.accounts[b].platform), cmp.Compare(a, b))
	})
}

// tray makes the box of drafts without a time.
func (m *maker) tray() (*calendar.Tray, error) {
	posts, err := m.room.DB.TrayPosts(m.ctx, web.Scope(m.c))
	if err != nil {
		return nil, err
	}
	if err := m.load(posts); err != nil {
		return nil, err
	}
	tray := &calendar.Tray{}
	for _, p := range posts {
		states, status := m.status(p)
		if m.q.matches(p, status) {
			m.seen = append(m.seen, p.ID)
			tray.Cards = append(tray.Cards, m.card(p, states, status, "", ""))
		}
	}
	tray.Total = i18n.N(m.ctx, "calendar_tray", len(tray.Cards))
	return tray, nil
}

// sprite is the platforms' marks as symbols.
func (m *maker) sprite() string {
	if m.actor.Club.Practice {
		return m.room.practiceMarks()
	}
	return m.room.realMarks()
}

// marksOf draws the marks of platforms when they are first asked for: they stay
// as they are.
func marksOf(r *platforms.Registry) func() string {
	return sync.OnceValue(func() string {
		all := r.All()
		infos := make([]platforms.Info, 0, len(all))
		for _, p := range all {
			infos = append(infos, p.Info())
		}
		return calendar.Sprite(infos)
	})
}

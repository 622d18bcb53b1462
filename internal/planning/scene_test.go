package planning_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// band is a platform with rules, which nothing is sent to.
type band struct {
	platforms.Platform
	id    platforms.ID
	parts platforms.PartRules
}

func (b band) Info() platforms.Info {
	return platforms.Info{ID: b.id, Name: strings.ToUpper(string(b.id))}
}

func (b band) Rules(platforms.Account) platforms.Rules {
	return platforms.OneFormat(platforms.FormatRules{
		Text:  []platforms.TextRule{{Unit: "characters", Max: 40, Measure: func(s string) int { return len([]rune(s)) }, Code: platforms.CodeTextTooLong}},
		Media: platforms.MediaRules{Max: 2, MaxAlt: 30, Image: platforms.ImageRules{Types: []string{"image/jpeg"}, MaxWidth: 1000, MinRatio: 0.8, MaxRatio: 2}},
		Link:  platforms.LinkRules{Card: true, CardWithMedia: true},
		Parts: b.parts,
	})
}

// scene is a club in Dublin with accounts on several platforms.
type scene struct {
	*storetest.Club
	t     *testing.T
	clock *storetest.Clock
	db    *store.DB
	desk  planning.Desk
}

// worlds are the platforms of the scene, in the order of its screens.
var worlds = platforms.NewRegistry(band{id: "brass"}, band{id: "wood"}, band{id: "strings"}, band{id: "voices"}, band{id: "drums", parts: platforms.PartRules{Comment: &platforms.FormatRules{}}})

func newScene(t *testing.T) *scene {
	t.Helper()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	library, err := media.Open(db, media.Settings{Dir: t.TempDir(), Key: []byte("key"), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{Club: storetest.NewClub(t, db), t: t, clock: clock, db: db, desk: planning.Desk{
		DB: db, Media: planning.Measured{Library: library}, Language: "en", Now: clock.Now,
		Platforms: func(int64, bool) *platforms.Registry { return worlds },
	}}
	s.Exec(`UPDATE clubs SET zone = 'Europe/Dublin', practice = 0`)
	return s
}

// as is a member of the scene's club: its admin, or somebody new.
func (s *scene) as(r club.Role) planning.Actor {
	s.t.Helper()
	scope := s.Scope
	if r != club.Admin {
		scope = s.Member(r)
	}
	return planning.Actor{Scope: scope, Role: r, Zone: "Europe/Dublin", Origin: "test"}
}

// account connects an account and returns its id.
func (s *scene) account(p platforms.ID) int64 {
	s.t.Helper()
	return s.Connection(p, platforms.Tokens{Access: platforms.NewSecret("token")}).ID
}

// picture adds a picture of this size.
func (s *scene) picture(n, w, h int) string {
	s.t.Helper()
	m, err := s.db.CreateMedia(s.t.Context(), club.Media{
		ID: fmt.Sprintf("%032x", n), ClubID: s.ClubID, Name: "team.jpg", Type: "image/jpeg", Width: w, Height: h, Bytes: 1000, SHA256: []byte{byte(n)}, CreatedBy: s.PersonID,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return m.ID
}

// card keeps what a page says of itself.
func (s *scene) card(address, title, picture string) {
	s.t.Helper()
	err := s.db.StartLinkCard(s.t.Context(), s.ClubID, address)
	if err == nil {
		err = s.db.FinishLinkCard(s.t.Context(), s.ClubID, club.LinkCard{URL: address, State: club.CardReady, Title: title, MediaID: picture})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// codes are what was found, each with its account.
func codes(all []planning.Finding) []string {
	var out []string
	for _, f := range all {
		line := fmt.Sprintf("%s %s %s", f.Severity, f.Field, f.Code)
		if f.Connection != 0 {
			line += fmt.Sprintf(" %d", f.Connection)
		}
		out = append(out, line)
	}
	return out
}

// request asks for a post tomorrow at 18:30.
func request(text string, accounts ...int64) planning.Request {
	return planning.Request{
		Change: store.PostChange{Op: text, Content: club.Content{Text: text, Accounts: accounts}.Normal()},
		Wish:   planning.Wish{Choice: planning.AtTime, Date: "2026-11-24", Clock: "6.30 pm"},
	}
}

var tomorrow = time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)

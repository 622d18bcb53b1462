// Package sim is a make-believe Meta: one server on which Facebook Pages and
// Instagram accounts live, with the login dialog, the Graph API and the public
// pages of both. It speaks the real protocol and shares no code with the
// clients it stands up to, save the table of API versions.
package sim

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// The platforms the server stands for.
const (
	facebook  platforms.ID = "facebook"
	instagram platforms.ID = "instagram"
)

const mount = "meta"

// knownFaults are those that Meta can play.
var knownFaults = append(slices.Clone(simkit.Faults),
	simkit.Duplicate, simkit.Stuck, simkit.Lapsed, simkit.AppLimited, simkit.Transient, simkit.NoPermission, simkit.Restricted,
	simkit.AccountGone, simkit.Unpublished, simkit.VersionGone, simkit.MadeInError, faultPortfolio, faultUndated, faultUnnamed)

// The faults that only Meta has.
const (
	faultPortfolio = "portfolio" // lists leave out the Pages: a business portfolio holds them
	faultUnnamed   = "unnamed"   // permissions hold for all Pages and name none
	faultUndated   = "undated"   // a look at a token does not say when it was made
)

// notOn names the faults that one of the two platforms cannot have.
var notOn = map[platforms.ID][]string{
	facebook:  {simkit.Stuck, simkit.Lapsed},
	instagram: {simkit.Duplicate, simkit.Unpublished},
}

type server struct {
	*simkit.World[state]
	env platforms.SimEnv
}

// state is everything that outlives a restart beside Core.
type state struct {
	Apps       map[string]string    // id → secret, as last seen at the token address
	Declined   map[string]bool      // permissions the person said no to
	Agreed     map[string]time.Time // app → when the person last said yes to it
	Removed    map[string]time.Time // app → when she took it away again
	Codes      map[string]*code
	Tokens     map[string]*token
	Photos     map[string]*photo
	PagePosts  map[string]*post
	Containers map[string]*container
	Media      map[string]*media
	Stories    map[string]*story         // of Pages
	Comments   map[string]*comment       // of both
	Pictures   map[string]simkit.Picture // by SHA-256
	Calls      usage
}

func newState() state {
	return state{
		Apps: map[string]string{}, Declined: map[string]bool{}, Agreed: map[string]time.Time{}, Removed: map[string]time.Time{},
		Codes: map[string]*code{}, Tokens: map[string]*token{},
		Photos: map[string]*photo{}, PagePosts: map[string]*post{}, Containers: map[string]*container{},
		Media: map[string]*media{}, Stories: map[string]*story{}, Comments: map[string]*comment{}, Pictures: map[string]simkit.Picture{},
	}
}

// New makes the simulator.
func New(env platforms.SimEnv) platforms.Simulator {
	s := &server{World: simkit.NewWorld(env.Now, newState, knownFaults, facebook, instagram), env: env}
	s.KeepPosts(env.Posts)
	s.Tidy = s.tidy
	s.Consent.HandleFunc("GET /www/{version}/dialog/oauth", s.showDialog)
	s.Consent.HandleFunc("POST /www/{version}/dialog/oauth", s.answerDialog)
	s.Site.HandleFunc("GET "+simkit.StylePath, simkit.ServeStyle)
	s.Site.HandleFunc("GET /www/p/{code}/{$}", s.showMedia)
	s.Site.HandleFunc("GET /www/stories/{who}/{id}/{$}", s.showStory)
	s.Site.HandleFunc("GET /www/{name}", s.showPage)
	s.Site.HandleFunc("GET /pictures/{sha}", s.showPicture)
	s.Routes.HandleFunc("/graph/", s.serveGraph)
	return s
}

// Mount implements platforms.Simulator.
func (*server) Mount() string { return mount }

// Fault implements platforms.Simulator.
func (s *server) Fault(f platforms.SimFault) error {
	if slices.Contains(notOn[f.Platform], f.Fault) {
		return fmt.Errorf("there is no fault %q on %s", f.Fault, f.Platform)
	}
	return s.World.Fault(f)
}

// record puts a post among those that became public, for tests and the feed.
func (s *server) record(p platforms.SimPost, shown []simkit.Picture, alts []string) {
	for i, pic := range shown {
		m := pic.Facts
		m.Alt = alts[i]
		p.Media = append(p.Media, m)
		s.State.Pictures[m.SHA256] = pic
	}
	s.Publish(p)
}

// web is the address of a page of this server, for browsers.
func (s *server) web(path string) string { return s.env.BaseURL + "/" + mount + "/www/" + path }

// page is a Facebook Page of the world.
type page struct {
	ID, Name, Username, Category string
	Tasks                        []string
	Followers                    int64
	Linked                       *profile
}

// profile is an Instagram account of the world.
type profile struct {
	ID, Name, Username string
	Followers          int64
}

// The world: one person, her two Pages and the account linked to the first.
const personName = "Maeve Byrne"

// personOf is the person's id as an app sees it: each app sees another.
func personOf(app string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(app))
	return fmt.Sprintf("2184%010d", h.Sum32())
}

var pages = []page{
	{
		ID: "1001", Name: "Riverside FC", Username: "riversidefc", Category: "Sports team", Followers: 412,
		Tasks:  []string{"ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE"},
		Linked: &profile{ID: "17841400000000001", Name: "Riverside FC", Username: "riversidefc", Followers: 388},
	},
	{
		ID: "1002", Name: "Riverside FC Juniors", Username: "riversidejuniors", Category: "Sports team", Followers: 96,
		Tasks: []string{"ANALYZE", "MODERATE"},
	},
}

func findPage(id string) *page {
	for i := range pages {
		if pages[i].ID == id {
			return &pages[i]
		}
	}
	return nil
}

func findProfile(id string) (*profile, *page) {
	for i := range pages {
		if p := pages[i].Linked; p != nil && p.ID == id {
			return p, &pages[i]
		}
	}
	return nil, nil
}

// usage counts calls in a window of 24 hours.
type usage struct {
	Since time.Time
	Count int
}

// budget is how many calls a window allows: 4800 for each of ten people who
// looked at the Page.
const budget = 48_000

// count adds a call and returns how much of the window is used, in percent, and
// how long it still lasts.
func (s *server) count() (percent int, left time.Duration) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	now := s.Now()
	if now.Sub(s.State.Calls.Since) >= 24*time.Hour || now.Before(s.State.Calls.Since) {
		s.State.Calls = usage{Since: now}
	}
	s.State.Calls.Count++
	return s.State.Calls.Count * 100 / budget, s.State.Calls.Since.Add(24 * time.Hour).Sub(now)
}

// scopes lists the permissions that exist, with what the dialog says of them.
var scopes = []struct{ name, words string }{
	{"pages_show_list", "See the list of Pages you manage"},
	{"pages_read_engagement", "Read the posts and followers of your Pages"},
	{"pages_manage_posts", "Create and manage posts on your Pages"},
	{"pages_read_user_content", "Read what visitors write on your Pages"},
	{"pages_manage_engagement", "Manage comments on your Pages"},
	{"pages_manage_metadata", "Subscribe your Pages to live updates"},
	{"pages_messaging", "Read and answer messages to your Pages"},
	{"read_insights", "See the numbers of your Pages"},
	{"business_management", "See the business your Pages belong to"},
	{"instagram_basic", "See your Instagram account and its posts"},
	{"instagram_content_publish", "Post to your Instagram account"},
	{"instagram_manage_comments", "Manage comments on your Instagram account"},
	{"instagram_manage_insights", "See the numbers of your Instagram account"},
	{"instagram_manage_messages", "Read and answer messages on Instagram"},
}

func knownScope(name string) bool {
	for _, sc := range scopes {
		if sc.name == name {
			return true
		}
	}
	return false
}

// forInstagram tells scopes about accounts from scopes about Pages.
func forInstagram(scope string) bool { return strings.HasPrefix(scope, "instagram_") }

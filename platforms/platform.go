// Package platforms is the integration layer: it says what a social platform
// is to Bandstand (the contract in this file), what a post may be (rules.go and
// check.go) and how things go wrong (errors.go). Each platform is one folder
// below this one; the list of them is cmd/bandstand/catalogue and nowhere
// else. Nothing here keeps state, sleeps, loops or retries: the engine in
// package jobs owns time.
package platforms

import (
	"cmp"
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"time"

	"github.com/a-h/templ"
)

// ID names a platform in the database, in settings and in addresses, for
// example in BANDSTAND_<ID>_CLIENT_ID. Lower case letters only.
type ID string

// Platform is what every folder below this package offers. A Platform value is
// bound to one set of addresses (Env): the real ones, or make-believe ones.
// Optional abilities are the small interfaces further down, found by type
// assertion.
type Platform interface {
	// Info is constant: what the platform is called and what it needs.
	Info() Info
	// Rules are the limits of an account as data. The account matters where a server
	// sets its own limits, or accounts differ (Account.Facts). Of an account of which
	// nothing is known they are those that every account has.
	Rules(Account) Rules
	// Preview draws the post as the platform would show it, about.
	Preview(Preview) templ.Component

	// Check asks the platform whether the sign-in still works and what it may
	// do. It only reads.
	Check(context.Context, Session) (Account, error)

	Publisher
}

// Env is what a platform is built with.
type Env struct {
	// HTTP performs requests. It follows no redirects and uses no proxy.
	HTTP *http.Client
	// Endpoints holds the base address for each Endpoint.Name of Info,
	// without a trailing slash.
	Endpoints map[string]string
	// Version of the platform's interface that is spoken; empty: the usual one.
	Version string
	// UserAgent is sent with every request.
	UserAgent string
	// Now tells the time: platforms answer "expires in", we keep "expires at".
	Now func() time.Time
}

// Info describes a platform to the screens and to the settings.
type Info struct {
	ID    ID
	Name  string // "Facebook Page": a proper name, the same in all languages
	Site  string // "Facebook": what people go to, where that is not Name
	Short string // one or two letters for narrow cells: "FB"
	Mark  string // one-colour SVG drawn in currentColor, 24 × 24, aria-hidden

	// AppSlot names the platform app whose credentials the sign-in needs.
	// Platforms that share one sign-in share the slot, and one consent then
	// shows the accounts of all of them. Empty: no app is needed.
	AppSlot string
	// AppName is how the slot is called on screen: "Meta app".
	AppName string
	// AppFields are what an admin copies from the developer site.
	AppFields []AppField
	// AppConsole is where an admin buys credit for the app: "https://console.x.com".
	// Empty where calls cost nothing.
	AppConsole string
	// AppGuide says where and how the app is made.
	AppGuide AppGuide

	Endpoints []Endpoint
	API       API       // zero where the platform ends no versions
	Features  []Feature // what Bandstand can do here when everything is allowed
	Certainty Certainty
	// ReplyCertainty is that of replies and comments; empty: the same.
	ReplyCertainty Certainty
	// SettleAfter is how long after a lost answer a repeat under the same key is
	// safe, KeyLife for how long the platform remembers a key (zero: for ever).
	// Both are for CertainByKey.
	SettleAfter, KeyLife time.Duration
	// RefusesRepeats: the platform itself refuses a text or link that the account
	// has posted just now. It guards a second try where nothing else does, and
	// is for CertainByLooking.
	RefusesRepeats bool
	Renewal        Renewal
	Numbers        []NumberWord // which numbers are offered, and under which name
	// Reading is what the platform charges for reading; zero: nothing.
	Reading ReadingPrice

	// CSS styles the preview card. Every selector begins with .pv-<id>.
	CSS string
	// Catalogue holds the platform's own words, one file a language: en.toml.
	Catalogue fs.FS
	// CheckedOn is the day the facts of this folder were last compared with
	// the platform's documentation.
	CheckedOn time.Time
}

// SiteName is how sentences about the platform as such call it: "Facebook no
// longer accepts our sign-in".
func (i Info) SiteName() string { return cmp.Or(i.Site, i.Name) }

// CertaintyOf says how an unclear answer to this publication can be settled.
func (i Info) CertaintyOf(p Publication) Certainty {
	if p.Reply != nil {
		return cmp.Or(i.ReplyCertainty, i.Certainty)
	}
	return i.Certainty
}

// AppField is one value of a platform app that an admin enters.
type AppField struct {
	Key    string // "client_id", "client_secret"
	Label  string // as the developer site calls it: "App ID"
	Secret bool
}

// AppGuide leads an admin through the making of a platform app.
type AppGuide struct {
	Site        string   // "https://developers.facebook.com/apps"
	Steps       []string // messages of the platform's catalogue, in order
	Permissions []string // what the app must be allowed, as the developer site calls it
}

// Endpoint is one base address of a platform. It can be overridden by
// BANDSTAND_<ID>_<NAME>_URL, so that a simulator can stand in.
type Endpoint struct {
	Name    string // "graph", "api"
	Default string // "https://graph.facebook.com"
	Sandbox string // path below the address of the sandbox: "/meta/graph"
	Browser bool   // visited by the person's browser rather than by Bandstand
}

// Feature is one thing an account can be allowed to do.
type Feature string

// The features a sign-in can allow. What is missing is said with its effect.
const (
	FeaturePost     Feature = "post"
	FeatureNumbers  Feature = "numbers"
	FeatureComments Feature = "comments"
)

// Certainty says how an unclear answer to a publish call can be settled.
type Certainty string

const (
	// CertainByKey (class A): the platform accepts the same post again under
	// our key without making a second one, so looking and then repeating is safe.
	CertainByKey Certainty = "key"
	// CertainByStatus (class B): an object made before publishing tells whether
	// it is public.
	CertainByStatus Certainty = "status"
	// CertainByLooking (class C): only finding the post proves anything;
	// not finding it proves nothing.
	CertainByLooking Certainty = "looking"
)

// Renewal says how the sign-in of a platform is kept alive.
type Renewal struct {
	// OnUse renews only when a call is about to be made and little is left of
	// the access token.
	OnUse bool
	// Before renews also without a call, when less than this is left of the
	// access token.
	Before time.Duration
	// MinAge is how old a token must be before the platform renews it.
	MinAge time.Duration
	// Fixed: renewing never moves the end of the refresh token.
	Fixed bool
}

// NumberWord ties one of Bandstand's normalised numbers to the platform's name.
type NumberWord struct {
	Number Number
	Word   string // the platform's own name: "Views", "Reactions"
}

// Number is one normalised figure.
type Number string

// The normalised numbers. Names are those people look for in other programs.
const (
	Likes       Number = "likes"
	Comments    Number = "comments"
	Shares      Number = "shares"
	Reach       Number = "reach"
	Impressions Number = "impressions"
	Followers   Number = "followers" // accounts only
	Posts       Number = "posts"     // accounts only
)

// Account is one Page, profile or channel as the platform describes it.
type Account struct {
	Platform ID
	// Server is the one on which the account lives, where the platform is many servers
	// and RemoteID is an id of that one alone: "club.example". Empty where ids are
	// unique everywhere, whatever server an account is moved to.
	Server    string
	RemoteID  string // the platform's own id, decimal ids as text
	Name      string
	Handle    string // without @; empty where there is none
	Host      string // base address of the account's own server, if it has one
	Kind      string // as the platform says: "Page", "BUSINESS"
	Granted   []Feature
	Missing   []MissingPermission
	Unusable  string // message code why this account cannot be ticked, or empty
	Tokens    Tokens // filled when signing in and renewing, never by Check
	CheckedBy string // what Check asked, for the account page: "debug_token"
	// SignIn names the sign-in that several accounts hang on: the AppSlot, the
	// app and the person, "meta/4711/2184", so that it is the same for all of
	// these accounts and for no others. Withdrawing it takes all of them away.
	// Empty where each account is signed in by itself.
	SignIn string
	// Facts are what Check learned and Rules reads, in JSON that is the platform's own
	// affair: "a post of this account may be long". Empty: nothing new is known, and
	// what was known before stays.
	Facts json.RawMessage
	// AsksAgain is when the platform wants the person herself back, however long
	// the tokens live. The zero time: no such end is known.
	AsksAgain time.Time
}

// Is reports whether both are the same account, whatever else is known of them.
func (a Account) Is(b Account) bool {
	return a.Platform == b.Platform && a.Server == b.Server && a.RemoteID == b.RemoteID
}

// MissingPermission is a permission that was not given, with what it costs.
type MissingPermission struct {
	Feature    Feature `json:"feature"`
	Permission string  `json:"permission"` // the platform's name for it
}

// Tokens is what a platform gave us so that we may act. Refresh renews the
// access; where nothing can be renewed it may be the person's own token, which
// only withdrawing a shared sign-in needs. Publishing never sees it. An empty
// Refresh in answer to a renewal means: keep the old one. A zero time means no
// known end.
type Tokens struct {
	Access         Secret
	AccessExpires  time.Time
	Refresh        Secret
	RefreshExpires time.Time
}

// App is a platform app's credentials by AppField.Key.
type App map[string]Secret

// Session is the right to act as one account, handed to each call.
type Session struct {
	App     App
	Account Account
	Access  Secret
	// Media opens the copy of a picture that was made for this account.
	Media MediaSource
}

// OAuthSignIn is implemented by platforms where a person says yes in the
// browser.
type OAuthSignIn interface {
	// AuthURL is where the person is sent. Scopes of all platforms that share
	// the AppSlot are asked for at once.
	AuthURL(AuthRequest) (string, error)
	// Exchange turns the code into a grant: everything Accounts needs.
	Exchange(context.Context, ExchangeRequest) (Grant, error)
	// Accounts lists what is behind the sign-in, with tokens, for this
	// platform alone.
	Accounts(context.Context, App, Grant) ([]Account, error)
}

// AuthRequest starts a sign-in. Challenge is the S256 PKCE challenge; platforms
// without PKCE leave it out.
type AuthRequest struct {
	App         App
	RedirectURL string
	State       string
	Challenge   string
	Again       bool // ask again for permissions that were declined
}

// ExchangeRequest ends a sign-in.
type ExchangeRequest struct {
	App         App
	RedirectURL string
	Code        string
	Verifier    string
}

// Grant is the result of an exchange, before accounts are chosen.
type Grant struct {
	Tokens Tokens
	Scopes []string // as granted; nil where the platform does not say
}

// PasswordSignIn is implemented by platforms that are connected by typing.
type PasswordSignIn interface {
	SignInFields() []SignInField
	// SignIn checks what was typed and returns the account with its tokens.
	// An *Error with Field set belongs beside that field.
	SignIn(context.Context, map[string]string) (Account, error)
}

// SignInField is one field of such a form. Label and hint come from the
// platform's catalogue: signin_<key>_label and signin_<key>_hint.
type SignInField struct {
	Key      string
	Secret   bool
	Optional bool
	Default  string
	Practice string // what the simulator lets in
}

// PracticeSignIn is what the simulator of a platform lets in where an account is
// connected by typing.
func PracticeSignIn(p PasswordSignIn) map[string]string {
	typed := map[string]string{}
	for _, f := range p.SignInFields() {
		if f.Practice != "" {
			typed[f.Key] = f.Practice
		}
	}
	return typed
}

// Renewer is implemented by platforms whose tokens can be renewed by us.
type Renewer interface {
	Renew(ctx context.Context, app App, account Account, refresh Secret) (Tokens, error)
}

// Revoker is implemented by platforms where disconnecting can be told.
type Revoker interface {
	// Revoke withdraws the sign-in behind the account. Where Account.SignIn is
	// set that takes every account of it away, so it is called when the last of
	// them goes. A sign-in that the person has withdrawn already is no error.
	Revoke(ctx context.Context, app App, account Account, tokens Tokens) error
}

// NumbersReader is implemented by platforms that report numbers.
type NumbersReader interface {
	PostNumbers(ctx context.Context, s Session, remoteID string) (Numbers, error)
}

// PostsNumbersReader is implemented by platforms where one call reads the numbers
// of several posts.
type PostsNumbersReader interface {
	NumbersReader
	// PostsAtOnce is the most posts that one call reads.
	PostsAtOnce() int
	// PostsNumbers reads the numbers of these posts of the account, PostsAtOnce of
	// them at most. The error is about the call; what the platform says of a single
	// post, for example that it is gone, is with that post. A post that the answer
	// leaves out is left out of the result.
	PostsNumbers(ctx context.Context, s Session, remoteIDs []string) (map[string]PostReading, error)
}

// PostReading is what one call said of one of its posts: its numbers, or an *Error.
type PostReading struct {
	Numbers Numbers
	Err     error
}

// ReadingPrice is what a platform charges for reading, in thousandths of a US
// dollar. What is read again on the same day of UTC costs nothing more.
type ReadingPrice struct {
	// Post is the price of a post; Own that of a post of the account that owns the
	// platform app, where that is less.
	Post, Own int64
	// Account is the price of looking at the account itself, which the daily check
	// of the sign-in does.
	Account int64
	Source
}

// AccountNumbersReader is implemented by platforms that report numbers of an
// account as a whole.
type AccountNumbersReader interface {
	AccountNumbers(ctx context.Context, s Session) (Numbers, error)
}

// Numbers is one reading. A number that is absent was not offered or not
// given; it is never zero for want of an answer.
type Numbers struct {
	Values map[Number]int64
	Named  map[string]int64 // everything, under the platform's own names
	Raw    []byte           // the answer as it came, for support
}

// Linker is implemented where the address of a post must be asked for after
// publishing. It only reads.
type Linker interface {
	Permalink(ctx context.Context, s Session, remoteID string) (string, error)
}

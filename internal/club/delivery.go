package club

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// Delivery is one part of a post for one connection as Next decides by it.
type Delivery struct {
	// Part counts from 0, the post itself. Every other part follows the one before it.
	Part int

	Status Status
	Phase  Phase
	Code   string            // message for people, one of platforms.Code…
	Args   map[string]string // its placeholders; times are RFC 3339 in UTC

	DueAt     time.Time
	LateAfter time.Time // later than this: ask (rule P12)
	NextAt    time.Time // when the engine looks again; zero: not by itself
	StartedAt time.Time

	Generation int  // +1 only when a person has it sent again
	Frozen     bool // what goes out is fixed and kept
	LookFirst  bool // a person said "it is not there": look once more before sending

	RemoteID  string
	RemoteURL string
	// RemoteVersion is what a reply to it will need besides; empty where the platform
	// knows none.
	RemoteVersion string
	PublishedAt   time.Time

	// TriedAt is the first irreversible attempt, of any generation, that may
	// have arrived. Unknowns counts those whose outcome was lost. Left tells
	// whether one of this generation left this machine at all.
	TriedAt  time.Time
	Unknowns int
	Left     bool

	TriesTransient int
	TriesSince     time.Time
	TriesAmbiguous int
	RateWaits      int
	Renewals       int
	Remakes        int
	Waits          int
	WaitsSince     time.Time
	UnknownSince   time.Time // an outcome is open since then
	Seen           platforms.Verdict
	Looks          int // looks in a row that saw Seen
	LooksSince     time.Time

	// How far the platform lets us be sure.
	Certainty   platforms.Certainty
	SettleAfter time.Duration
	KeyLife     time.Duration
	// MaySendAgain: people said that a post which cannot be found may
	// be sent a second time, and the platform would refuse it if it were there.
	MaySendAgain bool
	SentAgain    bool // that was done, whatever came of it: never twice
}

// MayMiss reports whether people may say that a post is not there, so that it is sent
// again (row 32): it was looked for as often as a decision needs.
func MayMiss(p Phase, code string, looks int) bool {
	return p == Ambiguous || p == DuplicateSuspect || p == Reconciling && code == platforms.CodeOutcomeLooking && looks >= emptyLooks
}

// Key identifies a delivery and its generation to a platform: 32 hex digits,
// the same at every try.
func Key(delivery string, generation int) string {
	h := sha256.Sum256([]byte("delivery " + delivery + " generation " + strconv.Itoa(generation)))
	return hex.EncodeToString(h[:16])
}

// statusOf is the status each phase belongs to.
var statusOf = map[Phase]Status{
	Waiting: Scheduled, Blocked: Scheduled, AfterPart: Scheduled,
	Preparing: Publishing, Processing: Publishing, Ready: Publishing,
	Sending: Publishing, Reconciling: Publishing, Backoff: Publishing,
	Linked: Published, Unlinked: Published,
	Refused: Failed, Exhausted: Failed, MediaRefused: Failed, CancelledByPlatform: Failed,
	Ambiguous: NeedsAttention, Late: NeedsAttention, Held: NeedsAttention, Restored: NeedsAttention, Clone: NeedsAttention,
	ClockInDoubt: NeedsAttention, Reconnect: NeedsAttention, DuplicateSuspect: NeedsAttention, Partial: NeedsAttention,
}

// EventKind is what happened to a delivery.
type EventKind string

// What people do.
const (
	PersonSchedules EventKind = "schedules"
	PersonEdits     EventKind = "edits"
	PersonRetimes   EventKind = "retimes" // another time
	PersonCancels   EventKind = "cancels"
	PersonPicks     EventKind = "picks"     // its account again, after it was cancelled
	PersonFinds     EventKind = "finds"     // "it is there"
	PersonMisses    EventKind = "misses"    // "it is not there, send again"
	PersonSendsNow  EventKind = "sends_now" // a late one, or one that failed: "try again"
)

// What happens by itself.
const (
	Tick           EventKind = "tick"            // NextAt has come
	StepEnded      EventKind = "step_ended"      // a safe call has an outcome
	SendEnded      EventKind = "send_ended"      // the irreversible call has an outcome
	LookEnded      EventKind = "look_ended"      // a look has an outcome
	RenewalEnded   EventKind = "renewal_ended"   // the sign-in was renewed, or not
	SendBarred     EventKind = "send_barred"     // the journal takes no line, so the irreversible call was not made
	NotKept        EventKind = "not_kept"        // what came of it cannot be kept, or it cannot be worked on: a fault of ours
	ProcessDied    EventKind = "process_died"    // an attempt is open whose process is gone
	Witnessed      EventKind = "witnessed"       // the journal knows of a call, or its outcome, and the database does not
	ConnectionGone EventKind = "connection_gone" // disconnected, or deleted at the platform's wish
	BeforeMoved    EventKind = "before_moved"    // the part before it is in another state
)

// Event is one thing that happened, with what Next needs to know about it.
type Event struct {
	Kind EventKind

	// From people: the time chosen, and when that would be too late.
	DueAt, LateAfter time.Time
	URL              string // of the post a person found, if they gave it

	// Tick: how things stand.
	Account  AccountState
	Step     platforms.Step // what comes next
	Problem  *Problem       // why the content cannot go out as it is
	Changed  bool           // the content is not the one that was scheduled (rule P16)
	StepDied bool           // something made earlier has expired at the platform
	OffFrom  time.Time      // Bandstand was not running from …
	OffTo    time.Time      // … to
	// Hold is the phase in which what is due waits for people: Held, Restored,
	// Clone or ClockInDoubt. Empty: nothing is held. It is known after a look too.
	Hold Phase

	Witness Witness // Witnessed

	// Before is the part before it, whatever happened; nil for the post itself.
	Before *PartBefore

	// Outcome of a call: Err, or Result with the step that follows it, or
	// Evidence.
	Result    platforms.StepResult
	Following platforms.Step
	Evidence  platforms.Evidence
	Err       *platforms.Error
	CanRenew  bool // the platform lets us renew its sign-in

	Jitter float64 // [0, 1)
}

// PartBefore is how the part before a delivery stands.
type PartBefore struct {
	Status Status
	Phase  Phase
	// Unfound: it is public, and its id could not be found out.
	Unfound bool
}

// CanBeFollowed reports whether the next part can be sent: it is public, and its id
// is known.
func (b PartBefore) CanBeFollowed() bool { return b.Phase == Linked }

// AccountState is how the connection of a delivery stands.
type AccountState struct {
	Usable       bool
	Code         string    // why it is not
	BlockedUntil time.Time // no call before (rule P13)
	BlockedCode  string    // why, if that is known
	FreeAt       time.Time // a post that is catching up waits until then (rule P14)
}

// Witness is what the publish journal knows of one irreversible call.
type Witness struct {
	Delivery   string
	Attempt    string
	Boot       string
	Generation int
	At         time.Time // the intent
	Outcome    Outcome   // empty: it knows the intent alone
	RemoteID   string    // of the post, if it was accepted
	RemoteURL  string
}

// Problem is why content cannot go out, for people.
type Problem struct {
	Code  string
	Args  map[string]string
	Media bool // because of a picture
}

// Work is what the engine does once a Change is committed.
type Work string

// The kinds of work.
const (
	Rest  Work = "rest"  // nothing until NextAt
	Again Work = "again" // go on at once
	Do    Work = "do"    // make the safe call of Event.Step
	Send  Work = "send"  // make the irreversible call of Event.Step
	Look  Work = "look"  // look whether it is public
	Renew Work = "renew" // renew the sign-in, then go on
)

// Outcome of a call, as it is kept with its attempt.
type Outcome string

// The outcomes.
const (
	Accepted       Outcome = "accepted"
	Rejected       Outcome = "rejected"
	NotSent        Outcome = "not_sent"
	OutcomeUnknown Outcome = "unknown"
)

// Change is the answer of Next: the new state, and what is committed with it in
// one transaction.
type Change struct {
	Row  string // of the transition table
	To   Delivery
	Work Work

	Opens    bool    // an irreversible attempt begins
	Closes   Outcome // the attempt that ended
	Proof    string  // what proved it
	Freezes  bool    // what goes out is fixed now
	Thaws    bool    // … is given up
	Voids    bool    // the steps so far are given up
	Keeps    *platforms.StepResult
	Blocks   time.Time // the whole connection rests until then (rule P13)
	Breaks   bool      // the connection needs reconnecting
	Outdates bool      // the connection waits for another version of the platform's interface
	Timeline []Note
	Notice   string // kind of the notice people get, or empty
}

// Changes tells whether there is anything to commit.
func (c Change) Changes(was Delivery) bool {
	facts := c
	facts.Row, facts.Work, facts.To = "", "", Delivery{}
	return !reflect.DeepEqual(c.To, was) || !reflect.DeepEqual(facts, Change{})
}

// Note is one line of a post's timeline: the catalogue key event_<kind> and
// its placeholders.
type Note struct {
	Kind string
	Args map[string]string
}

// Kinds of Note that publishing writes.
const (
	NoteScheduled     = "scheduled"      // when
	NoteRetimed       = "retimed"        // when
	NoteEdited        = "edited"         //
	NoteCancelled     = "cancelled"      //
	NoteBackToDraft   = "back_to_draft"  //
	NoteStarted       = "started"        //
	NoteStep          = "step"           // step, n
	NoteMadeAgain     = "made_again"     //
	NoteBlocked       = "blocked"        // when_next
	NoteSignIn        = "sign_in"        // needs reconnecting
	NoteOutdated      = "outdated"       // Bandstand must be updated
	NoteRenewed       = "renewed"        //
	NoteRetry         = "retry"          // code, when_next
	NotePublished     = "published"      //
	NoteRefused       = "refused"        // code
	NoteExhausted     = "exhausted"      // n
	NoteUnknown       = "unknown"        //
	NoteLooked        = "looked"         // n: found nothing so far
	NoteLookFailed    = "look_failed"    // when_next
	NoteNotPublic     = "not_public"     // the platform says so: sending again
	NoteRepeated      = "repeated"       // the same post under the same key
	NoteSentAgain     = "sent_again"     // the same post without a key, as people allowed
	NoteFound         = "found"          // proof
	NoteSeveral       = "several"        //
	NoteAsks          = "asks"           // n looks
	NoteLate          = "late"           // code
	NoteSaidThere     = "said_there"     //
	NoteSaidNotThere  = "said_not_there" //
	NoteSentNow       = "sent_now"       //
	NoteDoubt         = "doubt"          // reason: a phase
	NoteBarred        = "barred"         //
	NoteNotKept       = "not_kept"       //
	NoteLink          = "link_found"     //
	NoteConnectionCut = "connection_cut" //
	NoteStopped       = "stopped"        // the part before is not public: this one waits
	NoteAlone         = "alone"          // code: the part before is public, and this one cannot follow by itself
)

// Kinds of notice: catalogue key notice_<kind>.
const (
	NoticeFailed    = "failed"
	NoticeAttention = "attention"
	NoticeReconnect = "reconnect"
	NoticeSeveral   = "several"
	NoticeUnsure    = "unsure" // it is not known whether posts of an account are public: one for all of an outage
	NoticeEnding    = "ending" // a sign-in ends soon
	// NoticeOutdated: a platform has ended the version that Bandstand speaks.
	NoticeOutdated = "outdated"
	// NoticeVersionEnds: it soon will.
	NoticeVersionEnds = "version_ends"
)

// NoteKinds and NoticeKinds list them all, so that a test can hold the
// catalogue against them.
var (
	NoteKinds = []string{
		NoteScheduled, NoteRetimed, NoteEdited, NoteCancelled, NoteBackToDraft, NoteStarted, NoteStep, NoteMadeAgain,
		NoteBlocked, NoteSignIn, NoteOutdated, NoteRenewed, NoteRetry, NotePublished, NoteRefused, NoteExhausted, NoteUnknown,
		NoteLooked, NoteLookFailed, NoteNotPublic, NoteRepeated, NoteSentAgain, NoteFound, NoteSeveral, NoteAsks, NoteLate,
		NoteSaidThere, NoteSaidNotThere, NoteSentNow, NoteDoubt, NoteBarred, NoteNotKept, NoteLink, NoteConnectionCut,
		NoteStopped, NoteAlone,
	}
	NoticeKinds = []string{NoticeFailed, NoticeAttention, NoticeReconnect, NoticeSeveral, NoticeUnsure, NoticeEnding, NoticeOutdated, NoticeVersionEnds}
)

package platforms

import (
	"context"
	"io"
	"slices"
	"time"
)

// Publisher puts one post on one account, one remote step at a time. The
// engine asks Plan what comes next, commits that it is about to do it, lets
// Perform do that one step and commits what came back.
type Publisher interface {
	// Plan says the next step, without any I/O. done holds the steps of this
	// try in order; steps that were given up are not in it, nor is a look
	// (Step.Waits) that found the platform still working: the same look is
	// planned again. Once such a look is done, its result is in done.
	Plan(p Publication, done []StepResult) Step
	// Perform makes the one call of the step. It never loops, sleeps or tries
	// again. Errors are *Error.
	Perform(ctx context.Context, s Session, p Publication, done []StepResult, step Step) (StepResult, error)
	// Settle looks, and only looks, whether the post is public after the answer
	// to an irreversible step was lost.
	Settle(ctx context.Context, s Session, p Publication, done []StepResult, tried time.Time) (Evidence, error)
}

// Publication is what goes out, frozen at the first irreversible attempt: a
// repeat sends the same bytes under the same key.
type Publication struct {
	Draft
	// Key is unique for the delivery and its generation: 32 hex digits.
	Key string
	// CreatedAt is fixed once for the delivery and its generation, UTC.
	CreatedAt time.Time
	// Reply says what it follows: the part before in a thread, or the post under
	// which it is a comment. nil: it stands for itself.
	Reply *ReplyTo `json:",omitempty"`
}

// ReplyTo is what a publication follows. In a thread of two, and under a post, both
// are the same.
type ReplyTo struct {
	Root   Ref // where the thread begins
	Parent Ref
}

// Ref names something that is public.
type Ref struct {
	ID      string // as in StepResult.RemoteID
	Version string `json:",omitempty"` // where the platform wants one: a CID
}

// Draft is the content of one part for one account: what is checked, previewed and
// sent.
type Draft struct {
	Format  Format `json:",omitempty"`
	Text    string
	Link    *Link
	Media   []Media
	Lang    string            // BCP 47, empty if unknown
	Options map[string]string `json:",omitempty"` // by Option.Key; what the rules do not know is refused
}

// Link is the address a post points to, with what its page says of itself.
type Link struct {
	URL         string
	Title       string
	Description string
	Image       *Media // picture for the card, if the page names one
}

// Media is one picture, measured as it will be sent to this account.
type Media struct {
	ID     string
	Name   string // file name as uploaded
	Type   string // "image/jpeg"
	Width  int
	Height int
	Bytes  int64
	Alt    string
	Fit    Fit
	Moving bool // the file had more than one picture: this is the first
}

// Fit says how a picture of the wrong shape is made to fit an account.
type Fit string

// The three ways to fit a picture.
const (
	FitWhole Fit = ""        // as it is
	FitCrop  Fit = "crop"    // cut from the middle
	FitPad   Fit = "borders" // with borders
)

// MediaSource gives the copies of pictures that were made for one account.
type MediaSource interface {
	// Open reads the copy of the picture.
	Open(ctx context.Context, id string) (MediaFile, error)
	// PublicURL is an address, valid for some hours, from which the platform
	// can fetch the copy by itself.
	PublicURL(ctx context.Context, id string) (string, error)
}

// MediaFile is an opened copy, to be read at any place. Whoever opened it closes it.
type MediaFile struct {
	io.ReaderAt
	io.Closer
	Type   string
	Bytes  int64
	Width  int
	Height int
}

// Whole reads the copy from its beginning to its end. Several may read at once.
func (f MediaFile) Whole() *io.SectionReader { return io.NewSectionReader(f, 0, f.Bytes) }

// Step is one call to a platform.
type Step struct {
	// Kind names the call in the timeline ("upload", "container", "publish"):
	// the catalogue key step_<kind>.
	Kind  string
	Index int // which picture, from 0
	// Irreversible steps make the post public, or are the only call.
	Irreversible bool
	// Waits marks a look at something the platform is still working on.
	Waits bool
	// Quiet steps leave no line in the timeline: what they did means nothing to people.
	Quiet bool
	// Sends is how many bytes of a file the step sends. Once it has, a delivery is
	// getting on, and its tries begin anew.
	Sends int64
	// Within limits the call, or, where the step Waits, how long the platform may work
	// from the first look on; 0: the engine's usual limit.
	Within time.Duration
}

// StepResult is what a step leaves behind for the steps after it.
type StepResult struct {
	Kind      string
	Index     int
	Ref       string // container id, media id, blob as JSON …
	State     StepState
	ExpiresAt time.Time // when Ref dies at the platform; zero if never

	// After an irreversible step:
	RemoteID    string
	RemoteURL   string // empty where Linker must be asked
	PublishedAt time.Time
	// RemoteVersion is the Ref.Version that a reply will need; empty where the
	// platform knows none.
	RemoteVersion string
}

// Finished finds what a step that is done left behind, the latest first.
func Finished(done []StepResult, kind string, index int) (StepResult, bool) {
	for _, r := range slices.Backward(done) {
		if r.Kind == kind && r.Index == index && r.State == StepDone {
			return r, true
		}
	}
	return StepResult{}, false
}

// StepState is how far the platform is with the thing behind a step.
type StepState string

// DuplicateOf is the Kind of a result that only Settle finds in done: Ref is
// the earlier post that the platform named in a Duplicate answer.
const DuplicateOf = "duplicate_of"

// The states a step can leave behind.
const (
	StepDone    StepState = "done"
	StepWorking StepState = "working" // the platform is still busy: look again later
	StepExpired StepState = "expired" // gone at the platform: start over
	StepFailed  StepState = "failed"  // the platform could not use it
)

// Evidence is what Settle saw.
type Evidence struct {
	Verdict     Verdict
	RemoteID    string
	RemoteURL   string
	PublishedAt time.Time
	// RemoteVersion is as in StepResult; empty if it was not seen.
	RemoteVersion string
	Proof         string // "own_key", "container_status", "read_back": kept with the attempt
	// Matches are the posts of the account that look like this one: what the
	// verdict rests on, or, where Known is set, only where the id comes from.
	Matches []Match
	// Known, with SeenPublic: the platform says that it is public, whichever of
	// the account's posts it is.
	Known bool
	// Lapsed, with SeenNotPublic: what was made for publishing can be published
	// no more, and must be made anew.
	Lapsed bool
}

// Match is a public post that looks like the one that was meant.
type Match struct {
	RemoteID    string
	RemoteURL   string
	PublishedAt time.Time
}

// ProofReadBack is the proof of a post that was found among those of its account.
const ProofReadBack = "read_back"

// ReadBack is the evidence of the posts that look like the one that was meant:
// exactly one is it, several leave open which, and none proves nothing.
func ReadBack(matches ...Match) Evidence {
	e := Evidence{Verdict: SeenNothing, Proof: ProofReadBack, Matches: matches}
	switch len(matches) {
	case 0:
	case 1:
		e.Verdict = SeenPublic
		e.RemoteID, e.RemoteURL, e.PublishedAt = matches[0].RemoteID, matches[0].RemoteURL, matches[0].PublishedAt
	default:
		e.Verdict = SeenSeveral
	}
	return e
}

// Without is the evidence that remains when the posts with these ids are known to
// be others of the account, and so are as many more, of the same words, whose ids
// nobody knows.
func (e Evidence) Without(others map[string]bool, nameless int) Evidence {
	left := slices.DeleteFunc(slices.Clone(e.Matches), func(m Match) bool { return others[m.RemoteID] })
	switch {
	case e.Known:
		out := e
		out.RemoteID, out.RemoteURL, out.Matches = "", "", left
		if len(left) == 1 && nameless == 0 {
			out.RemoteID, out.RemoteURL, out.PublishedAt = left[0].RemoteID, left[0].RemoteURL, left[0].PublishedAt
		}
		return out
	case e.Verdict != SeenPublic && e.Verdict != SeenSeveral:
		return e
	case len(left) <= nameless:
		return ReadBack()
	case nameless == 0:
		return ReadBack(left...)
	case len(left) == nameless+1: // one of them is ours, and it cannot be told which
		return Evidence{Verdict: SeenPublic, Proof: ProofReadBack, Matches: left}
	}
	return Evidence{Verdict: SeenSeveral, Proof: ProofReadBack, Matches: left}
}

// Verdict of a look at the platform.
type Verdict string

const (
	// SeenPublic: the post is there; RemoteID may still be unknown.
	SeenPublic Verdict = "public"
	// SeenNotPublic: the platform positively says that it is not public.
	// Only platforms with CertainByKey or CertainByStatus can say so.
	SeenNotPublic Verdict = "not_public"
	// SeenNothing: no match was found, which proves nothing.
	SeenNothing Verdict = "nothing"
	// SeenSeveral: more than one post matches.
	SeenSeveral Verdict = "several"
)

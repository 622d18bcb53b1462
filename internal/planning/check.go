package planning

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// Finding is one thing to mend before a post goes out, or to look at.
type Finding struct {
	// Code is one of package platforms, one of those below, or the key of what is
	// wrong with a time.
	Code       string
	Severity   platforms.Severity
	Field      string // "text", "media", "link", "account", "when", "date" or "time"
	Connection int64  // the account that it concerns; 0: the post as a whole
	Media      string // id of the picture that it concerns, or empty
	Part       int    // which of Content.Parts it concerns, counted from 1; 0: the post itself
	Args       map[string]string
	Near       *store.Repeat // the other post, for those about one
}

// Codes that no rule of a platform knows.
const (
	CodeNoAccount  = "no_account"
	CodeReconnect  = "reconnect_first"
	CodeLinkForm   = "link_form"   // what was typed as a link is none
	CodeSaidBefore = "said_before" // the same text is out
	CodeSaidAgain  = "said_again"  // the same text is planned
	CodeCloseBy    = "close_by"    // another post less than an hour away
	// CodeTooManyParts: the account takes fewer posts in a thread, or one comment.
	CodeTooManyParts = "too_many_parts"
	// CodeMayNotComment: the sign-in of the account does not allow comments.
	CodeMayNotComment = "may_not_comment"
	// CodePartForNobody: no account of the post takes such a part.
	CodePartForNobody = "part_for_nobody"
)

// Blocks reports whether something must be fixed before scheduling.
func Blocks(all []Finding) bool {
	return slices.ContainsFunc(all, func(f Finding) bool { return f.Severity == platforms.MustFix })
}

// Checked is a plan with what was found.
type Checked struct {
	Prepared
	Findings []Finding
}

// Blocked reports whether the plan cannot be carried out as it is.
func (c Checked) Blocked() bool { return Blocks(c.Findings) }

// Says reports whether this is found of a picture, by any account or by one of these.
func (c Checked) Says(code, picture string, accounts ...int64) bool {
	return slices.ContainsFunc(c.Findings, func(f Finding) bool {
		return f.Code == code && f.Media == picture && (len(accounts) == 0 || slices.Contains(accounts, f.Connection))
	})
}

// Check says everything that can be known of a plan before it is carried out: of
// the post as a whole, of each account in order, and of its time. when is what is
// wrong with the time, or nil; what is no *club.Error is not for people to mend
// and is left out.
func Check(p Prepared, when error) []Finding {
	var out []Finding
	if len(p.Drafts) == 0 {
		out = append(out, Finding{Code: CodeNoAccount, Severity: platforms.MustFix, Field: "account"})
	}
	if p.Content.Link != "" && p.Link == nil {
		out = append(out, Finding{Code: CodeLinkForm, Severity: platforms.MustFix, Field: "link"})
	}
	for i := range p.Drafts {
		out = append(p.Drafts[i].check(out), p.near(p.Drafts[i].Connection.ID)...)
	}
	for i, part := range p.Content.Parts {
		if p.Part == 0 && len(part.Accounts) == 0 && len(p.Drafts) > 0 {
			out = append(out, Finding{Code: CodePartForNobody, Severity: platforms.Look, Field: "text", Part: i + 1, Args: map[string]string{"kind": string(part.Kind)}})
		}
	}
	if e, ok := errors.AsType[*club.Error](when); ok {
		out = append(out, Finding{Code: e.Key, Severity: platforms.MustFix, Field: e.Field, Args: e.Args})
	}
	return out
}

// check adds what is found of one account.
func (d *Draft) check(out []Finding) []Finding {
	id := d.Connection.ID
	if !d.Connection.Usable() && d.Connection.Health != club.Paused { // a post may wait for an update
		out = append(out, Finding{Code: CodeReconnect, Severity: platforms.MustFix, Field: "account", Connection: id})
	}
	if d.Foreign {
		out = append(out, Finding{Code: platforms.CodeFormatUnknown, Severity: platforms.MustFix, Field: "format", Connection: id})
	}
	out = findings(out, id, 0, d.Rules, d.Draft)
	for _, p := range d.Parts {
		out = findings(out, id, p.Place+1, p.Rules, p.Draft)
		if d.Rules.Parts.Comment != nil && lacks(d.Connection.Account, platforms.FeatureComments) {
			out = append(out, Finding{Code: CodeMayNotComment, Severity: platforms.Look, Field: "text", Connection: id, Part: p.Place + 1})
		}
	}
	if most := d.Rules.Parts.Most(); len(d.Parts) >= most && len(d.Parts) > 0 {
		last := d.Parts[len(d.Parts)-1]
		out = append(out, Finding{
			Code: CodeTooManyParts, Severity: platforms.MustFix, Field: "text", Connection: id, Part: last.Place + 1,
			Args: map[string]string{"n": strconv.Itoa(len(d.Parts) + 1), "limit": strconv.Itoa(most)},
		})
	}
	return out
}

// lacks reports whether a permission is missing that a feature of an account needs.
func lacks(a platforms.Account, f platforms.Feature) bool {
	return slices.ContainsFunc(a.Missing, func(m platforms.MissingPermission) bool { return m.Feature == f })
}

// findings adds what the rules find of one draft of an account.
func findings(out []Finding, connection int64, part int, rules platforms.FormatRules, draft platforms.Draft) []Finding {
	for _, q := range platforms.Check(rules, draft) {
		f := Finding{Code: q.Code, Severity: q.Severity, Field: q.Field, Connection: connection, Part: part, Args: q.Args}
		if q.Field == "media" && q.Code != platforms.CodeTooManyMedia && q.Index < len(draft.Media) {
			f.Media = draft.Media[q.Index].ID
		}
		out = append(out, f)
	}
	return out
}

// near is about other posts on one account: the nearest that says the same, and
// the nearest in time.
func (p Prepared) near(connection int64) []Finding {
	var out []Finding
	var same, close int64
	for i := range p.Repeats {
		r := &p.Repeats[i]
		if r.ConnectionID != connection || r.Same && same != 0 || !r.Same && (close != 0 || r.PostID == same) {
			continue
		}
		f := Finding{Code: CodeCloseBy, Severity: platforms.Look, Field: "when", Connection: connection, Near: r}
		if r.Same {
			f.Code, f.Field, same = CodeSaidAgain, "text", r.PostID
			if r.Out {
				f.Code = CodeSaidBefore
			}
		} else {
			close = r.PostID
		}
		out = append(out, f)
	}
	return out
}

// FindRepeats looks for the posts that plans of one club come near to, with one
// query for all of them.
func (d Desk) FindRepeats(ctx context.Context, clubID int64, plans []Prepared) error {
	n := 0
	for i := range plans {
		n += len(plans[i].Drafts)
	}
	near := make([]store.Near, 0, n)
	for i := range plans {
		p := &plans[i]
		var shared []byte
		for j := range p.Drafts {
			id := p.Drafts[j].Connection.ID
			own, isOwn := p.Content.Texts[id]
			mark := shared
			if isOwn {
				mark = club.TextMark(own, p.Content.Link)
			} else if shared == nil {
				shared = club.TextMark(p.Content.Text, p.Content.Link)
				mark = shared
			}
			near = append(near, store.Near{PostID: p.PostID, ConnectionID: id, Mark: mark, At: p.Slot.At})
		}
	}
	found, err := d.DB.Repeats(ctx, store.Scope{ClubID: clubID}, near)
	if err != nil {
		return err
	}
	for i := range plans {
		p := &plans[i]
		p.Repeats = slices.Concat(found[:len(p.Drafts)]...)
		found = found[len(p.Drafts):]
	}
	return nil
}

// CheckAll checks plans of one club. However many they are, it asks the database
// as often as for one.
func (d Desk) CheckAll(ctx context.Context, clubID int64, plans []Plan) ([]Checked, error) {
	prepared, err := d.Drafts(ctx, clubID, plans)
	if err != nil {
		return nil, err
	}
	if err := d.FindRepeats(ctx, clubID, prepared); err != nil {
		return nil, err
	}
	out := make([]Checked, 0, len(prepared))
	for _, p := range prepared {
		out = append(out, Checked{p, Check(p, nil)})
	}
	return out, nil
}

package planning

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// Plan is a post as somebody plans it, stored or not.
type Plan struct {
	PostID   int64 // 0: it is not stored yet
	Practice bool  // for make-believe accounts
	Content  club.Content
	Slot     club.Slot // zero: nobody has said when
	// Public are the accounts on which the post is public: nothing goes out there
	// any more.
	Public []int64
	// Accounts are those that the content ticks, where they were read already; nil:
	// they are chosen from all accounts of the club.
	Accounts []store.Connection
	// Part makes only the drafts of the nth part that follows the post; 0: those of
	// the post, with all that follow it.
	Part int
}

// PlanOf is the plan of a stored post, with what it says on the calendar.
func PlanOf(p store.Post) Plan {
	return Plan{PostID: p.ID, Practice: p.Practice, Content: p.Live.Content, Slot: p.Planned, Public: PublicOn(p)}
}

// PublicOn lists the accounts on which a post is public, with everything that
// follows it.
func PublicOn(p store.Post) []int64 {
	var ids []int64
	left := map[int64]bool{}
	for _, d := range p.Deliveries {
		switch {
		case d.Status == club.Published && d.Part == 0:
			ids = append(ids, d.ConnectionID)
		case d.Status != club.Published && d.Status != club.Cancelled:
			left[d.ConnectionID] = true
		}
	}
	return slices.DeleteFunc(ids, func(id int64) bool { return left[id] })
}

// Prepared is a plan with the draft of each account.
type Prepared struct {
	Plan
	Link *platforms.Link // nil: there is none, or it is no address
	// Drafts are one for each account that is ticked, known, and on which the post
	// is not public yet, in the order of the screens.
	Drafts []Draft
	// Repeats are the posts of other days that the plan comes near to, the nearest
	// first, where somebody looked for them.
	Repeats []store.Repeat
}

// Draft is what one account is sent.
type Draft struct {
	platforms.Draft
	Connection store.Connection
	Platform   platforms.Platform
	Rules      platforms.FormatRules // of its format
	Formats    []platforms.Format    // those that the account takes, the usual one first
	Parts      []Part                // what follows it, in order
	// Foreign: the account does not take the format that was chosen, and the draft is
	// made as if none was.
	Foreign bool
}

// Part is what one account is sent after the post.
type Part struct {
	platforms.Draft
	Rules platforms.FormatRules
	Place int // in Content.Parts
}

// Draft is the draft of an account; nil if it has none.
func (p *Prepared) Draft(connection int64) *Draft {
	i := slices.IndexFunc(p.Drafts, func(d Draft) bool { return d.Connection.ID == connection })
	if i < 0 {
		return nil
	}
	return &p.Drafts[i]
}

// Drafts prepares plans of one club. However many they are, each kind of thing
// that they refer to is read once.
func (d Desk) Drafts(ctx context.Context, clubID int64, plans []Plan) ([]Prepared, error) {
	m, err := d.Material(ctx, clubID, plans...)
	if err != nil {
		return nil, err
	}
	out := make([]Prepared, 0, len(plans))
	for _, p := range plans {
		out = append(out, m.Prepare(p))
	}
	return out, nil
}

// Material is everything that plans of a club refer to: accounts, pictures, and
// what is known of the pages that they link to.
type Material struct {
	desk     Desk
	clubID   int64
	read     []store.Connection
	accounts map[bool][]account // by whether they are make-believe, in the order of the screens
	pictures Pictures
	links    map[string]*platforms.Link // LinkOf each that a plan has
	cards    map[string]club.LinkCard
}

// account is a connection with the rules of its platform.
type account struct {
	conn     store.Connection
	platform platforms.Platform
	rules    platforms.Rules
	formats  []platforms.Format // those that it takes, the usual one first
}

// format are the rules of the format that a content has on the account. foreign
// reports that the account does not take what was chosen.
func (a *account) format(c club.Content) (rules platforms.FormatRules, foreign bool) {
	if r, ok := a.rules.For(c.Formats[a.conn.ID]); ok {
		return r, false
	}
	return a.rules.Usual(), true
}

// formats lists the formats that an account with these rules takes.
func formats(rules platforms.Rules) []platforms.Format {
	out := make([]platforms.Format, 0, len(rules.Formats))
	for _, r := range rules.Formats {
		out = append(out, r.Format)
	}
	return out
}

// Material reads what plans refer to. A plan that brings its accounts asks for no
// others.
func (d Desk) Material(ctx context.Context, clubID int64, plans ...Plan) (*Material, error) {
	m := &Material{desk: d, clubID: clubID, accounts: map[bool][]account{}, links: map[string]*platforms.Link{}}
	var err error
	if len(plans) == 0 || slices.ContainsFunc(plans, func(p Plan) bool { return p.Accounts == nil }) {
		if m.read, err = d.DB.Connections(ctx, store.Scope{ClubID: clubID}); err != nil {
			return nil, err
		}
	}
	var links, pictures []string
	for _, p := range plans {
		typed := p.Content.Link
		if l := m.linkOf(typed); l != nil && m.links[typed] == nil {
			m.links[typed], links = l, append(links, l.URL)
		}
		pictures = append(pictures, p.Content.Pictures()...)
	}
	if len(links) > 0 {
		if m.cards, err = d.DB.LinkCards(ctx, clubID, distinct(links)); err != nil {
			return nil, err
		}
	}
	for _, c := range m.cards {
		if c.State == club.CardReady && c.MediaID != "" {
			pictures = append(pictures, c.MediaID)
		}
	}
	if len(pictures) > 0 {
		m.pictures, err = d.Media.Pictures(ctx, clubID, distinct(pictures))
	}
	return m, err
}

// distinct is a sorted list without what it holds twice.
func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// Accounts lists the accounts that a post can be for, in the order of the screens:
// those of its world that are connected, and those that it ticks.
func (m *Material) Accounts(practice bool, ticked []int64) []store.Connection {
	var out []store.Connection
	for _, a := range m.of(practice) {
		if a.conn.Health != club.Disconnected || slices.Contains(ticked, a.conn.ID) {
			out = append(out, a.conn)
		}
	}
	return out
}

// of are the club's accounts of one world, in the order of the screens.
func (m *Material) of(practice bool) []account {
	if all, known := m.accounts[practice]; known {
		return all
	}
	m.accounts[practice] = m.known(practice, m.read)
	return m.accounts[practice]
}

// known leaves out accounts of the other world and of platforms that this program
// does not have.
func (m *Material) known(practice bool, conns []store.Connection) []account {
	registry := m.desk.Platforms(m.clubID, practice)
	var out []account
	for _, c := range conns {
		if p, ok := registry.Platform(c.Account.Platform); ok && c.Practice == practice {
			rules := p.Rules(c.Account)
			out = append(out, account{c, p, rules, formats(rules)})
		}
	}
	slices.SortStableFunc(out, func(a, b account) int {
		return cmp.Or(registry.Compare(a.conn.Account.Platform, b.conn.Account.Platform), cmp.Compare(a.conn.ID, b.conn.ID))
	})
	return out
}

// Prepare makes the drafts of a plan. The plan may tick other accounts, and have
// less to show, than when the material was read.
func (m *Material) Prepare(p Plan) Prepared {
	out := Prepared{Plan: p, Link: m.linkOf(p.Content.Link)}
	accounts := m.of(p.Practice)
	if p.Accounts != nil {
		accounts = m.known(p.Practice, p.Accounts)
	}
	out.Drafts = make([]Draft, 0, min(len(accounts), len(p.Content.Accounts)))
	for i := range accounts {
		a := &accounts[i]
		if slices.Contains(p.Content.Accounts, a.conn.ID) && !slices.Contains(p.Public, a.conn.ID) {
			if d, ok := m.accountDraft(p, a); ok {
				out.Drafts = append(out.Drafts, d)
			}
		}
	}
	return out
}

// accountDraft is what one account is sent of a plan; ok is false if the plan is of a
// part that the account is not sent.
func (m *Material) accountDraft(p Plan, a *account) (d Draft, ok bool) {
	rules, foreign := a.format(p.Content)
	d = Draft{Connection: a.conn, Platform: a.platform, Rules: rules, Formats: a.formats, Foreign: foreign}
	if p.Part > 0 {
		part, kind, ok := p.Content.Part(a.conn.ID, p.Part)
		if !ok {
			return d, false
		}
		d.Rules = rulesOfPart(rules, kind)
		d.Draft = m.draft(part, a, d.Rules)
		return d, true
	}
	d.Draft = m.draft(p.Content, a, rules)
	d.Format = rules.Format
	for n, place := range p.Content.PartsFor(a.conn.ID) {
		part, kind, _ := p.Content.Part(a.conn.ID, n+1)
		own := rulesOfPart(rules, kind)
		d.Parts = append(d.Parts, Part{Draft: m.draft(part, a, own), Rules: own, Place: place})
	}
	return d, true
}

// RulesOf are the rules that one part of a content is held to on a connection.
func RulesOf(rules platforms.Rules, c club.Content, connection int64, part int) platforms.FormatRules {
	a := account{conn: store.Connection{ID: connection}, rules: rules}
	post, _ := a.format(c)
	if _, kind, ok := c.Part(connection, part); ok {
		return rulesOfPart(post, kind)
	}
	return post
}

// rulesOfPart are those that hold for what follows a post.
func rulesOfPart(post platforms.FormatRules, kind club.PartKind) platforms.FormatRules {
	if kind == club.CommentPart && post.Parts.Comment != nil {
		return *post.Parts.Comment
	}
	return post
}

// Share says of each part which accounts are sent it: those that a content ticks, and
// whose format there takes such a part.
func (m *Material) Share(practice bool, c club.Content) club.Content {
	c.Parts = slices.Clone(c.Parts)
	for i := range c.Parts {
		c.Parts[i].Accounts = m.Takers(practice, c, c.Parts[i].Kind)
	}
	return c
}

// Share is Material.Share for a content alone. One that nothing follows is not looked
// at.
func (d Desk) Share(ctx context.Context, clubID int64, practice bool, c club.Content) (club.Content, error) {
	if len(c.Parts) == 0 {
		return c, nil
	}
	m, err := d.Material(ctx, clubID)
	if err != nil {
		return c, err
	}
	return m.Share(practice, c), nil
}

// Takers lists the ticked accounts of a content that take a kind of part.
func (m *Material) Takers(practice bool, c club.Content, kind club.PartKind) []int64 {
	var ids []int64
	for _, a := range m.of(practice) {
		if rules, _ := a.format(c); slices.Contains(c.Accounts, a.conn.ID) && takes(rules.Parts, kind) {
			ids = append(ids, a.conn.ID)
		}
	}
	return ids
}

func takes(r platforms.PartRules, kind club.PartKind) bool {
	if kind == club.CommentPart {
		return r.Comment != nil
	}
	return r.Thread > 1
}

// draft is the one place where a content becomes what an account is sent: for a
// preview, a check and publishing alike.
func (m *Material) draft(c club.Content, a *account, rules platforms.FormatRules) platforms.Draft {
	var media map[string]platforms.Media
	for _, picture := range c.Media {
		if m.pictures == nil {
			break
		}
		if found, ok := m.pictures.Copy(picture.ID, rules.Media.Image, picture.Fit[a.conn.ID]); ok {
			if media == nil {
				media = make(map[string]platforms.Media, len(c.Media))
			}
			media[picture.ID] = found
		}
	}
	d := c.Draft(a.conn.ID, media, m.link(c, rules))
	d.Lang = m.desk.Language
	return d
}

// link is a content's link with the card that its page makes.
func (m *Material) link(c club.Content, rules platforms.FormatRules) *platforms.Link {
	l := m.linkOf(c.Link)
	if l == nil {
		return nil
	}
	card, known := m.cards[l.URL]
	if !known || card.State != club.CardReady {
		return l
	}
	l.Title, l.Description = card.Title, card.Description
	if card.MediaID == "" || m.pictures == nil {
		return l
	}
	if picture, ok := m.pictures.Copy(card.MediaID, rules.Media.Image, platforms.FitWhole); ok {
		l.Image = &picture // a card can do without
	}
	return l
}

// linkOf is LinkOf, which reads what many plans have once.
func (m *Material) linkOf(typed string) *platforms.Link {
	if l := m.links[typed]; l != nil {
		return new(*l)
	}
	return LinkOf(typed)
}

// Card is what is known of the page that an address leads to; false: nobody asked
// for it yet.
func (m *Material) Card(address string) (club.LinkCard, bool) {
	c, ok := m.cards[address]
	return c, ok
}

// MaxLink is the longest address that a post can link to, in bytes.
const MaxLink = 4_000

// LinkOf reads what was typed as a link: nil for what is no address of the web.
func LinkOf(text string) *platforms.Link {
	if text == "" || len(text) > MaxLink {
		return nil
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !strings.Contains(u.Hostname(), ".") || u.User != nil || strings.ContainsAny(text, " \t\n") {
		return nil
	}
	return &platforms.Link{URL: u.String()}
}

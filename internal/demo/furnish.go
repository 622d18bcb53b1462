package demo

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/handlers/accounts"
	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/consent"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

const (
	// past is how long the furnished club has used Bandstand.
	past = 60 * 24 * time.Hour
	Zone = "Europe/Dublin"
	// settleWithin bounds how long one demo post may take, in looks.
	settleWithin = 40
)

// furnisher lets a club live through two months: it does what people did and
// lets the engine do the rest.
type furnisher struct {
	app              *app.App
	clock            *shiftedClock
	today            time.Time
	maeve, tom, ines store.Scope
	accounts         []store.Connection
	pictures         []string // ids, as scenes
}

func (f *furnisher) furnish(ctx context.Context) error {
	loc, err := time.LoadLocation(Zone)
	if err != nil {
		return err
	}
	f.today = f.clock.present().In(loc)
	for _, step := range []func(context.Context) error{f.people, f.connect, f.draw, f.live} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// people are three members with different roles.
func (f *furnisher) people(ctx context.Context) error {
	hasher := password.New()
	hash, err := hasher.Hash(ctx, Password)
	if err != nil {
		return err
	}
	db := f.app.DB()
	maeve, c, err := db.CreateFirst(ctx, store.NewPerson{Email: "maeve@riverside.example", Name: "Maeve Byrne", PasswordHash: hash},
		store.NewClub{Name: "Riverside FC", Zone: Zone, WeekStart: time.Monday}, "demo")
	if err != nil {
		return err
	}
	f.maeve = store.Scope{ClubID: c.ID, PersonID: maeve.ID}
	join := func(name, email string, role club.Role) (store.Scope, error) {
		token, err := db.CreateInvitation(ctx, f.maeve, email, role, "demo")
		if err != nil {
			return store.Scope{}, err
		}
		p, _, err := db.AcceptInvitationAsNew(ctx, token, store.NewPerson{Email: email, Name: name, PasswordHash: hash}, "demo")
		return store.Scope{ClubID: c.ID, PersonID: p.ID}, err
	}
	if f.tom, err = join("Tom Reid", "tom@riverside.example", club.Publisher); err != nil {
		return err
	}
	f.ines, err = join("Ines Silva", "ines@riverside.example", club.Writer)
	return err
}

// connect signs in at every make-believe platform.
func (f *furnisher) connect(ctx context.Context) error {
	worlds := f.app.Worlds()
	registry := worlds.Platforms(f.maeve.ClubID)
	grants := map[string]platforms.Grant{}
	for _, p := range registry.All() {
		info := p.Info()
		credentials, err := f.app.PlatformApp(ctx, f.maeve.ClubID, true, info.AppSlot)
		if err != nil {
			return err
		}
		var found []platforms.Account
		switch p := p.(type) {
		case platforms.OAuthSignIn:
			if _, done := grants[info.AppSlot]; !done {
				redirect := f.app.Base().String() + accounts.CallbackPath(info.ID)
				g, err := consent.SayYes(ctx, worlds.Client(f.maeve.ClubID), p, credentials, redirect)
				if err != nil {
					return fmt.Errorf("sign in at %s: %w", info.Name, err)
				}
				grants[info.AppSlot] = g
			}
			if found, err = p.Accounts(ctx, credentials, grants[info.AppSlot]); err != nil {
				return fmt.Errorf("list accounts of %s: %w", info.Name, err)
			}
		case platforms.PasswordSignIn:
			a, err := p.SignIn(ctx, platforms.PracticeSignIn(p))
			if err != nil {
				return fmt.Errorf("sign in at %s: %w", info.Name, err)
			}
			found = []platforms.Account{a}
		}
		for _, a := range found {
			if a.Unusable != "" {
				continue
			}
			conn, err := f.app.DB().Connect(ctx, f.tom, true, a, "demo")
			if err != nil {
				return err
			}
			f.accounts = append(f.accounts, conn)
		}
	}
	return nil
}

// roomiest is the account that takes the longest text, of those that fit.
func (f *furnisher) roomiest(fits func(store.Connection) bool) store.Connection {
	registry := f.app.Worlds().Platforms(f.maeve.ClubID)
	var found store.Connection
	longest := -1
	for _, a := range f.accounts {
		p, ok := registry.Platform(a.Account.Platform)
		if !ok || !fits(a) {
			continue
		}
		if n := limit(p.Rules(a.Account).Usual()); n > longest {
			found, longest = a, n
		}
	}
	return found
}

// limit is the limit of texts that counts everywhere.
func limit(r platforms.FormatRules) int {
	for _, t := range r.Text {
		if !t.Side {
			return t.Max
		}
	}
	return 0
}

func everyAccount(store.Connection) bool { return true }

// signsInAlone reports whether no other account was connected with the same
// sign-in, so that losing it concerns this one alone.
func (f *furnisher) signsInAlone(a store.Connection) bool {
	shares := func(o store.Connection) bool {
		return o.ID != a.ID && o.Account.SignIn != "" && o.Account.SignIn == a.Account.SignIn
	}
	return !slices.ContainsFunc(f.accounts, shares)
}

// draw fills the library of pictures.
func (f *furnisher) draw(ctx context.Context) error {
	for _, s := range scenes {
		b, err := s.JPEG(1440, 1080)
		if err != nil {
			return err
		}
		m, err := f.app.Media().Save(ctx, f.ines.ClubID, f.ines.PersonID, s.Name, bytes.NewReader(b))
		if err != nil {
			return err
		}
		f.pictures = append(f.pictures, m.ID)
	}
	return nil
}

// live goes through the posts day by day.
func (f *furnisher) live(ctx context.Context) error {
	isPast := func(p post) bool { return p.fate == toPublish || p.fate == toBeRefused || p.fate == toBeLate }
	for i, p := range posts {
		if !isPast(p) {
			continue
		}
		if err := f.history(ctx, i, p); err != nil {
			return fmt.Errorf("post of day %d: %w", p.day, err)
		}
	}
	f.clock.catchUp()
	f.app.Engine().RunDue(ctx)
	if _, err := f.app.DB().MeasureNow(ctx, f.maeve, 0); err != nil {
		return err
	}
	for range 8 { // a few at a time, as always
		if err := f.app.Engine().RunSideWork(ctx); err != nil {
			return err
		}
	}
	for i, p := range posts {
		if isPast(p) {
			continue
		}
		if err := f.plan(ctx, i, p); err != nil {
			return fmt.Errorf("plan for day %d: %w", p.day, err)
		}
	}
	return f.loseSignIn(ctx)
}

// history schedules a post a day ahead and lets it go out.
func (f *furnisher) history(ctx context.Context, i int, p post) error {
	slot, err := f.slot(p)
	if err != nil {
		return err
	}
	f.clock.moveTo(slot.At.Add(-26 * time.Hour))
	saved, err := f.app.DB().SchedulePost(ctx, f.tom, f.change(i, p, slot), "demo")
	if err != nil {
		return err
	}
	at := slot.At.Add(time.Second)
	switch p.fate {
	case toBeRefused:
		world, err := f.app.Worlds().Of(f.maeve.ClubID)
		if err != nil {
			return err
		}
		if err := world.Fault(platforms.SimFault{Platform: f.roomiest(everyAccount).Account.Platform, Operation: "publish", Fault: "rejected", Count: 1}); err != nil {
			return err
		}
	case toBeLate:
		at = slot.At.Add(5 * time.Hour)
	}
	f.clock.moveTo(at)
	return f.settle(ctx, saved.ID)
}

// settle lets time pass until nothing of the post is on its way.
func (f *furnisher) settle(ctx context.Context, post int64) error {
	for range settleWithin {
		f.app.Engine().RunDue(ctx)
		all, err := f.app.DB().Deliveries(ctx, f.maeve, post)
		if err != nil {
			return err
		}
		moving := func(d store.Delivery) bool { return d.Status == club.Publishing || d.Status == club.Scheduled }
		if !slices.ContainsFunc(all, moving) {
			return f.app.Engine().RunSideWork(ctx)
		}
		f.clock.moveTo(f.app.Now().Add(3 * time.Second))
	}
	return fmt.Errorf("post %d never settled", post)
}

// plan writes a post that is still to come.
func (f *furnisher) plan(ctx context.Context, i int, p post) error {
	var slot club.Slot
	if p.fate != toKeep {
		var err error
		if slot, err = f.slot(p); err != nil {
			return err
		}
	}
	if p.fate == toSchedule {
		_, err := f.app.DB().SchedulePost(ctx, f.tom, f.change(i, p, slot), "demo")
		return err
	}
	_, err := f.app.DB().SavePost(ctx, f.ines, f.change(i, p, slot))
	return err
}

func (f *furnisher) slot(p post) (club.Slot, error) {
	return club.NewSlot(f.today.AddDate(0, 0, p.day).Format(time.DateOnly), p.clock, Zone)
}

// change is a post as its form would send it: to every account that takes it.
func (f *furnisher) change(i int, p post, slot club.Slot) store.PostChange {
	c := club.Content{Text: p.text}
	if p.picture >= 0 {
		c.Media = []club.ContentMedia{{ID: f.pictures[p.picture], Alt: scenes[p.picture].Alt}}
	}
	registry := f.app.Worlds().Platforms(f.maeve.ClubID)
	for _, a := range f.accounts {
		if pf, ok := registry.Platform(a.Account.Platform); ok && len(c.Media) >= pf.Rules(a.Account).Usual().Media.Min {
			c.Accounts = append(c.Accounts, a.ID)
		}
	}
	return store.PostChange{Op: fmt.Sprintf("demo-%d", i), Content: c, NewCampaign: p.campaign, Slot: slot, Asked: true}
}

// loseSignIn lets one platform forget us, so that reconnecting can be tried.
func (f *furnisher) loseSignIn(ctx context.Context) error {
	world, err := f.app.Worlds().Of(f.maeve.ClubID)
	if err != nil {
		return err
	}
	lost := f.roomiest(f.signsInAlone)
	if err := world.Fault(platforms.SimFault{Platform: lost.Account.Platform, Operation: "*", Fault: "revoked_token", Count: 1}); err != nil {
		return err
	}
	conn, err := f.app.DB().Connection(ctx, f.maeve, lost.ID)
	if err != nil {
		return err
	}
	if _, err = f.app.SignIns().Check(ctx, conn); err != nil {
		return err
	}
	return world.Calm() // whoever signs in again is let in
}

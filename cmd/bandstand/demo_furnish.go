package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/handlers"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

const (
	// demoPast is how long the furnished club has used Bandstand.
	demoPast = 60 * 24 * time.Hour
	demoZone = "Europe/Dublin"
	// settleWithin bounds how long one demo post may take, in looks.
	settleWithin = 40
)

// furnisher lets a club live through two months: it does what people did and
// lets the engine do the rest.
type furnisher struct {
	app              *App
	clock            *shiftedClock
	today            time.Time
	maeve, tom, ines store.Scope
	accounts         []store.Connection
	pictures         []string // ids, as demoScenes
}

func (f *furnisher) furnish(ctx context.Context) error {
	loc, err := time.LoadLocation(demoZone)
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
	hash, err := hasher.Hash(ctx, demoPassword)
	if err != nil {
		return err
	}
	db := f.app.db
	maeve, c, err := db.CreateFirst(ctx, store.NewPerson{Email: "maeve@riverside.example", Name: "Maeve Byrne", PasswordHash: hash},
		store.NewClub{Name: "Riverside FC", Zone: demoZone, WeekStart: time.Monday}, "demo")
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
	worlds := f.app.parts.worlds
	registry := worlds.Platforms(f.maeve.ClubID)
	grants := map[string]platforms.Grant{}
	for _, p := range registry.All() {
		info := p.Info()
		app, err := f.app.parts.App(ctx, f.maeve.ClubID, true, info.AppSlot)
		if err != nil {
			return err
		}
		var found []platforms.Account
		switch p := p.(type) {
		case platforms.OAuthSignIn:
			if _, done := grants[info.AppSlot]; !done {
				redirect := f.app.means.base.String() + handlers.CallbackPath(info.ID)
				g, err := sayYes(ctx, worlds.Client(f.maeve.ClubID), p, app, redirect)
				if err != nil {
					return fmt.Errorf("sign in at %s: %w", info.Name, err)
				}
				grants[info.AppSlot] = g
			}
			if found, err = p.Accounts(ctx, app, grants[info.AppSlot]); err != nil {
				return fmt.Errorf("list accounts of %s: %w", info.Name, err)
			}
		case platforms.PasswordSignIn:
			a, err := p.SignIn(ctx, demoSignIns[info.ID])
			if err != nil {
				return fmt.Errorf("sign in at %s: %w", info.Name, err)
			}
			found = []platforms.Account{a}
		}
		for _, a := range found {
			if a.Unusable != "" {
				continue
			}
			conn, err := f.app.db.Connect(ctx, f.tom, true, a, "demo")
			if err != nil {
				return err
			}
			f.accounts = append(f.accounts, conn)
		}
	}
	return nil
}

// draw fills the library of pictures.
func (f *furnisher) draw(ctx context.Context) error {
	for _, s := range demoScenes {
		b, err := jpegOf(s.draw, 1440, 1080)
		if err != nil {
			return err
		}
		m, err := f.app.media.Save(ctx, f.ines.ClubID, f.ines.PersonID, s.name, bytes.NewReader(b))
		if err != nil {
			return err
		}
		f.pictures = append(f.pictures, m.ID)
	}
	return nil
}

// live goes through the posts day by day.
func (f *furnisher) live(ctx context.Context) error {
	past := func(p demoPost) bool { return p.fate == toPublish || p.fate == toBeRefused || p.fate == toBeLate }
	for i, p := range demoPosts {
		if !past(p) {
			continue
		}
		if err := f.history(ctx, i, p); err != nil {
			return fmt.Errorf("post of day %d: %w", p.day, err)
		}
	}
	f.clock.catchUp()
	f.app.engine.RunDue(ctx)
	if _, err := f.app.db.MeasureNow(ctx, f.maeve, 0); err != nil {
		return err
	}
	for range 8 { // a few at a time, as always
		if err := f.app.engine.RunSideWork(ctx); err != nil {
			return err
		}
	}
	for i, p := range demoPosts {
		if past(p) {
			continue
		}
		if err := f.plan(ctx, i, p); err != nil {
			return fmt.Errorf("plan for day %d: %w", p.day, err)
		}
	}
	return f.loseSignIn(ctx)
}

// history schedules a post a day ahead and lets it go out.
func (f *furnisher) history(ctx context.Context, i int, p demoPost) error {
	slot, err := f.slot(p)
	if err != nil {
		return err
	}
	f.clock.moveTo(slot.At.Add(-26 * time.Hour))
	saved, err := f.app.db.SchedulePost(ctx, f.tom, f.change(i, p, slot), "demo")
	if err != nil {
		return err
	}
	at := slot.At.Add(time.Second)
	switch p.fate {
	case toBeRefused:
		world, err := f.app.parts.worlds.Of(f.maeve.ClubID)
		if err != nil {
			return err
		}
		if err := world.Fault(platforms.SimFault{Platform: f.accounts[0].Account.Platform, Operation: "publish", Fault: "rejected", Count: 1}); err != nil {
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
		f.app.engine.RunDue(ctx)
		all, err := f.app.db.Deliveries(ctx, f.maeve, post)
		if err != nil {
			return err
		}
		moving := func(d store.Delivery) bool { return d.Status == club.Publishing || d.Status == club.Scheduled }
		if !slices.ContainsFunc(all, moving) {
			return f.app.engine.RunSideWork(ctx)
		}
		f.clock.moveTo(f.app.now().Add(3 * time.Second))
	}
	return fmt.Errorf("post %d never settled", post)
}

// plan writes a post that is still to come.
func (f *furnisher) plan(ctx context.Context, i int, p demoPost) error {
	var slot club.Slot
	if p.fate != toKeep {
		var err error
		if slot, err = f.slot(p); err != nil {
			return err
		}
	}
	if p.fate == toSchedule {
		_, err := f.app.db.SchedulePost(ctx, f.tom, f.change(i, p, slot), "demo")
		return err
	}
	_, err := f.app.db.SavePost(ctx, f.ines, f.change(i, p, slot))
	return err
}

func (f *furnisher) slot(p demoPost) (club.Slot, error) {
	return club.NewSlot(f.today.AddDate(0, 0, p.day).Format(time.DateOnly), p.clock, demoZone)
}

// change is a post as its form would send it: to every account that takes it.
func (f *furnisher) change(i int, p demoPost, slot club.Slot) store.PostChange {
	c := club.Content{Text: p.text}
	if p.picture >= 0 {
		c.Media = []club.ContentMedia{{ID: f.pictures[p.picture], Alt: demoScenes[p.picture].alt}}
	}
	registry := f.app.parts.worlds.Platforms(f.maeve.ClubID)
	for _, a := range f.accounts {
		if pf, ok := registry.Platform(a.Account.Platform); ok && len(c.Media) >= pf.Rules(a.Account).Media.Min {
			c.Accounts = append(c.Accounts, a.ID)
		}
	}
	return store.PostChange{Op: fmt.Sprintf("demo-%d", i), Content: c, NewCampaign: p.campaign, Slot: slot, Asked: true}
}

// loseSignIn lets one platform forget us, so that reconnecting can be tried.
func (f *furnisher) loseSignIn(ctx context.Context) error {
	world, err := f.app.parts.worlds.Of(f.maeve.ClubID)
	if err != nil {
		return err
	}
	last := f.accounts[len(f.accounts)-2]
	if err := world.Fault(platforms.SimFault{Platform: last.Account.Platform, Operation: "*", Fault: "revoked_token", Count: 1}); err != nil {
		return err
	}
	conn, err := f.app.db.Connection(ctx, f.maeve, last.ID)
	if err != nil {
		return err
	}
	if _, err = f.app.signIns.Check(ctx, conn); err != nil {
		return err
	}
	return world.Calm() // whoever signs in again is let in
}

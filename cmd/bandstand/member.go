package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/cmd/bandstand/settings"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/datadir"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/store"
)

// memberCmd looks after people from the console: where nobody can sign in any
// more, somebody with a key to the computer still can help.
type memberCmd struct {
	List  memberListCmd  `cmd:"" help:"List the people and their clubs."`
	Reset memberResetCmd `cmd:"" help:"Set a new password for somebody."`
}

type memberListCmd struct {
	settings.Directory
}

// Run prints one line a person and club.
func (c *memberListCmd) Run(ctx context.Context, out io.Writer) error {
	return withDB(ctx, c.Directory, func(db *store.DB) error {
		people, err := db.People(ctx)
		if err != nil {
			return err
		}
		for _, p := range people {
			clubs, err := db.Memberships(ctx, p.ID)
			if err != nil {
				return err
			}
			if len(clubs) == 0 {
				fmt.Fprintf(out, "%s\t%s\tno club\n", p.Email, p.Name)
			}
			for _, m := range clubs {
				fmt.Fprintf(out, "%s\t%s\t%s of %s\n", p.Email, p.Name, m.Role, m.Club.Name)
			}
		}
		return nil
	})
}

type memberResetCmd struct {
	settings.Directory
	Email    string `arg:"" help:"Email of the person."`
	Password bool   `help:"Read the new password from standard input instead of printing a link."`
}

// Run prints a one-time link, or sets the password that is typed. It works
// beside a running Bandstand.
func (c *memberResetCmd) Run(ctx context.Context, in io.Reader, out io.Writer) error {
	return withDB(ctx, c.Directory, func(db *store.DB) error {
		p, err := db.PersonByEmail(ctx, c.Email)
		if errors.Is(err, club.ErrNotFound) {
			return fmt.Errorf("nobody here has the email %s: bandstand member list shows who does", c.Email)
		}
		if err != nil {
			return err
		}
		if !c.Password {
			token, err := db.CreatePasswordReset(ctx, p.ID, "console")
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "Open this path at the address of your Bandstand within 30 minutes:\n/sign-in/link/%s\n", token)
			return nil
		}
		fmt.Fprintln(out, "New password:")
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return setPassword(ctx, db, p, strings.TrimRight(line, "\r\n"), out)
	})
}

func setPassword(ctx context.Context, db *store.DB, p store.Person, pw string, out io.Writer) error {
	names := []string{p.Name, p.Email}
	clubs, err := db.Memberships(ctx, p.ID)
	if err != nil {
		return err
	}
	for _, m := range clubs {
		names = append(names, m.Club.Name)
	}
	if err := password.Check("password", pw, names...); err != nil {
		return inWords(err)
	}
	hasher := password.New()
	hash, err := hasher.Hash(ctx, pw)
	if err != nil {
		return err
	}
	if _, err := db.SetPassword(ctx, p.ID, hash, "console"); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s has a new password and is signed out everywhere.\n", p.Name)
	return nil
}

// inWords turns an error for people into its words.
func inWords(err error) error {
	ce, ok := errors.AsType[*club.Error](err)
	if !ok {
		return err
	}
	words, lerr := i18n.Load()
	if lerr != nil {
		return errors.Join(err, lerr)
	}
	return errors.New(words.Text("en", ce.Key, i18n.Args(ce.Args)...))
}

// withDB opens the database of an existing data directory.
func withDB(ctx context.Context, d settings.Directory, fn func(*store.DB) error) error {
	if _, err := os.Stat(d.Data); err != nil {
		return fmt.Errorf("there is no data directory %s: name it with --data", d.Data)
	}
	keys, err := datadir.Keys(d.Data, d.KeyFile)
	if err != nil {
		return err
	}
	if err := datadir.MarkCopy(d.Data); err != nil {
		return fmt.Errorf("look whether the database is a copy: %w", err)
	}
	db, err := store.Open(ctx, d.Data, keys, time.Now)
	if err != nil {
		return err
	}
	return errors.Join(fn(db), db.Close())
}

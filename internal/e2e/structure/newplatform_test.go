//go:build !race

package structure

import (
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/cmd/bandstand/settings"
	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
	"github.com/bandstand-app/bandstand/internal/e2e/structure/testdata/tin"
	tinsim "github.com/bandstand-app/bandstand/internal/e2e/structure/testdata/tin/sim"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// withTin returns the catalogue with a made-up platform: a folder below testdata, and
// a line here.
func withTin() app.Catalogue {
	c := e2ekit.Catalogue()
	c.Platforms, c.Simulators = append(c.Platforms, tin.New), append(c.Simulators, tinsim.New)
	return c
}

// TestANewPlatformIsOneFolderAndOneLine: what is asked of every platform of the
// catalogue is asked of a made-up one as well, and the program works with it.
func TestANewPlatformIsOneFolderAndOneLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]app.Catalogue{"as it is": e2ekit.Catalogue(), "with a made-up platform": withTin()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wellNamed(t, c)
			inItsOwnWords(t, c)
			simulatedOnce(t, c)
			namedNowhereElse(t, c)
		})
	}
	furnishedInTheDemo(t, withTin()) // as it is, the demo has a test of its own
}

// wellNamed wants names that are unlike, and settings that begin with them.
func wellNamed(t *testing.T, c app.Catalogue) {
	t.Helper()
	form, seen := regexp.MustCompile(`^[a-z]+$`), map[string]bool{}
	ours := settings.NewPlatforms(c.Describe())
	for _, i := range c.Describe() {
		if !form.MatchString(string(i.ID)) || i.Name == "" || i.Short == "" || i.Mark == "" {
			t.Errorf("%q is called %q, %q", i.ID, i.Name, i.Short)
		}
		for _, name := range []string{string(i.ID), i.Name, i.Short} {
			if seen[name] {
				t.Errorf("two are called %q", name)
			}
		}
		seen[string(i.ID)], seen[i.Name], seen[i.Short] = true, true, true
		for _, e := range i.Endpoints {
			if want := string(i.ID) + "-" + e.Name + "-url"; !slices.ContainsFunc(ours.Flags(), func(f settings.Flag) bool { return f.Name == want }) {
				t.Errorf("no setting is called %s", want)
			}
		}
	}
}

// inItsOwnWords wants the words of each platform to stand under its id, and those
// that are asked for to be there.
func inItsOwnWords(t *testing.T, c app.Catalogue) {
	t.Helper()
	var all []fs.FS
	for _, i := range c.Describe() {
		own, err := i18n.Load(i.Catalogue)
		if err != nil {
			t.Errorf("%s: %v", i.ID, err)
			continue
		}
		if !slices.ContainsFunc(own.Keys(), func(key string) bool { return strings.HasPrefix(key, string(i.ID)+".") }) {
			t.Errorf("%s has no words of its own", i.ID)
		}
		all = append(all, i.Catalogue)
	}
	words, err := i18n.Load(all...)
	if err != nil {
		t.Fatal(err)
	}
	for _, construct := range c.Platforms {
		p := construct(platforms.Env{})
		step := p.Plan(platforms.Publication{Draft: platforms.Draft{Text: "Match day"}}, nil)
		asked := append([]string{string(p.Info().ID) + ".step_" + step.Kind}, p.Info().AppGuide.Steps...)
		if p, ok := p.(platforms.PasswordSignIn); ok {
			for _, f := range p.SignInFields() {
				asked = append(asked, string(p.(platforms.Platform).Info().ID)+".signin_"+f.Key+"_label")
			}
		}
		for _, key := range asked {
			if _, shared, _ := strings.Cut(key, "."); !words.Has(key) && !words.Has(shared) {
				t.Errorf("%s: no message %q", p.Info().ID, key)
			}
		}
	}
}

// furnishedInTheDemo wants an account and a published post on each platform.
func furnishedInTheDemo(t *testing.T, c app.Catalogue) {
	t.Helper()
	a, err := e2ekit.OpenDemoWith(t.Context(), e2ekit.SettingsFor(filepath.Join(t.TempDir(), "data")), io.Discard, e2ekit.NewClock().Now,
		func(config *e2ekit.Config) { config.Catalogue = c })
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	s := store.Scope{ClubID: a.Demo.ClubID, PersonID: a.Demo.PersonID}
	accounts, err := a.DB().Connections(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range c.Describe() {
		n := 0
		for _, account := range accounts {
			if account.Account.Platform == i.ID {
				n++
			}
		}
		var published int
		err := a.DB().Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM deliveries d JOIN connections c ON c.id = d.connection_id
			WHERE c.platform = ? AND d.status = ?`, i.ID, club.Published).Scan(&published)
		if n != 1 || published == 0 || err != nil {
			t.Errorf("%s has %d accounts and %d published posts in the demo, %v", i.ID, n, published, err)
		}
	}
}

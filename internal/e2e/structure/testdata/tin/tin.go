// Package tin is a made-up platform, as small as the contract allows: it takes texts
// and pictures from accounts that are connected by typing a name.
package tin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/platforms"
)

// ID is the name of the platform.
const ID platforms.ID = "tin"

var (
	checkedOn = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	source    = platforms.Source{URL: "https://tin.example/limits", CheckedOn: checkedOn}
	words     = fstest.MapFS{"en.toml": {Data: []byte("[tin]\nstep_publish = \"Publishing\"\nsignin_name_label = \"Name\"\nsignin_name_hint = \"The name of your account.\"\n")}}
)

// Tin is the platform.
type Tin struct{ env platforms.Env }

// New builds it.
func New(env platforms.Env) platforms.Platform { return &Tin{env} }

// Info implements platforms.Platform.
func (*Tin) Info() platforms.Info {
	return platforms.Info{
		ID: ID, Name: "Tin", Short: "Ti", Mark: `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 4h16v16H4z"/></svg>`,
		Endpoints: []platforms.Endpoint{{Name: "api", Default: "https://api.tin.example", Sandbox: "/tin"}},
		Features:  []platforms.Feature{platforms.FeaturePost}, Certainty: platforms.CertainByKey,
		CSS: ".pv-tin { color: inherit; }", Catalogue: fs.FS(words), CheckedOn: checkedOn,
	}
}

// Rules implements platforms.Platform.
func (*Tin) Rules(platforms.Account) platforms.Rules {
	return platforms.OneFormat(platforms.FormatRules{
		Text: []platforms.TextRule{{Unit: "characters", Max: 280, Code: platforms.CodeTextTooLong, Source: source, Measure: utf8.RuneCountInString}},
		Media: platforms.MediaRules{Max: 4, MaxAlt: 500, Image: platforms.ImageRules{
			Types: []string{"image/jpeg"}, MaxBytes: 1_000_000, MaxWidth: 2000, MaxHeight: 2000, Source: source,
		}},
		Source: source,
	})
}

// Preview implements platforms.Platform.
func (*Tin) Preview(p platforms.Preview) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<p class="pv-tin">`+templ.EscapeString(p.Draft.Text)+"</p>")
		return err
	})
}

// SignInFields implements platforms.PasswordSignIn.
func (*Tin) SignInFields() []platforms.SignInField {
	return []platforms.SignInField{{Key: "name", Practice: "riverside"}}
}

// SignIn implements platforms.PasswordSignIn.
func (*Tin) SignIn(_ context.Context, typed map[string]string) (platforms.Account, error) {
	return account(typed["name"]), nil
}

func account(name string) platforms.Account {
	return platforms.Account{
		Platform: ID, RemoteID: name, Name: "Riverside FC", Granted: []platforms.Feature{platforms.FeaturePost},
		Tokens: platforms.Tokens{Access: platforms.NewSecret(name)},
	}
}

// Check implements platforms.Platform.
func (*Tin) Check(_ context.Context, s platforms.Session) (platforms.Account, error) {
	a := account(s.Account.RemoteID)
	a.Tokens = platforms.Tokens{}
	return a, nil
}

// Plan implements platforms.Publisher.
func (*Tin) Plan(platforms.Publication, []platforms.StepResult) platforms.Step {
	return platforms.Step{Kind: "publish", Irreversible: true}
}

// Perform implements platforms.Publisher.
func (t *Tin) Perform(ctx context.Context, s platforms.Session, p platforms.Publication, _ []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	form := url.Values{"account": {s.Account.RemoteID}, "key": {p.Key}, "text": {p.Text}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.env.Endpoints["api"]+"/posts?"+form.Encode(), nil)
	if err != nil {
		return platforms.StepResult{}, err
	}
	resp, err := t.env.HTTP.Do(req)
	if err != nil {
		return platforms.StepResult{}, &platforms.Error{Kind: platforms.Unknown, Platform: ID, Op: step.Kind, Err: err}
	}
	defer resp.Body.Close()
	var post platforms.SimPost
	if err := json.NewDecoder(resp.Body).Decode(&post); err != nil || post.ID == "" {
		return platforms.StepResult{}, &platforms.Error{Kind: platforms.Unknown, Platform: ID, Op: step.Kind, Err: errors.Join(err, errors.New("no post"))}
	}
	return platforms.StepResult{
		Kind: step.Kind, State: platforms.StepDone, RemoteID: post.ID, RemoteURL: "https://tin.example/" + post.ID, PublishedAt: post.Time,
	}, nil
}

// Settle implements platforms.Publisher.
func (*Tin) Settle(context.Context, platforms.Session, platforms.Publication, []platforms.StepResult, time.Time) (platforms.Evidence, error) {
	return platforms.Evidence{Verdict: platforms.SeenNotPublic}, nil
}

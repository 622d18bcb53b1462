package facebook

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// portfolio is a line of the file: the answers to calls, as they were met.
type portfolio struct {
	List  json.RawMessage `json:"GET me/accounts"`
	Debug json.RawMessage `json:"debug_token"`
	Page  json.RawMessage `json:"GET 1001"`
}

// readPortfolios reads testdata/meta-page-only-in-a-business-portfolio.jsonl.
func readPortfolios(t *testing.T) (all []portfolio) {
	t.Helper()
	text, err := os.ReadFile("testdata/meta-page-only-in-a-business-portfolio.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var one portfolio
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		t.Fatal("the file holds no case")
	}
	return all
}

// The list of Pages leaves out those that a person holds through a business
// portfolio. Her permissions name them.
func TestPageOnlyInABusinessPortfolioCanBeChosen(t *testing.T) {
	t.Parallel()
	for _, answers := range readPortfolios(t) {
		asked := map[string]int{}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			call := path.Base(r.URL.Path)
			asked[call]++
			w.Header().Set("Content-Type", "application/json")
			switch call {
			case "accounts":
				_, _ = w.Write(answers.List)
			case "debug_token":
				_, _ = w.Write([]byte(`{"data":{"is_valid":true,"app_id":"1","user_id":"2",` + strings.TrimPrefix(string(answers.Debug), "{") + `}`))
			case "1001":
				_, _ = w.Write(answers.Page)
			default:
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"error":{"code":100,"error_subcode":33,"message":"Unsupported get request."}}`))
			}
		}))
		t.Cleanup(server.Close)
		p := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}, Now: time.Now})
		app := platforms.App{"client_id": platforms.NewSecret("1"), "client_secret": platforms.NewSecret("app-secret")}
		got, err := p.(platforms.OAuthSignIn).Accounts(t.Context(), app, platforms.Grant{Tokens: platforms.Tokens{Access: platforms.NewSecret("person-token")}})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].RemoteID != "1001" || got[0].Name != "Riverside FC" || got[0].Unusable != "" || got[0].Tokens.Access.Reveal() != "PAGETOKEN" {
			t.Errorf("got %+v", got)
		}
		if asked["1001"] != 1 {
			t.Errorf("the Page was asked for %d times", asked["1001"])
		}
	}
}

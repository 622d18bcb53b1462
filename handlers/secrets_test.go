package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/canary"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// echoes are the ways in which a platform that is out of order gives back what
// it was sent: tokens, codes and app secrets.
var echoes = []string{"error", "page", "torn", "elsewhere", "header"}

// echoing serves the platforms, unless they are to echo.
func (st *stage) echoing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		way, _ := st.echo.Load().(string)
		if way == "" {
			next.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		sent := r.Header.Get("Authorization") + " " + r.URL.RawQuery + " " + string(body)
		switch way {
		case "error":
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]any{
				"error": map[string]any{"message": sent, "type": sent, "code": 100, "error_user_msg": sent, "fbtrace_id": sent}, "detail": sent, "message": sent,
			})
		case "page":
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, "<title>"+sent+"</title>")
		case "torn":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"id":"`+sent)
		case "elsewhere":
			http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery+"&"+strings.TrimSpace(string(body)), http.StatusTemporaryRedirect)
		case "header":
			w.Header().Set("Www-Authenticate", strings.Map(func(c rune) rune { return max(c, ' ') }, sent))
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
}

// pass takes note of the code and state with which somebody comes back.
func (st *stage) pass(back string) {
	for _, name := range []string{"code", "state"} {
		if v := parse(st.t, back).Query().Get(name); len(v) >= 8 {
			st.passing = append(st.passing, v)
		}
	}
}

// nothingSecretGotOut is T-SECRET: whatever a test did, no credential stands in a
// page, a header, the log or the bytes of the database, in any form. Codes and
// states may stand in addresses, and so in answers that lead to a platform.
func (st *stage) nothingSecretGotOut() {
	ctx := context.WithoutCancel(st.t.Context())
	places := map[string][]byte{"the log": []byte(st.log.String()), "an answer": []byte(st.answers.String()), "the database": st.databaseBytes(ctx)}
	search := func(secret, what string, where ...string) {
		for _, place := range where {
			if ways := canary.Find(places[place], secret); len(ways) > 0 {
				st.t.Errorf("%s holds %s as %v", place, what, ways)
			}
		}
	}
	for _, s := range st.canaries {
		search(s, s, "the log", "an answer")
		if !slices.Contains(st.hashes, s) {
			search(s, s, "the database")
		}
	}
	for i, s := range st.tokens(ctx) {
		search(s, fmt.Sprintf("token %d", i), "the log", "an answer", "the database")
	}
	for i, s := range st.passing {
		search(s, fmt.Sprintf("code or state %d", i), "the log", "the database")
	}
	for _, s := range []string{"code=", "state=", "access_token"} {
		search(s, s, "the log")
	}
}

// tokens are those of every account, opened.
func (st *stage) tokens(ctx context.Context) []string {
	var out []string
	for _, practice := range []bool{false, true} {
		all, err := st.db.ConnectedAccounts(ctx, st.scope(club.Admin), practice)
		if err != nil {
			continue // a test may have spoiled the database
		}
		for _, c := range all {
			tokens, err := st.db.SignInTokens(ctx, c.ID)
			if err != nil {
				continue
			}
			for _, s := range []platforms.Secret{tokens.Access, tokens.Refresh} {
				if !s.IsZero() {
					out = append(out, s.Reveal())
				}
			}
		}
	}
	return out
}

// databaseBytes are those of the database as it lies on the disk.
func (st *stage) databaseBytes(ctx context.Context) []byte {
	var file string
	if err := st.db.Reader().QueryRowContext(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file); err != nil {
		return nil
	}
	var all []byte
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if b, err := os.ReadFile(file + suffix); err == nil {
			all = append(all, b...)
		}
	}
	return all
}

// TestPlatformsThatEchoSecrets: what a platform gives back of what it was sent is
// neither shown nor kept, whatever was asked of it.
func TestPlatformsThatEchoSecrets(t *testing.T) {
	t.Parallel()
	for _, way := range echoes {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			st.goLive()
			for slot, platform := range map[string]platforms.ID{"meta": "facebook", "x": "x"} {
				st.setUp(slot)
				st.connect(club.Admin, string(platform))
				if len(st.databaseBytes(t.Context())) == 0 || len(st.tokens(t.Context())) == 0 || len(st.passing) == 0 {
					t.Fatal("there is nothing to look for, or nowhere to look")
				}
				account := pathOf(st.only(false, platform))
				b := st.as(club.Admin)
				back := st.follow(b, st.leave(b, "/accounts/connect/"+string(platform), nil), "allow")
				st.pass(back)
				st.echo.Store(way)
				for _, path := range []string{back, back, account} {
					b.get(path)
				}
				b.post(account+"/check", nil)
				for _, path := range []string{account, "/accounts", "/notices", "/settings/platforms/" + slot, "/settings/status"} {
					b.get(path)
				}
				b.post(account+"/disconnect", nil)
				b.get(account)
				st.echo.Store("")
			}
		})
	}
}

package password

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/bandstand-app/bandstand/internal/club"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, password, want string }{
		{"three words", "goal river lamp", ""},
		{"exactly the least", "krb7-mopt-2x", ""},
		{"umlauts count once", "öäüöäüß-qwxz", ""},
		{"one too few", "krb7-mopt-2", "password_short"},
		{"bytes are not characters", "ööööööööööö", "password_short"},
		{"empty", "", "password_short"},
		{"longest", strings.Repeat("krb7 ", 25) + "abc", ""},
		{"too long", strings.Repeat("krb7 ", 26), "password_long"},
		{"common", "passwordpassword", "password_common"},
		{"common in capitals", "PasswordPassword", "password_common"},
		{"common with digits", "Password-1234!", "password_common"},
		{"one letter", "aaaaaaaaaaaaaa", "password_common"},
		{"digits in order", "123456789012", "password_common"},
		{"digits backwards", "098765432109", "password_common"},
		{"alphabet", "abcdefghijklmn", "password_common"},
		{"keyboard row", "qwertzuiopasdf", "password_common"},
		{"own address", "Maeve@Example.org", "password_name"},
		{"own name", "maeve-brass-4711", "password_name"},
		{"a word of the club", "blue RIVERSIDE lamps", "password_name"},
		{"the club, written together", "brass.Riverside-FC.lamps", "password_name"},
		{"the club, with an accent", "brass Ríverside lamps", "password_name"},
		{"a short word of the club", "fc brass lamps two", ""},
		{"a common one and a year", "chocolate-1987", "password_common"},
		{"a season", "Summer2026!!", "password_common"},
		{"a team and marks", "Liverpool2024!", "password_common"},
		{"digits for letters", "p@ssw0rd1234", "password_common"},
		{"two common ones", "dragonmonkey12", "password_common"},
		{"one block again and again", "xkq9xkq9xkq9", "password_common"},
		{"a person of the news", "MichaelJackson", "password_common"},
		{"one long word", "Unbelievable", "password_common"},
		{"one long German word", "Weihnachtsbaum", "password_common"},
		{"three rare words written together", "goalriverlamp", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := Check("password", tt.password, "Maeve", "maeve@example.org", "Riverside FC")
			e, _ := errors.AsType[*club.Error](err)
			got := ""
			if e != nil {
				got = e.Key
			}
			if got != tt.want {
				t.Errorf("Check(%q) = %q, want %q", tt.password, got, tt.want)
			}
		})
	}
}

// TestTenThousandLongPasswordsAreRefused: every one of the list, and it is that
// long.
func TestTenThousandLongPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	long := 0
	for word := range strings.Lines(commonList) {
		word = strings.TrimSuffix(word, "\n")
		if utf8.RuneCountInString(word) < Min {
			continue
		}
		long++
		typed := []string{word, strings.ToUpper(word)}
		if long%100 == 0 {
			typed = append(typed, word+"1", word+"!", word+"2026")
		}
		for _, w := range typed {
			if err := Check("password", w); err == nil {
				t.Errorf("%q is taken", w)
			}
		}
	}
	if long < 10_000 {
		t.Errorf("%d passwords of %d characters or more, want 10,000", long, Min)
	}
}

func TestHashMatchesOnlyItsPassword(t *testing.T) {
	t.Parallel()
	h := newHasher(t)
	hash, err := h.Hash(t.Context(), "goal river lámp")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=3,p=1$") {
		t.Errorf("hash begins %q, want the parameters of the design", hash[:32])
	}
	for password, want := range map[string]bool{
		"goal river lámp":        true,
		"goal river la\u0301mp":  true, // the same, as another keyboard writes it
		"goal river lamp":        false,
		"":                       false,
		strings.Repeat("x", 4e3): false,
	} {
		ok, old, err := h.Matches(t.Context(), password, hash)
		if err != nil || ok != want || old {
			t.Errorf("Matches(%.20q) = %v, old %v, %v; want %v", password, ok, old, err, want)
		}
	}
}

func TestNobodyNeverMatches(t *testing.T) {
	t.Parallel()
	h := newHasher(t)
	for _, password := range []string{"", "nobody has this password", "goal river lamp"} {
		// Not old: it costs what a hash of somebody costs.
		if ok, old, err := h.Matches(t.Context(), password, ""); ok || old || err != nil {
			t.Errorf("Matches(%q, nobody) = %v, old %v, %v; want false", password, ok, old, err)
		}
	}
}

func TestOldCostsAskForAnotherHash(t *testing.T) {
	t.Parallel()
	cheap := cost
	cheap.Iterations = 1
	hash, err := argon2id.CreateHash("goal river lamp", &cheap)
	if err != nil {
		t.Fatal(err)
	}
	ok, old, err := newHasher(t).Matches(t.Context(), "goal river lamp", hash)
	if err != nil || !ok || !old {
		t.Errorf("Matches = %v, old %v, %v; want true, old true", ok, old, err)
	}
}

func TestTooManyAtOnceAreTurnedAway(t *testing.T) {
	t.Parallel()
	h := newHasher(t)
	var leaves []func()
	for range atOnce {
		leave, err := h.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var queue sync.WaitGroup
	for range waiting {
		queue.Go(func() {
			if _, err := h.enter(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("a waiting one got %v, want to be cancelled", err)
			}
		})
	}
	for len(h.inside) < atOnce+waiting {
		select {
		case <-t.Context().Done():
			t.Fatal("the queue never filled")
		default:
		}
	}
	if _, err := h.Hash(t.Context(), "goal river lamp"); club.CodeOf(err) != club.TooMany {
		t.Errorf("one more got %v, want %s", err, club.TooMany)
	}
	cancel()
	queue.Wait()
	for _, leave := range leaves {
		leave()
	}
	if _, err := h.Hash(t.Context(), "goal river lamp"); err != nil {
		t.Errorf("after the rush: %v", err)
	}
}

func newHasher(t *testing.T) *Hasher {
	t.Helper()
	h := New()
	return h
}

package password

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Cost of one hash: OWASP's memory with one more pass.
// It travels in the hash, so changing it here makes old ones be made anew at
// the next sign-in.
var cost = argon2id.Params{Memory: 19_456, Iterations: 3, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// argonVersion is 1.3 of the algorithm, the one of RFC 9106.
const argonVersion = 0x13

// At most two hashes are made at once, and twenty wait: ten times the memory of
// one hash would be too much for a small machine.
const (
	atOnce  = 2
	waiting = 20
	// wait is what somebody is told who finds no place in the queue: it is empty
	// long before, on a slow machine too.
	wait = 10 * time.Second
)

// Hasher hashes and checks. The zero value is not ready: use New.
type Hasher struct {
	running chan struct{}
	inside  chan struct{} // running and waiting
	nobody  string        // hash to compare with when there is no such person
}

// New makes a Hasher; one serves the whole program.
func New() *Hasher {
	return &Hasher{running: make(chan struct{}, atOnce), inside: make(chan struct{}, atOnce+waiting), nobody: unmatched()}
}

// unmatched has the form of a hash, but was made of no password: making a real
// one would take as long as a sign-in at every start of the program.
func unmatched() string {
	random := func(n uint32) string {
		b := make([]byte, n)
		_, _ = rand.Read(b) // never fails (crypto/rand)
		return base64.RawStdEncoding.EncodeToString(b)
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argonVersion,
		cost.Memory, cost.Iterations, cost.Parallelism, random(cost.SaltLength), random(cost.KeyLength))
}

// Hash makes the stored form of a password that Check accepted. It answers
// club.TooMany when too many wait already.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := argon2id.CreateHash(normal(password), &cost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Matches compares a password with its stored form. An empty hash, for a person
// who does not exist, takes as long and never matches. old says that the hash
// was made with other costs and should be made again.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (ok, old bool, err error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	known := hash != ""
	if !known {
		hash = h.nobody
	}
	if len(password) > maxBytes {
		password = password[:maxBytes] // longer ones were never accepted
		known = false
	}
	ok, params, err := argon2id.CheckHash(normal(password), hash)
	if err != nil {
		return false, false, fmt.Errorf("check password: %w", err)
	}
	return ok && known, *params != cost, nil
}

// enter waits for a turn. The caller calls leave.
func (h *Hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.inside <- struct{}{}:
	default:
		return nil, &club.Error{Code: club.TooMany, Key: "too_busy", Wait: wait}
	}
	select {
	case h.running <- struct{}{}:
	case <-ctx.Done():
		<-h.inside
		return nil, ctx.Err()
	}
	return func() {
		<-h.running
		<-h.inside
	}, nil
}

// normal makes equal what keyboards write in different ways.
func normal(password string) string { return norm.NFC.String(password) }

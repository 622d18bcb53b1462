package store

// Scope is for whom a store function acts: a club, and the person who asks.
// Whatever belongs to another club is club.ErrNotFound (rule W2).
type Scope struct{ ClubID, PersonID int64 }

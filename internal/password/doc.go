// Package password decides what a password must be, and hashes and checks
// passwords with argon2id without letting many at once eat the memory of a
// small machine. It stores nothing.
package password

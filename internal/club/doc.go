// Package club is the domain: roles, times, what a post says, and the states a
// delivery can be in. It is pure: no clock, no database, no network.
package club

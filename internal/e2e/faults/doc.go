// Package faults tests what becomes of posts where platforms misbehave, limit calls
// or fall silent.
package faults

// Package structure holds the code to its rules: who imports whom, where platforms
// are named, that words, migrations and papers are complete.
package structure

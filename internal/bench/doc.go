// Package bench measures the goals of PERFORMANCE.md against a floor: the
// least that a calendar has to do. `make bench` runs it. It prints a table and
// never fails for being slow, because machines are noisy.
package bench

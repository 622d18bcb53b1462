//go:build failpoints

package journal

// fullAt is how many bytes one file takes: so few that the crash harness sees
// files change.
const fullAt = 4 << 10

//go:build !failpoints

package journal

// fullAt is how many bytes one file takes.
const fullAt = 8 << 20

// Package pattern compiles regular expressions when they are first used. One
// with a counted repetition can take hundreds of kilobytes, and most of them
// nobody needs for days.
package pattern

import (
	"regexp"
	"sync"
)

// Lazy is regexp.MustCompile at the first call.
func Lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

package jobs

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// safely turns a panic into an error. The log gets its type and where it came
// from, never its value: that may hold a secret.
func safely(log *slog.Logger, do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			log.Error("panic", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic of type %T", v)
		}
	}()
	return do()
}

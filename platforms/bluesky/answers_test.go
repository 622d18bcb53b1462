package bluesky_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/platforms/bluesky"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

func FuzzAnswers(f *testing.F) { platformtest.FuzzAnswers(f, bluesky.New) }

func TestEchoes(t *testing.T) {
	t.Parallel()
	platformtest.TestEchoes(t, bluesky.New)
}

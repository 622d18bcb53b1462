package facebook_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/platforms/facebook"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

func FuzzAnswers(f *testing.F) { platformtest.FuzzAnswers(f, facebook.New) }

func TestEchoes(t *testing.T) {
	t.Parallel()
	platformtest.TestEchoes(t, facebook.New)
}

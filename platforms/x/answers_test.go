package x_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/platforms/platformtest"
	"github.com/bandstand-app/bandstand/platforms/x"
)

func FuzzAnswers(f *testing.F) { platformtest.FuzzAnswers(f, x.New) }

func TestEchoes(t *testing.T) {
	t.Parallel()
	platformtest.TestEchoes(t, x.New)
}

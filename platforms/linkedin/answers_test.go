package linkedin_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/platforms/linkedin"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

func FuzzAnswers(f *testing.F) { platformtest.FuzzAnswers(f, linkedin.New) }

func TestEchoes(t *testing.T) {
	t.Parallel()
	platformtest.TestEchoes(t, linkedin.New)
}

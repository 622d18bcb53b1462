package instagram_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/platforms/instagram"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

func FuzzAnswers(f *testing.F) { platformtest.FuzzAnswers(f, instagram.New) }

func TestEchoes(t *testing.T) {
	t.Parallel()
	platformtest.TestEchoes(t, instagram.New)
}

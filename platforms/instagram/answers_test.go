package instagram_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/platforms/instagram"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

func FuzzAnswers(f *testing.F) { platformtest.FuzzAnswers(f, instagram.New) }

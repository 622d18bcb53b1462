package club_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

func TestRefusedCheckNeverMakesAConnectionUsable(t *testing.T) {
	t.Parallel()
	codes := []string{"", platforms.CodeUnknownRefusal, platforms.CodeRestricted, platforms.CodeAccountGone, platforms.CodeSpam, platforms.CodePlatformAppInvalid}
	for _, was := range []club.Health{club.NeedsReconnect, club.Paused, club.Disconnected} {
		for _, code := range codes {
			if health, ok := club.AfterRefusal(was, code); ok || health != was {
				t.Errorf("%s after the refusal %q: %s, %v; want no change", was, code, health, ok)
			}
		}
	}
	for _, was := range []club.Health{club.Working, club.WorksWithGaps} {
		if health, ok := club.AfterRefusal(was, platforms.CodeRestricted); !ok || health != club.WorksWithGaps {
			t.Errorf("%s and restricted: %s, %v; want %s", was, health, ok, club.WorksWithGaps)
		}
		if health, ok := club.AfterRefusal(was, platforms.CodeUnknownRefusal); ok || health != was {
			t.Errorf("%s after a refusal that says nothing of the account: %s, %v; want no change", was, health, ok)
		}
	}
}

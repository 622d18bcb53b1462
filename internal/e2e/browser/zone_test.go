//go:build browser

package browser

import (
	"context"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func TestBrowserProposesZoneUnderItsPresentName(t *testing.T) {
	app, greeting := startApp(t, e2ekit.Settings{}, e2ekit.NewClock())
	for says, want := range map[string]string{
		"Asia/Calcutta": "Asia/Kolkata", "Europe/Kiev": "Europe/Kyiv", "America/Buenos_Aires": "America/Argentina/Buenos_Aires", "Europe/Berlin": "Europe/Berlin",
	} {
		b := newTab(t, app.Base().String(), phone)
		b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: says})
			return err
		}))
		b.open(setupPath(t, greeting))
		b.until(`document.querySelector("#zone").value === ` + quoted(want))
	}
}

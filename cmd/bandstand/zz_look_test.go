//go:build browser

package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"os"
	"strings"
)

func TestBrowserLook(t *testing.T) {
	app, err := openDemo(t.Context(), Settings{DataSettings: DataSettings{Data: filepath.Join(t.TempDir(), "data")}, Listen: "127.0.0.1:0"}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	defer func() { stop(); <-ended; app.Close() }()
	for _, v := range []view{phone, desktop} {
		b := newTab(t, app.means.base.String(), v)
		b.expected = []string{"404", "422", "500"}
		b.open("/demo/" + app.demo.Token)
		b.load(func() { b.click("Open Riverside FC") })
		for _, p := range strings.Fields(os.Getenv("LOOK")) {
			b.open(p)
			b.shot("look" + strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-").Replace(p))
		}
	}
}

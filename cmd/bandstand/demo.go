package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/bandstand-app/bandstand/cmd/bandstand/settings"
	"github.com/bandstand-app/bandstand/internal/demo"
)

// demoCmd is Bandstand as it looks after two months of use, with make-believe
// accounts, in a directory that is removed at the end.
type demoCmd struct {
	Listen string `help:"Address to listen on." default:"127.0.0.1:8080"`
}

// Run furnishes a club, serves it and cleans up.
func (c *demoCmd) Run(ctx context.Context, out io.Writer) error {
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && !settings.ThisComputer(host) {
		return fmt.Errorf("--listen: the demo is for this computer alone, because its passwords stand on the console and travel unencrypted. "+
			"Listen on an address like 127.0.0.1:8080 instead of %q", c.Listen)
	}
	dir, err := os.MkdirTemp("", "bandstand-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	config, err := configure(&settings.Serve{Directory: settings.Directory{Data: dir}, Listen: c.Listen}, out)
	if err != nil {
		return err
	}
	a, err := demo.Open(ctx, config, wallClock)
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx), a.Close())
}

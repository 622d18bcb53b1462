package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/bandstand-app/bandstand/cmd/bandstand/catalogue"
	"github.com/bandstand-app/bandstand/cmd/bandstand/settings"
	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/internal/safehttp"
	"github.com/bandstand-app/bandstand/internal/sandbox"
	"github.com/bandstand-app/bandstand/platforms"
)

type sandboxCmd struct {
	Listen        string   `help:"Address to listen on." default:"127.0.0.1:9090" env:"BANDSTAND_SANDBOX_LISTEN"`
	Data          string   `help:"Directory in which to keep the posts over a restart. Default: they are forgotten." type:"path" env:"BANDSTAND_SANDBOX_DATA"`
	BaseURL       string   `name:"base-url" help:"Address at which browsers reach the sandbox. Default: http:// and the listen address." env:"BANDSTAND_SANDBOX_BASE_URL"`
	AllowNetworks []string `help:"Networks that are not public from which pictures may be fetched." default:"127.0.0.0/8,::1/128" env:"BANDSTAND_SANDBOX_ALLOW_NETWORKS"`
}

// Run serves the make-believe platforms until the process is told to stop.
func (c *sandboxCmd) Run(ctx context.Context, out io.Writer) error {
	networks, err := safehttp.ParseExceptions(c.AllowNetworks)
	if err != nil {
		return fmt.Errorf("--allow-networks: %w", err)
	}
	listener, err := app.Listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	if c.BaseURL == "" {
		c.BaseURL = "http://" + listener.Addr().String()
	}
	base, err := settings.ParseAddress(c.BaseURL)
	if err != nil {
		return fmt.Errorf("--base-url: %q is not an address like http://127.0.0.1:9090", c.BaseURL)
	}
	log, all := newLog(os.Stderr), catalogue.New(version)
	fetch := safehttp.Platform(safehttp.Settings{UserAgent: all.UserAgent(), Exceptions: networks})
	world, err := practice.Open(c.Data, all.Simulate(platforms.SimEnv{Now: wallClock, Fetch: fetch, BaseURL: base.String()}), log)
	if err != nil {
		return err
	}
	if err := greetSandbox(out, base.String(), all.Describe()); err != nil {
		return err
	}
	server := &http.Server{
		Handler: sandbox.New(world, all.Describe()), ReadHeaderTimeout: app.UsualTimeouts().Header, IdleTimeout: app.UsualTimeouts().Idle,
		MaxHeaderBytes: app.HeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	saved := make(chan error, 1)
	go func() { saved <- world.Run(ctx) }()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), app.StopTimeout)
	defer cancel()
	return errors.Join(server.Shutdown(stop), <-saved)
}

// greetSandbox prints what points an app to the sandbox.
func greetSandbox(out io.Writer, base string, infos []platforms.Info) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Make-believe platforms run at %s\nThese variables point an app to them:\n\n", base)
	fmt.Fprintf(&b, "export BANDSTAND_ALLOW_NETWORKS=127.0.0.0/8,::1/128\n")
	at := app.Sandboxed(base, infos)
	ours := settings.NewPlatforms(infos)
	for _, one := range ours.Flags() {
		switch {
		case one.Endpoint != nil:
			fmt.Fprintf(&b, "export %s=%s\n", one.Variable(), at[one.Platform][one.Endpoint.Name])
		case !one.File && !one.Version: // the usual version is right
			fmt.Fprintf(&b, "export %s=sandbox-%s\n", one.Variable(), one.Field.Key)
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(out, b.String())
	return err
}

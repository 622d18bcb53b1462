// Command bandstand is the whole program: the app, its make-believe platforms
// and the commands to look after it. Everything is wired together here by hand.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "dev"

// cli is every command and setting. Each flag can also be given as a variable:
// --listen as BANDSTAND_LISTEN.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run Bandstand."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

type versionCmd struct{}

func (versionCmd) Run() error {
	fmt.Println("bandstand", version)
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bandstand: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("bandstand"),
		kong.Description("Plan, preview and publish the posts of a small club."),
		kong.DefaultEnvars("BANDSTAND"),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	if err != nil {
		if pe, ok := errors.AsType[*kong.ParseError](err); ok {
			return fmt.Errorf("%w (see bandstand --help)", pe)
		}
		return err
	}
	return k.Run()
}

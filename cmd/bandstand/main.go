// Command bandstand is the whole program: the app, its make-believe platforms
// and the commands to look after it. Everything is wired together here by hand.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/bandstand-app/bandstand/cmd/bandstand/catalogue"
	"github.com/bandstand-app/bandstand/cmd/bandstand/settings"
)

// version is set by the linker.
var version = "dev"

// cli is every command and setting. Each flag can also be given as a variable:
// --listen as BANDSTAND_LISTEN.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run Bandstand."`
	Demo    demoCmd    `cmd:"" help:"Try Bandstand with a furnished club and make-believe accounts."`
	Sandbox sandboxCmd `cmd:"" help:"Run the make-believe platforms alone, for tests and for people who write platform clients."`
	Member  memberCmd  `cmd:"" help:"Look after people from the console."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

type versionCmd struct{}

// Run prints it.
func (versionCmd) Run(out io.Writer) error {
	_, err := fmt.Fprintln(out, "bandstand", version)
	return err
}

// memoryLimit is how much memory Go's part of the program aims at, in bytes. A
// large picture takes up to 190 MB while it is decoded; without a limit the next
// one would be decoded beside what is left of it. SQLite and the program itself
// come on top: with pictures Bandstand stays below 300 MB (T-SOAK).
const memoryLimit = 220 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals) // a second signal ends the process at once
		end()
	}()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bandstand: "+err.Error())
		os.Exit(1)
	}
}

// run is the program without its process: tests call it too.
func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	c := cli{}
	c.Serve.Platforms = settings.NewPlatforms(catalogue.New(version).Describe())
	parser, err := kong.New(&c,
		kong.Name("bandstand"),
		kong.Description("Plan, preview and publish the posts of a small club."),
		kong.DefaultEnvars("BANDSTAND"),
		settings.Groups,
		kong.UsageOnError(),
		kong.Writers(out, out),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(in, (*io.Reader)(nil)),
		kong.BindTo(out, (*io.Writer)(nil)),
	)
	if err != nil {
		return err
	}
	k, err := parser.Parse(helpArgs(args))
	if err != nil {
		if pe, ok := errors.AsType[*kong.ParseError](err); ok {
			return fmt.Errorf("%w (see bandstand --help)", pe)
		}
		return err
	}
	return k.Run()
}

// helpArgs turns "help serve", which people try first, into "serve --help".
func helpArgs(args []string) []string {
	if len(args) > 0 && args[0] == "help" {
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

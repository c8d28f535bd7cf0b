// Command exodrive is the whole program: the site, its API, and what the
// operator does at the command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/app"
)

// version is set by the build.
var version = "dev"

// commands is the table of contents of the command line. The settings stand
// before every command, as flags or environment variables.
type commands struct {
	app.Settings `group:"settings"`

	Serve   serveCmd   `cmd:"" help:"Serve the site. Migrates an empty or embedded database first."`
	Migrate migrateCmd `cmd:"" help:"Bring the database's schema to this release's version."`
	Seed    seedCmd    `cmd:"" help:"Fill an empty database with a generated fleet, always the same for one seed and day."`
	Admin   struct {
		Create adminCreateCmd `cmd:"" help:"Add an administrator."`
		Token  adminTokenCmd  `cmd:"" help:"Make an API token for an administrator; it is shown once."`
		Tokens adminTokensCmd `cmd:"" help:"List all API tokens, without their secrets."`
		Revoke adminRevokeCmd `cmd:"" help:"End an API token, on all nodes at once."`
	} `cmd:"" help:"Administrators and their API tokens."`
	Cache struct {
		Warm  cacheWarmCmd  `cmd:"" help:"Load what is asked first into the cache of the running server; without a flag all of it."`
		Clear cacheClearCmd `cmd:"" help:"Make cached answers worthless on all nodes. Nobody has to, but after changes past the database's triggers."`
		Stats cacheStatsCmd `cmd:"" help:"How the cache of the running server does."`
	} `cmd:"" help:"The cache of the running server, at EXO_BASE_URL with EXO_ADMIN_TOKEN."`
	Stress struct {
		Overlap stressOverlapCmd `cmd:"" help:"Let many renters fight over a few cars, in a database that is thrown away, and check that no two got the same day."`
	} `cmd:"" help:"Try to break what the house promises."`
	Doctor  doctorCmd        `cmd:"" help:"Tell what is wrong and what to do: asks the server at EXO_BASE_URL with EXO_ADMIN_TOKEN, or looks at the stores."`
	OpenAPI openapiCmd       `cmd:"" name:"openapi" help:"Print the OpenAPI document of the API."`
	Backup  backupCmd        `cmd:"" help:"Write the database into a new file, while it is in use."`
	Restore restoreCmd       `cmd:"" help:"Replace the database by a backup; stop the servers first."`
	Version kong.VersionFlag `help:"Print the version."`
}

// environment is what a command gets besides its own flags.
type environment struct {
	ctx      context.Context //nolint:containedctx // kong hands a command one value, which lives as long as the command
	settings app.Settings
	out      io.Writer // results
	progress io.Writer // how it goes; a terminal or a log
}

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitKilled = 128 // and the number of the signal, as shells say it
)

func main() {
	os.Exit(run(untilSignal(), os.Args[1:], os.Stdout, os.Stderr))
}

// untilSignal is the life of the program: a first signal ends it, in order; a second
// one at once. Both are taken from one channel, so that none is lost between them.
func untilSignal() context.Context {
	ctx, end := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		end()
		again, _ := (<-signals).(syscall.Signal)
		os.Exit(exitKilled + int(again))
	}()
	return ctx
}

// run is the program with its parts passed in; it returns the exit code.
func run(ctx context.Context, args []string, out, progress io.Writer) int {
	var c commands
	usage := len(args) == 0
	if usage {
		args, out = []string{"--help"}, progress
	}
	exited := -1
	parser, err := kong.New(&c, kong.Name("exodrive"), kong.Writers(out, progress),
		kong.Description("A rental platform for exotic cars in one program."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.ExplicitGroups([]kong.Group{{Key: "settings", Title: "Settings, as flags or environment variables:"}}),
		kong.TypeMapper(reflect.TypeFor[app.Switch](), switchMapper{}),
		kong.Exit(func(code int) { exited = code; panic(exit{}) }), kong.Vars{"version": version, "scopes": scopeNames()})
	if err != nil {
		panic(err)
	}
	command, err := parse(parser, args)
	if usage {
		return exitUsage
	}
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(progress, "exodrive: %s\nRun exodrive --help for how to use it.\n", usageText(err))
		return exitUsage
	}
	if err := command.Run(&environment{ctx, c.Settings, out, progress}); err != nil {
		fmt.Fprintln(progress, "exodrive: "+strings.ReplaceAll(failureText(ctx, err), "\n", "\nexodrive: "))
		return exitFailed
	}
	return exitDone
}

// failureText is what the operator reads: a line for each fault.
func failureText(ctx context.Context, err error) string {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return "stopped by a signal; what was not finished was undone."
	}
	if _, ok := errors.AsType[*exodrive.Error](err); ok {
		return app.Reason(err)
	}
	return err.Error()
}

// usageText is a parser's error, where it passes on one of ours with our sentence
// alone.
func usageText(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*exodrive.Error](err); ok {
		text = strings.Replace(text, e.Error(), e.Message, 1)
	}
	return text
}

// switchMapper reads an app.Switch: a flag without a value, or any text for
// Config to judge.
type switchMapper struct{}

func (switchMapper) IsBool() bool { return true }

func (switchMapper) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	text := "true"
	if ctx.Scan.Peek().Type == kong.FlagValueToken {
		text = fmt.Sprint(ctx.Scan.Pop().Value)
	}
	target.SetString(text)
	return nil
}

// exit is how kong's own ends, of --help and --version, leave the parser.
type exit struct{}

func parse(parser *kong.Kong, args []string) (command *kong.Context, err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(exit); !ok {
				panic(r)
			}
		}
	}()
	return parser.Parse(args)
}

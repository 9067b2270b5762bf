package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
)

// Groups of commands in the help.
const (
	groupBuild = "build"
	groupTags  = "tags"
	groupTrust = "trust"
	groupAdmin = "admin"
)

// New makes the program's command with all that a client can do. Others add
// theirs, such as those that run a hub, to what it returns.
func New(env Env) *cobra.Command {
	env.fill()
	a := &app{Env: env, data: env.Data}
	root := &cobra.Command{
		Use:   "kura",
		Short: "Build, keep, sign and publish packages",
		Long: "kura builds packages from their sources in clean roots, keeps every result with\n" +
			"its history, and makes signed repositories of them.\n\n" +
			"Which hub a command speaks to is said by a profile: --profile, or KURA_PROFILE,\n" +
			"or local-admin, kura or koji, whichever there is first. Profiles stand in\n" +
			"/etc/koji.conf, DATA/client/koji.conf, ~/.koji/config and ~/.config/kura/*.conf.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       kura.Version,
	}
	f := root.PersistentFlags()
	f.StringVarP(&a.profile, "profile", "p", "", "the hub to speak to, by its name in the configuration")
	f.StringVarP(&a.config, "config", "c", "", "read profiles from this file in the place of the user's own")
	f.StringVar(&a.data, "data", env.Data, "data directory of a kura on this machine, for its profiles")
	f.BoolVar(&a.json, "json", false, "print what the hub answered, as JSON")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say only what was asked for")
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w: see \"%s --help\"", err, cmd.CommandPath())
	})
	root.SetHelpTemplate(helpTemplate())
	root.AddGroup(
		&cobra.Group{ID: groupBuild, Title: "Building:"},
		&cobra.Group{ID: groupTags, Title: "Tags and packages:"},
		&cobra.Group{ID: groupTrust, Title: "Repositories and keys:"},
		&cobra.Group{ID: groupAdmin, Title: "People and hosts:"},
	)
	add := func(id string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = id
			root.AddCommand(c)
		}
	}
	add(groupBuild, newBuild(a), newChain(a), newWatch(a), newLogs(a), newTasks(a), newTask(a), newCancel(a), newWhy(a),
		newBuilds(a), newShow(a), newRPM(a), newArchive(a), newPromote(a), newDownload(a), newImport(a), newUpload(a))
	add(groupTags, newTag(a), newSidetag(a), newTarget(a), newPackage(a), newGroup(a), newExternalRepo(a), newHistory(a), newSearch(a))
	add(groupTrust, newRegen(a), newRepo(a), newDistRepo(a), newCreaterepo(a), newMergerepo(a), newKey(a), newSign(a), newVolume(a))
	add(groupAdmin, newHost(a), newChannel(a), newUser(a), newToken(a), newNotification(a))
	root.AddCommand(newHello(a), newVersion(a), newCall(a))
	a.closing(root)
	return root
}

func helpTemplate() string {
	return `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{if or .Runnable .HasSubCommands}}{{.UsageString}}{{end}}
` + exitSection()
}

// Main runs a command line and gives the exit status. What went wrong is said
// in one sentence on errors.
func Main(ctx context.Context, root *cobra.Command, args []string, errors io.Writer) int {
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if text := sentence(err); text != "" {
		fmt.Fprintf(errors, "kura: %s\n", text)
	}
	return ExitStatus(err)
}

// sentence is what people read of an error; empty if they have read it all.
func sentence(err error) string {
	var f *failedTasks
	switch {
	case err == nil, errors.As(err, &f):
		return ""
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	text := strings.TrimSpace(err.Error())
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	text = strings.Join(lines, "\n")
	switch kura.KindOf(err) {
	case kura.Denied:
		text += " (`kura hello` tells who you are to the hub)"
	case kura.Unauthenticated:
		if !strings.Contains(text, "profile") && !strings.Contains(text, "token") {
			text += " (is the profile's certificate or password right?)"
		}
	}
	return text
}

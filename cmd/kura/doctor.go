package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/worker/rpm"
	"github.com/kura-build/kura/worker/sandbox"
)

// verdict is how a thing was found: well, to be known of, to be mended.
type verdict string

const (
	verdictOK   verdict = "ok"
	verdictWarn verdict = "warn"
	verdictFail verdict = "fail"
)

// finding is one line of what the doctor says.
type finding struct {
	Area   string  `json:"area"`
	Name   string  `json:"name"`
	State  verdict `json:"state"`
	Detail string  `json:"detail,omitempty"`
	Mend   string  `json:"mend,omitempty"` // how to get what is missing
}

// doctor looks at a machine and at what is configured for it.
type doctor struct {
	conf     *Config
	area     string
	findings []finding

	// replaced in tests
	host     func() sandbox.Report // what the kernel offers
	programs func() sandbox.Report
	look     func(program string) (string, error)
}

// Doctor says what this machine lacks to be what it is configured to be: a
// builder, a hub, or both. It changes nothing. It is false when something must
// be mended.
func Doctor(ctx context.Context, c *Config, w io.Writer, asJSON bool) bool {
	d := &doctor{conf: c, host: sandbox.Probe, programs: rpm.Probe, look: exec.LookPath}
	return d.run(ctx, w, asJSON)
}

func (d *doctor) run(ctx context.Context, w io.Writer, asJSON bool) bool {
	d.machine()
	if d.conf.Builder.Enabled {
		d.builder(ctx)
	}
	if d.hasHub() {
		d.hub(ctx)
	}
	well := true
	for _, f := range d.findings {
		well = well && f.State != verdictFail
	}
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(struct {
			OK       bool      `json:"ok"`
			Findings []finding `json:"findings"`
		}{well, d.findings}) // a writer that fails is not the machine's illness
		return well
	}
	d.print(w)
	return well
}

func (d *doctor) say(state verdict, name, detail, mend string) {
	if state == verdictOK {
		mend = ""
	}
	d.findings = append(d.findings, finding{d.area, name, state, detail, mend})
}

// hasHub tells whether a hub was set up here, or is configured to be: a host
// that only builds has neither database nor authority.
func (d *doctor) hasHub() bool {
	if !strings.HasPrefix(d.conf.Database.URL, "sqlite:") {
		return true
	}
	for _, f := range []string{filepath.Join(d.conf.Data, "pki", "ca.key"), strings.TrimPrefix(d.conf.Database.URL, "sqlite:")} {
		if _, err := os.Stat(f); err == nil {
			return true
		}
	}
	return false
}

func (d *doctor) print(w io.Writer) {
	area, count := "", map[verdict]int{}
	for _, f := range d.findings {
		if f.Area != area {
			if area != "" {
				fmt.Fprintln(w)
			}
			area = f.Area
			fmt.Fprintln(w, area)
		}
		count[f.State]++
		fmt.Fprintf(w, "  %-4s  %s", f.State, f.Name)
		if f.Detail != "" {
			fmt.Fprintf(w, ": %s", f.Detail)
		}
		fmt.Fprintln(w)
		if f.Mend != "" {
			fmt.Fprintf(w, "        → %s\n", f.Mend)
		}
	}
	if !d.hasHub() {
		fmt.Fprintf(w, "\nNo hub was set up in %s; kura init does that.\n", d.conf.Data)
	}
	switch {
	case count[verdictFail] > 0:
		fmt.Fprintf(w, "\n%d to mend, %d to know of.\n", count[verdictFail], count[verdictWarn])
	case count[verdictWarn] > 0:
		fmt.Fprintf(w, "\nNothing to mend, %d to know of.\n", count[verdictWarn])
	default:
		fmt.Fprintln(w, "\nAll is well.")
	}
}

// addDoctor adds the command.
func addDoctor(root *cobra.Command, load loader) {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Say what this machine lacks", GroupID: "server", Args: cobra.NoArgs,
		Long: "doctor looks at what builds need of this machine (kernel, programs, disk, memory,\n" +
			"clock), and at the hub's database, store, ports, certificates and signer. Each line is\n" +
			"ok, warn or fail, with the way to mend it. It changes nothing; its exit status is 1\n" +
			"when something must be mended.\n\nExample:\n  sudo kura doctor\n  kura doctor --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, _, err := load(cmd)
			if err != nil {
				return err
			}
			if !Doctor(cmd.Context(), c, cmd.OutOrStdout(), asJSON) {
				return errUnwell
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "say it as JSON")
	root.AddCommand(cmd)
}

var errUnwell = fmt.Errorf("something must be mended before kura works here")

package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
)

// Examined is what lablink doctor looks at.
type Examined struct {
	// Laptop is this computer, with the working copy in a folder.
	Laptop func(dir string) doctor.Laptop
	// Account is an account in a Region; "" is the one of the AWS configuration.
	Account func(ctx context.Context, region string) (doctor.Account, error)
	// Cloudflare are the zones that a token shows.
	Cloudflare func(token string) doctor.Zones
}

// DoctorCommand is `lablink doctor`.
type DoctorCommand struct {
	Stack      string        `short:"s" help:"Also look at the account, for this stack. Left out: the stack that pulumi has selected, if there is one."`
	ConfigFile string        `placeholder:"FILE" help:"The stack's settings, where that is not Pulumi.STACK.yaml."`
	Dir        string        `default:"." type:"path" help:"The folder that holds Pulumi.yaml (${default})."`
	Patience   time.Duration `default:"30s" help:"How long one check may take (${default})."`
}

// Run looks, and changes nothing.
func (c DoctorCommand) Run(ctx context.Context, g *Globals) error {
	d := &doctor.Doctor{Laptop: g.Examined.Laptop(c.Dir), Patience: c.Patience}
	found := c.read(ctx, g, d)
	region := ""
	if d.Stack != nil {
		region = d.Stack.Settings.Region
	}
	var err error
	if d.Account, err = g.Examined.Account(ctx, region); err != nil {
		return exit{err, exitUnknown}
	}
	return g.diagnose(append(found, d.Examine(ctx)...))
}

// statusWords are how people read what became of a check.
var statusWords = map[doctor.Status]string{doctor.OK: "ok", doctor.Wrong: "WRONG", doctor.Unknown: "unknown"}

// diagnose prints what was found, and ends as verify does.
func (g *Globals) diagnose(found []doctor.Finding) error {
	rows := [][]string{{"CHECK", "", "FOUND, AND THE FIX"}}
	counts := map[doctor.Status]int{}
	for _, f := range found {
		rows = append(rows, []string{f.Check, statusWords[f.Status], f.Found})
		if f.Fix != "" { // below, as both may be longer than a line
			rows = append(rows, []string{"", "fix", f.Fix})
		}
		counts[f.Status]++
	}
	worst := doctor.Worst(found)
	err := g.show(struct {
		Status   doctor.Status    `json:"status"`
		Findings []doctor.Finding `json:"findings"`
	}{worst, found}, rows)
	switch {
	case err != nil:
		return err
	case worst == doctor.Wrong:
		return exit{fmt.Errorf("%d of %d checks found something wrong", counts[doctor.Wrong], len(found)), exitWrong}
	case worst == doctor.Unknown:
		return exit{fmt.Errorf("%d of %d checks cannot be told", counts[doctor.Unknown], len(found)), exitUnknown}
	}
	return nil
}

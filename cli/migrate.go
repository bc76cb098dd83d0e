package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli/terraform"
)

// MigrateCommand is about coming from elsewhere.
type MigrateCommand struct {
	Terraform MigrateTerraformCommand `cmd:"" help:"Plan how a stack takes the place of a LabLink that Terraform or OpenTofu deployed. Changes nothing."`
}

// MigrateTerraformCommand is `lablink migrate terraform`.
type MigrateTerraformCommand struct {
	Stack  string `required:"" help:"The stack's name."`
	State  string `required:"" placeholder:"FILE" help:"The deployment's state, as tofu state pull prints it."`
	Backup string `placeholder:"FILE" type:"path" help:"A copy of that state, which the way back needs. It is looked at, and nothing is planned without it."`
	Config string `placeholder:"FILE" help:"The deployment's config.yaml, to carry settings over from."`
	Dir    string `default:"migration" type:"path" help:"The folder to write the import file, the report and a draft of the stack's settings to (${default})."`
}

// Run writes the plan.
func (c MigrateTerraformCommand) Run(g *Globals) error {
	state, err := c.backedUp()
	if err != nil {
		return err
	}
	var config terraform.Config
	if c.Config != "" {
		raw, err := os.ReadFile(c.Config)
		if err != nil {
			return fmt.Errorf("read the deployment's settings: %w", err)
		}
		if config, err = terraform.ReadConfig(c.Config, raw); err != nil {
			return err
		}
	}
	plan, err := terraform.Make(c.Stack, c.Backup, state, config)
	if err != nil {
		return err
	}
	return c.write(g, plan)
}

// backedUp reads the state, of which there must be a backup.
func (c MigrateTerraformCommand) backedUp() (*terraform.State, error) {
	if c.Backup == "" {
		return nil, api.Problemf(api.Invalid, "There is no backup", "Without a copy of the state there is no way back. Make one, keep another where this computer is not, and name it: cp %s backup.tfstate, then --backup backup.tfstate", c.State)
	}
	state, of, err := readState(c.State)
	if err != nil {
		return nil, err
	}
	backup, copied, err := readState(c.Backup)
	if err != nil {
		return nil, err
	}
	if os.SameFile(of, copied) {
		return nil, api.Problemf(api.Invalid, "The backup is the state itself", "%s and %s are one file, which is lost at once: copy it.", c.State, c.Backup)
	}
	return state, state.BackedUpBy(backup)
}

func readState(name string) (*terraform.State, os.FileInfo, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, fmt.Errorf("read the state: %w", err)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, fmt.Errorf("read the state: %w", err)
	}
	state, err := terraform.Read(name, raw)
	return state, info, err
}

// write writes the files of the plan, over those of an earlier one.
func (c MigrateTerraformCommand) write(g *Globals, plan *terraform.Plan) error {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return fmt.Errorf("make the folder for the plan: %w", err)
	}
	rows := [][]string{{"FILE", "WHAT"}}
	for _, f := range []struct {
		name, what string
		content    func() ([]byte, error)
	}{
		{"report.md", "what is kept, created anew and left for Terraform, and the way back: read it first", plan.Report},
		{"import.json", "what pulumi import takes over", plan.Import().JSON},
		{"Pulumi." + c.Stack + ".yaml", "a draft of the stack's settings", plan.StackFile},
	} {
		raw, err := f.content()
		if err != nil {
			return err
		}
		name := filepath.Join(c.Dir, f.name)
		if err := os.WriteFile(name, raw, 0o644); err != nil {
			return fmt.Errorf("write the plan: %w", err)
		}
		rows = append(rows, []string{name, f.what})
	}
	return g.show(plan.Import(), rows)
}

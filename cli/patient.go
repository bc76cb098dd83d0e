package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
	"github.com/talmolab/lablink-infrastructure/cli/stackfile"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// read tells the doctor which stack is meant, and says what it found of its file.
func (c DoctorCommand) read(ctx context.Context, g *Globals, d *doctor.Doctor) []doctor.Finding {
	ctx, cancel := context.WithTimeout(ctx, c.Patience)
	defer cancel()
	name := c.Stack
	if name == "" { // on a new computer none is selected, and there is no pulumi to ask
		selected, err := g.Engine.Output(ctx, "stack", "--show-name")
		if err != nil {
			return []doctor.Finding{noStack(err, d.Laptop.Find("pulumi") == "")}
		}
		name = strings.TrimSpace(string(selected))
	}
	path := cmp.Or(c.ConfigFile, filepath.Join(c.Dir, "Pulumi."+name+".yaml"))
	s, err := c.stack(name, path)
	if err != nil {
		return misread(err)
	}
	d.Stack = s
	if len(s.Settings.Subjects()) > 0 {
		s.Roles, s.RolesErr = g.roles(ctx, name)
	}
	if s.Settings.UsesZone() && s.Settings.DNS.Provider == settings.Cloudflare {
		d.Zones, s.TokenErr = g.cloudflare(ctx, name, path)
	}
	return []doctor.Finding{{Check: "settings", Status: doctor.OK, Found: filepath.Base(path) + " has no mistakes that can be seen without its account"}}
}

// noStack says why no stack is looked at. That none is selected is in order, and so is
// what a missing pulumi, which is found wrong itself, cannot say.
func noStack(err error, missing bool) doctor.Finding {
	f := doctor.Finding{Check: "stack", Status: doctor.OK, Found: fmt.Sprintf("none is looked at; lablink doctor --stack NAME looks at its account, too (%s)", err)}
	if !missing && !strings.Contains(err.Error(), "no stack selected") {
		f.Status, f.Found, f.Fix = doctor.Unknown, fmt.Sprintf("pulumi does not say which one is selected: %s", err), "name it: lablink doctor --stack NAME"
	}
	return f
}

// stack reads a stack's file.
func (c DoctorCommand) stack(name, path string) (*doctor.Stack, error) {
	file, err := stackfile.ReadAt(c.Dir, path)
	if err != nil {
		return nil, err
	}
	config, err := file.Config()
	if err != nil {
		return nil, err
	}
	s, err := settings.Load(name, config)
	if err != nil {
		return nil, err
	}
	out := &doctor.Stack{Name: name, Settings: s, Backend: cmp.Or(os.Getenv("PULUMI_BACKEND_URL"), file.Backend())}
	out.SecretsProvider, out.EncryptedKey = file.Secrets()
	return out, nil
}

// misread are the findings of a file that is wrong, or not there.
func misread(err error) []doctor.Finding {
	var problems *settings.Problems
	if !errors.As(err, &problems) {
		return []doctor.Finding{{Check: "settings", Status: doctor.Wrong, Found: err.Error(), Fix: "mend the file, or make one from a template (stacks/templates)"}}
	}
	var found []doctor.Finding
	for _, p := range problems.List {
		found = append(found, doctor.Finding{Check: "settings", Status: doctor.Wrong, Found: p.Subject() + " " + p.What, Fix: p.Fix + "; then call this again, for the account"})
	}
	return found
}

// cloudflare are the zones that a stack's token shows.
func (g *Globals) cloudflare(ctx context.Context, stack, path string) (doctor.Zones, error) {
	token, err := g.Engine.Output(ctx, "config", "get", "cloudflare:apiToken", "--stack", stack, "--config-file", path)
	switch {
	case err != nil && strings.Contains(err.Error(), "not found for stack"):
		return nil, nil // there is none, which the doctor says
	case err != nil:
		return nil, fmt.Errorf("read cloudflare:apiToken: %w", err)
	}
	return g.Examined.Cloudflare(strings.TrimSpace(string(token))), nil
}

// roles are the ARNs of the roles of workflows, by what they are for; none of a
// stack that was not deployed.
func (g *Globals) roles(ctx context.Context, stack string) (map[string]string, error) {
	raw, err := g.Engine.Output(ctx, "stack", "output", "--json", "--stack", stack)
	switch {
	case err != nil && strings.Contains(err.Error(), "no stack named"):
		return nil, nil // it was not deployed
	case err != nil:
		return nil, fmt.Errorf("read the stack's outputs: %w", err)
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) == nil && len(all) == 0 {
		return nil, nil
	}
	out, err := outputs.ReadEnvironment(raw)
	return map[string]string{"preview": out.PreviewRoleARN, "drift": out.DriftRoleARN, "deploy": out.DeployRoleARN}, err
}

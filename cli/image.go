package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli/doctor"
	"github.com/talmolab/lablink-infrastructure/cli/stackfile"
)

// Images says what names of machine images mean today.
type Images interface {
	// Parameter is the id that an SSM parameter holds.
	Parameter(ctx context.Context, name string) (string, error)
	// Newest is the newest image that a pipeline has built, or "".
	Newest(ctx context.Context, pipeline string) (string, error)
	// Architecture is an instance type's, "x86_64" or "arm64".
	Architecture(ctx context.Context, instanceType string) (string, error)
}

// ImageCommand is about machine images.
type ImageCommand struct {
	Pin PinCommand `cmd:"" help:"Write the images that parameters and pipelines mean today into a stack's file."`
}

// PinCommand pins images.
type PinCommand struct {
	Stack string `arg:"" help:"The stack, for example prod."`
	Pool  string `arg:"" optional:"" help:"The pool. Left out: every pool whose image is by a parameter or a pipeline."`
	Host  bool   `help:"Also the host's image: Debian 12's newest."`
	Print bool   `help:"Only print what would be written."`
	Dir   string `default:"." type:"path" help:"The folder that holds Pulumi.yaml (${default})."`
}

// pin is an image that is pinned.
type pin struct {
	Key  string `json:"key"`
	From string `json:"from"`
	ID   string `json:"id"`
	Was  string `json:"was"` // empty where it was not pinned
}

// Run finds the images, then writes them.
func (c PinCommand) Run(ctx context.Context, g *Globals) error {
	f, err := stackfile.Read(c.Dir, c.Stack)
	if err != nil {
		return err
	}
	if f.Kind() == "account" {
		return api.Problemf(api.Invalid, "The stack of an account starts no machines", "Its images are what pipelines build on: change image.id there by hand, and pin in environments.")
	}
	if f.Region() == "" {
		return api.Problemf(api.Invalid, "The Region is not set", "Images have ids of their own in each Region: write aws:region into Pulumi.%s.yaml, for example us-west-2.", c.Stack)
	}
	catalog, err := g.OpenImages(ctx, f.Region())
	if err != nil {
		return err
	}
	pins, err := c.pools(ctx, catalog, f)
	if err != nil {
		return err
	}
	if c.Host {
		p, err := pinHost(ctx, catalog, f)
		if err != nil {
			return err
		}
		pins = append(pins, p)
	}
	if len(pins) == 0 {
		return api.Problemf(api.Invalid, "There is nothing to pin", "No pool of stack %s names its image by a parameter or a pipeline; --host pins the host's.", c.Stack)
	}
	if !c.Print {
		if err := f.Write(); err != nil {
			return err
		}
	}
	rows := [][]string{{"SETTING", "FROM", "IMAGE", "WAS"}}
	for _, p := range pins {
		rows = append(rows, []string{p.Key, p.From, p.ID, cmp.Or(p.Was, "not pinned")})
	}
	return g.show(pins, rows)
}

// pools pins the pools that are meant, in f.
func (c PinCommand) pools(ctx context.Context, catalog Images, f *stackfile.File) ([]pin, error) {
	var pins []pin
	found := false
	for i, pool := range f.Pools() {
		image := pool.Image
		p := pin{Key: fmt.Sprintf("lablink:pools[%d].image.id", i), From: cmp.Or(image.SSMParameter, "pipeline "+image.Pipeline), Was: image.ID}
		var err error
		switch {
		case c.Pool != "" && pool.Name != c.Pool:
			continue
		case image.SSMParameter != "":
			p.ID, err = catalog.Parameter(ctx, image.SSMParameter)
		case image.Pipeline != "":
			p.ID, err = newest(ctx, catalog, image.Pipeline)
		case c.Pool != "":
			err = api.Problemf(api.Invalid, "The image is by its id alone", "Pool %s names neither a parameter nor a pipeline that a newer one could come from: change its image.id by hand, or add image.ssmParameter or image.pipeline.", pool.Name)
		default:
			continue
		}
		found = true
		if err == nil {
			err = f.SetImage(pool.Name, p.ID)
		}
		if err != nil {
			return nil, err
		}
		pins = append(pins, p)
	}
	if c.Pool != "" && !found {
		return nil, api.Problemf(api.NotFound, "There is no such pool", "Stack %s has no pool %q.", c.Stack, c.Pool)
	}
	return pins, nil
}

func newest(ctx context.Context, catalog Images, pipeline string) (string, error) {
	id, err := catalog.Newest(ctx, pipeline)
	if err == nil && id == "" {
		return "", api.Problemf(api.NotFound, "There is no image yet", "Pipeline %s has built none in this account and Region: start it with aws imagebuilder start-image-pipeline-execution --image-pipeline-arn ARN, and pin when it is done.", pipeline)
	}
	return id, err
}

// defaultHost is the host's instance type where the stack's file names none.
const defaultHost = "t4g.small"

func pinHost(ctx context.Context, catalog Images, f *stackfile.File) (pin, error) {
	kind, was := f.Host()
	architecture, err := catalog.Architecture(ctx, cmp.Or(kind, defaultHost))
	if err != nil {
		return pin{}, err
	}
	p := pin{Key: "lablink:allocator.ami", From: doctor.DebianParameter(architecture), Was: was}
	if p.ID, err = catalog.Parameter(ctx, p.From); err != nil {
		return pin{}, err
	}
	return p, f.SetHost(p.ID)
}

package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// Machines are what an account can launch in its Region.
type Machines interface {
	// Type describes an instance type. ErrMissing: the Region has none of the name.
	Type(ctx context.Context, name string) (Type, error)
	// Offers are the zones that offer types, by type.
	Offers(ctx context.Context, types []string) (map[string][]string, error)
	// SubnetZones are the zones of subnets, in their order.
	SubnetZones(ctx context.Context, ids []string) ([]string, error)
	// Image is an image's architecture. ErrMissing: there is none that the account
	// could start.
	Image(ctx context.Context, id string) (architecture string, err error)
	// Parameter is what an SSM parameter holds.
	Parameter(ctx context.Context, name string) (string, error)
	// Newest is the newest image that a pipeline of the account has built, or "".
	Newest(ctx context.Context, pipeline string) (string, error)
	// Quota is the value of one of EC2's quotas.
	Quota(ctx context.Context, code string) (float64, error)
	// Addresses are the tags of each elastic address.
	Addresses(ctx context.Context) ([]map[string]string, error)
}

// Type is an instance type.
type Type struct {
	Architecture string // x86_64 or arm64
	VCPUs        int
}

// DebianParameter is where Debian publishes its newest image for an architecture,
// from which hosts start where no image is set.
func DebianParameter(architecture string) string {
	if architecture == "x86_64" {
		architecture = "amd64"
	}
	return "/aws/service/debian/release/12/latest/" + architecture
}

// ofImages looks for the image of each pool, and of the host.
func (d *Doctor) ofImages(ctx context.Context) []Finding {
	s := d.Stack.Settings
	var found []Finding
	if d.Stack.environment() {
		found = append(found, d.ofImage(ctx, "image of the host", "lablink:allocator", settings.Image{ID: s.Allocator.AMI}, []string{s.Allocator.InstanceType}))
	}
	for i, p := range s.Pools {
		image := p.Image
		if !d.Stack.environment() {
			image.Pipeline = "" // what it is to build
		}
		found = append(found, d.ofImage(ctx, "image of pool "+p.Name, fmt.Sprintf("lablink:pools[%d]", i), image, p.InstanceTypes))
	}
	return found
}

func (d *Doctor) ofImage(ctx context.Context, check, setting string, image settings.Image, types []string) Finding {
	region := d.Stack.Settings.Region
	architecture, trouble := d.common(ctx, check, types)
	if trouble != nil {
		return *trouble
	}
	id, err := d.resolve(ctx, image, architecture)
	switch {
	case errors.Is(err, ErrMissing):
		return wrong(check, "check the name below "+setting+", or write an image's id", "there is no parameter %s", cmp.Or(image.SSMParameter, DebianParameter(architecture)))
	case err != nil:
		return unknown(check, err)
	case id == "":
		return wrong(check, "start it in the account's stack (aws imagebuilder start-image-pipeline-execution --image-pipeline-arn ARN), and wait until it is done", "pipeline %s has built none yet", image.Pipeline)
	}
	is, err := d.Account.Image(ctx, id)
	switch {
	case errors.Is(err, ErrMissing):
		return wrong(check, "write another id below "+setting+": every Region has ids of its own; lablink image pin "+d.Stack.Name+" writes what a parameter or a pipeline means today", "%s has no image %s, or it is not shared with this account", region, id)
	case err != nil:
		return unknown(check, err)
	case is != architecture:
		return wrong(check, "choose an image for "+architecture+", or other types, below "+setting, "%s is for %s, and %s for %s", id, is, strings.Join(types, ", "), architecture)
	}
	return ok(check, "%s for %s", id, is)
}

// common is the architecture that types share, or what is wrong with them.
func (d *Doctor) common(ctx context.Context, check string, types []string) (architecture string, trouble *Finding) {
	var f Finding
	for _, name := range types {
		t, err := d.Account.Type(ctx, name)
		switch {
		case errors.Is(err, ErrMissing):
			f = wrong(check, "choose a type that the Region has (aws ec2 describe-instance-types)", "%s has no instance type %s", d.Stack.Settings.Region, name)
		case err != nil:
			f = unknown(check, err)
		case architecture != "" && t.Architecture != architecture:
			f = wrong(check, "make a pool of each architecture", "%s is for %s, and the types before it for %s", name, t.Architecture, architecture)
		}
		if f.Status != "" {
			return "", &f
		}
		architecture = t.Architecture
	}
	return architecture, nil
}

// resolve is the id of the image that is meant today.
func (d *Doctor) resolve(ctx context.Context, image settings.Image, architecture string) (string, error) {
	switch {
	case image.ID != "":
		return image.ID, nil
	case image.SSMParameter != "":
		return d.Account.Parameter(ctx, image.SSMParameter)
	case image.Pipeline != "":
		return d.Account.Newest(ctx, image.Pipeline)
	}
	return d.Account.Parameter(ctx, DebianParameter(architecture))
}

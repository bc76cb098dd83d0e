package image

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/lookup"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

// Reference says which image is meant. An id counts before the others.
type Reference struct {
	ID           string // ami-…
	SSMParameter string // a parameter that holds an id
	Pipeline     string // the name of a pipeline that builds images
}

// Pinned reports whether the reference always means the same image.
func (r Reference) Pinned() bool { return r.ID != "" }

func (r Reference) String() string {
	switch {
	case r.Pinned():
		return r.ID
	case r.SSMParameter != "":
		return r.SSMParameter
	}
	return "pipeline " + r.Pipeline
}

// DebianParameter is where Debian publishes its newest image for an
// architecture ("x86_64" or "arm64").
func DebianParameter(architecture string) string {
	if architecture == "x86_64" {
		architecture = "amd64"
	}
	return "/aws/service/debian/release/12/latest/" + architecture
}

// Platform is how a release names an architecture of EC2's.
func Platform(architecture string) string {
	if architecture == "x86_64" {
		return "linux/amd64"
	}
	return "linux/" + architecture
}

// Architecture asks EC2 for the architecture that all instance types share.
func Architecture(ctx *pulumi.Context, setting string, instanceTypes []string) (string, error) {
	var common string
	for _, t := range instanceTypes {
		found, err := lookUpType(ctx, setting, t)
		if err != nil {
			return "", err
		}
		if common != "" && found.architecture != common {
			return "", fmt.Errorf("%s: %q is %s, but the types before it are %s: one image serves one architecture: make a pool of each", setting, t, found.architecture, common)
		}
		common = found.architecture
	}
	return common, nil
}

// NitroArchitecture asks EC2 for the architecture of an instance type. It refuses one
// without the Nitro hypervisor: there a volume has no name by which its machine can
// find it.
func NitroArchitecture(ctx *pulumi.Context, setting, instanceType string) (string, error) {
	found, err := lookUpType(ctx, setting, instanceType)
	if err != nil {
		return "", err
	}
	if found.hypervisor != "nitro" {
		return "", fmt.Errorf("%s: the hypervisor of %q is %q, but the allocator finds its data volume by the names that nitro gives: choose a newer type, for example t4g.small or t3.small", setting, instanceType, found.hypervisor)
	}
	return found.architecture, nil
}

// kind is what an instance type is.
type kind struct{ architecture, hypervisor string }

// lookUpType asks EC2 for one instance type.
func lookUpType(ctx *pulumi.Context, setting, instanceType string) (kind, error) {
	found, err := ec2.GetInstanceType(ctx, &ec2.GetInstanceTypeArgs{InstanceType: instanceType})
	if err != nil {
		return kind{}, fmt.Errorf("%s: look up instance type %q: choose one that this Region has (aws ec2 describe-instance-types lists them): %w", setting, instanceType, err)
	}
	i := slices.IndexFunc(found.SupportedArchitectures, func(a string) bool { return a == "x86_64" || a == "arm64" })
	if i < 0 {
		return kind{}, fmt.Errorf("%s: instance type %q is neither x86_64 nor arm64: choose another, for example g5.xlarge or t4g.small", setting, instanceType)
	}
	return kind{found.SupportedArchitectures[i], found.Hypervisor}, nil
}

// Image is what a reference means.
type Image struct {
	ID          string
	RootDevice  string // the device name of its root volume
	SnapshotGiB int    // the smallest root volume that it fits on, in GiB; 0 when EC2 does not say
}

// Find resolves a reference and checks that the image has the architecture.
func Find(ctx *pulumi.Context, setting string, r Reference, architecture string) (Image, error) {
	id, err := r.resolve(ctx, setting)
	if err != nil {
		return Image{}, err
	}
	// A pinned image is found when its publisher has deprecated it, too.
	image, err := ec2.LookupAmi(ctx, &ec2.LookupAmiArgs{
		Filters: []ec2.GetAmiFilter{{Name: "image-id", Values: []string{id}}}, IncludeDeprecated: pulumi.BoolRef(true),
	})
	if err != nil {
		return Image{}, fmt.Errorf("%s: find image %s in this Region: every Region has ids of its own, so take one of this Region, or share or copy the image to it: %w", setting, id, err)
	}
	if image.Architecture != architecture {
		return Image{}, fmt.Errorf("%s: image %s (%s) is for %s, but the instance types are %s: choose an image or types of the other architecture", setting, id, image.Name, image.Architecture, architecture)
	}
	out := Image{ID: id, RootDevice: image.RootDeviceName}
	for _, device := range image.BlockDeviceMappings {
		if device.DeviceName == image.RootDeviceName {
			out.SnapshotGiB, _ = strconv.Atoi(device.Ebs["volume_size"])
		}
	}
	return out, nil
}

// resolve is the id that a reference means today.
func (r Reference) resolve(ctx *pulumi.Context, setting string) (string, error) {
	switch {
	case r.ID != "":
		return r.ID, nil
	case r.SSMParameter != "":
		p, err := ssm.LookupParameter(ctx, &ssm.LookupParameterArgs{Name: r.SSMParameter})
		switch {
		case lookup.Denied(err):
			return "", fmt.Errorf("%s: these credentials may not read the parameter %q: a workflow's role may once an engineer has deployed this setting (pulumi up with an administrator's credentials); others need ssm:GetParameter: %w", setting, r.SSMParameter, err)
		case lookup.Missing(err):
			return "", fmt.Errorf("%s: read the parameter %q: check its name (aws ssm get-parameter --name %s): %w", setting, r.SSMParameter, r.SSMParameter, err)
		case err != nil:
			return "", fmt.Errorf("%s: read the parameter %q: %w", setting, r.SSMParameter, err)
		}
		return p.Value, nil
	}
	id, err := Newest(ctx, r.Pipeline)
	if err != nil {
		return "", fmt.Errorf("%s: %w", setting, err)
	}
	if id == "" {
		return "", fmt.Errorf("%s: pipeline %s has built no image yet: declare it in the account's stack, start it there (aws imagebuilder start-image-pipeline-execution --image-pipeline-arn ARN; aws imagebuilder list-image-pipelines shows the ARN), and deploy this stack when it is done, or set image.id or image.ssmParameter until then", setting, r.Pipeline)
	}
	return id, nil
}

// Newest is the newest image that a pipeline of this account has built and
// tested, or "" when there is none.
func Newest(ctx *pulumi.Context, pipeline string) (string, error) {
	found, err := ec2.GetAmiIds(ctx, &ec2.GetAmiIdsArgs{
		Owners: []string{"self"}, // anybody can publish an image with any tag
		Filters: []ec2.GetAmiIdsFilter{
			{Name: "tag:" + naming.TagPipeline, Values: []string{pipeline}}, {Name: "state", Values: []string{"available"}},
		},
	})
	if err != nil {
		return "", fmt.Errorf("list the images of pipeline %s: %w", pipeline, err)
	}
	if len(found.Ids) == 0 {
		return "", nil
	}
	return found.Ids[0], nil
}

package release

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/release/build"
)

const component = "release"

// PointerName is the pointer's name below the deployment's parameters.
const PointerName = "release"

// Release is what hosts run.
type Release struct {
	pulumi.ResourceState

	// Manifest is the SHA-256 of the manifest.
	Manifest pulumi.StringOutput `pulumi:"manifest"`
	// Version is what people call the release.
	Version pulumi.StringOutput `pulumi:"version"`
	// Pointer is the parameter that names the manifest, to depend on.
	Pointer *ssm.Parameter
}

// ReleaseArgs says what the release is made of.
type ReleaseArgs struct {
	Namer naming.Namer
	// Bucket is where the objects are kept. Required.
	Bucket pulumi.StringInput
	// Shared is set where other environments use the bucket too.
	Shared bool
	// Binaries are what was built. Required without Existing.
	Binaries build.Binaries
	// Settings is the JSON that the allocator reads. Required without Existing.
	Settings pulumi.StringInput
	// Existing is a release that is in the bucket already, to which the pointer
	// goes as it is.
	Existing *Existing
}

// NewRelease declares the release.
func NewRelease(ctx *pulumi.Context, name string, args *ReleaseArgs, opts ...pulumi.ResourceOption) (*Release, error) {
	if args == nil || args.Bucket == nil || args.Existing == nil && (args.Settings == nil || len(args.Binaries.Allocator) == 0) {
		return nil, errors.New("release: Bucket, Binaries and Settings are required")
	}
	r := &Release{}
	if err := ctx.RegisterComponentResource("lablink:release:Release", name, r, opts...); err != nil {
		return nil, err
	}
	declare := r.declareNew
	if args.Existing != nil {
		declare = r.declareExisting
	}
	uploads, err := declare(ctx, name, args)
	if err != nil {
		return nil, err
	}
	if err := r.declarePointer(ctx, name, args, uploads); err != nil {
		return nil, err
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"manifest": r.Manifest, "version": r.Version})
}

// declareExisting declares nothing: objects of other releases stay where they
// are, also those that the deploy before this one made.
func (r *Release) declareExisting(_ *pulumi.Context, _ string, args *ReleaseArgs) ([]pulumi.Resource, error) {
	r.Manifest = pulumi.String(args.Existing.Manifest).ToStringOutput()
	r.Version = pulumi.String(args.Existing.Version).ToStringOutput()
	return nil, nil
}

// declareNew declares everything that the release is made of.
func (r *Release) declareNew(ctx *pulumi.Context, name string, args *ReleaseArgs) ([]pulumi.Resource, error) {
	manifest, uploads, err := r.declareBinaries(ctx, name, args)
	if err != nil {
		return nil, err
	}
	upload := func(label string, key, content pulumi.StringInput) error {
		o, err := r.declareObject(ctx, name+"-"+label, args, key, &s3.BucketObjectv2Args{
			Content: content.ToStringOutput(), ContentType: pulumi.String("application/json"),
		})
		uploads = append(uploads, o)
		return err
	}
	sum := args.Settings.ToStringOutput().ApplyT(func(s string) string { return release.Sum([]byte(s)) }).(pulumi.StringOutput)
	if err := upload("settings", sum.ApplyT(release.SettingsKey).(pulumi.StringOutput), args.Settings); err != nil {
		return nil, err
	}
	encoded := args.Settings.ToStringOutput().ApplyT(func(s string) (string, error) {
		m := manifest
		m.Settings = release.File{Key: release.SettingsKey(release.Sum([]byte(s))), SHA256: release.Sum([]byte(s)), Bytes: int64(len(s))}
		raw, _, err := m.Encode()
		return string(raw), err
	}).(pulumi.StringOutput)
	r.Manifest = encoded.ApplyT(func(s string) string { return release.Sum([]byte(s)) }).(pulumi.StringOutput)
	r.Version = pulumi.String(manifest.Version).ToStringOutput()
	return uploads, upload("manifest", r.Manifest.ApplyT(release.Key).(pulumi.StringOutput), encoded)
}

func (r *Release) declareBinaries(ctx *pulumi.Context, name string, args *ReleaseArgs) (release.Manifest, []pulumi.Resource, error) {
	b := args.Binaries
	m := release.Manifest{
		Version: b.Source.Version, Protocol: api.Protocol, CreatedAt: b.Source.Changed, Toolchain: b.Toolchain,
		Allocator: map[string]release.File{}, Agent: map[string]release.File{},
	}
	var uploads []pulumi.Resource
	for _, a := range append(append([]build.Artifact{}, b.Allocator...), b.Agent...) {
		label := fmt.Sprintf("%s-%s-%s", name, a.Binary, strings.ReplaceAll(a.Platform, "/", "-"))
		o, err := r.declareObject(ctx, label, args, pulumi.String(a.File().Key), &s3.BucketObjectv2Args{
			Source: pulumi.NewFileAsset(a.Path), SourceHash: pulumi.String(a.SHA256),
			ContentType: pulumi.String("application/octet-stream"),
		})
		if err != nil {
			return m, nil, err
		}
		uploads = append(uploads, o)
		if a.Binary == "lablink-agent" {
			m.Agent[a.Platform] = a.File()
		} else {
			m.Allocator[a.Platform] = a.File()
		}
	}
	return m, uploads, nil
}

// declareObject declares an object that is kept when a newer one takes over.
func (r *Release) declareObject(ctx *pulumi.Context, label string, args *ReleaseArgs, key pulumi.StringInput, o *s3.BucketObjectv2Args) (*s3.BucketObjectv2, error) {
	o.Bucket, o.Key = args.Bucket, key.ToStringOutput()
	tags := args.Namer.PlainTags(component)
	if args.Shared { // the same object may be another environment's release too
		tags[naming.TagEnvironment] = naming.Shared
	}
	o.Tags = pulumi.ToStringMap(tags)
	return s3.NewBucketObjectv2(ctx, label, o, pulumi.Parent(r), pulumi.RetainOnDelete(true))
}

// declarePointer points hosts at the manifest, once everything it names is
// there.
func (r *Release) declarePointer(ctx *pulumi.Context, name string, args *ReleaseArgs, uploads []pulumi.Resource) error {
	var err error
	r.Pointer, err = ssm.NewParameter(ctx, name+"-pointer", &ssm.ParameterArgs{
		Name: pulumi.String(args.Namer.ParameterPath(PointerName)), Type: pulumi.String("String"), Value: r.Manifest,
		Description: pulumi.String("The release that hosts run: the SHA-256 of its manifest"),
		Tags:        pulumi.ToStringMap(args.Namer.PlainTags(component)),
	}, pulumi.Parent(r), pulumi.DependsOn(uploads))
	return err
}

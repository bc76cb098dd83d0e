package image

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/imagebuilder"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/lookup"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

const component = "image"

//go:embed component.yaml
var document string

// Pipeline is an EC2 Image Builder pipeline. It builds when somebody starts it:
// an update declares it and waits for nothing.
type Pipeline struct {
	pulumi.ResourceState

	// ARN is what a build is started by.
	ARN pulumi.StringOutput `pulumi:"arn"`
}

// PipelineArgs says what is built.
type PipelineArgs struct {
	Namer naming.Namer
	// Pipeline is the pipeline's name, by which images are found. Required.
	Pipeline string
	// Parent is the image that is built on. Required.
	Parent Image
	// InstanceTypes are what is built and tested on: with a GPU, in order of
	// preference. Required.
	InstanceTypes []string
	// RootVolumeGiB is the size of the image's disk, in GiB. Required.
	RootVolumeGiB int
	// Bucket keeps the logs of builds. Required.
	Bucket pulumi.StringInput
	// Boundary is the ARN of the policy that bounds the role of the instances that
	// build. Required.
	Boundary pulumi.StringInput
}

// logPrefix is where logs of builds are in the bucket.
const logPrefix = "image-builder"

// NewPipeline declares the pipeline. What an image is built from stays when a
// newer version takes its place, and has no name by hand: AWS deletes it only
// after the image, and takes a name once.
func NewPipeline(ctx *pulumi.Context, name string, args *PipelineArgs, opts ...pulumi.ResourceOption) (*Pipeline, error) {
	if args == nil || args.Pipeline == "" || args.Parent.ID == "" || args.Parent.RootDevice == "" || len(args.InstanceTypes) == 0 || args.RootVolumeGiB == 0 || args.Bucket == nil || args.Boundary == nil {
		return nil, errors.New("image: Pipeline, Parent, InstanceTypes, RootVolumeGiB, Bucket and Boundary are required")
	}
	p := &Pipeline{}
	if err := ctx.RegisterComponentResource("lablink:image:Pipeline", name, p, opts...); err != nil {
		return nil, err
	}
	recipe, built, err := p.declareRecipe(ctx, name, args)
	if err != nil {
		return nil, err
	}
	profile, granted, err := p.declareRole(ctx, name, args, built)
	if err != nil {
		return nil, err
	}
	infrastructure, err := p.declareInfrastructure(ctx, name, args, profile)
	if err != nil {
		return nil, err
	}
	distribution, err := p.declareDistribution(ctx, name, args)
	if err != nil {
		return nil, err
	}
	pipelineName := args.Namer.Name("image-"+args.Pipeline, naming.MaxImagePipeline)
	pipeline, err := imagebuilder.NewImagePipeline(ctx, name+"-pipeline", &imagebuilder.ImagePipelineArgs{
		Name: pulumi.String(pipelineName), Tags: args.tags(pipelineName),
		Description:    pulumi.String("Builds the image " + args.Pipeline + " of client machines, when it is started"),
		ImageRecipeArn: recipe.Arn, InfrastructureConfigurationArn: infrastructure.Arn, DistributionConfigurationArn: distribution.Arn,
		ImageTestsConfiguration:      imagebuilder.ImagePipelineImageTestsConfigurationArgs{ImageTestsEnabled: pulumi.Bool(true), TimeoutMinutes: pulumi.Int(60)},
		EnhancedImageMetadataEnabled: pulumi.Bool(false), // the instances' role does not let them report what is installed
	}, pulumi.Parent(p), pulumi.DependsOn([]pulumi.Resource{granted}))
	if err != nil {
		return nil, err
	}
	p.ARN = pipeline.Arn
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{"arn": p.ARN})
}

// CheckPlace refuses to declare pipelines where nothing can be built: Image Builder
// launches into the Region's default VPC.
func CheckPlace(ctx *pulumi.Context, region string) error {
	_, err := ec2.LookupVpc(ctx, &ec2.LookupVpcArgs{Default: pulumi.BoolRef(true)})
	switch {
	case lookup.Missing(err):
		return fmt.Errorf("lablink:pools: images are built in the default VPC of %s, and the account has none there: make it again with aws ec2 create-default-vpc --region %[1]s, or take the pools out of this stack: %w", region, err)
	case err != nil:
		return fmt.Errorf("lablink:pools: look for the default VPC of %s, in which images are built: %w", region, err)
	}
	return nil
}

// declareRecipe declares what is done to which image, in versions that follow
// the content: the same content is the same version.
func (p *Pipeline) declareRecipe(ctx *pulumi.Context, name string, args *PipelineArgs) (*imagebuilder.ImageRecipe, *imagebuilder.Component, error) {
	built, err := imagebuilder.NewComponent(ctx, name+"-component", &imagebuilder.ComponentArgs{
		Platform: pulumi.String("Linux"), Version: pulumi.String(version(document)), Data: pulumi.String(document), Tags: args.tags(name + "-component"),
	}, pulumi.Parent(p), pulumi.RetainOnDelete(true))
	if err != nil {
		return nil, nil, err
	}
	recipe, err := imagebuilder.NewImageRecipe(ctx, name+"-recipe", &imagebuilder.ImageRecipeArgs{
		Version: pulumi.String(version(document, args.Parent.ID, args.Parent.RootDevice, strconv.Itoa(args.RootVolumeGiB))), ParentImage: pulumi.String(args.Parent.ID), Tags: args.tags(name + "-recipe"),
		Components: imagebuilder.ImageRecipeComponentArray{imagebuilder.ImageRecipeComponentArgs{ComponentArn: built.Arn}},
		BlockDeviceMappings: imagebuilder.ImageRecipeBlockDeviceMappingArray{imagebuilder.ImageRecipeBlockDeviceMappingArgs{
			DeviceName: pulumi.String(args.Parent.RootDevice), Ebs: imagebuilder.ImageRecipeBlockDeviceMappingEbsArgs{
				VolumeSize: pulumi.Int(args.RootVolumeGiB), VolumeType: pulumi.String("gp3"),
				Encrypted: pulumi.String("true"), DeleteOnTermination: pulumi.String("true"),
			},
		}},
	}, pulumi.Parent(p), pulumi.RetainOnDelete(true))
	return recipe, built, err
}

func (p *Pipeline) declareInfrastructure(ctx *pulumi.Context, name string, args *PipelineArgs, profile *iam.InstanceProfile) (*imagebuilder.InfrastructureConfiguration, error) {
	return imagebuilder.NewInfrastructureConfiguration(ctx, name+"-infrastructure", &imagebuilder.InfrastructureConfigurationArgs{
		InstanceProfileName: profile.Name, InstanceTypes: pulumi.ToStringArray(args.InstanceTypes), Tags: args.tags(name + "-infrastructure"),
		InstanceMetadataOptions: imagebuilder.InfrastructureConfigurationInstanceMetadataOptionsArgs{
			HttpTokens: pulumi.String("required"), HttpPutResponseHopLimit: pulumi.Int(1),
		},
		Logging: imagebuilder.InfrastructureConfigurationLoggingArgs{S3Logs: imagebuilder.InfrastructureConfigurationLoggingS3LogsArgs{
			S3BucketName: args.Bucket, S3KeyPrefix: pulumi.String(logPrefix),
		}},
		ResourceTags: pulumi.ToStringMap(args.plainTags()), TerminateInstanceOnFailure: pulumi.Bool(true),
	}, pulumi.Parent(p), pulumi.RetainOnDelete(true))
}

// declareDistribution gives images the tag that they are found by. An image gets
// it after its tests.
func (p *Pipeline) declareDistribution(ctx *pulumi.Context, name string, args *PipelineArgs) (*imagebuilder.DistributionConfiguration, error) {
	return imagebuilder.NewDistributionConfiguration(ctx, name+"-distribution", &imagebuilder.DistributionConfigurationArgs{
		Tags: args.tags(name + "-distribution"),
		Distributions: imagebuilder.DistributionConfigurationDistributionArray{imagebuilder.DistributionConfigurationDistributionArgs{
			Region: pulumi.String(args.Namer.Region),
			AmiDistributionConfiguration: imagebuilder.DistributionConfigurationDistributionAmiDistributionConfigurationArgs{
				Name:    pulumi.String(args.Namer.Name("image-"+args.Pipeline, maxImage-len(buildDate)-1) + "-" + buildDate),
				AmiTags: pulumi.ToStringMap(args.plainTags()),
			},
		}},
	}, pulumi.Parent(p), pulumi.RetainOnDelete(true))
}

const (
	// buildDate is what Image Builder replaces by the moment of a build.
	buildDate = "{{ imagebuilder:buildDate }}"
	maxImage  = 127 // characters of an image's name, before it is replaced
)

func (args *PipelineArgs) tags(name string) pulumi.StringMap {
	tags := args.Namer.Tags(component, name)
	tags[naming.TagPipeline] = pulumi.String(args.Pipeline)
	return tags
}

func (args *PipelineArgs) plainTags() map[string]string {
	tags := args.Namer.PlainTags(component)
	tags[naming.TagPipeline] = args.Pipeline
	return tags
}

// version is a semantic version that is made of content: Image Builder's
// versions have three numbers, up to 2^30, and never change.
func version(content ...string) string {
	digest := sha256.New()
	for _, c := range content {
		fmt.Fprintf(digest, "%d %s\n", len(c), c)
	}
	sum := digest.Sum(nil)
	return fmt.Sprintf("1.%d.%d", binary.BigEndian.Uint32(sum)>>4, binary.BigEndian.Uint32(sum[4:])>>4)
}

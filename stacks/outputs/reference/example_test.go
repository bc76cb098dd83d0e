package reference_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/stacks/outputs/reference"
)

func ExampleEnvironment() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		lab, err := reference.Environment(ctx, "organization/lablink/prod")
		if err != nil {
			return err
		}
		ctx.Export("lab", pulumi.String(lab.URL))
		ctx.Export("image", pulumi.String(lab.Pools["gpu"].AMI))
		return nil
	})
}

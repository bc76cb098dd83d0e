package program

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/image"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// baked is an image that a pipeline builds, as it is before anything is declared.
type baked struct {
	pool   settings.Pool
	parent image.Image
	newest string // what the pipeline has built last; empty before the first time
}

// lookUpBaked finds what the account's images are built on, and what there is of
// them.
func lookUpBaked(ctx *pulumi.Context, s *settings.Settings) ([]baked, error) {
	out := make([]baked, len(s.Pools))
	looks := []look{func(*remarks) error {
		if len(s.Pools) == 0 {
			return nil
		}
		return image.CheckPlace(ctx, s.Region)
	}}
	for i, p := range s.Pools {
		setting := fmt.Sprintf("lablink:pools[%d]", i)
		out[i].pool = p
		looks = append(looks, func(said *remarks) (err error) {
			parent := image.Reference{ID: p.Image.ID, SSMParameter: p.Image.SSMParameter}
			out[i].parent, _, err = findPoolImage(ctx, setting, p, parent, said)
			return err
		}, func(*remarks) (err error) {
			if out[i].newest, err = image.Newest(ctx, p.Image.Pipeline); err != nil {
				return fmt.Errorf("%s.image: %w", setting, err)
			}
			return nil
		})
	}
	return out, together(ctx, looks...)
}

// declareImages declares the pipelines of the account's images. It waits for no
// build; what was built is the output images.
func declareImages(ctx *pulumi.Context, images []baked, n naming.Namer, bucket, boundary pulumi.StringInput) (pulumi.StringMap, error) {
	newest := pulumi.StringMap{}
	for _, b := range images {
		_, err := image.NewPipeline(ctx, "image-"+b.pool.Image.Pipeline, &image.PipelineArgs{
			Namer: n, Pipeline: b.pool.Image.Pipeline, Parent: b.parent, InstanceTypes: b.pool.InstanceTypes,
			RootVolumeGiB: b.pool.RootVolumeGiB, Bucket: bucket, Boundary: boundary,
		})
		if err != nil {
			return nil, err
		}
		newest[b.pool.Image.Pipeline] = pulumi.String(b.newest)
	}
	return newest, nil
}

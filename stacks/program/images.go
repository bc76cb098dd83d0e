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
	if len(s.Pools) > 0 {
		if err := image.CheckPlace(ctx, s.Region); err != nil {
			return nil, err
		}
	}
	var out []baked
	for i, p := range s.Pools {
		key := fmt.Sprintf("lablink:pools[%d]", i)
		architecture, err := image.Architecture(ctx, key+".instanceTypes", p.InstanceTypes)
		if err != nil {
			return nil, err
		}
		b := baked{pool: p}
		if b.parent, err = find(ctx, key+".image", image.Reference{ID: p.Image.ID, SSMParameter: p.Image.SSMParameter}, architecture); err != nil {
			return nil, err
		}
		if p.RootVolumeGiB < b.parent.SnapshotGiB {
			return nil, fmt.Errorf("%s.rootVolumeGiB is %d, but image %s needs %d: set that or more", key, p.RootVolumeGiB, b.parent.ID, b.parent.SnapshotGiB)
		}
		if b.newest, err = image.Newest(ctx, p.Image.Pipeline); err != nil {
			return nil, fmt.Errorf("%s.image: %w", key, err)
		}
		out = append(out, b)
	}
	return out, nil
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

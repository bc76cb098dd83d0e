package program_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withImages is the account with a pipeline.
func withImages(t *testing.T) *run {
	t.Helper()
	return stackOf(t, "account").set(map[string]string{
		"lablink:pools": `[{"name": "gpu", "instanceTypes": ["g5.xlarge", "g4dn.xlarge"], "image": {"pipeline": "gpu", "id": "ami-00000001"}}]`,
	}).fit(t)
}

func TestAnAccountBuildsItsImagesAndSaysWhatIsBuilt(t *testing.T) {
	r := withImages(t)
	recorded := r.record(t)
	assert.Equal(t, map[string]string{"gpu": ""}, recorded.Outputs["images"].Value, "nothing is built yet, and the update waits for nothing")
	assert.Equal(t, "lablink-image-gpu-account", recorded.Named("image-gpu-pipeline").Text("name"))
	assert.Equal(t, "ami-00000001", recorded.Named("image-gpu-recipe").Text("parentImage"))
	assert.Equal(t, "lablink-artifacts-account-123456789012-us-west-2", recorded.Named("image-gpu-infrastructure").Text("logging.s3Logs.s3BucketName"))
	r.account.Built = map[string][]string{"gpu": {"ami-00000009", "ami-00000008"}, "other": {"ami-00000007"}}
	assert.Equal(t, map[string]string{"gpu": "ami-00000009"}, r.record(t).Outputs["images"].Value)
	assert.Equal(t, map[string]string{}, stackOf(t, "account").record(t).Outputs["images"].Value)
}

func TestWhatAnImageIsBuiltOnMustFit(t *testing.T) {
	for why, c := range map[string]struct {
		spoil func(*run)
		says  string
	}{
		"a Region without a default VPC": {func(r *run) { r.account.NoDefaultVPC = true }, "lablink:pools: images are built in the default VPC of us-west-2, and the account has none there: make it again with aws ec2 create-default-vpc --region us-west-2"},
		"a default VPC that is hidden": {func(r *run) {
			r.account.Failing = map[string]string{"aws:ec2/getVpc:getVpc": "UnauthorizedOperation: You are not authorized to perform this operation."}
		}, "lablink:pools: look for the default VPC of us-west-2, in which images are built: "},
		"a parent that is gone":              {func(r *run) { r.account.Images = nil }, "lablink:pools[0].image: find image ami-00000001"},
		"a parent that is larger":            {func(r *run) { r.imagesOf(200) }, "lablink:pools[0].rootVolumeGiB is 100, but image ami-00000001 needs 200"},
		"a type that the Region has not got": {func(r *run) { r.account.InstanceTypes = nil }, "lablink:pools[0].instanceTypes: look up instance type"},
	} {
		r := withImages(t)
		c.spoil(r)
		recorded, err := r.do()
		assert.ErrorContains(t, err, c.says, why)
		assert.Empty(t, recorded.Names(), why)
	}
}

func TestAnAccountWithoutPipelinesNeedsNoDefaultVPC(t *testing.T) {
	r := stackOf(t, "account")
	r.account.NoDefaultVPC = true
	r.record(t)
}

// fromPipeline is an environment whose pool starts from what a pipeline built.
func fromPipeline(t *testing.T) *run {
	t.Helper()
	r := stackOf(t, "test").set(map[string]string{
		"lablink:pools": `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"pipeline": "baked"}, "maxMachines": 4}]`,
	}).fit(t)
	r.account.Images["ami-00000009"] = r.account.Images["ami-of-baked"]
	return r
}

func TestAPoolStartsFromTheNewestImageOfItsPipeline(t *testing.T) {
	r := fromPipeline(t)
	r.account.Built = map[string][]string{"baked": {"ami-00000009", "ami-of-baked"}}
	recorded := r.record(t)
	assert.Equal(t, "ami-00000009", recorded.Named("pool-gpu-template").Text("imageId"))
	require.NotEmpty(t, recorded.Warnings)
	assert.Contains(t, recorded.Warnings, "lablink:pools[0].image is not pinned: pipeline baked means ami-00000009 today, and may mean a newer image at the next update (lablink image pin test writes the id)")

	pinned := fromPipeline(t).set(map[string]string{
		"lablink:pools": `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-00000009", "pipeline": "baked"}, "maxMachines": 4}]`,
	})
	assert.Equal(t, "ami-00000009", pinned.record(t).Named("pool-gpu-template").Text("imageId"), "the pin counts, whatever was built since")
}

func TestAPipelineThatHasBuiltNothingIsSaidWithHowToStartIt(t *testing.T) {
	r := fromPipeline(t)
	r.account.Built = nil
	recorded, err := r.do()
	assert.ErrorContains(t, err, "lablink:pools[0].image: pipeline baked has built no image yet")
	assert.ErrorContains(t, err, "aws imagebuilder start-image-pipeline-execution")
	assert.Empty(t, recorded.Names())
}

package image_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"

	"github.com/talmolab/lablink-infrastructure/infra/image"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

var account = recording.Account{
	DeniedParameters: []string{"/denied"},
	InstanceTypes: map[string]recording.InstanceType{
		"t4g.small": {Architectures: []string{"arm64"}}, "g5.xlarge": {Architectures: []string{"x86_64"}},
		"t2.small":   {Architectures: []string{"i386", "x86_64"}, Hypervisor: "xen"},
		"g5g.xlarge": {Architectures: []string{"arm64"}}, "mac2.metal": {Architectures: []string{"arm64_mac"}},
	},
	Images: map[string]recording.Image{
		"ami-11111111": {Name: "debian-12-arm64", Architecture: "arm64"},
		"ami-22222222": {Name: "gpu", Architecture: "x86_64", SnapshotGiB: 65},
		"ami-33333333": {Name: "old", Architecture: "x86_64", Deprecated: true},
	},
	Built:      map[string][]string{"gpu": {"ami-11111111", "ami-99999999"}},
	Parameters: map[string]string{"/aws/service/debian/release/12/latest/arm64": "ami-11111111", "/gone": "ami-99999999"},
}

func TestTypesThatShareAnArchitectureGiveIt(t *testing.T) {
	for _, c := range []struct {
		types []string
		want  string
		wrong string
	}{
		{[]string{"t4g.small"}, "arm64", ""},
		{[]string{"g5.xlarge", "t2.small"}, "x86_64", ""},
		{[]string{"g5.xlarge", "g5g.xlarge"}, "", `"g5g.xlarge" is arm64, but the types before it are x86_64: one image serves one architecture: make a pool of each`},
		{[]string{"mac2.metal"}, "", `instance type "mac2.metal" is neither x86_64 nor arm64: choose another`},
		{[]string{"g5.xlarge", "g9.small"}, "", `look up instance type "g9.small": choose one that this Region has`},
	} {
		var got string
		_, err := recording.Run("test", account, func(ctx *pulumi.Context) (err error) {
			got, err = image.Architecture(ctx, "lablink:pools[0].instanceTypes", c.types)
			return err
		})
		if c.wrong != "" {
			assert.ErrorContains(t, err, "lablink:pools[0].instanceTypes: "+c.wrong)
			continue
		}
		assert.NoError(t, err, "%v", c.types)
		assert.Equal(t, c.want, got, "%v", c.types)
	}
}

func TestAReferenceIsResolvedAndMustFitTheArchitecture(t *testing.T) {
	for _, c := range []struct {
		what      string
		reference image.Reference
		want      string
		wrong     string
	}{
		{"an id", image.Reference{ID: "ami-11111111"}, "ami-11111111", ""},
		{"a parameter", image.Reference{SSMParameter: image.DebianParameter("arm64")}, "ami-11111111", ""},
		{"a pipeline", image.Reference{Pipeline: "gpu"}, "ami-11111111", ""},
		{"an id beside its pipeline", image.Reference{ID: "ami-11111111", Pipeline: "none"}, "ami-11111111", ""},
		{"a pipeline that has built nothing", image.Reference{Pipeline: "none"}, "", "pipeline none has built no image yet: declare it in the account's stack, start it there"},
		{"another architecture", image.Reference{ID: "ami-22222222"}, "", "image ami-22222222 (gpu) is for x86_64, but the instance types are arm64: choose an image or types of the other architecture"},
		{"an id that is not there", image.Reference{ID: "ami-99999999"}, "", "find image ami-99999999 in this Region: every Region has ids of its own"},
		{"a parameter that may not be read", image.Reference{SSMParameter: "/denied"}, "", `these credentials may not read the parameter "/denied": a workflow's role may once an engineer has deployed this setting`},
		{"a parameter that is not there", image.Reference{SSMParameter: "/none"}, "", `read the parameter "/none": check its name`},
		{"a parameter that names an image that is not there", image.Reference{SSMParameter: "/gone"}, "", "find image ami-99999999 in this Region: every Region has ids of its own"},
	} {
		found, err := resolve(c.reference, "arm64")
		if c.wrong != "" {
			assert.ErrorContains(t, err, "lablink:allocator.ami: "+c.wrong, c.what)
			continue
		}
		assert.NoError(t, err, c.what)
		assert.Equal(t, image.Image{ID: c.want, RootDevice: "/dev/xvda", SnapshotGiB: 8}, found, c.what)
	}
}

// An environment that pinned its image must still deploy when the image's
// publisher has deprecated it, which Debian does after two years.
func TestADeprecatedImageThatIsPinnedIsFound(t *testing.T) {
	found, err := resolve(image.Reference{ID: "ami-33333333"}, "x86_64")
	assert.NoError(t, err)
	assert.Equal(t, "ami-33333333", found.ID)
}

func TestTheSizeOfAnImageIsThatOfItsRootVolume(t *testing.T) {
	found, err := resolve(image.Reference{ID: "ami-22222222"}, "x86_64")
	assert.NoError(t, err)
	assert.Equal(t, 65, found.SnapshotGiB, "GiB")
}

// On older hypervisors a volume has the name of its device, not of itself.
func TestOnlyNitroNamesVolumes(t *testing.T) {
	for instanceType, wrong := range map[string]string{
		"t4g.small": "", "t2.small": `the hypervisor of "t2.small" is "xen"`, "g9.small": `look up instance type "g9.small"`,
	} {
		_, err := recording.Run("test", account, func(ctx *pulumi.Context) error {
			_, err := image.NitroArchitecture(ctx, "lablink:allocator.instanceType", instanceType)
			return err
		})
		if wrong == "" {
			assert.NoError(t, err, instanceType)
			continue
		}
		assert.ErrorContains(t, err, "lablink:allocator.instanceType: "+wrong)
	}
}

func TestOnlyAnIDAlwaysMeansTheSameImage(t *testing.T) {
	assert.True(t, image.Reference{ID: "ami-11111111"}.Pinned())
	assert.False(t, image.Reference{SSMParameter: "/aws/service/debian/release/12/latest/arm64"}.Pinned())
}

func TestArchitecturesHaveTheNamesThatDebianAndReleasesUse(t *testing.T) {
	for _, c := range [][3]string{
		{"x86_64", "/aws/service/debian/release/12/latest/amd64", "linux/amd64"},
		{"arm64", "/aws/service/debian/release/12/latest/arm64", "linux/arm64"},
	} {
		assert.Equal(t, c[1], image.DebianParameter(c[0]))
		assert.Equal(t, c[2], image.Platform(c[0]))
	}
}

func resolve(r image.Reference, architecture string) (found image.Image, err error) {
	_, err = recording.Run("test", account, func(ctx *pulumi.Context) (err error) {
		found, err = image.Find(ctx, "lablink:allocator.ami", r, architecture)
		return err
	})
	return found, err
}

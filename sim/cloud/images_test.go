package cloud_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

const document = `{"schemaVersion": 1.0, "phases": [{"name": "build", "steps": [{"name": "x", "action": "ExecuteBash"}]}]}`

// builder is a pipeline with what it is made of.
type builder struct {
	component, recipe, infrastructure, distribution, pipeline string
}

func component(version string) *cloud.ImageComponent {
	return &cloud.ImageComponent{Name: "Driver Check", Platform: "Linux", Version: version, Data: document}
}

func (w *world) recipe(name, component string) *cloud.ImageRecipe {
	return &cloud.ImageRecipe{
		Name: name, Version: "1.0.0", ParentImage: image, Components: []cloud.RecipeComponent{{ComponentARN: component}},
		BlockDeviceMappings: []cloud.BlockDeviceMapping{{DeviceName: "/dev/xvda", EBS: &cloud.EBS{VolumeSize: 50, Encrypted: "true"}}},
	}
}

func distribution(name string) *cloud.ImageDistribution {
	return &cloud.ImageDistribution{Name: name, Distributions: []cloud.Distribution{{
		Region: "us-west-2", AMIDistributionConfiguration: &cloud.AMIDistribution{Name: "gpu-{{ imagebuilder:buildDate }}", AMITags: map[string]string{"lablink:pipeline": "gpu"}},
	}}}
}

func (w *world) builder(t *testing.T) builder {
	t.Helper()
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "builder", AssumeRolePolicy: ec2Trust}))
	require.NoError(t, w.CreateInstanceProfile(&cloud.InstanceProfile{Name: "builder", Role: "builder"}))
	c := component("1.0.0")
	require.NoError(t, w.CreateImageComponent(c))
	r := w.recipe("gpu", c.ARN)
	require.NoError(t, w.CreateImageRecipe(r))
	i := &cloud.ImageInfrastructure{Name: "gpu", InstanceProfileName: "builder", InstanceTypes: []string{"sim.gpu"}}
	require.NoError(t, w.CreateImageInfrastructure(i))
	d := distribution("gpu")
	require.NoError(t, w.CreateImageDistribution(d))
	p := &cloud.ImagePipeline{Name: "gpu", ImageRecipeARN: r.ARN, InfrastructureConfigurationARN: i.ARN, DistributionConfigurationARN: d.ARN}
	require.NoError(t, w.CreateImagePipeline(p))
	return builder{c.ARN, r.ARN, i.ARN, d.ARN, p.ARN}
}

func TestImageBuildersARNsAreMadeOfNamesAndVersions(t *testing.T) {
	w := newWorld(t)
	b := w.builder(t)
	const own = "arn:aws:imagebuilder:us-west-2:123456789012:"
	require.Equal(t, builder{
		own + "component/driver-check/1.0.0/1", own + "image-recipe/gpu/1.0.0", own + "infrastructure-configuration/gpu",
		own + "distribution-configuration/gpu", own + "image-pipeline/gpu",
	}, b)
	c, err := w.ImageComponent(b.component)
	require.NoError(t, err)
	require.Equal(t, "BUILD", c.Type)
}

func TestAVersionOfImageBuildersIsMadeOnce(t *testing.T) {
	w := newWorld(t)
	b := w.builder(t)
	refused(t, "ResourceAlreadyExistsException", w.CreateImageComponent(component("1.0.0")))
	require.NoError(t, w.CreateImageComponent(component("1.0.1")))
	refused(t, "ResourceAlreadyExistsException", w.CreateImageRecipe(w.recipe("gpu", b.component)))
	refused(t, "ResourceAlreadyExistsException", w.CreateImageInfrastructure(&cloud.ImageInfrastructure{Name: "gpu", InstanceProfileName: "builder"}))
	refused(t, "ResourceAlreadyExistsException", w.CreateImageDistribution(distribution("gpu")))
	refused(t, "ResourceAlreadyExistsException", w.CreateImagePipeline(&cloud.ImagePipeline{Name: "gpu", ImageRecipeARN: b.recipe, InfrastructureConfigurationARN: b.infrastructure, DistributionConfigurationARN: b.distribution}))
}

func TestImageBuilderRefusesWhatItCannotRead(t *testing.T) {
	w := newWorld(t)
	b := w.builder(t)
	half, nothing, other := component("1.0"), component("2.0.0"), component("2.0.0")
	nothing.Data, other.Data = "schemaVersion: 1.0", strings.Replace(document, "ExecuteBash", "Reboot", 1)
	small, elsewhere := w.recipe("small", b.component), distribution("elsewhere")
	small.BlockDeviceMappings[0].EBS.VolumeSize = 1
	elsewhere.Distributions[0].Region = "eu-west-1"
	unnamed := distribution("unnamed")
	unnamed.Distributions[0].AMIDistributionConfiguration.Name = "!"
	for name, err := range map[string]error{
		"half a version":                w.CreateImageComponent(half),
		"a document without phases":     w.CreateImageComponent(nothing),
		"an action that is not known":   w.CreateImageComponent(other),
		"a name that is too short":      w.CreateImageComponent(&cloud.ImageComponent{Name: "x", Platform: "Linux", Version: "1.0.0", Data: document}),
		"a disk smaller than its image": w.CreateImageRecipe(small),
		"another Region":                w.CreateImageDistribution(elsewhere),
		"a name of no image":            w.CreateImageDistribution(unnamed),
		"a profile that is not there":   w.CreateImageInfrastructure(&cloud.ImageInfrastructure{Name: "none", InstanceProfileName: "none"}),
		"a type that is not there":      w.CreateImageInfrastructure(&cloud.ImageInfrastructure{Name: "none", InstanceProfileName: "builder", InstanceTypes: []string{"x9.huge"}}),
	} {
		t.Run(name, func(t *testing.T) { refused(t, "InvalidParameterValueException", err) })
	}
	refused(t, "ResourceNotFoundException", w.CreateImageRecipe(w.recipe("none", b.component+"2")))
	refused(t, "ResourceNotFoundException", w.CreateImagePipeline(&cloud.ImagePipeline{Name: "none", ImageRecipeARN: b.recipe, InfrastructureConfigurationARN: "none", DistributionConfigurationARN: b.distribution}))
	gone := w.recipe("gone", b.component)
	gone.ParentImage = "ami-0"
	refused(t, "InvalidAMIID.NotFound", w.CreateImageRecipe(gone))
}

func TestWhatAnImageIsBuiltFromIsDeletedAfterIt(t *testing.T) {
	w := newWorld(t)
	b := w.builder(t)
	refused(t, "ResourceDependencyException", w.DeleteImageComponent(b.component))
	refused(t, "ResourceDependencyException", w.DeleteImageRecipe(b.recipe))
	refused(t, "ResourceDependencyException", w.DeleteImageInfrastructure(b.infrastructure))
	refused(t, "ResourceDependencyException", w.DeleteImageDistribution(b.distribution))
	_, err := w.BuildImage("gpu")
	require.NoError(t, err)
	require.NoError(t, w.DeleteImagePipeline(b.pipeline))
	refused(t, "ResourceDependencyException", w.DeleteImageRecipe(b.recipe))
	refused(t, "ResourceDependencyException", w.DeleteImageInfrastructure(b.infrastructure))
	refused(t, "ResourceDependencyException", w.DeleteImageDistribution(b.distribution))
}

func TestWhatBuiltNothingGoesInItsOrder(t *testing.T) {
	w := newWorld(t)
	b := w.builder(t)
	for _, remove := range []func() error{
		func() error { return w.DeleteImagePipeline(b.pipeline) }, func() error { return w.DeleteImageRecipe(b.recipe) },
		func() error { return w.DeleteImageComponent(b.component) }, func() error { return w.DeleteImageInfrastructure(b.infrastructure) },
		func() error { return w.DeleteImageDistribution(b.distribution) },
	} {
		require.NoError(t, remove())
	}
	_, err := w.ImagePipeline(b.pipeline)
	require.True(t, cloud.IsNotFound(err))
}

func TestAnImageThatWasBuiltIsTheAccountsOwnAndStarts(t *testing.T) {
	w := newWorld(t)
	b := w.builder(t)
	built, err := w.BuildImage("gpu")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"lablink:pipeline": "gpu"}, built.Tags)
	require.Equal(t, 50, built.RootGiB)
	require.Regexp(t, `^gpu-20[0-9TZ-]+$`, built.Name)
	require.Contains(t, w.Images(), built)
	require.NoError(t, w.CreateInstance(&cloud.Instance{AMI: built.ID, InstanceType: "sim.small", SubnetID: w.subnets[0]}))
	p, err := w.ImagePipeline(b.pipeline)
	require.NoError(t, err)
	_, err = time.Parse(time.RFC3339, p.DateLastRun)
	require.NoError(t, err)
	_, err = w.BuildImage("none")
	refused(t, "ResourceNotFoundException", err)
}

func TestAPipelineTakesAnotherRecipeInPlace(t *testing.T) {
	w := newWorld(t)
	b := w.builder(t)
	next := w.recipe("next", b.component)
	require.NoError(t, w.CreateImageRecipe(next))
	require.NoError(t, w.UpdateImagePipeline(b.pipeline, &cloud.ImagePipeline{
		Name: "gpu", ImageRecipeARN: next.ARN, InfrastructureConfigurationARN: b.infrastructure, DistributionConfigurationARN: b.distribution,
	}))
	require.NoError(t, w.DeleteImageRecipe(b.recipe), "nothing uses it any more")
}

// Image Builder launches where the infrastructure says, or into the default VPC.
func TestNothingIsBuiltWithoutADefaultVPC(t *testing.T) {
	for _, none := range []bool{false, true} {
		a, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64", Seed: cloud.Seed{NoDefaultVPC: none}})
		require.NoError(t, err)
		b := (&world{Account: a}).builder(t)
		_, err = a.BuildImage(b.pipeline)
		v, missing := a.DefaultVPC()
		if none {
			refused(t, "VPCIdNotSpecified", err)
			refused(t, "VPCIdNotSpecified", missing)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, missing)
		require.Equal(t, "172.31.0.0/16", v.CidrBlock)
	}
}

package provider_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/require"
)

const (
	componentToken      = "aws:imagebuilder/component:Component"
	recipeToken         = "aws:imagebuilder/imageRecipe:ImageRecipe"
	infrastructureToken = "aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration"
	distributionToken   = "aws:imagebuilder/distributionConfiguration:DistributionConfiguration"
	pipelineToken       = "aws:imagebuilder/imagePipeline:ImagePipeline"
	buildDocument       = `{"schemaVersion": 1.0, "phases": [{"name": "build", "steps": [{"name": "x", "action": "ExecuteBash"}]}]}`
)

// pipeline makes one called "it-…", with what it is made of.
func (w *world) pipeline() (component, recipe, pipeline made) {
	w.Helper()
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	w.create("aws:iam/role:Role", properties(m{"name": "builder", "assumeRolePolicy": trust}))
	w.create("aws:iam/instanceProfile:InstanceProfile", properties(m{"name": "builder", "role": "builder"}))
	component = w.create(componentToken, properties(m{"platform": "Linux", "version": "1.0.0", "data": buildDocument}))
	recipe = w.create(recipeToken, properties(m{"version": "1.0.0", "parentImage": image, "components": []any{m{"componentArn": string(component.id)}}}))
	infrastructure := w.create(infrastructureToken, properties(m{"instanceProfileName": "builder", "instanceMetadataOptions": m{"httpTokens": "required", "httpPutResponseHopLimit": 1}}))
	distribution := w.create(distributionToken, properties(m{"distributions": []any{m{"region": "us-west-2", "amiDistributionConfiguration": m{
		"name": "gpu-{{imagebuilder:buildDate}}", "amiTags": m{"lablink:pipeline": "gpu"},
	}}}}))
	pipeline = w.create(pipelineToken, properties(m{"name": "gpu", "imageRecipeArn": string(recipe.id),
		"infrastructureConfigurationArn": string(infrastructure.id), "distributionConfigurationArn": string(distribution.id)}))
	return component, recipe, pipeline
}

// built has a pipeline build an image, and returns the ids of all it has built.
func (w *world) built() []any {
	w.Helper()
	w.pipeline()
	i, err := w.account.BuildImage("gpu")
	require.NoError(w, err)
	return []any{i.ID}
}

func TestAVersionOfAComponentOrRecipeIsReplacedAndTheRestChangesInPlace(t *testing.T) {
	w := newWorld(t)
	component, recipe, pipeline := w.pipeline()
	d := w.diff(componentToken, component, properties(m{"platform": "Linux", "version": "1.0.1", "data": buildDocument}))
	require.Equal(t, []resource.PropertyKey{"version"}, d.ReplaceKeys)
	require.False(t, d.DeleteBeforeReplace, "under a made-up name the new one comes first")
	d = w.diff(recipeToken, recipe, properties(m{"version": "1.0.1", "parentImage": "ami-051700000000000a2", "components": []any{m{"componentArn": "other"}}}))
	require.ElementsMatch(t, []resource.PropertyKey{"version", "parentImage", "components[0].componentArn"}, d.ReplaceKeys)
	next := pipeline.inputs.Copy()
	next["imageRecipeArn"] = resource.NewProperty("other")
	d = w.diff(pipelineToken, pipeline, next)
	require.Equal(t, plugin.DiffSome, d.Changes)
	require.Empty(t, d.ReplaceKeys)
	require.Equal(t, "component", component.outputs["arn"].StringValue()[len("arn:aws:imagebuilder:us-west-2:123456789012:"):][:9])
}

func TestImageBuildersThingsAreImportedByTheirARN(t *testing.T) {
	w := newWorld(t)
	_, _, pipeline := w.pipeline()
	seen := w.read(pipelineToken, pipeline.id, nil, nil)
	require.Equal(t, pipeline.id, seen.ID)
	require.Equal(t, "gpu", seen.Inputs["name"].StringValue())
	require.NoError(t, w.remove(pipelineToken, pipeline))
	require.Empty(t, w.read(pipelineToken, pipeline.id, pipeline.inputs, pipeline.outputs).ID)
}

package images_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/images"
	"github.com/talmolab/lablink-infrastructure/infra/image"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// account is a simulated one with a pipeline called gpu.
func account(t *testing.T) (*cloud.Account, *images.Catalog) {
	t.Helper()
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	a, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64", Now: func() time.Time { now = now.Add(time.Minute); return now }})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewServer(a, time.Now))
	t.Cleanup(server.Close)
	require.NoError(t, a.CreateRole(&cloud.Role{Name: "r", AssumeRolePolicy: trust}))
	require.NoError(t, a.CreateInstanceProfile(&cloud.InstanceProfile{Name: "p", Role: "r"}))
	c := &cloud.ImageComponent{Name: "gpu", Platform: "Linux", Version: "1.0.0", Data: `{"schemaVersion": 1.0, "phases": [{"name": "test", "steps": [{"name": "x", "action": "ExecuteBash"}]}]}`}
	require.NoError(t, a.CreateImageComponent(c))
	r := &cloud.ImageRecipe{Name: "gpu", Version: "1.0.0", ParentImage: "ami-051700000000000a2", Components: []cloud.RecipeComponent{{ComponentARN: c.ARN}}}
	require.NoError(t, a.CreateImageRecipe(r))
	i := &cloud.ImageInfrastructure{Name: "gpu", InstanceProfileName: "p"}
	require.NoError(t, a.CreateImageInfrastructure(i))
	d := &cloud.ImageDistribution{Name: "gpu", Distributions: []cloud.Distribution{{Region: a.Region(), AMIDistributionConfiguration: &cloud.AMIDistribution{
		Name: "gpu {{imagebuilder:buildDate}}", AMITags: map[string]string{"lablink:pipeline": "gpu"},
	}}}}
	require.NoError(t, a.CreateImageDistribution(d))
	require.NoError(t, a.CreateImagePipeline(&cloud.ImagePipeline{Name: "gpu", ImageRecipeARN: r.ARN, InfrastructureConfigurationARN: i.ARN, DistributionConfigurationARN: d.ARN}))
	return a, images.New(aws.Config{
		Region: a.Region(), BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: cloud.DeveloperKey, SecretAccessKey: cloud.DeveloperSecret}, nil
		}),
	})
}

func TestTheNewestImageOfAPipelineIsFound(t *testing.T) {
	a, catalog := account(t)
	id, err := catalog.Newest(t.Context(), "gpu")
	require.NoError(t, err)
	require.Empty(t, id)
	for range 3 {
		built, err := a.BuildImage("gpu")
		require.NoError(t, err)
		id, err = catalog.Newest(t.Context(), "gpu")
		require.NoError(t, err)
		require.Equal(t, built.ID, id)
	}
	id, err = catalog.Newest(t.Context(), "other")
	require.NoError(t, err)
	require.Empty(t, id)
}

func TestTheHostsImageIsThatOfItsTypesArchitecture(t *testing.T) {
	_, catalog := account(t)
	for kind, architecture := range map[string]string{"t4g.small": "arm64", "t3.small": "x86_64"} {
		got, err := catalog.Architecture(t.Context(), kind)
		require.NoError(t, err)
		require.Equal(t, architecture, got)
		id, err := catalog.Parameter(t.Context(), image.DebianParameter(architecture))
		require.NoError(t, err)
		require.Regexp(t, "^ami-", id)
	}
	_, err := catalog.Architecture(t.Context(), "x9.huge")
	require.ErrorContains(t, err, "look up instance type x9.huge")
	_, err = catalog.Parameter(t.Context(), "/none")
	require.ErrorContains(t, err, "read the parameter /none")
}

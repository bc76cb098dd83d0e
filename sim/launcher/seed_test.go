package launcher

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// What a stack file names is there in the account that it is previewed in.
func TestAnAccountHasWhatAStackFileNames(t *testing.T) {
	w, _ := newWorkspace(t)
	write(t, filepath.Join(w.Root, "Pulumi.yaml"), "name: lablink\nruntime: go\n", 0o644)
	file := filepath.Join(w.Root, "stack.yaml")
	write(t, file, `config:
  aws:region: eu-central-1
  lablink:deployment: lablink
  lablink:account: {id: "210987654321"}
  lablink:network: {vpcId: vpc-0123456789abcdef0, subnetIds: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]}
  lablink:dns: {provider: route53, domain: lab.university.edu}
  lablink:tls: {email: lab@university.edu}
  lablink:allocator: {ami: ami-0123456789abcdef0, instanceType: c7g.large}
  lablink:pools: [{name: gpu, instanceTypes: [g6e.xlarge], image: {id: ami-0123456789abcdef1}, maxMachines: 1}, {name: baked, instanceTypes: [g6e.xlarge], image: {pipeline: gpu}, maxMachines: 1}]
`, 0o644)
	write(t, w.own("seed.json"), "", 0o644)
	require.NoError(t, w.seedFor("test", file))
	var seed cloud.Seed
	for i, flag := range w.Seed {
		if flag == "--seed" {
			raw, err := os.ReadFile(w.Seed[i+1])
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(raw, &seed))
		}
	}
	assert.Subset(t, w.Seed, []string{"--region", "eu-central-1", "--account", "210987654321", "--zone", "university.edu"})
	a, err := cloud.Open(cloud.Options{Dir: filepath.Join(t.TempDir()), AccountID: "210987654321", Region: "eu-central-1", Architecture: "x86_64", Seed: seed})
	require.NoError(t, err)
	host, err := a.Image("ami-0123456789abcdef0")
	require.NoError(t, err)
	assert.Equal(t, "arm64", host.Architecture)
	client, err := a.Image("ami-0123456789abcdef1")
	require.NoError(t, err)
	assert.Equal(t, "x86_64", client.Architecture)
	built := slices.IndexFunc(a.Images(), func(i cloud.Image) bool { return i.Tags["lablink:pipeline"] == "gpu" })
	require.GreaterOrEqual(t, built, 0, "what a pipeline has built")
	assert.Equal(t, "210987654321", a.Images()[built].OwnerID)
	typ, err := a.InstanceType("c7g.large")
	require.NoError(t, err)
	assert.Equal(t, "arm64", typ.Architecture)
	_, err = a.VPC("vpc-0123456789abcdef0")
	require.NoError(t, err)
	second, err := a.Subnet("subnet-0123456789abcdef1")
	require.NoError(t, err)
	assert.Equal(t, "eu-central-1b", second.AvailabilityZone)
}

func TestAStackAtCloudflareIsPreviewedWithAZoneAndATokenThere(t *testing.T) {
	w, _ := newWorkspace(t)
	write(t, filepath.Join(w.Root, "Pulumi.yaml"), "name: lablink\nruntime: go\n", 0o644)
	file := filepath.Join(w.Root, "stack.yaml")
	write(t, w.own("seed.json"), "", 0o644)
	for provider, flag := range map[string]string{"cloudflare": "--cloudflare-zone", "route53": "--zone"} {
		write(t, file, `config:
  aws:region: us-west-2
  lablink:deployment: lablink
  lablink:dns: {provider: `+provider+`, domain: lab.university.edu}
  lablink:tls: {email: lab@university.edu}
  lablink:pools: [{name: gpu, instanceTypes: [g6e.xlarge], image: {id: ami-0123456789abcdef1}, maxMachines: 1}]
`, 0o644)
		aside := w.Aside("")
		require.NoError(t, aside.seedFor("test", file))
		assert.Equal(t, []string{flag, "university.edu"}, aside.Seed[len(aside.Seed)-2:])
		assert.Equal(t, provider == "cloudflare", aside.needsToken)
		for token, needed := range map[string]bool{"secure: v1:c2VjcmV0": true, "in plain text": false} {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			other := filepath.Join(w.Root, "other.yaml")
			write(t, other, string(raw)+"  cloudflare:apiToken:\n    "+token+"\n", 0o644)
			aside := w.Aside("")
			require.NoError(t, aside.seedFor("test", other))
			assert.Equal(t, needed && provider == "cloudflare", aside.needsToken, token)
		}
	}
}

func TestOnlyTemplatesThatThereAreCanBePreviewed(t *testing.T) {
	w, _ := newWorkspace(t)
	write(t, filepath.Join(w.Root, Templates, "spot.yaml"), "", 0o644)
	require.ErrorContains(t, w.PreviewTemplate(t.Context(), "sopt"), `no template "sopt" in stacks/templates; there are spot`)
	require.ErrorContains(t, w.Preview(t.Context(), "staging"), "Pulumi.staging.yaml")
}

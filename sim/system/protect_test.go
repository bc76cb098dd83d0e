package system

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// withoutRoles takes the roles of workflows out of a stack, which need an account's
// identity provider.
var withoutRoles = []string{"  lablink:github:\n    repository: talmolab/lablink-infrastructure\n", ""}

// inState is a resource of a stack.
type inState struct {
	URN, Type, ID, Parent string
	Custom, Protect       bool
}

func (d inState) name() string { return d.URN[strings.LastIndex(d.URN, "::")+2:] }

// deployed are the resources in a stack's state that are something in the account.
func (e *engine) deployed(t *testing.T, s launcher.Stack) map[string]inState {
	t.Helper()
	raw, err := e.Output(t.Context(), "stack", "export", "--stack", s.Name)
	require.NoError(t, err)
	var state struct {
		Deployment struct{ Resources []inState }
	}
	require.NoError(t, json.Unmarshal(raw, &state))
	out := map[string]inState{}
	for _, r := range state.Deployment.Resources {
		if r.Custom && !strings.HasPrefix(r.Type, "pulumi:") {
			out[r.name()] = r
		}
	}
	return out
}

// operator runs lablink on the workspace's backend.
func (e *engine) operator(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := e.command(t, e.lablink(), args...)
	for _, v := range e.Variables() {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	out, err := cmd.CombinedOutput()
	t.Logf("lablink %s\n%s", strings.Join(args, " "), out)
	return string(out), err
}

// What cannot be made again stays when production is destroyed, and is listed. One
// way lifts that, on purpose.
func TestProductionIsDestroyedOnPurposeOnly(t *testing.T) {
	e := start(t)
	prod := e.stack(t, "prod", withoutRoles...)
	e.must(t, prod, "up", "--yes", "--skip-preview", "--suppress-outputs")

	said, err := e.operator(t, "destroy", "--stack", "prod", "--config-file", prod.File, "--yes", "--whole")
	require.Error(t, err)
	require.Contains(t, said, "nothing was destroyed")
	require.Contains(t, said, "host-address")
	require.Contains(t, e.deployed(t, prod), "host-instance")

	said, err = e.operator(t, "destroy", "--stack", "prod", "--config-file", prod.File, "--yes")
	require.NoError(t, err)
	left := e.deployed(t, prod)
	for _, name := range []string{"host-address", "host-data", "dns-record", "artifacts-bucket", "artifacts-closed"} {
		require.Contains(t, left, name)
	}
	require.NotContains(t, left, "host-instance")
	require.NotContains(t, left, "network-vpc")
	forgotten, list, _ := strings.Cut(said, "These stay")
	_, forgotten, _ = strings.Cut(forgotten, "Left in AWS on purpose")
	bucket := left["artifacts-bucket"].ID
	require.Contains(t, forgotten, "(aws:s3/bucketObjectv2:BucketObjectv2, "+bucket+"/releases/", "the bucket stays, and so does what is in it")
	require.Equal(t, strings.Count(forgotten, ":BucketObjectv2, "+bucket+"/"), strings.Count(forgotten, ")\n"), "nothing else is left behind")
	for name, r := range left {
		require.Contains(t, list, "    "+name+" ("+r.Type+", "+r.ID+")\n")
	}
	require.Equal(t, len(left), strings.Count(list, ")\n"), "it lists what stays and nothing else")
	require.Contains(t, list, "lablink unprotect --stack prod")

	said, err = e.operator(t, "unprotect", "--stack", "prod", "--config-file", prod.File, "--confirm", "test")
	require.Error(t, err)
	require.Contains(t, said, "--confirm prod")
	raw, err := os.ReadFile(prod.File)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "retiring")

	_, err = e.operator(t, "unprotect", "--stack", "prod", "--config-file", prod.File, "--confirm", "prod")
	require.NoError(t, err)
	raw, err = os.ReadFile(prod.File)
	require.NoError(t, err)
	require.Contains(t, string(raw), "lablink:retiring: true")
	require.Contains(t, string(raw), "# The environment that workshops run on.", "comments stay")

	said, err = e.operator(t, "destroy", "--stack", "prod", "--config-file", prod.File, "--yes")
	require.Error(t, err, "until an update the state says that they stay in AWS, and they would be nobody's")
	require.Contains(t, said, "run pulumi up --stack prod --config-file "+prod.File+" first")
	for _, name := range []string{"host-address", "host-data", "dns-record", "artifacts-bucket"} {
		require.Contains(t, said, "    "+name+" ("+left[name].Type+", "+left[name].ID+")\n")
	}
	for name, r := range left {
		r.Protect = false
		left[name] = r
	}
	require.Equal(t, left, e.deployed(t, prod), "nothing was destroyed")

	e.must(t, prod, "up", "--yes", "--skip-preview", "--suppress-outputs")
	said, err = e.operator(t, "destroy", "--stack", "prod", "--config-file", prod.File, "--yes", "--whole")
	require.NoError(t, err)
	require.Contains(t, said, "Nothing of prod is left.")
	require.Contains(t, said, "nothing more is there than what stays on purpose:\n    arn:aws:ec2:us-west-2::snapshot/snap-", "the data volume's last snapshot")
	require.Empty(t, e.deployed(t, prod))
}

// No workflow deletes its own role: it takes away the rest, and an engineer the roles.
func TestAWorkflowDestroysAllButTheRolesOfWorkflows(t *testing.T) {
	e := start(t, "--oidc", github)
	test := e.stack(t, "test")
	e.must(t, test, "up", "--yes", "--skip-preview", "--suppress-outputs")
	destroy := []string{"destroy", "--stack", "test", "--config-file", test.File, "--yes", "--whole"}
	said, err := e.operator(t, append(destroy, "--keep-roles")...)
	require.NoError(t, err)
	require.Contains(t, said, "nothing more is there")
	require.Contains(t, said, "Nothing else of test is left.")
	left := e.deployed(t, test)
	for name, r := range left {
		require.True(t, strings.HasPrefix(name, "identity-") || name == "boundary", name)
		require.Contains(t, said, "    "+name+" ("+r.Type+", "+r.ID+")\n")
	}
	for _, role := range []string{"preview", "drift", "deploy", "e2e"} {
		require.Contains(t, left, "identity-"+role)
	}
	e.must(t, test, "preview", "--suppress-outputs") // it can be deployed again
	_, err = e.operator(t, append(destroy, "--keep-roles")...)
	require.NoError(t, err, "and destroyed again")
	require.Equal(t, left, e.deployed(t, test))
	said, err = e.operator(t, destroy...)
	require.NoError(t, err)
	require.Contains(t, said, "Nothing of test is left.")
	require.Empty(t, e.deployed(t, test))
}

// A load balancer that stays keeps what it stands in: AWS deletes no group and no
// subnet under it.
func TestALoadBalancerThatStaysKeepsItsNetwork(t *testing.T) {
	e := start(t)
	prod := e.stack(t, "prod", append([]string{"    mode: acme\n    email: lab@example.org\n", "    mode: acm\n"}, withoutRoles...)...)
	e.must(t, prod, "up", "--yes", "--skip-preview", "--suppress-outputs")
	destroy := []string{"destroy", "--stack", "prod", "--config-file", prod.File, "--yes"}
	said, err := e.operator(t, destroy...)
	require.NoError(t, err)
	left := e.deployed(t, prod)
	for _, name := range []string{"balancer-people", "balancer-people-group", "balancer-agents", "network-subnet-a", "network-subnet-b", "network-vpc", "network-gateway"} {
		require.Contains(t, left, name)
		require.Contains(t, said, "    "+name+" (")
	}
	require.NotContains(t, left, "host-instance")

	_, err = e.operator(t, "unprotect", "--stack", "prod", "--config-file", prod.File, "--confirm", "prod")
	require.NoError(t, err)
	e.must(t, prod, "up", "--yes", "--skip-preview", "--suppress-outputs")
	_, err = e.operator(t, destroy...)
	require.NoError(t, err)
	require.Empty(t, e.deployed(t, prod))
}

// What is in the account already is taken over by the ids that AWS gives it.
func TestAnAddressARecordAndABucketAreImported(t *testing.T) {
	e := start(t)
	test := e.stack(t, "test", append([]string{"  lablink:deployment: lablink\n", "  lablink:deployment: lablink\n  lablink:protection: true\n"}, withoutRoles...)...)
	e.must(t, test, "up", "--yes", "--skip-preview", "--suppress-outputs")
	kept := e.deployed(t, test)
	e.must(t, test, "state", "unprotect", "--all", "--yes")
	e.must(t, test, "destroy", "--yes", "--skip-preview", "--suppress-outputs") // retained: they stay in the account
	require.Empty(t, e.deployed(t, test))

	file := test.File + ".import.json"
	e.must(t, test, "preview", "--import-file", file)
	ids := map[string]string{
		"host-address": kept["host-address"].ID, "dns-record": kept["dns-record"].ID, "artifacts-bucket": kept["artifacts-bucket"].ID,
	}
	require.Regexp(t, `^eipalloc-[0-9a-f]{17}$`, ids["host-address"])
	require.Regexp(t, `^Z[A-Z0-9]+_test\.lab\.example\.org_A$`, ids["dns-record"])
	require.Equal(t, "lablink-artifacts-test-123456789012-us-west-2", ids["artifacts-bucket"])
	fillImport(t, file, ids)
	e.must(t, test, "import", "--file", file, "--yes", "--generate-code=false", "--protect=false", "--skip-preview")
	for name, id := range ids {
		require.Equal(t, id, e.deployed(t, test)[name].ID, name)
	}

	raw, err := e.Output(t.Context(), "preview", "--json", "--stack", "test", "--config-file", test.File)
	require.NoError(t, err)
	var plan struct{ Steps []struct{ Op, URN string } }
	require.NoError(t, json.Unmarshal(raw, &plan))
	seen := 0
	for _, step := range plan.Steps {
		name := step.URN[strings.LastIndex(step.URN, "::")+2:]
		if _, imported := ids[name]; imported {
			seen++
			require.Contains(t, []string{"same", "update"}, step.Op, name)
		}
		require.NotContains(t, step.Op, "replace", name)
	}
	require.Equal(t, len(ids), seen)
	e.must(t, test, "up", "--yes", "--skip-preview", "--suppress-outputs")
	require.Equal(t, ids["host-address"], e.deployed(t, test)["host-address"].ID)
}

// fillImport writes ids into an import file, and leaves out all else but the
// components that what is imported belongs to.
func fillImport(t *testing.T, file string, ids map[string]string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var list map[string]any
	require.NoError(t, json.Unmarshal(raw, &list))
	list["resources"] = slices.DeleteFunc(list["resources"].([]any), func(r any) bool {
		one := r.(map[string]any)
		if id, ok := ids[one["name"].(string)]; ok && one["component"] != true {
			one["id"] = id
			return false
		}
		return one["component"] != true
	})
	raw, err = json.Marshal(list)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, raw, 0o600))
}

// A change behind the program's back is found, named, and taken back by an update.
func TestARefreshFindsWhatWasChangedByHand(t *testing.T) {
	e := start(t)
	test := e.stack(t, "test", withoutRoles...)
	e.must(t, test, "up", "--yes", "--skip-preview", "--suppress-outputs")
	look := func(code int) string {
		t.Helper()
		said, err := e.operator(t, "drift", "--stack", "test", "--config-file", test.File)
		if code == 0 {
			require.NoError(t, err)
			return said
		}
		var ended *exec.ExitError
		require.ErrorAs(t, err, &ended)
		require.Equal(t, code, ended.ExitCode())
		return said
	}
	look(0)

	there := e.deployed(t, test)
	client := ec2.New(ec2.Options{
		Region: "us-west-2", BaseEndpoint: aws.String(e.account.URL),
		Credentials: credentials.NewStaticCredentialsProvider(cloud.DeveloperKey, cloud.DeveloperSecret, ""),
	})
	group := there["network-clients"]
	_, err := client.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{group.ID}, Tags: []types.Tag{{Key: aws.String("lablink:environment"), Value: aws.String("mine")}}})
	require.NoError(t, err)
	said := look(1)
	require.Contains(t, said, "network-clients")
	require.Contains(t, said, `"mine"`)

	var rule inState
	for _, r := range there {
		if r.Type == "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" && strings.Contains(r.name(), "people-80") {
			rule = r
		}
	}
	require.NotEmpty(t, rule.ID)
	_, err = client.RevokeSecurityGroupIngress(t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: aws.String(there["network-allocator"].ID), SecurityGroupRuleIds: []string{rule.ID}})
	require.NoError(t, err)
	require.Contains(t, look(1), rule.name())

	e.must(t, test, "up", "--refresh", "--yes", "--skip-preview", "--suppress-outputs")
	look(0)
	test.File += ".elsewhere"
	look(2)
}

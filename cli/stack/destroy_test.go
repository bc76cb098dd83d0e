package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// engine answers like pulumi for one stack: with the state that lies beside it, and
// the settings of a file for lablink in us-west-2. Destroying fails where the state
// has a subnet, and is written down.
const engine = `#!/bin/sh
case "$1 $2 $3" in
"stack export "*) cat "$0.state" ;;
"config get aws:region") echo us-west-2 ;;
"config get lablink:deployment") echo lablink ;;
"destroy "*) echo "$*" >>"$0.calls"; ! grep -q subnet "$0.state" ;;
*) exit 9 ;;
esac
`

// having is a workspace of which each stack has this state.
func having(t *testing.T, resources, pending string) (w *Workspace, said *strings.Builder, calls func() string) {
	t.Helper()
	w, said = telling()
	w.Root = t.TempDir()
	w.engine = filepath.Join(w.Root, "pulumi")
	state := fmt.Sprintf(`{"deployment": {"resources": [%s], "pending_operations": [%s]}}`, resources, pending)
	require.NoError(t, os.WriteFile(w.engine, []byte(engine), 0o755))
	require.NoError(t, os.WriteFile(w.engine+".state", []byte(state), 0o600))
	return w, said, func() string {
		raw, err := os.ReadFile(w.engine + ".calls")
		if !errors.Is(err, os.ErrNotExist) {
			require.NoError(t, err)
		}
		return string(raw)
	}
}

func opening(a Account, of *Environment) Destruction {
	return Destruction{Open: func(_ context.Context, e Environment) (Account, error) {
		*of = e
		return a, nil
	}}
}

// thing is a resource of a state.
func thing(kind, id, arn, deployment, environment, more string) string {
	return fmt.Sprintf(`{"urn": "urn:pulumi:test::lablink::%s::%s-name", "type": "%s", "custom": true, "id": "%s", "outputs": {"arn": "%s", "tagsAll": {"lablink:deployment": "%s", "lablink:environment": "%s"}}%s}`,
		kind, id, kind, id, arn, deployment, environment, more)
}

const (
	inEC2  = "arn:aws:ec2:us-west-2:123456789012:"
	vpc    = "aws:ec2/vpc:Vpc"
	subnet = "aws:ec2/subnet:Subnet"
)

func TestNothingIsTouchedWhereTheStateHasTheThingsOfOthers(t *testing.T) {
	const advice = "see that --stack, --config-file and the backend are the right ones; if that was changed and not deployed since, run pulumi up first"
	for _, c := range []struct{ stack, has, says, do string }{
		{"test", thing(vpc, "vpc-1", inEC2+"vpc/vpc-1", "other", "test", ""), `the deployment of vpc-1-name (aws:ec2/vpc:Vpc, vpc-1) in the state is "other", and the stack and its settings say "lablink"`, advice},
		{"test", thing(vpc, "vpc-1", inEC2+"vpc/vpc-1", "lablink", "prod", ""), `the environment of vpc-1-name (aws:ec2/vpc:Vpc, vpc-1) in the state is "prod", and the stack and its settings say "test"`, advice},
		{"ORG/prod", thing(vpc, "vpc-1", inEC2+"vpc/vpc-1", "lablink", "test", ""), `in the state is "test", and the stack and its settings say "prod"`, advice},
		{"test", thing(vpc, "vpc-1", "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", "lablink", "test", ""), `the Region of vpc-1-name (aws:ec2/vpc:Vpc, vpc-1) in the state is "eu-west-1", and the stack and its settings say "us-west-2"`, advice},
		{"test", thing(vpc, "vpc-1", "arn:aws:ec2:us-west-2:999999999999:vpc/vpc-1", "lablink", "test", ""), "vpc-1-name (aws:ec2/vpc:Vpc, vpc-1) in the state is of the AWS account 999999999999, and these credentials are of 123456789012", "AWS_PROFILE"},
	} {
		w, _, calls := having(t, c.has, "")
		a := &slow{machines: []string{"i-1"}}
		err := w.Destroy(t.Context(), Target{Name: c.stack}, opening(a, &Environment{}))
		require.ErrorContains(t, err, "nothing was destroyed: ")
		require.ErrorContains(t, err, c.says)
		require.ErrorContains(t, err, c.do)
		require.Empty(t, calls())
		require.Empty(t, a.ended)
	}
}

func TestAStackIsDestroyedByWhicheverOfItsNames(t *testing.T) {
	ours := strings.Join([]string{
		thing(vpc, "vpc-1", inEC2+"vpc/vpc-1", "lablink", "test", ""),
		thing(vpc, "vpc-2", "arn:aws:ec2:us-west-2:999999999999:vpc/vpc-2", "other", "prod", `, "external": true`),
		thing("aws:s3/bucketObjectv2:BucketObjectv2", "account/x", "arn:aws:s3:::account/x", "lablink", "shared", ""),
		`{"urn": "::record", "type": "aws:route53/record:Record", "custom": true, "id": "Z_a_A"}`,
	}, ",")
	for _, name := range []string{"test", "ORG/test", "organization/lablink/test"} {
		w, said, calls := having(t, ours, "")
		var of Environment
		require.NoError(t, w.Destroy(t.Context(), Target{Name: name}, opening(&slow{}, &of)))
		require.Equal(t, Environment{Region: "us-west-2", Deployment: "lablink", Name: "test"}, of)
		require.Contains(t, calls(), "--stack "+name+" ")
		require.NotContains(t, said.String(), "cut short")
	}
}

func TestAHostThatARunBeforeWasMakingIsNamed(t *testing.T) {
	pending := `{"type": "creating", "resource": {"urn": "urn:pulumi:test::lablink::aws:ec2/instance:Instance::host-instance", "type": "aws:ec2/instance:Instance", "custom": true}},
		{"type": "deleting", "resource": {"urn": "urn:pulumi:test::lablink::aws:ec2/subnet:Subnet::subnet-1-name", "type": "aws:ec2/subnet:Subnet", "custom": true, "id": "subnet-1"}}`
	w, said, calls := having(t, thing(subnet, "subnet-1", inEC2+"subnet/subnet-1", "lablink", "test", ""), pending)
	a := &slow{things: []string{"instance/i-9", inEC2 + "subnet/subnet-1", "arn:aws:ec2:us-west-2::snapshot/snap-1"}, forever: 3}
	err := w.Destroy(t.Context(), Target{Name: "test"}, opening(a, &Environment{}))
	require.NotEmpty(t, calls())
	require.ErrorContains(t, err, "pulumi destroy --yes failed")
	require.ErrorContains(t, err, "is there, and no stack holds it: delete it, and run lablink destroy again")
	require.Equal(t, "An update was cut short while it made these. AWS may have them, and no stack holds them, so what is left is told at the end:\n"+
		"    host-instance (aws:ec2/instance:Instance)\n"+
		"AWS has these by the environment's tags, and no stack holds them:\n"+
		"    instance/i-9 (n)\n", said.String())

	w, _, _ = having(t, thing(subnet, "subnet-1", inEC2+"subnet/subnet-1", "lablink", "test", ""), "")
	err = w.Destroy(t.Context(), Target{Name: "test"}, opening(&slow{}, &Environment{}))
	require.ErrorContains(t, err, "pulumi destroy --yes failed")
	require.NotContains(t, err.Error(), "listed above")
}

func TestWhatStaysIsListedWhateverAWSSays(t *testing.T) {
	role := `{"urn": "urn:pulumi:test::lablink::lablink:identity:Identity$aws:iam/role:Role::identity-deploy", "type": "aws:iam/role:Role", "custom": true, "id": "lablink-deploy-test"}`
	denied := &slow{err: errors.New("denied")}
	w, said, _ := having(t, role+","+thing("aws:ec2/eip:Eip", "eipalloc-1", inEC2+"elastic-ip/eipalloc-1", "lablink", "test", `, "protect": true`), "")
	require.ErrorContains(t, w.see(t.Context(), Target{Name: "test"}, nil, denied), "not known whether anything is left: denied")
	require.Contains(t, said.String(), "    identity-deploy (aws:iam/role:Role, lablink-deploy-test)\n")
	require.Contains(t, said.String(), "    eipalloc-1-name (aws:ec2/eip:Eip, eipalloc-1)\nTo remove them too:\n")

	for _, holds := range []string{"", role} {
		w, said, _ = having(t, holds, "")
		require.Error(t, w.see(t.Context(), Target{Name: "test"}, nil, denied))
		require.NotContains(t, said.String(), "is left.")
		require.NoError(t, w.see(t.Context(), Target{Name: "test"}, nil, &slow{}))
		require.Contains(t, said.String(), " of test is left.\n")
	}
}

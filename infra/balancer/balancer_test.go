package balancer_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/balancer"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

func good() *balancer.BalancerArgs {
	return &balancer.BalancerArgs{
		Namer: naming.Namer{Deployment: "lablink", Environment: "test", Region: "us-west-2"}, VPCID: pulumi.String("vpc-1"),
		SubnetIDs:      pulumi.StringArray{pulumi.String("subnet-1"), pulumi.String("subnet-2")},
		AllocatorGroup: pulumi.String("sg-allocator"), ClientGroup: pulumi.String("sg-clients"),
		AllowedCidrs: []string{"192.0.2.0/24"}, CertificateARN: pulumi.String("arn:certificate"),
	}
}

func declare(args *balancer.BalancerArgs) (*recording.Recording, *balancer.Balancer, error) {
	var b *balancer.Balancer
	r, err := recording.Run("test", recording.Account{ID: "123456789012", Region: "us-west-2"}, func(ctx *pulumi.Context) (err error) {
		b, err = balancer.NewBalancer(ctx, "balancer", args)
		if err == nil {
			ctx.Export("dnsName", b.DNSName)
			ctx.Export("agentUrl", b.AgentURL)
		}
		return err
	})
	return r, b, err
}

func TestPeopleComeFromTheInternetAndAgentsFromInside(t *testing.T) {
	r, b, err := declare(good())
	require.NoError(t, err)
	for _, c := range []struct {
		name     string
		internal bool
	}{{"people", false}, {"agents", true}} {
		lb := r.Named("balancer-" + c.name)
		assert.Equal(t, "lablink-"+c.name+"-test", lb.Text("name"))
		assert.Equal(t, c.internal, lb.Get("internal"))
		assert.Equal(t, "application", lb.Text("loadBalancerType"))
		assert.Equal(t, 4000.0, lb.Get("idleTimeout"), "seconds: a tunnel is quiet for longer than a minute")
		assert.Equal(t, true, lb.Get("dropInvalidHeaderFields"))
		assert.Equal(t, []any{"balancer-" + c.name + "-group-id"}, lb.Get("securityGroups"))
		listener := r.Named("balancer-" + c.name + "-https")
		assert.Equal(t, []any{443.0, "HTTPS", "arn:certificate", balancer.TLSPolicy}, []any{
			listener.Get("port"), listener.Get("protocol"), listener.Get("certificateArn"), listener.Get("sslPolicy"),
		})
		assert.Equal(t, "forward", listener.Text("defaultActions[0].type"))
		targets := r.Named("balancer-" + c.name + "-targets")
		assert.Equal(t, []any{80.0, "HTTP", "/readyz", "200"}, []any{
			targets.Get("port"), targets.Get("protocol"), targets.Get("healthCheck.path"), targets.Get("healthCheck.matcher"),
		})
	}
	assert.NotEqual(t, r.Named("balancer-people-https").Text("defaultActions[0].targetGroupArn"),
		r.Named("balancer-agents-https").Text("defaultActions[0].targetGroupArn"), "a target group belongs to one load balancer")
	assert.Len(t, b.TargetGroups, 2)
	redirect := r.Named("balancer-people-http")
	assert.Equal(t, []any{80.0, "HTTP", "redirect", "HTTPS", "443", "HTTP_301"}, []any{
		redirect.Get("port"), redirect.Get("protocol"), redirect.Get("defaultActions[0].type"), redirect.Get("defaultActions[0].redirect.protocol"),
		redirect.Get("defaultActions[0].redirect.port"), redirect.Get("defaultActions[0].redirect.statusCode"),
	})
	assert.Equal(t, "lablink-people-test-1234567890.us-west-2.elb.amazonaws.com", r.Outputs["dnsName"].Value)
	assert.Equal(t, "https://internal-lablink-agents-test-1234567890.us-west-2.elb.amazonaws.com", r.Outputs["agentUrl"].Value)
}

// rule is who may connect to which port of which group.
type rule struct {
	group, cidr, from string
	port              any
}

func rules(t *testing.T, r *recording.Recording, direction string) (out []rule) {
	t.Helper()
	for _, x := range r.Of("aws:vpc/securityGroup" + direction + "Rule:SecurityGroup" + direction + "Rule") {
		require.Equal(t, x.Get("fromPort"), x.Get("toPort"), "%s opens one port", x.Name)
		require.Equal(t, "tcp", x.Text("ipProtocol"))
		out = append(out, rule{x.Text("securityGroupId"), x.Text("cidrIpv4"), x.Text("referencedSecurityGroupId"), x.Get("fromPort")})
	}
	return out
}

func TestEachReachesItsOwnLoadBalancerAndOnlyThoseReachTheHosts(t *testing.T) {
	r, b, err := declare(good())
	require.NoError(t, err)
	const people, agents = "balancer-people-group-id", "balancer-agents-group-id"
	in, out := rules(t, r, "Ingress"), rules(t, r, "Egress")
	assert.ElementsMatch(t, []rule{
		{people, "192.0.2.0/24", "", 80.0}, {people, "192.0.2.0/24", "", 443.0}, {agents, "", "sg-clients", 443.0},
		{"sg-allocator", "", people, 80.0}, {"sg-allocator", "", agents, 80.0},
	}, in)
	assert.ElementsMatch(t, []rule{{people, "", "sg-allocator", 80.0}, {agents, "", "sg-allocator", 80.0}}, out)
	assert.Len(t, b.Ready, len(in)+len(out)+3, "all rules and listeners")
}

// Who may reach the pages is nothing to agents.
func TestAnotherRangeChangesNothingForAgents(t *testing.T) {
	before, _, err := declare(good())
	require.NoError(t, err)
	args := good()
	args.AllowedCidrs = []string{"198.51.100.0/24", "192.0.2.0/24"}
	after, _, err := declare(args)
	require.NoError(t, err)
	for _, record := range before.Records {
		assert.Equal(t, record, after.Named(record.Name), record.Name)
	}
	assert.Len(t, after.Records, len(before.Records)+2)
}

func TestProtectedLoadBalancersStay(t *testing.T) {
	for _, protect := range []bool{true, false} {
		args := good()
		args.Protect = protect
		r, _, err := declare(args)
		require.NoError(t, err)
		for _, name := range []string{"balancer-people", "balancer-agents"} {
			lb := r.Named(name)
			assert.Equal(t, []any{protect, protect, false}, []any{lb.Get("enableDeletionProtection"), lb.Protect, lb.RetainOnDelete}, name)
		}
		assert.False(t, r.Named("balancer-people-https").Protect, "what can be made again")
	}
}

func TestAnIncompleteBalancerIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	for what, spoil := range map[string]func(*balancer.BalancerArgs){
		"VPCID":          func(a *balancer.BalancerArgs) { a.VPCID = nil },
		"SubnetIDs":      func(a *balancer.BalancerArgs) { a.SubnetIDs = nil },
		"AllocatorGroup": func(a *balancer.BalancerArgs) { a.AllocatorGroup = nil },
		"ClientGroup":    func(a *balancer.BalancerArgs) { a.ClientGroup = nil },
		"AllowedCidrs":   func(a *balancer.BalancerArgs) { a.AllowedCidrs = nil },
		"CertificateARN": func(a *balancer.BalancerArgs) { a.CertificateARN = nil },
	} {
		args := good()
		spoil(args)
		r, _, err := declare(args)
		assert.ErrorContains(t, err, what, "without %s", what)
		assert.Empty(t, r.Names(), "what is declared without %s", what)
	}
}

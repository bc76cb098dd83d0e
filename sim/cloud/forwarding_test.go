package cloud_test

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func (b *balancing) at(port int) cloud.Entrance {
	return cloud.Entrance{Balancer: b.balancer.ARN, Port: port}
}

// inside is an internal load balancer of a group.
func (b *balancing) inside(t *testing.T, group string) *cloud.LoadBalancer {
	t.Helper()
	lb := &cloud.LoadBalancer{Name: "agents", Internal: true, Subnets: b.subnets, SecurityGroups: []string{group}}
	require.NoError(t, b.CreateLoadBalancer(lb))
	l := &cloud.Listener{LoadBalancerARN: lb.ARN, Port: new(80), DefaultActions: []cloud.ListenerAction{{Type: "redirect", Redirect: &cloud.ListenerRedirect{Protocol: "HTTPS", StatusCode: "HTTP_301"}}}}
	require.NoError(t, b.CreateListener(l))
	return lb
}

func TestPeopleEnterALoadBalancerWhereItsRulesAndRoutesLetThem(t *testing.T) {
	b := newBalancing(t)
	require.Equal(t, b.balancer.ARN, b.BalancerNamed(b.balancer.DNSName))
	require.Empty(t, b.BalancerNamed("nobody.us-west-2.elb.amazonaws.com"))
	enter := func(port int) error {
		_, err := b.EnterBalancer(outside, b.balancer.ARN, port)
		return err
	}
	require.ErrorContains(t, enter(443), "no ingress rule of ["+b.group+"] allows TCP 443 from "+outside.Address)
	b.allow(t, b.group, false, 0, anywhere)
	e, err := b.EnterBalancer(outside, b.balancer.ARN, 443)
	require.NoError(t, err)
	require.Equal(t, cloud.Entrance{Balancer: b.balancer.ARN, Port: 443, Source: outside.Address}, e)
	require.ErrorContains(t, enter(8443), "has no listener on port 8443")
	require.NoError(t, b.DeleteRoute(cloud.RouteID(b.table, anywhere)))
	require.ErrorContains(t, enter(443), "has no route to an internet gateway")
	_, err = b.EnterBalancer(outside, "arn:nobody", 443)
	require.True(t, cloud.IsNotFound(err))
}

func TestAMachineEntersByItsPublicAddressOrInsideByItsPrivateOne(t *testing.T) {
	b := newBalancing(t)
	clients, agents := b.world.group(t, "clients"), b.world.group(t, "agents")
	i := b.instance(t, b.subnets[0], clients)
	self := cloud.Peer{Instance: i.ID}
	inside := b.inside(t, agents)
	_, err := b.EnterBalancer(outside, inside.ARN, 80)
	require.ErrorContains(t, err, "is reached inside VPC "+b.vpc+" only")
	b.allow(t, clients, true, 0, anywhere)
	_, err = b.EnterBalancer(self, inside.ARN, 80)
	require.ErrorContains(t, err, "no ingress rule")
	b.allow(t, agents, false, 80, clients)
	e, err := b.EnterBalancer(self, inside.ARN, 80)
	require.NoError(t, err)
	require.Equal(t, i.PrivateIP, e.Source)

	b.allow(t, b.group, false, 443, clients)
	_, err = b.EnterBalancer(self, b.balancer.ARN, 443)
	require.ErrorContains(t, err, "no ingress rule", "a rule that names a group matches private addresses only")
	b.allow(t, b.group, false, 443, i.PublicIP+"/32")
	e, err = b.EnterBalancer(self, b.balancer.ARN, 443)
	require.NoError(t, err)
	require.Equal(t, i.PublicIP, e.Source)
	require.NoError(t, b.Terminate([]string{i.ID}, false))
	_, err = b.EnterBalancer(self, b.balancer.ARN, 443)
	require.ErrorContains(t, err, "is terminated")
}

func TestALoadBalancerReachesItsTargetsByARuleAtBothEnds(t *testing.T) {
	b := newBalancing(t)
	hosts := b.world.group(t, "hosts-group")
	i := b.instance(t, b.subnets[1], hosts)
	require.NoError(t, b.CreateTarget(&cloud.TargetGroupAttachment{TargetGroupARN: b.targets.ARN, TargetID: i.ID}))
	f, err := b.Forward(b.at(443))
	require.NoError(t, err)
	target := cloud.Target{Group: b.targets.ARN, Instance: i.ID, Port: 80}
	require.Equal(t, cloud.Forwarding{Protocol: "HTTPS", Targets: []cloud.Target{target}}, f)
	checks := b.TargetChecks()
	require.Len(t, checks, 1)
	require.Equal(t, []any{target, "/readyz", b.balancer.ARN}, []any{checks[0].Target, checks[0].Path, checks[0].Balancer})

	reach := func() error { _, err := b.ReachTarget(b.balancer.ARN, i.ID, 80); return err }
	require.ErrorContains(t, reach(), "no egress rule")
	b.allow(t, b.group, true, 80, hosts)
	require.ErrorContains(t, reach(), "no ingress rule")
	require.False(t, b.ForBalancers(i.ID, 80), "nobody may reach it")
	b.allow(t, hosts, false, 80, b.group)
	source, err := b.ReachTarget(b.balancer.ARN, i.ID, 80)
	require.NoError(t, err)
	require.Regexp(t, `^10\.0\.0\.`, source, "the address of the load balancer in its first subnet")
	require.NotEqual(t, source, b.instance(t, b.subnets[0], hosts).PrivateIP, "which nobody else has")
	require.True(t, b.ForBalancers(i.ID, 80))
	require.False(t, b.ForBalancers(i.ID, 443))
	clients := b.allow(t, hosts, false, 80, b.world.group(t, "clients"))
	require.False(t, b.ForBalancers(i.ID, 80), "the members of another group may, too")
	require.NoError(t, b.DeleteSecurityGroupRule(clients))
	b.allow(t, hosts, false, 0, "192.0.2.0/24")
	require.False(t, b.ForBalancers(i.ID, 80), "a range may, too")

	require.NoError(t, b.Terminate([]string{i.ID}, false))
	require.ErrorContains(t, reach(), "is terminated")
	require.Empty(t, b.TargetChecks())
	f, err = b.Forward(b.at(443))
	require.NoError(t, err)
	require.Empty(t, f.Targets)
}

func TestALoadBalancerHasAnAddressInEachOfItsSubnets(t *testing.T) {
	b := newBalancing(t)
	third := b.subnet(t, "10.0.7.0/24", b.AvailabilityZones()[2])
	before := b.balancer.Nodes
	require.Len(t, before, 2)
	require.NotEqual(t, before[b.subnets[0]].PublicIP, before[b.subnets[1]].PublicIP)
	b.balancer.Subnets = []string{b.subnets[0], third}
	require.NoError(t, b.UpdateLoadBalancer(b.balancer.ARN, b.balancer))
	after, err := b.LoadBalancer(b.balancer.ARN)
	require.NoError(t, err)
	require.Equal(t, before[b.subnets[0]], after.Nodes[b.subnets[0]], "it stays where it was")
	require.Len(t, after.Nodes, 2)
	b.balancer.Subnets = []string{b.subnets[0], "subnet-0"}
	refused(t, "SubnetNotFound", b.UpdateLoadBalancer(b.balancer.ARN, b.balancer))
	require.NoError(t, b.DeleteSubnet(b.subnets[1]))
	refused(t, "DependencyViolation", b.DeleteSubnet(third))
	require.NotEqual(t, after.Nodes[third].PublicIP, b.instance(t, third).PublicIP)
}

func TestALoadBalancerServesWithACertificateThatAmazonIssued(t *testing.T) {
	b := newBalancing(t)
	root, err := b.AmazonRoot()
	require.NoError(t, err)
	again, err := b.AmazonRoot()
	require.NoError(t, err)
	require.Equal(t, root, again)
	config, err := b.BalancerTLS(b.at(443))
	require.NoError(t, err)
	require.Equal(t, []uint16{tls.VersionTLS12, tls.VersionTLS13}, []uint16{config.MinVersion, config.MaxVersion})
	leaf, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(root))
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "lab.example.org", CurrentTime: b.now})
	require.NoError(t, err)
	require.IsType(t, &rsa.PublicKey{}, leaf.PublicKey)
	require.Equal(t, 395*24*time.Hour, leaf.NotAfter.Sub(leaf.NotBefore))

	elliptic := &cloud.Certificate{DomainName: "other.example.org", ValidationMethod: "DNS", KeyAlgorithm: "EC_prime256v1"}
	require.NoError(t, b.CreateCertificate(elliptic))
	b.prove(t, elliptic, elliptic.DomainValidationOptions[0].ResourceRecordValue)
	require.NoError(t, b.AwaitCertificate(&cloud.CertificateValidation{CertificateARN: elliptic.ARN}))
	b.listener.CertificateARN, b.listener.SSLPolicy = elliptic.ARN, "ELBSecurityPolicy-TLS13-1-3-2021-06"
	require.NoError(t, b.UpdateListener(b.listener.ARN, b.listener))
	config, err = b.BalancerTLS(b.at(443))
	require.NoError(t, err)
	require.IsType(t, &ecdsa.PrivateKey{}, config.Certificates[0].PrivateKey)
	require.Equal(t, uint16(tls.VersionTLS13), config.MinVersion)

	body, key := keyPair(t)
	imported := &cloud.Certificate{CertificateBody: body, PrivateKey: key}
	require.NoError(t, b.CreateCertificate(imported))
	b.listener.CertificateARN = imported.ARN
	require.NoError(t, b.UpdateListener(b.listener.ARN, b.listener))
	config, err = b.BalancerTLS(b.at(443))
	require.NoError(t, err)
	require.IsType(t, &ecdsa.PrivateKey{}, config.Certificates[0].PrivateKey)
	_, err = b.BalancerTLS(b.at(80))
	require.ErrorContains(t, err, "no listener")
}

func TestARedirectKeepsWhatItDoesNotName(t *testing.T) {
	for want, c := range map[string]struct {
		cloud.ListenerRedirect
		query string
	}{
		"https://lab.example.org:443/a/b?x=1": {cloud.ListenerRedirect{Protocol: "HTTPS", Port: "443"}, "x=1"},
		"http://www.example.org:80/a/b?x=1":   {cloud.ListenerRedirect{Host: "www.example.org"}, "x=1"},
		"http://lab.example.org:80/old/a/b":   {cloud.ListenerRedirect{Path: "/old/#{path}"}, ""},
	} {
		b := newBalancing(t)
		c.StatusCode = "HTTP_302"
		l := &cloud.Listener{LoadBalancerARN: b.balancer.ARN, Port: new(80), DefaultActions: []cloud.ListenerAction{{Type: "redirect", Redirect: &c.ListenerRedirect}}}
		require.NoError(t, b.CreateListener(l))
		f, err := b.Forward(b.at(80))
		require.NoError(t, err)
		require.Equal(t, want, f.Redirect.Location("HTTP", "lab.example.org", "80", "/a/b", c.query))
	}
}

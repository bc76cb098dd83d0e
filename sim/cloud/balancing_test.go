package cloud_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// balancing is a load balancer that forwards to a group, over TLS.
type balancing struct {
	*world
	group       string // security group
	balancer    *cloud.LoadBalancer
	targets     *cloud.TargetGroup
	certificate *cloud.Certificate
	listener    *cloud.Listener
}

func newBalancing(t *testing.T) *balancing {
	t.Helper()
	w := newWorld(t)
	b := &balancing{world: w, group: w.group(t, "balancer")}
	b.balancer = &cloud.LoadBalancer{Name: "people", Subnets: w.subnets, SecurityGroups: []string{b.group}}
	require.NoError(t, w.CreateLoadBalancer(b.balancer))
	b.targets = b.hosts("hosts")
	require.NoError(t, w.CreateTargetGroup(b.targets))
	b.certificate = w.issued(t, "lab.example.org")
	b.listener = b.https()
	require.NoError(t, w.CreateListener(b.listener))
	return b
}

func (w *world) hosts(name string) *cloud.TargetGroup {
	return &cloud.TargetGroup{Name: name, Port: new(80), Protocol: "HTTP", VPCID: w.vpc, HealthCheck: &cloud.HealthCheck{Path: "/readyz"}}
}

func (b *balancing) https() *cloud.Listener {
	return &cloud.Listener{
		LoadBalancerARN: b.balancer.ID, Port: new(443), Protocol: "HTTPS", CertificateARN: b.certificate.ID, SSLPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
		DefaultActions: []cloud.ListenerAction{{Type: "forward", TargetGroupARN: b.targets.ID}},
	}
}

// requested is a certificate that waits for its record.
func (w *world) requested(t tb, domain string) *cloud.Certificate {
	t.Helper()
	c := &cloud.Certificate{DomainName: domain, ValidationMethod: "DNS"}
	require.NoError(t, w.CreateCertificate(c))
	return c
}

// prove makes the record of a certificate, with a value.
func (w *world) prove(t tb, c *cloud.Certificate, value string) *cloud.Record {
	t.Helper()
	want := c.DomainValidationOptions[0]
	r := &cloud.Record{ZoneID: w.ZonesNamed("example.org")[0].ID, Name: want.ResourceRecordName, Type: "CNAME", TTL: new(300), Records: []string{value}}
	require.NoError(t, w.CreateRecord(r))
	return r
}

func (w *world) issued(t tb, domain string) *cloud.Certificate {
	t.Helper()
	c := w.requested(t, domain)
	w.prove(t, c, c.DomainValidationOptions[0].ResourceRecordValue)
	require.NoError(t, w.AwaitCertificate(&cloud.CertificateValidation{CertificateARN: c.ID}))
	return c
}

func TestALoadBalancerIsWhatAWSMakesOfIt(t *testing.T) {
	b := newBalancing(t)
	require.Regexp(t, `^arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/people/[0-9a-f]{16}$`, b.balancer.ARN)
	require.Regexp(t, `^people-[0-9]{10}\.us-west-2\.elb\.amazonaws\.com$`, b.balancer.DNSName)
	require.Equal(t, []any{"Z1H1FL5HABSF5", b.vpc, 60}, []any{b.balancer.ZoneID, b.balancer.VPCID, *b.balancer.IdleTimeout})
	require.Regexp(t, `^arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/hosts/[0-9a-f]{16}$`, b.targets.ARN)
	require.True(t, strings.HasPrefix(b.listener.ARN, strings.Replace(b.balancer.ARN, ":loadbalancer/", ":listener/", 1)+"/"), b.listener.ARN)
	group, err := b.TargetGroup(b.targets.ID)
	require.NoError(t, err)
	require.Equal(t, []string{b.balancer.ID}, group.LoadBalancerARNs)
	require.Equal(t, []any{"/readyz", "200", 30, 5}, []any{group.HealthCheck.Path, group.HealthCheck.Matcher, *group.HealthCheck.Interval, *group.HealthCheck.Timeout})
	inside := &cloud.LoadBalancer{Name: "agents", Internal: true, Subnets: b.subnets}
	require.NoError(t, b.CreateLoadBalancer(inside))
	require.Regexp(t, `^internal-agents-[0-9]{10}\.`, inside.DNSName)
	vpc, err := b.VPC(b.vpc)
	require.NoError(t, err)
	require.Equal(t, []string{vpc.DefaultSecurityGroupID}, inside.SecurityGroups, "the VPC's own")
}

func TestWhatALoadBalancerNeedsIsAskedFor(t *testing.T) {
	b := newBalancing(t)
	elsewhere := &cloud.VPC{CidrBlock: "10.1.0.0/16"}
	require.NoError(t, b.CreateVPC(elsewhere))
	var apart []string
	for i, cidr := range []string{"10.1.0.0/24", "10.1.1.0/24"} {
		s := &cloud.Subnet{VPCID: elsewhere.ID, CidrBlock: cidr, AvailabilityZone: b.AvailabilityZones()[i]}
		require.NoError(t, b.CreateSubnet(s))
		apart = append(apart, s.ID)
	}
	twin := b.subnet(t, "10.0.7.0/24", b.AvailabilityZones()[0])
	pending := b.requested(t, "other.example.org")
	another := func(change func(*cloud.LoadBalancer)) func() error {
		return func() error {
			lb := &cloud.LoadBalancer{Name: "another", Subnets: b.subnets}
			change(lb)
			return b.CreateLoadBalancer(lb)
		}
	}
	listen := func(change func(*cloud.Listener)) func() error {
		return func() error {
			l := b.https()
			l.Port = new(8443)
			change(l)
			return b.CreateListener(l)
		}
	}
	group := func(change func(*cloud.TargetGroup)) func() error {
		return func() error {
			g := b.hosts("another")
			change(g)
			return b.CreateTargetGroup(g)
		}
	}
	second := &cloud.LoadBalancer{Name: "second", Subnets: b.subnets}
	require.NoError(t, b.CreateLoadBalancer(second))
	stranger := &cloud.TargetGroup{Name: "stranger", Port: new(80), Protocol: "HTTP", VPCID: elsewhere.ID}
	require.NoError(t, b.CreateTargetGroup(stranger))
	for _, c := range []struct {
		name, code string
		do         func() error
	}{
		{"a name twice", "DuplicateLoadBalancerName", another(func(l *cloud.LoadBalancer) { l.Name = "people" })},
		{"33 characters", "ValidationError", another(func(l *cloud.LoadBalancer) { l.Name = strings.Repeat("x", 33) })},
		{"a name that AWS keeps", "ValidationError", another(func(l *cloud.LoadBalancer) { l.Name = "internal-x" })},
		{"a dash at the end", "ValidationError", another(func(l *cloud.LoadBalancer) { l.Name = "x-" })},
		{"another type", "ValidationError", another(func(l *cloud.LoadBalancer) { l.LoadBalancerType = "network" })},
		{"one zone", "ValidationError", another(func(l *cloud.LoadBalancer) { l.Subnets = b.subnets[:1] })},
		{"a zone twice", "InvalidConfigurationRequest", another(func(l *cloud.LoadBalancer) { l.Subnets = []string{b.subnets[0], twin} })},
		{"two VPCs", "InvalidConfigurationRequest", another(func(l *cloud.LoadBalancer) { l.Subnets = []string{b.subnets[0], apart[1]} })},
		{"no internet gateway", "InvalidSubnet", another(func(l *cloud.LoadBalancer) { l.Subnets = apart })},
		{"a subnet that is not there", "SubnetNotFound", another(func(l *cloud.LoadBalancer) { l.Subnets = []string{"subnet-0", apart[1]} })},
		{"a group that is not there", "InvalidSecurityGroup", another(func(l *cloud.LoadBalancer) { l.SecurityGroups = []string{"sg-0"} })},
		{"more patience than there is", "ValidationError", another(func(l *cloud.LoadBalancer) { l.IdleTimeout = new(4001) })},

		{"a target group's name twice", "DuplicateTargetGroupName", group(func(g *cloud.TargetGroup) { g.Name = "hosts" })},
		{"a target group's long name", "ValidationError", group(func(g *cloud.TargetGroup) { g.Name = strings.Repeat("x", 33) })},
		{"no port", "ValidationError", group(func(g *cloud.TargetGroup) { g.Port = nil })},
		{"a target group's VPC", "ValidationError", group(func(g *cloud.TargetGroup) { g.VPCID = "vpc-0" })},
		{"a path without a slash", "ValidationError", group(func(g *cloud.TargetGroup) { g.HealthCheck.Path = "readyz" })},
		{"a check that takes longer than the next", "ValidationError", group(func(g *cloud.TargetGroup) { g.HealthCheck.Interval, g.HealthCheck.Timeout = new(5), new(5) })},

		{"a port twice", "DuplicateListener", listen(func(l *cloud.Listener) { l.Port = new(443) })},
		{"no certificate", "ValidationError", listen(func(l *cloud.Listener) { l.CertificateARN = "" })},
		{"a certificate that is not there", "CertificateNotFound", listen(func(l *cloud.Listener) { l.CertificateARN += "0" })},
		{"a certificate that is not issued", "UnsupportedCertificate", listen(func(l *cloud.Listener) { l.CertificateARN = pending.ID })},
		{"an unknown policy", "SSLPolicyNotFound", listen(func(l *cloud.Listener) { l.SSLPolicy = "ELBSecurityPolicy-Best" })},
		{"a protocol of others", "UnsupportedProtocol", listen(func(l *cloud.Listener) { l.Protocol = "TLS" })},
		{"a target group that is not there", "TargetGroupNotFound", listen(func(l *cloud.Listener) { l.DefaultActions[0].TargetGroupARN += "0" })},
		{"a target group of another VPC", "InvalidConfigurationRequest", listen(func(l *cloud.Listener) { l.DefaultActions[0].TargetGroupARN = stranger.ID })},
		{"a target group of another load balancer", "TargetGroupAssociationLimit", listen(func(l *cloud.Listener) { l.LoadBalancerARN = second.ID })},
		{"a redirect to itself", "InvalidLoadBalancerAction", listen(func(l *cloud.Listener) {
			l.DefaultActions = []cloud.ListenerAction{{Type: "redirect", Redirect: &cloud.ListenerRedirect{StatusCode: "HTTP_301"}}}
		})},
		{"a redirect for good that is not one", "ValidationError", listen(func(l *cloud.Listener) {
			l.DefaultActions = []cloud.ListenerAction{{Type: "redirect", Redirect: &cloud.ListenerRedirect{Protocol: "HTTPS", StatusCode: "HTTP_308"}}}
		})},
		{"a listener's load balancer", "LoadBalancerNotFound", listen(func(l *cloud.Listener) { l.LoadBalancerARN += "0" })},

		{"a target's group", "TargetGroupNotFound", func() error {
			return b.CreateTarget(&cloud.TargetGroupAttachment{TargetGroupARN: "x", TargetID: "i-0"})
		}},
		{"a target that is not there", "InvalidTarget", func() error {
			return b.CreateTarget(&cloud.TargetGroupAttachment{TargetGroupARN: b.targets.ID, TargetID: "i-0"})
		}},
		{"a target in another VPC", "InvalidTarget", func() error {
			return b.CreateTarget(&cloud.TargetGroupAttachment{TargetGroupARN: stranger.ID, TargetID: b.instance(t, b.subnets[0]).ID})
		}},
		{"a target that has ended", "InvalidTarget", func() error {
			i := b.instance(t, b.subnets[0])
			require.NoError(t, b.Terminate([]string{i.ID}, false))
			return b.CreateTarget(&cloud.TargetGroupAttachment{TargetGroupARN: b.targets.ID, TargetID: i.ID})
		}},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, c.code, c.do()) })
	}
}

func TestWhatServesIsNotTakenAway(t *testing.T) {
	b := newBalancing(t)
	refused(t, "ResourceInUse", b.DeleteTargetGroup(b.targets.ID))
	refused(t, "ResourceInUseException", b.DeleteCertificate(b.certificate.ID))
	refused(t, "DependencyViolation", b.DeleteSubnet(b.subnets[0]))
	refused(t, "DependencyViolation", b.DeleteSecurityGroup(b.group))
	refused(t, "DependencyViolation", b.DeleteInternetGateway(b.gateway))
	b.balancer.EnableDeletionProtection = true
	require.NoError(t, b.UpdateLoadBalancer(b.balancer.ID, b.balancer))
	refused(t, "OperationNotPermitted", b.DeleteLoadBalancer(b.balancer.ID))
	b.balancer.EnableDeletionProtection = false
	require.NoError(t, b.UpdateLoadBalancer(b.balancer.ID, b.balancer))

	require.NoError(t, b.DeleteLoadBalancer(b.balancer.ID))
	_, err := b.Listener(b.listener.ID)
	require.True(t, cloud.IsNotFound(err), "its listeners go with it")
	require.NoError(t, b.DeleteTargetGroup(b.targets.ID))
	require.NoError(t, b.DeleteCertificate(b.certificate.ID))
	require.NoError(t, b.DeleteSecurityGroup(b.group))
	for _, s := range b.subnets {
		require.NoError(t, b.DeleteSubnet(s))
	}
	require.NoError(t, b.DeleteInternetGateway(b.gateway))
}

func TestAnInstanceThatEndsIsNoTargetAnyMore(t *testing.T) {
	b := newBalancing(t)
	i := b.instance(t, b.subnets[0])
	first := &cloud.TargetGroupAttachment{TargetGroupARN: b.targets.ID, TargetID: i.ID}
	require.NoError(t, b.CreateTarget(first))
	again := &cloud.TargetGroupAttachment{TargetGroupARN: b.targets.ID, TargetID: i.ID}
	require.NoError(t, b.CreateTarget(again))
	require.NoError(t, b.DeleteTarget(first.ID))
	_, err := b.Target(again.ID)
	require.True(t, cloud.IsNotFound(err), "it was one registration")
	require.NoError(t, b.CreateTarget(first))
	require.NoError(t, b.Terminate([]string{i.ID}, false))
	_, err = b.Target(first.ID)
	require.True(t, cloud.IsNotFound(err))
}

func TestACertificateIsIssuedForTheRightRecordAlone(t *testing.T) {
	w := newWorld(t)
	c := w.requested(t, "lab.example.org")
	require.Equal(t, "PENDING_VALIDATION", c.Status)
	record := c.DomainValidationOptions[0]
	require.Regexp(t, `^_[0-9a-f]{32}\.lab\.example\.org\.$`, record.ResourceRecordName)
	await := func(fqdns ...string) error {
		return w.AwaitCertificate(&cloud.CertificateValidation{CertificateARN: c.ID, ValidationRecordFQDNs: fqdns})
	}
	require.ErrorContains(t, await(), "timeout while waiting for state to become 'ISSUED' (last state: 'PENDING_VALIDATION', timeout: 1h15m0s)")
	require.ErrorContains(t, await("www.example.org"), "missing lab.example.org DNS validation record: _")
	made := w.prove(t, c, "_wrong.acm-validations.aws.")
	require.ErrorContains(t, await(), "last state: 'PENDING_VALIDATION'")
	_, err := w.Validation(c.ID)
	require.True(t, cloud.IsNotFound(err))
	made.Records = []string{record.ResourceRecordValue}
	require.NoError(t, w.UpdateRecord(made.ID, made))
	require.NoError(t, await(made.FQDN))
	now, err := w.Certificate(c.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"ISSUED", "AMAZON_ISSUED"}, []string{now.Status, now.Type})
	require.NotEmpty(t, now.NotAfter)
	_, err = w.Validation(c.ID)
	require.NoError(t, err)
	require.Equal(t, c.DomainValidationOptions, w.requested(t, "lab.example.org").DomainValidationOptions, "one record serves all of an account's")
	for name, wrong := range map[string]*cloud.Certificate{
		"neither": {}, "both": {DomainName: "a.example.org", PrivateKey: "x"}, "by e-mail": {DomainName: "a.example.org", ValidationMethod: "EMAIL"},
		"no domain": {DomainName: "https://lab", ValidationMethod: "DNS"}, "an unknown key": {DomainName: "a.example.org", ValidationMethod: "DNS", KeyAlgorithm: "RSA_1"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, "InvalidParameterException", w.CreateCertificate(wrong)) })
	}
}

func TestAnImportedCertificateAndItsKeyBelongTogether(t *testing.T) {
	w := newWorld(t)
	body, key := keyPair(t)
	c := &cloud.Certificate{CertificateBody: body, PrivateKey: key}
	require.NoError(t, w.CreateCertificate(c))
	require.Equal(t, []string{"ISSUED", "IMPORTED"}, []string{c.Status, c.Type})
	require.ErrorContains(t, w.AwaitCertificate(&cloud.CertificateValidation{CertificateARN: c.ID}), "has type IMPORTED, no validation necessary")
	_, other := keyPair(t)
	refused(t, "ValidationException", w.CreateCertificate(&cloud.Certificate{CertificateBody: body, PrivateKey: other}))
	c.PrivateKey = other
	refused(t, "ValidationException", w.UpdateCertificate(c.ID, c))
	c.CertificateBody, c.PrivateKey = keyPair(t)
	require.NoError(t, w.UpdateCertificate(c.ID, c), "another one, under the same ARN")
}

func keyPair(t *testing.T) (body, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"lab.example.org"}, NotAfter: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}

func TestAnAliasNamesALoadBalancerThatThereIs(t *testing.T) {
	b := newBalancing(t)
	zone := b.ZonesNamed("example.org")[0].ID
	alias := func(name, zoneID string) *cloud.Record {
		return &cloud.Record{ZoneID: zone, Name: "lab.example.org", Type: "A", Aliases: []cloud.RecordAlias{{Name: name, ZoneID: zoneID, EvaluateTargetHealth: true}}}
	}
	refused(t, "InvalidChangeBatch", b.CreateRecord(alias("nobody.us-west-2.elb.amazonaws.com", b.balancer.ZoneID)))
	refused(t, "InvalidChangeBatch", b.CreateRecord(alias(b.balancer.DNSName, "Z0")))
	both := alias(b.balancer.DNSName, b.balancer.ZoneID)
	both.TTL = new(60)
	refused(t, "InvalidInput", b.CreateRecord(both))
	require.NoError(t, b.CreateRecord(alias("dualstack."+strings.ToUpper(b.balancer.DNSName)+".", b.balancer.ZoneID)))
}

package machine_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

const domain = "lab.example.org"

// balanced is a world with a load balancer that forwards HTTPS to hosts and sends
// HTTP to HTTPS. Only it reaches the hosts.
type balanced struct {
	*world
	ticks    chan time.Time
	now      time.Time
	balancer *cloud.LoadBalancer
	targets  *cloud.TargetGroup
	hosts    string // security group
	open     string // the rule of the hosts
	roots    *x509.CertPool
}

func newBalanced(t *testing.T, change ...func(*cloud.LoadBalancer)) *balanced {
	t.Helper()
	t.Chdir(t.TempDir()) // where connections are named
	b := &balanced{world: newWorld(t), ticks: make(chan time.Time), now: time.Now()}
	b.close()
	b.options.Tick = b.ticks
	b.world.open()
	subnet, err := b.Subnet(b.subnet)
	require.NoError(t, err)
	second := &cloud.Subnet{VPCID: subnet.VPCID, CidrBlock: "10.0.1.0/24", AvailabilityZone: "us-west-2b"}
	require.NoError(t, b.CreateSubnet(second))
	people := b.secure("people", subnet.VPCID)
	b.hosts = b.secure("hosts", subnet.VPCID)
	b.rule(&cloud.SecurityGroupRule{SecurityGroupID: people, CidrIPv4: "0.0.0.0/0"}, false)
	b.rule(&cloud.SecurityGroupRule{SecurityGroupID: people, ReferencedSecurityGroupID: b.hosts}, true)
	b.rule(&cloud.SecurityGroupRule{SecurityGroupID: b.hosts, CidrIPv4: "0.0.0.0/0"}, true)
	b.open = b.rule(&cloud.SecurityGroupRule{SecurityGroupID: b.hosts, ReferencedSecurityGroupID: people}, false)
	b.balancer = &cloud.LoadBalancer{Name: "people", Subnets: []string{b.subnet, second.ID}, SecurityGroups: []string{people}, DropInvalidHeaderFields: true}
	for _, f := range change {
		f(b.balancer)
	}
	require.NoError(t, b.CreateLoadBalancer(b.balancer))
	b.targets = &cloud.TargetGroup{Name: "hosts", Port: new(80), Protocol: "HTTP", VPCID: subnet.VPCID, HealthCheck: &cloud.HealthCheck{
		Path: "/readyz", Interval: new(300), Timeout: new(120), HealthyThreshold: new(2), UnhealthyThreshold: new(2),
	}}
	require.NoError(t, b.CreateTargetGroup(b.targets))
	b.listen(443, "HTTPS", b.certificate(), cloud.ListenerAction{Type: "forward", TargetGroupARN: b.targets.ARN})
	b.listen(80, "HTTP", "", cloud.ListenerAction{Type: "redirect", Redirect: &cloud.ListenerRedirect{Protocol: "HTTPS", Port: "443", StatusCode: "HTTP_301"}})
	return b
}

func (b *balanced) secure(name, vpc string) string {
	b.Helper()
	g := &cloud.SecurityGroup{Name: name, VPCID: vpc}
	require.NoError(b, b.CreateSecurityGroup(g))
	return g.ID
}

func (b *balanced) rule(r *cloud.SecurityGroupRule, egress bool) string {
	b.Helper()
	r.IPProtocol = "-1"
	require.NoError(b, b.CreateSecurityGroupRule(r, egress))
	return r.ID
}

func (b *balanced) listen(port int, protocol, certificate string, action cloud.ListenerAction) {
	b.Helper()
	require.NoError(b, b.CreateListener(&cloud.Listener{
		LoadBalancerARN: b.balancer.ARN, Port: &port, Protocol: protocol, CertificateARN: certificate, DefaultActions: []cloud.ListenerAction{action},
	}))
}

func (b *balanced) certificate() string {
	b.Helper()
	c := &cloud.Certificate{DomainName: domain, ValidationMethod: "DNS", KeyAlgorithm: "EC_prime256v1"}
	require.NoError(b, b.CreateCertificate(c))
	want := c.DomainValidationOptions[0]
	require.NoError(b, b.CreateRecord(&cloud.Record{ZoneID: b.ZonesNamed("example.org")[0].ID, Name: want.ResourceRecordName, Type: "CNAME", TTL: new(60), Records: []string{want.ResourceRecordValue}}))
	require.NoError(b, b.AwaitCertificate(&cloud.CertificateValidation{CertificateARN: c.ARN}))
	root, err := b.AmazonRoot()
	require.NoError(b, err)
	b.roots = x509.NewCertPool()
	require.True(b, b.roots.AppendCertsFromPEM(root))
	return c.ARN
}

// host starts a machine that serves, as a target.
func (b *balanced) host(box *mailbox) *cloud.Instance {
	b.Helper()
	i := b.launch(serve(b.T)+"systemctl start web.service\necho ready > "+box.path, func(i *cloud.Instance) { i.VPCSecurityGroupIDs = []string{b.hosts} })
	box.next()
	b.register(i)
	return i
}

func (b *balanced) register(i *cloud.Instance) {
	b.Helper()
	require.NoError(b, b.CreateTarget(&cloud.TargetGroupAttachment{TargetGroupARN: b.targets.ARN, TargetID: i.ID}))
}

// client is somebody on the internet who knows the load balancer by its domain.
func (b *balanced) client() *http.Client {
	b.Helper()
	doors := map[string]string{}
	for _, port := range []int{80, 443} {
		at := b.free()
		doors[fmt.Sprint(port)] = at
		require.NoError(b, b.world.host.OpenDoor(at, "", b.balancer.DNSName, port))
	}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: b.roots}, DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				_, port, _ := net.SplitHostPort(address)
				var d net.Dialer
				return d.DialContext(ctx, network, doors[port])
			},
		},
	}
}

func (b *balanced) ask(c *http.Client, path string, headers ...string) (*http.Response, string) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
	require.NoError(b, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header[headers[i]] = []string{headers[i+1]}
	}
	res, err := c.Do(req)
	require.NoError(b, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(b, err)
	return res, string(raw)
}

func TestALoadBalancerEndsTLSAndSaysWhoAsks(t *testing.T) {
	b := newBalanced(t)
	b.host(newMailbox(t))
	client := b.client()
	res, body := b.ask(client, "https://"+domain+"/seen", "X-Forwarded-For", "203.0.113.99", "X-Forwarded-Proto", "gopher", "X_Odd", "x", "X-Even", "y")
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	var got seen
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	peer, _, err := net.SplitHostPort(got.Peer)
	require.NoError(t, err)
	require.Equal(t, b.balancer.Nodes[b.subnet].PrivateIP, peer, "the address of the load balancer in the network")
	require.Equal(t, domain, got.Host)
	require.Equal(t, []string{"203.0.113.99, " + cloud.Internet, "https", "443", "y", ""}, []string{
		got.Header.Get("X-Forwarded-For"), got.Header.Get("X-Forwarded-Proto"), got.Header.Get("X-Forwarded-Port"), got.Header.Get("X-Even"), got.Header.Get("X_Odd"),
	})
	left, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, left, "names of connections stay nowhere")

	res, _ = b.ask(client, "http://"+domain+"/a?b=c")
	require.Equal(t, http.StatusMovedPermanently, res.StatusCode)
	require.Equal(t, "https://"+domain+":443/a?b=c", res.Header.Get("Location"))
	_, err = client.Get("https://other.example.org/")
	require.ErrorContains(t, err, "certificate is valid for "+domain)
}

// Whose word a service believes is seen by the address, so who may come decides how
// they are seen: by the service that starts next.
func TestAPortThatOthersMayReachIsLoopbackWhenItsServiceStartsAgain(t *testing.T) {
	b, box := newBalanced(t), newMailbox(t)
	i := b.host(box)
	client := b.client()
	peer := func() string { // "" while the service starts
		res, body := b.ask(client, "https://"+domain+"/seen")
		var got seen
		if res.StatusCode == http.StatusOK {
			require.NoError(t, json.Unmarshal([]byte(body), &got))
		}
		at, _, _ := net.SplitHostPort(got.Peer)
		return at
	}
	own := b.balancer.Nodes[b.subnet].PrivateIP
	require.Equal(t, own, peer())
	others := b.rule(&cloud.SecurityGroupRule{SecurityGroupID: b.hosts, CidrIPv4: "192.0.2.0/24"}, false)
	require.Equal(t, own, peer(), "what runs goes on")
	again := func(want string) {
		t.Helper()
		require.NoError(t, b.world.host.Supervisor(i.ID).Kill("web.service", syscall.SIGKILL))
		require.Eventually(t, func() bool { return peer() == want }, timeout, tick)
	}
	again("127.0.0.1")
	require.NoError(t, b.DeleteSecurityGroupRule(others))
	again(own)
}

// answering are the processes that answer several requests.
func (b *balanced) answering(c *http.Client) map[string]bool {
	b.Helper()
	out := map[string]bool{}
	for range 4 {
		res, body := b.ask(c, "https://"+domain+"/")
		require.Equal(b, http.StatusOK, res.StatusCode, body)
		out[strings.Fields(body)[0]] = true
	}
	return out
}

// becomes makes checks until so many targets answer.
func (b *balanced) becomes(c *http.Client, targets int) (last map[string]bool) {
	b.Helper()
	require.Eventually(b, func() bool {
		b.now = b.now.Add(300 * time.Second)
		b.ticks <- b.now
		last = b.answering(c)
		return len(last) == targets
	}, timeout, tick)
	return last
}

func TestRequestsGoToHealthyTargetsInTurnAndToAllWhereNoneIs(t *testing.T) {
	b, box := newBalanced(t), newMailbox(t)
	first, second := b.host(box), b.host(box)
	client := b.client()
	require.Len(t, b.answering(client), 2, "nobody has looked yet")
	sick := func(i *cloud.Instance) string { return filepath.Join(b.dir, "instances", i.ID, "root", "sick") }
	require.NoError(t, os.WriteFile(sick(first), nil, 0o600))
	one := b.becomes(client, 1)
	require.NoError(t, os.Remove(sick(first)))
	both := b.becomes(client, 2)
	for pid := range one {
		require.True(t, both[pid])
	}
	require.NoError(t, os.WriteFile(sick(second), nil, 0o600))
	other := b.becomes(client, 1)
	require.NotEqual(t, one, other, "the one that is well again")
	require.NoError(t, os.WriteFile(sick(first), nil, 0o600))
	require.Equal(t, both, b.becomes(client, 2), "none is well")
}

func TestALoadBalancerSaysWhatIsWrongWithItsTargets(t *testing.T) {
	b := newBalanced(t)
	client := b.client()
	wrong := func(status int, why string) {
		t.Helper()
		res, body := b.ask(client, "https://"+domain+"/")
		require.Equal(t, []any{status, "awselb/2.0"}, []any{res.StatusCode, res.Header.Get("Server")})
		require.Contains(t, body, why)
	}
	wrong(http.StatusServiceUnavailable, "no registered targets")
	i := b.launch("", func(i *cloud.Instance) { i.VPCSecurityGroupIDs = []string{b.hosts} })
	b.register(i)
	wrong(http.StatusBadGateway, "nothing on "+i.ID+" listens on port 80")
	require.NoError(t, b.DeleteSecurityGroupRule(b.open))
	wrong(http.StatusGatewayTimeout, "no ingress rule")
}

func TestAnotherProtocolPassesALoadBalancerBothWays(t *testing.T) {
	b := newBalanced(t, func(l *cloud.LoadBalancer) { l.Internal = true })
	b.host(newMailbox(t))
	_, err := b.client().Get("https://" + domain + "/")
	require.Error(t, err, "it is not reached from outside")

	box := newMailbox(t)
	b.launch("echo $http_proxy > " + box.path) // a machine inside
	conn, err := net.Dial("tcp", strings.TrimPrefix(box.next(), "http://"))
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "CONNECT %[1]s:443 HTTP/1.1\r\nHost: %[1]s:443\r\n\r\n", b.balancer.DNSName)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	secure := tls.Client(conn, &tls.Config{RootCAs: b.roots, ServerName: domain})
	fmt.Fprintf(secure, "GET /echo HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", domain)
	answer := bufio.NewReader(secure)
	res, err = http.ReadResponse(answer, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
	for _, word := range []string{"one", "two"} {
		fmt.Fprintln(secure, word)
		said, err := answer.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, word+"\n", said)
	}
}

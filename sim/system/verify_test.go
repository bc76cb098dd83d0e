package system

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/edge"
	"github.com/talmolab/lablink-infrastructure/cli"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// verifier is `lablink verify` as an operator calls it, on the simulated internet.
type verifier struct {
	*internet
	e        *engine
	stack    launcher.Stack
	password string
	roots    *x509.CertPool
}

func (v *verifier) verify(t *testing.T, args ...string) (said string, code int) {
	t.Helper()
	var c cli.Commands
	var out strings.Builder
	c.Out, c.Engine, c.Roots, c.Resolver, c.Dial, c.Password = &out, v.e.Pulumi, v.roots, v.resolver, v.dial, v.password
	parser, err := kong.New(&c, kong.Bind(&c.Globals), kong.BindTo(t.Context(), (*context.Context)(nil)))
	require.NoError(t, err)
	command, err := parser.Parse(append([]string{"verify", "--stack", v.stack.Name, "--config-file", v.stack.File, "--password=" + v.password}, args...))
	require.NoError(t, err)
	err = command.Run(&c.Globals)
	t.Logf("lablink verify --stack %s %s\n%s%v", v.stack.Name, strings.Join(args, " "), out.String(), err)
	return out.String(), cli.ExitCode(err)
}

// verify looks whether a deployment is what its stack says: by its name and over TLS.
func (e *engine) verify(t *testing.T, s launcher.Stack, d *deployed) *verifier {
	t.Helper()
	v := &verifier{e.internet(t), e, s, d.password, d.roots}
	said, code := v.verify(t, "--wait", "1m")
	require.Zero(t, code, said)
	require.Contains(t, said, "release "+d.Release.Manifest[:12]+" ("+d.Release.Version+") runs")
	name := regexp.QuoteMeta(strings.TrimPrefix(d.URL, "https://"))
	require.Regexp(t, `certificate +ok +for `+name+` by `, said)
	require.Regexp(t, `name +ok +`+name+` is 203\.0\.113\.`, said)
	return v
}

// leadElsewhere changes the stack's record in Route 53, as somebody with a console does.
func (e *engine) leadElsewhere(t *testing.T, s launcher.Stack, name, address string) {
	t.Helper()
	zone, _, _ := strings.Cut(e.deployed(t, s)["dns-record"].ID, "_")
	c := route53.New(route53.Options{Region: "us-east-1", BaseEndpoint: &e.account.URL, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: cloud.DeveloperKey, SecretAccessKey: cloud.DeveloperSecret}, nil
	})})
	_, err := c.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &zone, ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{
			Action:            types.ChangeActionUpsert,
			ResourceRecordSet: &types.ResourceRecordSet{Name: &name, Type: types.RRTypeA, TTL: aws.Int64(300), ResourceRecords: []types.ResourceRecord{{Value: &address}}},
		}}},
	})
	require.NoError(t, err)
}

// seesAnotherRecord changes the record by hand, looks at what is said, and does it.
func (v *verifier) seesAnotherRecord(t *testing.T, name, address string) {
	t.Helper()
	v.e.leadElsewhere(t, v.stack, name, "198.51.100.7")
	said, code := v.verify(t)
	require.Equal(t, 1, code, said)
	require.Contains(t, said, name+" is 198.51.100.7, and should be "+address+", the allocator's address")
	require.Contains(t, said, "taken back by pulumi up --refresh")
	v.e.must(t, v.stack, "up", "--refresh", "--yes", "--skip-preview", "--suppress-outputs")
	said, code = v.verify(t, "--wait", "1m")
	require.Zero(t, code, said)
}

// proxies puts Cloudflare's edge before an allocator: it shows a certificate of its
// own, and passes on what it is asked to the origin, whose certificate it knows.
func (i *internet) proxies(t *testing.T, e *engine, name, host string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Cloudflare's edge"}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(60 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	shown, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: "https", Host: name})
			p.Out.Host = name
			p.Out.Header.Set(edge.Header, "198.51.100.9")
		},
		Transport: e.browser(t, name, host, cloud.CloudflareEdge).Transport, FlushInterval: -1,
	})
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	i.edge = server.Listener.Addr().String()
	roots := x509.NewCertPool()
	roots.AddCert(shown)
	return roots
}

// running are the machines that an allocator has launched and that have not ended.
func running(t *testing.T, account *control.Client) (n int) {
	t.Helper()
	state, err := account.State(t.Context())
	require.NoError(t, err)
	for _, i := range state.Instances {
		if i.Tags["lablink:managed-by"] == "allocator" && !i.Gone() {
			n++
		}
	}
	return n
}

// A seat is tried out with real processes. Whether all goes well, the time is over or
// somebody interrupts it, no machine is left.
func TestASeatIsTriedOutOnTheLocalStackAndNoMachineIsLeft(t *testing.T) {
	l := up(t)
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	said, code := l.lablink(t, "verify", "--stack", "local", "--seat")
	require.Zero(t, code, said)
	for _, want := range []string{`name +ok +there is none: people reach the address 203\.0\.113\.`, `machine +ok`, `seat +ok`, `tunnel +ok +the machine answers with .*NVIDIA`, `leaving +ok`, `ending +ok`} {
		require.Regexp(t, want, said)
	}
	require.Zero(t, running(t, account))

	require.NoError(t, account.SetFaults(t.Context(), cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{InstanceType: "sim.gpu"}, {InstanceType: "sim.gpu.large"}}}))
	said, code = l.lablink(t, "verify", "--stack", "local", "--seat", "--wait", "30s")
	require.Equal(t, 1, code, said)
	require.Regexp(t, `machine +WRONG +the machine mch_\w+ .* is not ready after`, said)
	require.Contains(t, said, "after 30s: ")
	require.Zero(t, running(t, account))
	require.NoError(t, account.SetFaults(t.Context(), cloud.Faults{}))

	cmd := l.operator(t, "verify", "--stack", "local", "--seat")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	eventually(t, "a machine is launched", func() bool { return running(t, account) == 1 })
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.Error(t, cmd.Wait())
	require.Equal(t, 2, cmd.ProcessState.ExitCode(), out.String())
	require.Contains(t, out.String(), "it was interrupted")
	require.Zero(t, running(t, account), out.String())
	for _, m := range l.machines(t, l.admin(t)) {
		require.Equal(t, "terminated", m.State)
	}
}

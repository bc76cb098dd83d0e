package sim

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/authority"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// said is a log that can be read while it is written.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.text.String(), text)
}

// named is a simulator with a machine at a name, whose group lets nobody in.
func named(t *testing.T, log io.Writer) (s *Sim, group string) {
	t.Helper()
	s, err := Start(Options{Dir: t.TempDir(), Boot: true, Zones: []string{"example.org"}, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	a := s.Account
	v := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
	require.NoError(t, a.CreateVPC(v))
	g := &cloud.InternetGateway{VPCID: v.ID}
	require.NoError(t, a.CreateInternetGateway(g))
	table, err := a.VPC(v.ID)
	require.NoError(t, err)
	require.NoError(t, a.CreateRoute(&cloud.Route{RouteTableID: table.MainRouteTableID, DestinationCidrBlock: "0.0.0.0/0", GatewayID: g.ID}))
	subnet := &cloud.Subnet{VPCID: v.ID, CidrBlock: "10.0.0.0/24", AvailabilityZone: "us-west-2a"}
	require.NoError(t, a.CreateSubnet(subnet))
	closed := &cloud.SecurityGroup{Name: "g", VPCID: v.ID}
	require.NoError(t, a.CreateSecurityGroup(closed))
	i := &cloud.Instance{
		AMI: "ami-051700000000000a1", InstanceType: "sim.small", SubnetID: subnet.ID, VPCSecurityGroupIDs: []string{closed.ID},
		AssociatePublicIPAddress: new(true), UserData: "#!/bin/sh\n",
	}
	require.NoError(t, a.CreateInstance(i))
	i, err = a.Instance(i.ID)
	require.NoError(t, err)
	require.NoError(t, a.CreateRecord(&cloud.Record{ZoneID: a.ZonesNamed("example.org")[0].ID, Name: "lab.example.org", Type: "A", TTL: new(60), Records: []string{i.PublicIP}}))
	return s, closed.ID
}

func TestTheAuthorityLooksWhereTheRecordsPointAndOnlyWhereItIsLetIn(t *testing.T) {
	log := &said{}
	s, group := named(t, log)
	gates := &s.certificates.gates
	none, err := gates.lookup("other.example.org", "A")
	require.NoError(t, err)
	require.Empty(t, none, "a name that nobody has")
	at, err := gates.lookup("lab.example.org", "A")
	require.NoError(t, err)
	require.Len(t, at, 1)
	again, err := gates.lookup("lab.example.org", "A")
	require.NoError(t, err)
	require.Equal(t, at, again)

	knock := func(port int, why string) {
		t.Helper()
		require.Eventually(t, func() bool {
			conn, err := net.Dial("tcp", net.JoinHostPort(at[0], strconv.Itoa(port)))
			require.NoError(t, err)
			require.NoError(t, conn.Close())
			return log.has(why)
		}, time.Minute, 10*time.Millisecond, why)
	}
	knock(gates.http, "allows TCP 80 from "+cloud.CertificateAuthority)
	knock(gates.tls, "allows TCP 443 from "+cloud.CertificateAuthority)
	require.NoError(t, s.Account.CreateSecurityGroupRule(&cloud.SecurityGroupRule{
		SecurityGroupID: group, IPProtocol: "tcp", FromPort: new(80), ToPort: new(80), CidrIPv4: cloud.CertificateAuthority + "/32",
	}, false))
	knock(gates.http, "listens on port 80")
}

func TestTheAuthoritySeesTheTextsOfTheZone(t *testing.T) {
	s, _ := named(t, io.Discard)
	zone := s.Account.ZonesNamed("example.org")[0].ID
	require.NoError(t, s.Account.ChangeRecords(zone, []cloud.RecordChange{{Action: "UPSERT", Record: cloud.Record{
		Name: "_acme-challenge.lab.example.org.", Type: "TXT", TTL: new(60), Records: []string{`"proof"`},
	}}}))
	texts, err := s.certificates.gates.lookup("_acme-challenge.lab.example.org", "TXT")
	require.NoError(t, err)
	require.Equal(t, []string{"proof"}, texts)
}

// What runs on this computer asks the simulated internet where a name leads.
func TestTheNamesOfTheInternetAreServed(t *testing.T) {
	s, _ := named(t, io.Discard)
	resolver := authority.Resolver(s.State().DNS)
	at, err := resolver.LookupHost(t.Context(), "lab.example.org")
	require.NoError(t, err)
	require.Equal(t, s.Account.Answer("lab.example.org", "A"), at)
	var unknown *net.DNSError
	_, err = resolver.LookupHost(t.Context(), "other.example.org")
	require.ErrorAs(t, err, &unknown)
	require.True(t, unknown.IsNotFound)
}

func TestWhatWasIssuedBeforeARestartIsTrustedOn(t *testing.T) {
	dir := t.TempDir()
	var roots []byte
	for range 2 {
		s, err := Start(Options{Dir: dir, Boot: true})
		require.NoError(t, err)
		state := s.State().Authority
		require.NotNil(t, state)
		require.Zero(t, state.Orders)
		now, err := os.ReadFile(state.Roots)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(now, roots))
		require.Greater(t, len(now), len(roots), "the new start's roots are trusted, too")
		roots = now
		amazon, err := s.Account.AmazonRoot()
		require.NoError(t, err)
		require.Equal(t, 1, bytes.Count(now, amazon), "what load balancers serve with is trusted")
		s.Close()
	}
}

func TestWithoutMachinesThereIsNoAuthority(t *testing.T) {
	s, err := Start(Options{Dir: t.TempDir()})
	require.NoError(t, err)
	defer s.Close()
	require.Nil(t, s.State().Authority)
	require.Empty(t, s.State().DNS)
}

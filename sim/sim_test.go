package sim_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

func start(t *testing.T, o sim.Options) (*sim.Sim, *control.Client) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	s, err := sim.Start(o)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s, &control.Client{URL: s.API, HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// machines makes a network and two instances, one of them an allocator's.
func machines(t *testing.T, a *cloud.Account) (own, allocators string) {
	t.Helper()
	v := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
	require.NoError(t, a.CreateVPC(v))
	s := &cloud.Subnet{VPCID: v.ID, CidrBlock: "10.0.0.0/24"}
	require.NoError(t, a.CreateSubnet(s))
	launch := func(tags map[string]string) string {
		i := &cloud.Instance{AMI: "ami-051700000000000a1", InstanceType: "sim.small", SubnetID: s.ID, UserData: "#!/bin/sh\n", Tagged: cloud.Tagged{Tags: tags}}
		require.NoError(t, a.CreateInstance(i))
		return i.ID
	}
	return launch(nil), launch(map[string]string{"lablink:managed-by": "allocator"})
}

func TestTheStateIsWhatTheAccountHolds(t *testing.T) {
	s, c := start(t, sim.Options{})
	own, other := machines(t, s.Account)
	state, err := c.State(t.Context())
	require.NoError(t, err)
	require.Equal(t, s.API, state.API)
	require.Equal(t, s.Provider, state.Provider)
	require.Len(t, state.Program, 64, "the sum of the program that runs")
	ids := []string{}
	for _, i := range state.Instances {
		ids = append(ids, i.ID)
		require.Empty(t, i.Script, "user data is not shown")
	}
	require.ElementsMatch(t, []string{own, other}, ids)
}

func TestFaultsAreSetReplacedAndSeen(t *testing.T) {
	s, c := start(t, sim.Options{})
	want := cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{InstanceType: "sim.gpu", Zone: "us-west-2a"}}}
	require.NoError(t, c.SetFaults(t.Context(), want))
	require.Equal(t, want, s.Account.Faults())
	state, err := c.State(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, state.Faults)
	require.NoError(t, c.SetFaults(t.Context(), cloud.Faults{}))
	require.Empty(t, s.Account.Faults())
}

func TestAPipelinesImageIsBuiltWhenSomebodySaysSo(t *testing.T) {
	s, c := start(t, sim.Options{})
	_, err := c.BuildImage(t.Context(), "gpu")
	require.ErrorContains(t, err, `There is no image pipeline "gpu"`)
	require.NoError(t, s.Account.CreateRole(&cloud.Role{Name: "r", AssumeRolePolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`}))
	require.NoError(t, s.Account.CreateInstanceProfile(&cloud.InstanceProfile{Name: "p", Role: "r"}))
	component := &cloud.ImageComponent{Name: "gpu", Platform: "Linux", Version: "1.0.0", Data: `{"schemaVersion": 1.0, "phases": [{"name": "test", "steps": [{"name": "x", "action": "ExecuteBash"}]}]}`}
	require.NoError(t, s.Account.CreateImageComponent(component))
	recipe := &cloud.ImageRecipe{Name: "gpu", Version: "1.0.0", ParentImage: "ami-051700000000000a2", Components: []cloud.RecipeComponent{{ComponentARN: component.ARN}}}
	require.NoError(t, s.Account.CreateImageRecipe(recipe))
	infrastructure := &cloud.ImageInfrastructure{Name: "gpu", InstanceProfileName: "p"}
	require.NoError(t, s.Account.CreateImageInfrastructure(infrastructure))
	distribution := &cloud.ImageDistribution{Name: "gpu", Distributions: []cloud.Distribution{{Region: "us-west-2", AMIDistributionConfiguration: &cloud.AMIDistribution{Name: "gpu {{imagebuilder:buildDate}}"}}}}
	require.NoError(t, s.Account.CreateImageDistribution(distribution))
	require.NoError(t, s.Account.CreateImagePipeline(&cloud.ImagePipeline{Name: "gpu", ImageRecipeARN: recipe.ARN, InfrastructureConfigurationARN: infrastructure.ARN, DistributionConfigurationARN: distribution.ARN}))
	id, err := c.BuildImage(t.Context(), "gpu")
	require.NoError(t, err)
	require.Regexp(t, "^ami-[0-9a-f]{17}$", id)
}

func TestWhatADeploymentMadeIsToldByItsURN(t *testing.T) {
	s, c := start(t, sim.Options{})
	vpc := &cloud.VPC{CidrBlock: "10.9.0.0/16"}
	require.NoError(t, s.Account.Recording("urn:pulumi:a::b::c&d", func() string { return vpc.ID }).CreateVPC(vpc))
	id, err := c.Created(t.Context(), "urn:pulumi:a::b::c&d")
	require.NoError(t, err)
	require.Equal(t, vpc.ID, id)
	id, err = c.Created(t.Context(), "urn:other")
	require.NoError(t, err)
	require.Empty(t, id)
}

func TestOnlyTheAllocatorsMachinesAreEnded(t *testing.T) {
	s, c := start(t, sim.Options{})
	own, other := machines(t, s.Account)
	require.NoError(t, c.EndMachines(t.Context()))
	for id, want := range map[string]string{own: "running", other: "terminated"} {
		i, err := s.Account.Instance(id)
		require.NoError(t, err)
		require.Equal(t, want, i.InstanceState)
	}
}

func TestADoorNeedsMachines(t *testing.T) {
	_, c := start(t, sim.Options{})
	err := c.OpenDoor(t.Context(), control.Door{Listen: "127.0.0.1:0", Address: "203.0.113.1", Port: 80})
	require.ErrorContains(t, err, "the simulator refuses: this simulator does not boot machines")
}

func TestDoorsAndResourcesAreThereAfterARestart(t *testing.T) {
	dir := t.TempDir()
	first, err := sim.Start(sim.Options{Dir: dir, Boot: true, Zones: []string{"example.org"}})
	require.NoError(t, err)
	c := &control.Client{URL: first.API, HTTP: http.DefaultClient}
	door := control.Door{Listen: "127.0.0.1:0", Address: "203.0.113.1", Port: 80}
	require.NoError(t, c.OpenDoor(t.Context(), door))
	require.NoError(t, first.Account.CreateBucket(&cloud.Bucket{Bucket: "data"}))
	first.Close()

	second, c := start(t, sim.Options{Dir: dir, Boot: true})
	_, err = second.Account.Bucket("data")
	require.NoError(t, err)
	require.Len(t, second.Account.ZonesNamed("example.org"), 1)
	state, err := c.State(t.Context())
	require.NoError(t, err)
	require.Equal(t, []control.Door{door}, state.Doors)
}

// ask sends a request as it is; headers come in pairs.
func ask(t *testing.T, method, url, body string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(raw)
}

func TestTheControlsAnswerThisComputerOnly(t *testing.T) {
	s, _ := start(t, sim.Options{})
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		want                     int
	}{
		{"by its address", "GET", control.PathState, "", nil, 200},
		{"by its name", "GET", control.PathState, "", []string{"Host", "localhost:1"}, 200},
		{"by a name that somebody points here", "GET", control.PathState, "", []string{"Host", "evil.example"}, 403},
		{"by a name that looks like ours", "GET", control.PathState, "", []string{"Host", "127.0.0.1.evil.example"}, 403},
		{"the page by such a name", "GET", "/", "", []string{"Host", "evil.example"}, 403},
		{"a page of elsewhere that sets faults", "PUT", control.PathFaults, "{}", []string{"Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{"a page of elsewhere that opens a door", "POST", control.PathDoors, "{}", []string{"Origin", "http://evil.example"}, 403},
		{"a path that is not there", "GET", "/_simulator/other", "", nil, 404},
		{"a way that is not there", "POST", control.PathState, "", nil, 405},
		{"faults that are no JSON", "PUT", control.PathFaults, "{", nil, 400},
		{"a fault that is not known", "PUT", control.PathFaults, `{"earthquake":true}`, nil, 400},
		{"anything else is AWS's, and wants a signature", "GET", "/bucket/key", "", nil, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := ask(t, c.method, s.API+c.path, c.body, c.headers...)
			require.Equal(t, c.want, status, body)
		})
	}
}

func TestThePageSaysWhatItIsAndWhatRuns(t *testing.T) {
	s, _ := start(t, sim.Options{})
	own, _ := machines(t, s.Account)
	status, body := ask(t, "GET", s.API+"/", "")
	require.Equal(t, 200, status)
	require.Contains(t, body, "This is not AWS.")
	require.Contains(t, body, own)
	require.Contains(t, body, "What it does not do")
}

func TestAnAddressThatIsTakenIsSaid(t *testing.T) {
	s, _ := start(t, sim.Options{})
	_, err := sim.Start(sim.Options{Dir: t.TempDir(), API: strings.TrimPrefix(s.API, "http://")})
	require.ErrorContains(t, err, "listen for the AWS API")
}

// What make env printed stays true over a restart, and a port that somebody has
// taken meanwhile keeps no simulator from starting.
func TestPortsAreKeptWhileNobodyElseHasThem(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ports.json")
	ports := func(s *sim.Sim) control.Ports {
		kept, err := control.ReadPorts(file)
		require.NoError(t, err)
		require.Equal(t, []any{s.API, s.Provider, s.Cloudflare}, []any{fmt.Sprintf("http://127.0.0.1:%d", kept.API), kept.Provider, kept.Cloudflare})
		return kept
	}
	options := sim.Options{Dir: t.TempDir(), Ports: file}
	s, err := sim.Start(options)
	require.NoError(t, err)
	first := ports(s)
	s.Close()
	kept := false
	for range 10 { // somebody may take one just now
		again, err := sim.Start(options)
		require.NoError(t, err)
		now := ports(again)
		again.Close()
		if kept = now == first; kept {
			break
		}
		first = now
	}
	require.True(t, kept)
	taken, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first.Provider))
	if err == nil {
		defer taken.Close()
	} else {
		require.ErrorIs(t, err, syscall.EADDRINUSE, "somebody else has it, which is as good")
	}
	s, err = sim.Start(options)
	require.NoError(t, err)
	defer s.Close()
	require.NotEqual(t, first.Provider, ports(s).Provider)
}

// The kernel closes what a process has open after its program is gone from /proc,
// so that who starts the next one cannot see when the folder is free.
func TestASimulatorThatIsAboutToEndIsWaitedFor(t *testing.T) {
	dir := t.TempDir()
	first, err := sim.Start(sim.Options{Dir: dir})
	require.NoError(t, err)
	started := make(chan error, 1)
	go func() {
		second, err := sim.Start(sim.Options{Dir: dir, Patience: time.Minute})
		if err == nil {
			second.Close()
		}
		started <- err
	}()
	select {
	case err := <-started:
		t.Fatalf("two simulators work in one folder: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	first.Close()
	require.NoError(t, <-started)
}

func TestAFolderHasOneSimulator(t *testing.T) {
	dir := t.TempDir()
	first, _ := start(t, sim.Options{Dir: dir})
	_, err := sim.Start(sim.Options{Dir: dir})
	require.ErrorContains(t, err, "another simulator works in "+dir)
	first.Close()
	start(t, sim.Options{Dir: dir})
}

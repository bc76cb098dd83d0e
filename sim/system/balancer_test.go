package system

import (
	"net/http"
	"net/http/cookiejar"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// An environment behind load balancers is deployed twice, looked at again, and
// taken away, by the real engine. People reach it by its name over TLS, through the
// one load balancer, and the agents of its machines through the other.
func TestAnEnvironmentBehindLoadBalancersIsUsedDeployedAgainAndDestroyed(t *testing.T) {
	e := start(t)
	account := e.stack(t, "account")
	e.must(t, account, "up", "--yes", "--skip-preview", "--suppress-outputs")
	s := e.stack(t, "test", slices.Concat(bootable["test"], []string{"    mode: acme\n    email: lab@example.org", "    mode: acm"})...)
	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs")
	d := e.reach(t, s)
	require.Equal(t, "https://test.lab.example.org", d.URL)
	require.Regexp(t, `^lablink-people-test-[0-9]{10}\.us-west-2\.elb\.amazonaws\.com$`, d.PublicAddress)
	require.Regexp(t, `^https://internal-lablink-agents-test-[0-9]{10}\.us-west-2\.elb\.amazonaws\.com$`, d.AgentURL)
	d.ready(t)
	e.verify(t, s, d)
	e.useBehindBalancers(t, d)

	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs", "--expect-no-changes")
	e.must(t, s, "refresh", "--preview-only", "--suppress-outputs", "--expect-no-changes")
	e.must(t, s, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
	e.must(t, account, "state", "unprotect", "--all", "--yes")
	e.must(t, account, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	for _, i := range state.Instances {
		require.True(t, i.Gone(), "%s %v", i.ID, i.Tags)
	}
}

func (e *engine) useBehindBalancers(t *testing.T, d *deployed) {
	t.Helper()
	res, err := d.client.Get("http://test.lab.example.org/?x=1")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, "https://test.lab.example.org:443/?x=1", res.Request.URL.String(), "people are led to TLS")
	require.Equal(t, "max-age=86400", res.Header.Get("Strict-Transport-Security"))

	// The allocator believes the load balancer that people came over TLS: it gives
	// them a session. It believes nobody else, and nobody else reaches it.
	admin := &api.Client{URL: d.URL, HTTP: d.client}
	require.NoError(t, admin.Do(t.Context(), http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: d.password}, nil))
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	host := state.Instances[slices.IndexFunc(state.Instances, func(i cloud.Instance) bool { return i.Tags["lablink:component"] == "host" })]
	past := control.Door{Listen: freeAddress(t), Address: host.PublicIP, Port: 80}
	require.NoError(t, e.account.OpenDoor(t.Context(), past))
	_, err = http.Get("http://" + past.Listen + "/readyz")
	require.Error(t, err, "somebody comes past the load balancer")

	w := d.open(t, admin, 1)
	d.await(t, admin, w, 1)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	person := &api.Client{URL: d.URL, HTTP: &http.Client{Jar: jar, Transport: d.client.Transport, Timeout: d.client.Timeout}}
	_, problem := claim(t, person, w, "p@example.org", new(atomic.Int32))
	require.Nil(t, problem)
	d.seesItsGPU(t, person) // by the machine's tunnel, and as events of a connection that stays open
	d.endAll(t, admin, e.account)
}

package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/ec2"
	"github.com/talmolab/lablink-infrastructure/allocator/readiness"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// throttled is an EC2 that, while it is told to, answers each call with
// RequestLimitExceeded, over HTTP.
type throttled struct {
	*allocatortest.FakeEC2
	refusing *ec2.Compute
	refuses  atomic.Bool
	refused  atomic.Int64
}

func throttle(t *testing.T, e *allocatortest.FakeEC2) *throttled {
	t.Helper()
	out := &throttled{FakeEC2: e}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		out.refused.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error></Errors><RequestID>r</RequestID></Response>`)
	}))
	t.Cleanup(server.Close)
	out.refusing = ec2.New(ec2.Client(aws.Config{
		Region: "us-west-2", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}), deployed.Settings{Deployment: "lab", Environment: "test", Pools: []deployed.Pool{{
		Name: "gpu", InstanceTypes: []string{"g5.xlarge"}, SubnetIDs: []string{"subnet-1"}, LaunchTemplateID: "lt-1",
	}}}, time.Now)
	return out
}

// Instances lists them, unless EC2 refuses.
func (e *throttled) Instances(ctx context.Context) ([]allocator.Instance, error) {
	if e.refuses.Load() {
		return e.refusing.Instances(ctx)
	}
	return e.FakeEC2.Instances(ctx)
}

// Launch launches what was planned, unless EC2 refuses.
func (e *throttled) Launch(ctx context.Context, request string) ([]allocator.Instance, []allocator.Refusal, error) {
	if !e.refuses.Load() {
		return e.FakeEC2.Launch(ctx, request)
	}
	plan, err := e.refusing.Plan("gpu", "wks_1", 1, "token", allocator.Kinds{OnDemand: []string{"g5.xlarge"}})
	if err != nil {
		return nil, nil, err
	}
	return e.refusing.Launch(ctx, plan)
}

// EC2 refuses every call for ten minutes, as one too many. Staff reads that, people work
// on, and the machine that is wanted is launched once it does not.
func TestWhileEC2RefusesCallsPeopleWorkOnAndStaffReadsWhy(t *testing.T) {
	in := allocatortest.New(t)
	var at atomic.Int64
	at.Store(in.Time.Unix())
	in.Now = func() time.Time { return time.Unix(at.Load(), 0).UTC() } // what a stream looks at while it passes
	e := throttle(t, in.EC2)
	cloud := &readiness.Cloud{Compute: e, Now: in.Now}
	in.Compute = cloud
	_, machines := withMachines(t, echo)
	w := newWorldIn(t, in, machines, func(c *web.Config) {
		c.Checks = append(c.Checks, web.NamedCheck{Name: "ec2", Check: cloud.Check, Warning: true})
	})
	ws := w.ReadyWorkshop(t, 1)
	ann, bob, staff := w.browser(t), w.browser(t), w.staff(t)
	join(t, ann, ws, "ann@example.org")
	desktop, _, err := websocket.Dial(t.Context(), w.url+"/desktop/stream", &websocket.DialOptions{HTTPClient: ann.Client})
	require.NoError(t, err)
	defer desktop.CloseNow()
	works := func() { echoes(t, desktop) }
	ready := func() (api.Ready, api.Check) {
		t.Helper()
		res, body := staff.send(t, http.MethodGet, "/readyz", nil)
		require.Equal(t, http.StatusOK, res.StatusCode, "load balancers go on: %s", body)
		r := decode[api.Ready](t, body)
		return r, r.Checks[len(r.Checks)-1]
	}
	// passes is a look of the allocator's, a quarter of a minute later, at which machines report.
	passes := func() error {
		t.Helper()
		at.Add(15)
		for _, m := range w.Machines(t, ws) {
			_, err := w.Report(t.Context(), allocator.Agent{ID: m.AgentID, MachineID: m.ID}, api.Report{Health: api.Healthy})
			require.NoError(t, err)
		}
		err := errors.Join(w.Observe(t.Context()), w.Reconcile(t.Context()))
		for _, op := range w.Pending() {
			err = errors.Join(err, w.Run(t.Context(), op))
		}
		return err
	}

	e.refuses.Store(true)
	_, err = w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "More", Pool: "gpu", Seats: 1})
	require.NoError(t, err)
	for range 4 {
		require.ErrorContains(t, passes(), "RequestLimitExceeded")
		works()
	}
	_, is := ready()
	require.True(t, is.OK, "a minute is nothing: %+v", is)
	for range 36 { // nine minutes more
		require.ErrorContains(t, passes(), "RequestLimitExceeded")
	}
	r, is := ready()
	require.Equal(t, []any{true, "ec2", false, true}, []any{r.Ready, is.Name, is.OK, is.Warning})
	require.Contains(t, is.Reason, "for 9 minutes: it asks to go slower")
	require.Greater(t, e.refused.Load(), int64(40))
	for path, says := range map[string]string{"/admin": "Warning: ec2.", "/admin/health": "it asks to go slower", "/admin/operations": "RequestLimitExceeded"} {
		require.Contains(t, mustOpen(t, staff, path), says, path)
	}
	works()
	res, body := ann.open(t, "/seat")
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.NotContains(t, body, "RequestLimitExceeded", "it says nothing to a participant")
	res, _ = ann.submit(t, "/seat/leave", seatOf(t, ann))
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	join(t, bob, ws, "bob@example.org")
	_, body = bob.send(t, http.MethodGet, "/api/v1/seats/current", nil)
	require.Equal(t, "assigned", decode[api.Seat](t, body).State, "seats are given on")

	e.refuses.Store(false)
	running := e.Alive()
	require.NoError(t, passes())
	_, is = ready()
	require.True(t, is.OK, "and nobody had to do anything: %+v", is)
	require.Equal(t, running+1, e.Alive())
	require.NotContains(t, mustOpen(t, staff, "/admin"), "Warning: ec2.")
}

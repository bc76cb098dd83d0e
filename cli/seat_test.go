package cli_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
)

// classroom is an allocator whose machines boot while they are waited for.
type classroom struct {
	*allocatortest.World
	t      *testing.T
	url    string
	within sync.Mutex // one request at a time: the world is not made for more

	// dial reaches it; nil: as the system does.
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	status   api.Status
	silent   bool                        // its machines do not answer
	stuck    bool                        // they do not boot
	instead  map[string]http.HandlerFunc // answers in the allocator's place, by method and path
	lost     map[string]bool             // these are carried out, and their answer is lost
	late     map[string]bool             // a proxy gives up on these, which are carried out when workshops have been listed once more
	later    func()                      // carries out what is late
	enough   string                      // after two requests of this kind there is no more time for what is waited for
	seen     atomic.Int32                // so many there were
	happened func(r *http.Request)       // is told of each request
}

func open(t *testing.T) *classroom {
	t.Helper()
	c := &classroom{t: t, status: api.Status{Health: api.Healthy, Inventory: api.Inventory{GPUs: []api.GPU{{Model: "NVIDIA A10G"}}}}}
	c.World, c.url = serve(t, c.around)
	c.Tunnels = tunnels{c.Agents, c}
	return c
}

// tunnels lead to machines that say what the test wants.
type tunnels struct {
	allocator.Tunnels
	c *classroom
}

// Status is what a machine says through its tunnel.
func (t tunnels) Status(ctx context.Context, machine string) (api.Status, error) {
	return t.c.machineSays(ctx, machine)
}

func (c *classroom) machineSays(context.Context, string) (api.Status, error) {
	if c.silent {
		return api.Status{}, api.Problemf(api.Unavailable, "The machine is not connected", "")
	}
	return c.status, nil
}

// around lets jobs run and machines boot when somebody asks how they are.
func (c *classroom) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.happened != nil {
			c.happened(r)
		}
		what := r.Method + " " + r.URL.Path
		if c.enough != "" && strings.HasPrefix(what, c.enough) {
			c.seen.Add(1)
		}
		if c.silent && what == "GET /api/v1/seats/current/events" {
			ctx, end := context.WithCancel(r.Context())
			defer end()
			w, r = brief{w, end}, r.WithContext(ctx)
		}
		for begin, do := range c.instead {
			if strings.HasPrefix(what, begin) {
				do(w, r)
				return
			}
		}
		if what == "GET /api/v1/machines" {
			c.goOn()
		}
		if c.lost[what] {
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		if c.late[what] {
			c.postpone(next, r)
			http.Error(w, "upstream request timeout", http.StatusGatewayTimeout)
			return
		}
		next.ServeHTTP(w, r)
		if what == "GET /api/v1/workshops" {
			c.carryOut()
		}
	})
}

// brief is an answer that ends with the first that is said.
type brief struct {
	http.ResponseWriter
	end context.CancelFunc
}

// Write says that.
func (b brief) Write(p []byte) (int, error) {
	defer b.end()
	return b.ResponseWriter.Write(p)
}

// Unwrap is the answer.
func (b brief) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// pause goes on at once until it is enough, and again for what comes after that.
func (c *classroom) pause(ctx context.Context) bool {
	if c.seen.Load() >= 2 {
		c.seen.Store(0)
		return false
	}
	return ctx.Err() == nil
}

// postpone keeps a request for later.
func (c *classroom) postpone(next http.Handler, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	require.NoError(c.t, err)
	again := r.Clone(context.WithoutCancel(r.Context()))
	again.Body = io.NopCloser(bytes.NewReader(body))
	c.within.Lock()
	defer c.within.Unlock()
	c.later = func() { next.ServeHTTP(httptest.NewRecorder(), again) }
}

func (c *classroom) carryOut() {
	c.within.Lock()
	defer c.within.Unlock()
	if c.later != nil {
		c.later()
		c.later = nil
	}
}

func (c *classroom) goOn() {
	c.within.Lock()
	defer c.within.Unlock()
	ctx := context.WithoutCancel(c.t.Context())
	for range 2 { // what is ending has ended when it is looked at again
		require.NoError(c.t, c.Resume(ctx))
		c.RunAll(c.t)
		c.EC2.Finish()
	}
	all, err := c.Store.Machines(ctx, "", false)
	require.NoError(c.t, err)
	if c.stuck {
		return
	}
	for _, m := range all {
		if m.State == allocator.Booting && m.AgentID == "" {
			c.Boot(c.t, m)
		}
	}
}

// verify tries out a seat.
func (c *classroom) verify(ctx context.Context, args ...string) (string, error) {
	c.t.Helper()
	var commands cli.Commands
	var out bytes.Buffer
	commands.Out, commands.Dial = &out, c.dial
	if c.enough != "" {
		commands.Pause = c.pause
	}
	parser, err := kong.New(&commands, kong.Bind(&commands.Globals), kong.BindTo(ctx, (*context.Context)(nil)))
	require.NoError(c.t, err)
	command, err := parser.Parse(append([]string{"--url", c.url, "--password", password, "verify", "--release", deployed, "--seat"}, args...))
	require.NoError(c.t, err)
	err = command.Run(&commands.Globals)
	c.t.Logf("%v\n%s", err, out.String())
	return out.String(), err
}

// clean checks that nothing of a trial is left.
func (c *classroom) clean() {
	c.t.Helper()
	all, err := c.Store.Workshops(c.t.Context(), "", 10)
	require.NoError(c.t, err)
	for _, w := range all {
		require.Equal(c.t, allocator.Ended, w.State)
		for _, m := range c.Machines(c.t, w) {
			require.Equal(c.t, allocator.Terminated, m.State)
		}
	}
	for _, i := range c.EC2.All {
		require.Equal(c.t, allocator.InstanceGone, i.State)
	}
}

func TestASeatIsTakenAndEverythingIsTakenAway(t *testing.T) {
	c := open(t)
	out, err := c.verify(t.Context())
	require.NoError(t, err)
	for _, want := range []string{
		`workshop +ok +wks_\w+ is open`, `machine +ok +mch_\w+ \(i-\w+, g5.xlarge in us-west-2b\) is ready`, `seat +ok +sea_\w+ on mch_`,
		`tunnel +ok +the machine answers with NVIDIA A10G`, `leaving +ok`, `ending +ok +the workshop has ended, and its machine with it \(i-\w+\)`,
	} {
		require.Regexp(t, want, out)
	}
	require.Len(t, c.EC2.All, 1)
	c.clean()
}

func TestASeatThatCannotBeHadFailsAndLeavesNothing(t *testing.T) {
	for name, s := range map[string]struct {
		spoil  func(*classroom)
		enough string
		code   int
		want   string
	}{
		"no capacity":                           {func(c *classroom) { c.EC2.Capacity = func(int) int { return 0 } }, "GET /api/v1/operations", 1, "AWS has no such machine free"},
		"a machine that does not boot":          {func(c *classroom) { c.stuck = true }, "GET /api/v1/operations", 1, "is not ready after"},
		"a machine that does not answer":        {func(c *classroom) { c.silent = true }, "GET /api/v1/seats/current/events", 1, "does not answer through its tunnel"},
		"a machine that is not well":            {func(c *classroom) { c.status.Health, c.status.Reason = api.Unhealthy, "XID 79" }, "", 1, "is unhealthy: XID 79"},
		"an answer to the opening that is lost": {func(c *classroom) { c.lost = map[string]bool{"POST /api/v1/workshops": true} }, "", 1, "open a workshop"},
		"an answer to the claim that is lost":   {func(c *classroom) { c.lost = map[string]bool{"POST /api/v1/seats": true} }, "", 1, "claim a seat"},
		"two kinds of machines":                 {func(c *classroom) { c.Pools = append(c.Pools, allocator.Pool{Name: "other"}) }, "", 2, "say with --pool which kind of machine to try: there are gpu, other"},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t)
			s.spoil(c)
			c.enough = s.enough
			out, err := c.verify(t.Context())
			require.ErrorContains(t, err, s.want)
			require.Equal(t, s.code, cli.ExitCode(err), out)
			c.clean()
		})
	}
}

func TestAnInterruptEndsWhatASeatHasBegun(t *testing.T) {
	c := open(t)
	ctx, interrupt := context.WithCancel(t.Context())
	c.stuck = true
	c.happened = func(r *http.Request) {
		if r.URL.Path == "/api/v1/operations" { // it waits for its machine
			interrupt()
		}
	}
	out, err := c.verify(ctx)
	require.ErrorContains(t, err, "it was interrupted")
	require.Equal(t, 2, cli.ExitCode(err))
	require.Regexp(t, `ending +ok`, out)
	require.Len(t, c.EC2.All, 1, "a machine had been launched")
	c.clean()
}

func TestWhatCannotBeTakenAwayIsToldWithWhatToDo(t *testing.T) {
	c := open(t)
	c.instead = map[string]http.HandlerFunc{"DELETE /api/v1/workshops/": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	}}
	c.enough = "DELETE /api/v1/workshops/"
	out, err := c.verify(t.Context())
	require.ErrorContains(t, err, "MAY STILL COST: the workshop wks_")
	require.Equal(t, 1, cli.ExitCode(err))
	require.Regexp(t, `lablink end wks_\w+, look at lablink machines --workshop wks_\w+, and at the instance i-\w+`, out)

	c.instead, c.enough = nil, ""
	out, err = c.verify(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `left over +warning +the workshop wks_\w+ \(lablink verify \w+\) of an earlier trial is open`, out)
	require.Contains(t, out, "lablink end wks_")
}

// The seat of a workshop that is there needs no log-in, launches nothing and ends
// nothing.
func TestASeatOfAnOpenWorkshopIsGivenBack(t *testing.T) {
	c := open(t)
	w := c.ReadyWorkshop(t, 1)
	for range 2 {
		out, err := c.verify(t.Context(), "--workshop", w.JoinCode, "--password", "")
		require.NoError(t, err)
		require.Regexp(t, `leaving +ok +the seat is given back`, out)
		require.NotContains(t, out, "ending")
	}
	require.Equal(t, allocator.Ready, c.Machines(t, w)[0].State)
	require.Len(t, c.EC2.All, 1)

	_, err := c.Claim(t.Context(), api.Claim{Code: w.JoinCode, Email: "p@example.org"}, "")
	require.NoError(t, err)
	c.enough = "POST /api/v1/seats"
	_, err = c.verify(t.Context(), "--workshop", w.JoinCode)
	require.ErrorContains(t, err, "claim a seat: no machine is free")
	require.Equal(t, 1, cli.ExitCode(err))
	_, err = c.verify(t.Context(), "--workshop", "nosuch")
	require.ErrorContains(t, err, "open the link of the workshop nosuch")
}

func TestASeatIsNotTriedWhereSomethingElseIsWrongAlready(t *testing.T) {
	c := open(t)
	out, err := c.verify(t.Context(), "--release", strings.Repeat("b", 64), "--wait", "10ms")
	require.Equal(t, 1, cli.ExitCode(err))
	require.Contains(t, out, "it was not tried, as not all else is as it should be")
	c.clean()

	_, err = c.verify(t.Context(), "--password", "wrong")
	require.Equal(t, 2, cli.ExitCode(err), "%v", err)
	c.clean()
}

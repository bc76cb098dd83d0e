package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/agent/tunnel"
	"github.com/talmolab/lablink-infrastructure/agent/uplink"
	"github.com/talmolab/lablink-infrastructure/agent/vnc"
	"github.com/talmolab/lablink-infrastructure/agent/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

const version = "load"

// agentsOrder says what the agents are to do: all come, Width at once; the first
// Count report for Seconds, Rate times a second together; or all report every ten
// seconds from now on; or to tell when sessions began, once there are so many.
type agentsOrder struct {
	Sessions int  `json:"sessions"`
	Come     bool `json:"come"`
	Width    int  `json:"width"`
	Rate     int  `json:"rate"`
	Count    int  `json:"count"`
	Seconds  int  `json:"seconds"`
	Go       bool `json:"go"`
}

// agentsDone is what became of it. Took holds what each report took, and Began when the
// session of each seat began.
type agentsDone struct {
	Began   map[string]time.Time `json:"began"`
	Seconds float64              `json:"seconds"`
	Used    float64              `json:"used"` // of processors, in seconds
	Took    []millis             `json:"took"`
	Errors  []string             `json:"errors"`
}

type millis float64

func since(begin time.Time) millis { return millis(time.Since(begin).Seconds() * 1000) }

// one is an agent of the load: the packages of the real one, in a process with others.
type one struct {
	began  *began
	prover identity.Prover
	up     uplink.Allocator
	dialer tunnel.Dialer
	id     agent.Identity
}

// Status is the machine's, which is always well.
func (o *one) Status() api.Status {
	return api.Status{At: time.Now().UTC(), Version: version, Health: api.Healthy, Inventory: gpu, Readings: []api.Reading{}}
}

var gpu = api.Inventory{Driver: "570.1", GPUs: []api.GPU{{UUID: "GPU-1", Model: "NVIDIA A10G", Memory: 24 << 30}}}

// began is when sessions began, by their seats.
type began struct {
	sync.Mutex
	at map[string]time.Time
}

// wait returns once so many sessions have begun.
func (b *began) wait(n int) agentsDone {
	for {
		b.Lock()
		done := agentsDone{Began: maps.Clone(b.at)}
		b.Unlock()
		if len(done.Began) >= n {
			return done
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Kind is none.
func (o *one) Kind() string { return "" }

// Start begins a session. Its id begins with that of its seat.
func (o *one) Start(_ context.Context, session string) error {
	seat, _, _ := strings.Cut(session, "-")
	o.began.Lock()
	defer o.began.Unlock()
	o.began.at[seat] = time.Now()
	return nil
}

// End has nothing to end.
func (o *one) End(context.Context, string) error { return nil }

// Idle is not known.
func (o *one) Idle(context.Context) (time.Duration, bool) { return 0, false }

func newOne(c crew, at int, began *began) *one {
	client := uplink.NewHTTP("", nil)
	o := &one{
		began: began,
		prover: identity.Prover{
			Region: region, Endpoint: c.STS, Audience: c.Audience, Now: time.Now,
			Credentials: credentials.StaticCredentialsProvider{Value: c.Credentials[at]},
		},
		up: uplink.Allocator{URL: c.URL, HTTP: client, UserAgent: version},
		id: agent.Identity{Secret: fmt.Sprintf("%064x", at+1)},
	}
	parts := []web.Part{web.WithSessions(agent.NewSessions(o))}
	if c.Desktop != "" {
		d := vnc.New(vnc.Places{Session: c.Desktop, Desktop: "rfb", Warden: c.Desktop, Control: "control"}, nil, time.Now)
		_ = d.Start(context.Background(), "load") // without a session nobody sees it, and the benchmark fails
		parts = append(parts, web.WithDesktop(d.Handler()))
	}
	o.dialer = tunnel.Dialer{URL: c.URL, HTTP: client, UserAgent: version, Handler: web.Handler(o, parts...), Log: slog.New(slog.DiscardHandler)}
	return o
}

// come registers, opens the tunnel and reports.
func (o *one) come(ctx context.Context) error {
	proof, err := o.prover.Prove(ctx)
	if err != nil {
		return err
	}
	given, err := o.up.Register(ctx, api.Registration{
		Proof: proof, Protocol: api.Protocol, Version: version, BootID: "boot", Inventory: gpu, SecretSHA256: api.SecretSum(o.id.Secret),
	})
	if err != nil {
		return err
	}
	o.id.AgentID = given.AgentID
	t, err := o.dialer.Dial(ctx, o.id)
	if err != nil {
		return err
	}
	go func() { _ = t.Serve(ctx) }() // ends with the process
	return o.report(ctx)
}

func (o *one) report(ctx context.Context) error {
	_, err := o.up.Report(ctx, o.id, api.Report{
		At: time.Now().UTC(), Protocol: api.Protocol, Version: version, BootID: "boot", Health: api.Healthy, Readings: []api.Reading{},
	})
	return err
}

// beAgents is the process of the agents.
func beAgents(ctx context.Context, in *json.Decoder, out *json.Encoder) error {
	var c crew
	if err := in.Decode(&c); err != nil {
		return err
	}
	all, began := make([]*one, len(c.Credentials)), &began{at: map[string]time.Time{}}
	for i := range all {
		all[i] = newOne(c, i, began)
	}
	for {
		var o agentsOrder
		if err := in.Decode(&o); err != nil {
			return err
		}
		var done agentsDone
		switch {
		case o.Come:
			done = comeAll(ctx, all, o.Width)
		case o.Rate > 0:
			done = reportAll(ctx, all[:o.Count], time.Duration(o.Seconds)*time.Second, o.Rate)
		case o.Sessions > 0:
			done = began.wait(o.Sessions)
		case o.Go:
			for i, a := range all {
				go a.keepReporting(ctx, time.Duration(i)*10*time.Second/time.Duration(len(all)))
			}
		default:
			return errors.New("there is nothing to do")
		}
		if err := out.Encode(done); err != nil {
			return err
		}
	}
}

// failures are the first few.
type failures struct {
	sync.Mutex
	all []string
}

func (f *failures) add(err error) {
	f.Lock()
	defer f.Unlock()
	if err != nil && len(f.all) < 5 {
		f.all = append(f.all, err.Error())
	}
}

func comeAll(ctx context.Context, all []*one, width int) agentsDone {
	begin := time.Now()
	var each sync.WaitGroup
	var failed failures
	var next atomic.Int64
	for range min(width, len(all)) {
		each.Go(func() {
			for at := next.Add(1) - 1; at < int64(len(all)); at = next.Add(1) - 1 {
				failed.add(all[at].come(ctx))
			}
		})
	}
	each.Wait()
	return agentsDone{Seconds: time.Since(begin).Seconds(), Errors: failed.all}
}

// reportAll reports at a steady pace, to which each agent keeps by itself. A report takes
// as long as since it was due: where the one before is late, so is it.
func reportAll(ctx context.Context, all []*one, during time.Duration, rate int) agentsDone {
	begin, before := time.Now(), used()
	took := make([][]millis, len(all))
	var each sync.WaitGroup
	var failed failures
	between := time.Second * time.Duration(len(all)) / time.Duration(rate)
	for i, a := range all {
		each.Go(func() {
			due := begin.Add(between * time.Duration(i) / time.Duration(len(all)))
			for ; due.Sub(begin) < during; due = due.Add(between) {
				time.Sleep(time.Until(due))
				failed.add(a.report(ctx))
				took[i] = append(took[i], since(due))
			}
		})
	}
	each.Wait()
	done := agentsDone{Seconds: time.Since(begin).Seconds(), Used: used() - before, Errors: failed.all}
	for _, t := range took {
		done.Took = append(done.Took, t...)
	}
	return done
}

func (o *one) keepReporting(ctx context.Context, offset time.Duration) {
	time.Sleep(offset)
	for range time.Tick(10 * time.Second) {
		_ = o.report(ctx) // the next one is due in ten seconds
	}
}

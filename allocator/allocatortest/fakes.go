package allocatortest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// verifier believes what a proof says: the real one has tests of its own.
type verifier struct{}

func (verifier) Verify(_ context.Context, p api.Proof) (allocator.Proven, error) {
	return allocator.Proven{Instance: p.Headers["instance"], Role: p.Headers["role"], Signature: p.Headers["Authorization"]}, nil
}

type noTunnels struct{}

func (noTunnels) Status(context.Context, string) (api.Status, error) {
	return api.Status{}, api.Problemf(api.Unavailable, "The machine is not connected", "")
}

// FakeEC2 keeps instances, answers the same token the same, and refuses what it
// is told to.
type FakeEC2 struct {
	mu       sync.Mutex
	All      []allocator.Instance
	answers  map[string]answer
	Capacity func(asked int) int // how many of those asked for it gives; nil: all
	Err      error               // what it answers to a launch
	Lost     error               // what it answers after it has launched
	Calls    int
}

type answer struct {
	instances []allocator.Instance
	refusals  []allocator.Refusal
}

func (f *FakeEC2) Launch(_ context.Context, _ string, count int, token string) ([]allocator.Instance, []allocator.Refusal, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Calls++
	if f.Err != nil {
		return nil, nil, f.Err
	}
	a, done := f.answers[token]
	if !done {
		give := count
		if f.Capacity != nil {
			give = f.Capacity(count)
		}
		for range give {
			i := allocator.Instance{ID: fmt.Sprintf("i-%017x", len(f.All)), Type: "g5.xlarge", Zone: "us-west-2b", State: allocator.InstanceRunning}
			f.All = append(f.All, i)
			a.instances = append(a.instances, i)
		}
		if give < count {
			a.refusals = []allocator.Refusal{{Code: api.Capacity, Type: "g5.xlarge", Where: "us-west-2a", Why: "AWS has no such machine free at the moment"}}
		}
		f.answers[token] = a
	}
	if f.Lost != nil {
		return nil, nil, f.Lost
	}
	return a.instances, a.refusals, nil
}

func (f *FakeEC2) Label(context.Context, string, string, string) error { return nil }

func (f *FakeEC2) Instances(context.Context) ([]allocator.Instance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.All), nil
}

func (f *FakeEC2) Terminate(_ context.Context, ids []string) error {
	f.Set(allocator.InstanceEnding, ids...)
	return nil
}

func (f *FakeEC2) Set(state allocator.InstanceState, ids ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.All {
		if slices.Contains(ids, f.All[i].ID) {
			f.All[i].State = state
		}
	}
}

// Finish ends what is ending.
func (f *FakeEC2) Finish() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.All {
		if f.All[i].State == allocator.InstanceEnding {
			f.All[i].State = allocator.InstanceGone
		}
	}
}

func (f *FakeEC2) Alive() int {
	n := 0
	for _, i := range f.All {
		if i.State == allocator.InstanceRunning {
			n++
		}
	}
	return n
}

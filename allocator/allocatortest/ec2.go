package allocatortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// FakeEC2 keeps instances, answers the same token the same, and refuses what it
// is told to.
type FakeEC2 struct {
	mu       sync.Mutex
	All      []allocator.Instance
	answers  map[string]answer
	Now      func() time.Time
	Settings string              // of the release; Plan writes them into its requests
	Kinds    allocator.Kinds     // that it was asked for last
	Spot     bool                // whether it gives spot machines
	Delay    time.Duration       // how long it neither lists nor ends what it launched
	Asked    []string            // the ids that it was asked to end
	Looking  func()              // called when instances are listed
	Capacity func(asked int) int // how many of those asked for it gives; nil: all
	Err      error               // what it answers to a launch
	Lost     error               // what it answers after it has launched
	Unheard  error               // what it answers when instances are to be listed
	Mute     bool                // it takes every call and answers none
	Calls    int
	Rebooted []string // the ids that it was asked to reboot

	TerminateError error             // what it answers when instances are to end
	Protected      map[string]string // instances that it does not end, with why
	RebootError    error             // what it answers to that
	Labelled       []int             // how many instances it was asked to mark, each time
	LabelError     error             // what it answers to that
	Unmarkable     []string          // instances that cannot be marked
}

type answer struct {
	request   string
	instances []allocator.Instance
	refusals  []allocator.Refusal
}

// unanswered waits for as long as whoever asks does, where no call is answered.
func (f *FakeEC2) unanswered(ctx context.Context) error {
	f.mu.Lock()
	mute := f.Mute
	f.mu.Unlock()
	if !mute {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// Plan writes a request down in words.
func (f *FakeEC2) Plan(pool, workshop string, count int, token string, of allocator.Kinds) (string, error) {
	f.Kinds = of
	return fmt.Sprintf("%s %d of %s for %s, %s", token, count, pool, workshop, f.Settings), nil
}

// Launch gives as many machines as there is room for, and the same again for a request that was answered.
func (f *FakeEC2) Launch(ctx context.Context, request string) ([]allocator.Instance, []allocator.Refusal, error) {
	if err := f.unanswered(ctx); err != nil {
		return nil, nil, err
	}
	var token string
	var count int
	if _, err := fmt.Sscanf(request, "%s %d of", &token, &count); err != nil {
		return nil, nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Calls++
	if f.Err != nil {
		return nil, nil, f.Err
	}
	a, done := f.answers[token]
	if done && a.request != request {
		return nil, nil, api.Problemf(api.Invalid, "AWS refuses", "IdempotentParameterMismatch: %s after %s", request, a.request)
	}
	if !done {
		a.request = request
		give := count
		if f.Capacity != nil {
			give = f.Capacity(count)
		}
		for range give {
			i := allocator.Instance{ID: fmt.Sprintf("i-%017x", len(f.All)), Type: "g5.xlarge", Zone: "us-west-2b", Spot: f.Spot, State: allocator.InstanceRunning, LaunchedAt: f.Now(), Attempt: token}
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

// Label marks instances.
func (f *FakeEC2) Label(ctx context.Context, lack []allocator.Label) (int, error) {
	if err := f.unanswered(ctx); err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Labelled = append(f.Labelled, len(lack))
	if f.LabelError != nil {
		return len(lack), f.LabelError
	}
	var errs []error
	for _, l := range lack {
		if slices.Contains(f.Unmarkable, l.Instance) {
			errs = append(errs, fmt.Errorf("instance %s cannot be marked", l.Instance))
			continue
		}
		at := slices.IndexFunc(f.All, func(i allocator.Instance) bool { return i.ID == l.Instance })
		if l.Machine != "" {
			f.All[at].Machine = l.Machine
		}
		if l.Workshop != "" {
			f.All[at].Workshop = l.Workshop
		}
	}
	return len(lack), errors.Join(errs...)
}

// Instances are those that EC2 knows of by now.
func (f *FakeEC2) Instances(ctx context.Context) ([]allocator.Instance, error) {
	if err := f.unanswered(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	all, err := slices.DeleteFunc(slices.Clone(f.All), f.hidden), f.Unheard
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if f.Looking != nil {
		f.Looking()
	}
	return all, nil
}

// hidden reports whether EC2 does not know of i yet.
func (f *FakeEC2) hidden(i allocator.Instance) bool { return f.Now().Sub(i.LaunchedAt) < f.Delay }

// Terminate begins to end machines, unless it is told not to; Finish does.
func (f *FakeEC2) Terminate(ctx context.Context, ids []string) error {
	if err := f.unanswered(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Asked = append(f.Asked, ids...)
	if f.TerminateError != nil {
		return f.TerminateError
	}
	kept := &allocator.Unended{Why: map[string]string{}}
	for n, i := range f.All {
		if !slices.Contains(ids, i.ID) || f.hidden(i) || !lives(i) {
			continue
		}
		if why, is := f.Protected[i.ID]; is {
			kept.Why[i.ID] = why
			continue
		}
		f.All[n].State = allocator.InstanceEnding
	}
	if len(kept.Why) > 0 {
		return kept
	}
	return nil
}

// Reboot remembers which machine was rebooted.
func (f *FakeEC2) Reboot(ctx context.Context, id string) error {
	if err := f.unanswered(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Rebooted = append(f.Rebooted, id)
	return f.RebootError
}

// Set puts machines into a state.
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

// lives reports whether a machine costs, and may be ended.
func lives(i allocator.Instance) bool {
	return i.State == allocator.InstanceRunning || i.State == allocator.InstanceStopped
}

// Alive is how many machines run, or were stopped and not ended.
func (f *FakeEC2) Alive() int {
	n := 0
	for _, i := range f.All {
		if lives(i) {
			n++
		}
	}
	return n
}

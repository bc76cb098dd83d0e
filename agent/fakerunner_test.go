package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent"
)

// fakeRunner takes a while for each command and says how the next ones end.
type fakeRunner struct {
	mu   sync.Mutex
	asks []agent.Command
	ends []error // of the first commands; all others succeed
	says []string
	each time.Duration // how long a command takes
}

func (r *fakeRunner) Run(ctx context.Context, c agent.Command, said func(string)) error {
	r.mu.Lock()
	var err error
	if len(r.asks) < len(r.ends) {
		err = r.ends[len(r.asks)]
	}
	r.asks = append(r.asks, c)
	says, each := r.says, r.each
	r.mu.Unlock()
	for _, line := range says {
		said(line)
	}
	select {
	case <-ctx.Done():
		return errors.New("it was cut short")
	case <-time.After(each):
		return err
	}
}

func (r *fakeRunner) ran() []agent.Command {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]agent.Command{}, r.asks...)
}

// fakeMemory keeps JSON, as files do.
type fakeMemory struct {
	mu   sync.Mutex
	kept map[string][]byte
	err  error // what it answers to Keep
}

func (m *fakeMemory) Recall(name string, into any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	raw, ok := m.kept[name]
	if !ok {
		return fs.ErrNotExist
	}
	return json.Unmarshal(raw, into)
}

func (m *fakeMemory) Keep(name string, what any) error {
	raw, err := json.Marshal(what)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		if m.kept == nil {
			m.kept = map[string][]byte{}
		}
		m.kept[name] = raw
	}
	return m.err
}

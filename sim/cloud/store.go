package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Open loads the account kept in o.Dir, or makes a new one there.
func Open(o Options) (*Account, error) {
	o = o.withDefaults()
	a := &Account{core: &core{opts: o, creds: map[string]Credential{}}}
	raw, err := os.ReadFile(a.file())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		a.m.init()
		return a, a.seed()
	case err != nil:
		return nil, fmt.Errorf("read the model: %w", err)
	}
	if err := a.load(raw); err != nil {
		return nil, fmt.Errorf("read the model %s: %w (remove the folder to start with an empty account)", a.file(), err)
	}
	if _, none := o.Hypervisor.(noHypervisor); none {
		return a, a.Resume()
	}
	return a, nil
}

func (a *Account) file() string { return filepath.Join(a.opts.Dir, "model.json") }

func (a *Account) load(raw []byte) error {
	var m model
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	m.init()
	a.m, a.saved = m, raw
	return nil
}

func (a *Account) save() error {
	if a.opts.Forgets {
		return nil
	}
	raw, err := json.Marshal(&a.m)
	if err != nil {
		return fmt.Errorf("encode the model: %w", err)
	}
	tmp := a.file() + ".new"
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return fmt.Errorf("write the model: %w", err)
	}
	if err := os.Rename(tmp, a.file()); err != nil {
		return fmt.Errorf("write the model: %w", err)
	}
	a.saved = raw
	return nil
}

// view runs f with the model held still.
func (a *Account) view(f func(m *model) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return f(&a.m)
}

// change runs f, persists what it changed and then tells the hypervisor. f
// checks everything before it changes anything. What cannot be persisted did
// not happen.
func (a *Account) change(f func(m *model) error) error {
	told, err := a.apply(f)
	a.deliver()
	<-told
	return err
}

// apply runs f and persists what it changed. The channel closes when the
// hypervisor was told; what is called by the hypervisor does not wait for that.
func (a *Account) apply(f func(m *model) error) (told chan struct{}, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	err = f(&a.m)
	if err == nil {
		if a.made != nil {
			a.made(&a.m)
		}
		if err = a.save(); err != nil {
			err = errors.Join(err, a.load(a.saved))
		}
	}
	told = make(chan struct{})
	if err == nil && len(a.after) > 0 {
		a.calls = append(a.calls, a.after...)
		a.calls = append(a.calls, func() { close(told) })
	} else {
		close(told)
	}
	a.after = nil
	return told, err
}

// later queues a call to the hypervisor for when the change is persisted.
func (a *Account) later(call func()) { a.after = append(a.after, call) }

// deliver makes the calls that are due, one at a time and in the order of the
// changes: a machine is not switched on after it was switched off.
func (a *Account) deliver() {
	for {
		a.mu.Lock()
		if a.delivering || len(a.calls) == 0 {
			a.mu.Unlock()
			return
		}
		call := a.calls[0]
		a.calls, a.delivering = a.calls[1:], true
		a.mu.Unlock()
		call()
		a.mu.Lock()
		a.delivering = false
		a.mu.Unlock()
	}
}

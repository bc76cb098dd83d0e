package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/sim/machine"
)

// doorList remembers the doors over a restart.
type doorList struct {
	mu       sync.Mutex
	file     string
	machines *machine.Host
	doors    []control.Door
}

func (l *doorList) open(d control.Door) error {
	if l.machines == nil {
		return errors.New("this simulator does not boot machines")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, old := range l.doors {
		if old == d {
			return nil
		}
	}
	if err := l.machines.OpenDoor(d.Listen, d.From, d.Address, d.Port); err != nil {
		return err
	}
	kept := []control.Door{d}
	for _, old := range l.doors {
		if old.Listen != d.Listen {
			kept = append(kept, old)
		}
	}
	l.doors = kept
	raw, err := json.Marshal(l.doors)
	if err != nil {
		return fmt.Errorf("remember the doors: %w", err)
	}
	return os.WriteFile(l.file, raw, 0o600)
}

func (l *doorList) restore() error {
	raw, err := os.ReadFile(l.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var doors []control.Door
	if err == nil {
		err = json.Unmarshal(raw, &doors)
	}
	if err != nil {
		return fmt.Errorf("read the doors: %w", err)
	}
	for _, d := range doors {
		if err := l.open(d); err != nil {
			return err
		}
	}
	return nil
}

func (l *doorList) all() []control.Door {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]control.Door{}, l.doors...)
}

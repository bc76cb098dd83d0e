package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// file is the name of the file in the store's directory.
const file = "identity.json"

// Store is agent.IdentityStore in a directory.
type Store struct{ dir string }

// NewStore keeps the identity in dir, which Load and Save create when it is
// missing.
func NewStore(dir string) *Store { return &Store{dir} }

// Load reads the identity. A file that is damaged counts as none, with the
// reason in the error; one that may not be read does not. One without an id is
// that of an agent whose registration was not answered.
func (s *Store) Load() (agent.Identity, error) {
	if err := s.prepare(); err != nil {
		return agent.Identity{}, err
	}
	raw, err := os.ReadFile(s.path())
	if errors.Is(err, fs.ErrNotExist) {
		return agent.Identity{}, agent.ErrNoIdentity
	}
	if err != nil {
		return agent.Identity{}, fmt.Errorf("read identity: %w", err)
	}
	var id agent.Identity
	if err := json.Unmarshal(raw, &id); err != nil {
		return agent.Identity{}, fmt.Errorf("%w: %s is damaged: %w", agent.ErrNoIdentity, s.path(), err)
	}
	if id.Secret == "" {
		return agent.Identity{}, fmt.Errorf("%w: %s holds no secret", agent.ErrNoIdentity, s.path())
	}
	return id, nil
}

// Save writes the identity for the agent's user alone, and makes sure that it
// is on the disk. A reader sees the old file or the new one.
func (s *Store) Save(id agent.Identity) error {
	return s.write(file, id)
}

// Recall reads what was kept under a name.
func (s *Store) Recall(name string, into any) error {
	raw, err := os.ReadFile(filepath.Join(s.dir, name+".json"))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// Keep keeps something as Save keeps the identity.
func (s *Store) Keep(name string, what any) error { return s.write(name+".json", what) }

// write replaces a file by what is written as JSON, wholly or not at all.
func (s *Store) write(name string, what any) error {
	raw, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	if err := s.prepare(); err != nil {
		return err
	}
	if err := host.Replace(filepath.Join(s.dir, name), raw, 0o600); err != nil {
		return err
	}
	return s.syncDir()
}

func (s *Store) path() string { return filepath.Join(s.dir, file) }

func (s *Store) prepare() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("make the directory for the agent's state: %w", err)
	}
	return nil
}

// syncDir makes the new name durable.
func (s *Store) syncDir() error {
	d, err := os.Open(s.dir)
	if err != nil {
		return fmt.Errorf("open the directory of the agent's state: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync the directory of the agent's state: %w", err)
	}
	return nil
}

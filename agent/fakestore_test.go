package agent_test

import (
	"sync"

	"github.com/talmolab/lablink-infrastructure/agent"
)

// fakeStore keeps an identity in memory.
type fakeStore struct {
	mu               sync.Mutex
	id               agent.Identity
	loadErr, saveErr error
}

func (s *fakeStore) Load() (agent.Identity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loadErr == nil && s.id.Secret == "" {
		return agent.Identity{}, agent.ErrNoIdentity
	}
	return s.id, s.loadErr
}

func (s *fakeStore) Save(id agent.Identity) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.saveErr == nil {
		s.id = id
	}
	return s.saveErr
}

func (s *fakeStore) stored() agent.Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

func (s *fakeStore) setSaveErr(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saveErr = err
}

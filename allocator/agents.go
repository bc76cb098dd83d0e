package allocator

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// proofLife is how long a proof may be used after it was signed. It must be
// remembered for longer than STS takes it.
const proofLife = 30 * time.Minute

// Register gives an agent its identity, if its proof shows that it runs on an
// instance that this allocator launched and that has no other agent. Asked again
// with the same secret, it answers the same.
func (s *Service) Register(ctx context.Context, r api.Registration) (api.Registered, error) {
	if err := s.understands(r.Version, r.Protocol); err != nil {
		return api.Registered{}, err
	}
	sum, err := hex.DecodeString(r.SecretSHA256)
	if err != nil || len(sum) != 32 {
		return api.Registered{}, api.Problemf(api.Invalid, "The registration holds no secret's sum", "secret_sha256 is a SHA-256: 64 hexadecimal digits.")
	}
	if r.JoinToken != "" {
		return s.join(ctx, r, [32]byte(sum))
	}
	proven, err := s.Verifier.Verify(ctx, r.Proof)
	if err != nil {
		return api.Registered{}, err
	}
	if !slices.ContainsFunc(s.Pools, func(p Pool) bool { return p.Role == proven.Role }) {
		return api.Registered{}, api.Problemf(api.Forbidden, "The proof is of another role", "Role %q is not one that this deployment's machines have.", proven.Role)
	}
	now := s.Now()
	if err := s.Store.UseProof(ctx, SecretSum(proven.Signature), now.Add(proofLife)); err != nil {
		return api.Registered{}, err
	}
	a := Agent{ID: newID("agt"), Secret: [32]byte(sum)}
	m, err := s.Store.RegisterAgent(ctx, proven.Instance, a, r.Inventory, now)
	if err != nil {
		return api.Registered{}, err
	}
	if pool, _ := s.Pool(m.Pool); pool.Role != proven.Role {
		s.Log.Warn("an instance registered under the role of another pool", "machine", m.ID, "role", proven.Role)
	}
	if m.AgentID == a.ID { // not one that asked again
		s.record(ctx, Allocator, "register agent", m.ID, "instance "+proven.Instance)
	}
	return api.Registered{
		AgentID: m.AgentID, MachineID: m.ID, Protocol: api.Protocol, Version: s.Version,
		ReportInterval: int(s.ReportInterval.Seconds()),
	}, nil
}

// Authenticate finds the agent with an id and checks its secret. Unauthorized
// when either is wrong: which one is not said.
func (s *Service) Authenticate(ctx context.Context, id, secret string) (Agent, error) {
	refused := api.Problemf(api.Unauthorized, "The agent is not known", "Its secret is not that of %s. It registers again by itself.", id)
	a, err := s.Store.Agent(ctx, id)
	if api.CodeOf(err) == api.NotFound {
		return Agent{}, refused
	}
	if err != nil {
		s.unheard(err)
		return Agent{}, err
	}
	if sum := SecretSum(secret); subtle.ConstantTimeCompare(sum[:], a.Secret[:]) != 1 {
		return Agent{}, refused
	}
	return a, nil
}

// Report takes what an agent says. It writes to the store only what is not what is kept
// there, and now and then that the agent was heard of; nothing is kept anywhere else, but
// for what GPUs do at the moment, as the next report may come to another allocator.
func (s *Service) Report(ctx context.Context, a Agent, r api.Report) (api.ReportAnswer, error) {
	answer, err := s.report(ctx, a, r)
	s.unheard(err)
	return answer, err
}

func (s *Service) report(ctx context.Context, a Agent, r api.Report) (api.ReportAnswer, error) {
	if err := s.understands(r.Version, r.Protocol); err != nil {
		return api.ReportAnswer{}, err
	}
	s.metered(func(m Meter) { m.Reported(r.Health) })
	m, err := s.Store.Machine(ctx, a.MachineID)
	if err != nil {
		return api.ReportAnswer{}, err
	}
	s.doing.keep(m.ID, r, s.Now())
	if err := s.heard(ctx, m.heardBy(s.Now()), r); err != nil {
		return api.ReportAnswer{}, err
	}
	if r.Inventory != nil && !reflect.DeepEqual(*r.Inventory, m.Inventory) {
		if err := s.Store.KeepInventory(ctx, m.ID, *r.Inventory); err != nil {
			return api.ReportAnswer{}, err
		}
	}
	if r.Interruption != nil {
		if err := s.interrupted(ctx, m, *r.Interruption); err != nil {
			return api.ReportAnswer{}, err
		}
	}
	if err := s.keepUse(ctx, m, r); err != nil {
		return api.ReportAnswer{}, err
	}
	pool, err := s.poolOf(ctx, m)
	if err != nil {
		return api.ReportAnswer{}, err
	}
	waits, err := s.settingUp(ctx, m, pool, r)
	if err != nil {
		return api.ReportAnswer{}, err
	}
	if err := s.judged(ctx, m, r, waits); err != nil {
		return api.ReportAnswer{}, fmt.Errorf("keep the health of %s: %w", a.MachineID, err)
	}
	if m.AgentReplaceable { // it is heard of
		if err := s.Store.KeepAgent(ctx, m.ID); err != nil {
			return api.ReportAnswer{}, err
		}
	}
	answer := api.ReportAnswer{ReportInterval: int(s.ReportInterval.Seconds()), Protocol: api.Protocol, Version: s.Version, Setup: pool.Setup.Sum}
	if m.State != Assigned && m.State != Draining && s.AgentRelease != nil {
		answer.Release = s.AgentRelease()
	}
	return answer, nil
}

// judged keeps what a report says of the machine's health. One that waits to be set up is
// booting again once it is well.
func (s *Service) judged(ctx context.Context, m Machine, r api.Report, waits bool) error {
	reason := told(r)
	// One that was silent is back, and one that was to reboot may have.
	returned := m.State == Unhealthy && r.Health != api.Unhealthy || m.State == Rebooting && r.BootID != m.RebootFrom
	switch {
	case waits && returned && (m.State == Rebooting || m.mends(s.Now())):
		return s.Store.SetUpAgain(ctx, m.ID, r.Health, reason, s.Now())
	case !waits && (m.Health != r.Health || m.HealthReason != reason || returned):
		return s.Store.SetHealth(ctx, m.ID, r.Health, reason, s.Now())
	}
	return nil
}

// told is what a report says of the machine's health, for people: why it is not well, or
// what is no fault of it and yet worth knowing.
func told(r api.Report) string {
	if r.Health == api.Healthy && r.Reason == "" {
		return r.Note
	}
	return r.Reason
}

// heardBy is a machine without what lies in the future: that was written down by a clock
// that was ahead, and is to be written anew.
func (m Machine) heardBy(now time.Time) Machine {
	if m.HeardAt.After(now) {
		m.HeardAt = time.Time{}
	}
	return m
}

// understands refuses an agent whose protocol is too far from this one's.
func (s *Service) understands(version string, protocol int) error {
	return api.Understand(api.Speaker{Version: version, Protocol: protocol}, api.Speaker{Version: s.Version, Protocol: api.Protocol})
}

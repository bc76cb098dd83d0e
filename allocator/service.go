package allocator

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Service is what people, agents and jobs ask of the allocator.
type Service struct {
	Store    Store
	Compute  Compute
	Verifier Verifier
	Tunnels  Tunnels
	Queue    Queue
	// Rates says what machines cost. Optional: nobody knows.
	Rates Rates
	// Shortages knows what EC2 refused to this allocator. Optional: nobody does.
	Shortages Shortages
	// Quotas says how many machines the account may run. Optional: nobody knows.
	Quotas Quotas
	// Work keeps what participants made. Optional: nothing is kept.
	Work Work
	// Leader is optional: an allocator that has its store to itself leads.
	Leader Leader
	// Clock says why Now cannot be trusted, nil while it can. Optional: it always can.
	Clock func(ctx context.Context) error
	// Meter is optional.
	Meter Meter
	// Budget is the deployment's. Optional: there is none.
	Budget Budget
	Pools  []Pool
	// Sessions is optional: nobody's time is limited.
	Sessions SessionLimits
	Log      *slog.Logger
	// Now is the clock.
	Now func() time.Time
	// ReportInterval is how often agents report.
	ReportInterval time.Duration
	// Version is the allocator's.
	Version string
	// AgentRelease is the release that agents are to run, or "" while that is not
	// certain. Optional: agents stay what they are.
	AgentRelease func() string

	outlooks sync.Map // workshop id → outlook
	looking  locks    // one for each workshop of which an outlook is made
	spared   sync.Map // instances that a restore made unknown, once told
	unended  sync.Map // instances that no machine holds and EC2 refuses to end, once told
	listens  listening
	doing    doings   // what machines do, as they reported it
	used     uses     // when the use of sessions was kept
	limped   limping  // when machines that limp were replaced
	labels   labelled // where marking instances ended
	uploads  grants   // what agents were named places for
	codes    sync.Map // join code → id of its workshop, of those that were open once
	opening  singleflight.Group
	listing  singleflight.Group // of what EC2 has, for operations that end machines
	settling settler            // brings sessions of agents in line with who holds their machines
}

// Pool finds a pool by its name.
func (s *Service) Pool(name string) (Pool, bool) {
	for _, p := range s.Pools {
		if p.Name == name {
			return p, true
		}
	}
	return Pool{}, false
}

// Allocator is who asks where no person does, for the audit.
const Allocator = "allocator"

// letters leaves out what is mistaken for something else when read aloud.
var letters = base32.NewEncoding("abcdefghjkmnpqrstuvwxyz234567890").WithPadding(base32.NoPadding)

// newID makes an id: a prefix and 80 random bits.
func newID(prefix string) string { return prefix + "_" + random(10) }

func random(bytes int) string {
	raw := make([]byte, bytes)
	_, _ = rand.Read(raw) // never fails
	return letters.EncodeToString(raw)
}

// newJoinCode makes a code that can be read aloud: 40 random bits.
func newJoinCode() string { return random(5) }

// spaced are the characters that join codes are written with, for who reads them.
var spaced = strings.NewReplacer(" ", "", "-", "")

// NormalCode is a join code as it is stored, however it was typed.
func NormalCode(code string) string { return strings.ToLower(spaced.Replace(code)) }

// SecretSum is how a secret of 256 random bits is stored: checking it costs
// microseconds, and guessing it is hopeless.
func SecretSum(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

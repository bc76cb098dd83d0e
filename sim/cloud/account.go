package cloud

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync"
	"time"
)

// Options say what the account is before anything is deployed into it.
type Options struct {
	// Dir is where the model and the contents of buckets are kept. Required.
	Dir string
	// Forgets keeps the model in memory only: an account of thousands of machines would write
	// all of them at each change.
	Forgets bool
	// AccountID has twelve digits. Optional: 123456789012.
	AccountID string
	// Region is the one Region there is. Optional: us-west-2.
	Region string
	// Architecture is what "sim." instance types have: "x86_64" or "arm64". Required.
	Architecture string
	// Seed is what else is there.
	Seed Seed
	// Zones are public hosted zones that exist already, by name.
	Zones []string
	// CloudflareZones are zones that exist already at Cloudflare, by name.
	CloudflareZones []string
	// OIDCProviders are identity providers that exist already, by URL.
	OIDCProviders []string
	// Hypervisor boots instances. Optional: instances run without booting.
	Hypervisor Hypervisor
	// Now is the clock. Optional: time.Now.
	Now func() time.Time
}

// Account is one AWS account in one Region.
type Account struct {
	*core
	// made is told of each change that is made through this value.
	made func(m *model)
}

type core struct {
	opts Options

	mu         sync.Mutex
	m          model
	saved      []byte                // the model as it is on disk
	creds      map[string]Credential // by access key; not persisted
	after      []func()              // calls to the hypervisor that the current change asks for
	calls      []func()              // those of changes that are persisted, in their order
	delivering bool
}

func (o Options) withDefaults() Options {
	if o.AccountID == "" {
		o.AccountID = "123456789012"
	}
	if o.Region == "" {
		o.Region = "us-west-2"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Hypervisor == nil {
		o.Hypervisor = noHypervisor{}
	}
	return o
}

// ID is the account's number.
func (a *Account) ID() string { return a.opts.AccountID }

// Region is the Region that the account is looked at in.
func (a *Account) Region() string { return a.opts.Region }

func (a *Account) now() time.Time { return a.opts.Now().UTC() }

func (a *Account) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + a.opts.Region + ":" + a.opts.AccountID + ":" + resource
}

func (a *Account) iamARN(resource string) string {
	return "arn:aws:iam::" + a.opts.AccountID + ":" + resource
}

// newID makes an id as EC2 does: a prefix and 17 hexadecimal digits.
func newID(prefix string) string { return prefix + "-" + hexDigits(17) }

func hexDigits(n int) string {
	raw := make([]byte, (n+1)/2)
	_, _ = rand.Read(raw)
	return hex.EncodeToString(raw)[:n]
}

func trimDot(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

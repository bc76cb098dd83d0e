package cloud

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options say what the account is before anything is deployed into it.
type Options struct {
	// Dir is where the model and the contents of buckets are kept. Required.
	Dir string
	// AccountID has twelve digits. Optional: 123456789012.
	AccountID string
	// Region is the one Region there is. Optional: us-west-2.
	Region string
	// Architecture is what "sim." instance types have: "x86_64" or "arm64". Required.
	Architecture string
	// Zones are public hosted zones that exist already, by name.
	Zones []string
	// OIDCProviders are identity providers that exist already, by URL.
	OIDCProviders []string
	// Hypervisor boots instances. Optional: instances run without booting.
	Hypervisor Hypervisor
	// Now is the clock. Optional: time.Now.
	Now func() time.Time
}

// Account is one AWS account in one Region.
type Account struct {
	opts Options

	mu    sync.Mutex
	m     model
	creds map[string]Credential // by access key; not persisted
	after []func()              // calls to the hypervisor, made once unlocked
}

// model is what is persisted.
type model struct {
	VPCs             table[VPC]
	Subnets          table[Subnet]
	InternetGateways table[InternetGateway]
	RouteTables      table[RouteTable]
	Routes           table[Route]
	Associations     table[RouteTableAssociation]
	Endpoints        table[VPCEndpoint]
	SecurityGroups   table[SecurityGroup]
	Rules            table[SecurityGroupRule]
	Instances        table[Instance]
	Addresses        table[EIP]
	Volumes          table[Volume]
	Attachments      table[VolumeAttachment]
	LaunchTemplates  table[LaunchTemplate]
	Fleets           table[fleetRecord]
	Roles            table[Role]
	RolePolicies     table[RolePolicy]
	InstanceProfiles table[InstanceProfile]
	OIDCProviders    table[OIDCProvider]
	Buckets          table[Bucket]
	BucketSettings   table[json.RawMessage] // sub-resources, by "kind/bucket"
	Objects          table[Object]
	Parameters       table[Parameter]
	Keys             table[Key]
	Aliases          table[Alias]
	Zones            table[Zone]
	Records          table[Record]
	Faults           Faults
	Created          map[string]string // URN → id of what a deployment created
}

type table[T any] map[string]*T

// Open loads the account kept in o.Dir, or makes a new one there.
func Open(o Options) (*Account, error) {
	o = o.withDefaults()
	a := &Account{opts: o, creds: map[string]Credential{}}
	raw, err := os.ReadFile(a.file())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		a.m.init()
		a.seed()
		return a, a.save()
	case err != nil:
		return nil, fmt.Errorf("read the model: %w", err)
	}
	if err := json.Unmarshal(raw, &a.m); err != nil {
		return nil, fmt.Errorf("read the model %s: %w (remove the folder to start with an empty account)", a.file(), err)
	}
	a.m.init()
	return a, nil
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

func (a *Account) file() string { return filepath.Join(a.opts.Dir, "model.json") }

// view runs f with the model held still.
func (a *Account) view(f func(m *model) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return f(&a.m)
}

// change runs f, persists what it changed and then tells the hypervisor. f
// checks everything before it changes anything.
func (a *Account) change(f func(m *model) error) error {
	a.mu.Lock()
	err := f(&a.m)
	if err == nil {
		err = a.save()
	}
	calls := a.after
	a.after = nil
	a.mu.Unlock()
	for _, call := range calls {
		call()
	}
	return err
}

// later queues a call to the hypervisor for when the change is persisted.
func (a *Account) later(call func()) { a.after = append(a.after, call) }

func (a *Account) save() error {
	raw, err := json.Marshal(&a.m)
	if err != nil {
		return fmt.Errorf("encode the model: %w", err)
	}
	tmp := a.file() + ".new"
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return fmt.Errorf("write the model: %w", err)
	}
	return os.Rename(tmp, a.file())
}

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

// RecordCreation remembers which resource a deployment's URN became, so that
// an interrupted deployment can be told.
func (a *Account) RecordCreation(urn, id string) error {
	return a.change(func(m *model) error { m.Created[urn] = id; return nil })
}

// Creation is the id of what urn became, or "".
func (a *Account) Creation(urn string) string {
	var id string
	_ = a.view(func(m *model) error { id = m.Created[urn]; return nil })
	return id
}

func (m *model) init() {
	initTable(&m.VPCs)
	initTable(&m.Subnets)
	initTable(&m.InternetGateways)
	initTable(&m.RouteTables)
	initTable(&m.Routes)
	initTable(&m.Associations)
	initTable(&m.Endpoints)
	initTable(&m.SecurityGroups)
	initTable(&m.Rules)
	initTable(&m.Instances)
	initTable(&m.Addresses)
	initTable(&m.Volumes)
	initTable(&m.Attachments)
	initTable(&m.LaunchTemplates)
	initTable(&m.Fleets)
	initTable(&m.Roles)
	initTable(&m.RolePolicies)
	initTable(&m.InstanceProfiles)
	initTable(&m.OIDCProviders)
	initTable(&m.Buckets)
	initTable(&m.BucketSettings)
	initTable(&m.Objects)
	initTable(&m.Parameters)
	initTable(&m.Keys)
	initTable(&m.Aliases)
	initTable(&m.Zones)
	initTable(&m.Records)
	if m.Created == nil {
		m.Created = map[string]string{}
	}
}

func initTable[T any](t *table[T]) {
	if *t == nil {
		*t = table[T]{}
	}
}

func trimDot(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

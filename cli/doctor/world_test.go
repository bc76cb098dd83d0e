package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a computer, an account and a Cloudflare in which there is what a test
// puts there and takes away.
type world struct {
	programs map[string]string            // what each prints, by name and arguments
	free     map[string]uint64            // GiB, by folder
	who      doctor.Identity              // whose credentials
	errs     map[string]error             // what a call fails with, by the call's name
	hangs    string                       // the call that never answers
	optIn    string                       // of the Region
	types    map[string]doctor.Type       // by name
	offers   map[string][]string          // zones, by type
	subnets  map[string]string            // zones, by id
	images   map[string]string            // architectures, by id
	params   map[string]string            // of SSM
	newest   map[string]string            // images, by pipeline
	quotas   map[string]float64           // by code
	tags     []map[string]string          // of addresses
	zones    map[string]string            // names, by id
	buckets  map[string]string            // versioning, by name
	objects  map[string]bool              // by bucket and key
	keys     map[string]map[string]string // contexts that decrypt, by key
	roles    map[string]string            // trust policies, by name
	clients  map[string][]string          // by provider
}

const (
	region   = "us-west-2"
	provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	key      = "arn:aws:kms:us-west-2:123456789012:key/1"
)

// healthy is a world that lacks nothing.
func healthy() *world {
	const out, in = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"`, `"}}}]}`
	trust := func(context string) string { return out + "repo:talmolab/lablink:" + context + in }
	return &world{
		programs: map[string]string{
			"go": "", "go env GOVERSION": "go1.26.1", "go env CC": "gcc", "go env GOCACHE": "/cache", "go env GOMODCACHE": "/modules",
			"git": "", "make": "", "npm": "", "gcc": "", "x86_64-linux-gnu-gcc": "", "aarch64-linux-gnu-gcc": "", "pulumi": "", "pulumi version": "v3.210.0", "pulumi-language-go": "",
		},
		free: map[string]uint64{".": 10, "/cache": 10, "/modules": 10},
		who:  doctor.Identity{Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/engineer"},
		errs: map[string]error{}, optIn: "opt-in-not-required",
		types:   map[string]doctor.Type{"t4g.small": {Architecture: "arm64", VCPUs: 2}, "g5.xlarge": {Architecture: "x86_64", VCPUs: 4}, "g4dn.2xlarge": {Architecture: "x86_64", VCPUs: 8}},
		offers:  map[string][]string{"t4g.small": {region + "a", region + "b"}, "g5.xlarge": {region + "b"}, "g4dn.2xlarge": {region + "c"}},
		subnets: map[string]string{"subnet-00000001": region + "a", "subnet-00000002": region + "b"},
		images:  map[string]string{"ami-00000001": "x86_64", "ami-00000002": "arm64", "ami-00000003": "x86_64"},
		params:  map[string]string{"/aws/service/debian/release/12/latest/arm64": "ami-00000002", "/gpu": "ami-00000001"},
		newest:  map[string]string{"gpu": "ami-00000003"},
		quotas:  map[string]float64{"L-DB2E81BA": 80, "L-3819A6DF": 80, "L-1216C47A": 5, "L-0263D0A3": 5},
		zones:   map[string]string{"Z1": "example.org"},
		buckets: map[string]string{"the-state": "Enabled"},
		objects: map[string]bool{"the-state/.pulumi/meta.yaml": true},
		keys:    map[string]map[string]string{key: {"stack": "test"}},
		roles: map[string]string{
			"lab-preview": trust("pull_request"), "lab-drift": trust("ref:refs/heads/main"), "lab-deploy": trust("environment:test"), "AWSServiceRoleForEC2Spot": "{}",
		},
		clients: map[string][]string{provider: {"sts.amazonaws.com"}},
	}
}

func (w *world) Find(program string) string {
	if _, there := w.programs[program]; there {
		return "/bin/" + program
	}
	return ""
}

func (w *world) Output(_ context.Context, program string, args ...string) (string, error) {
	call := program
	for _, a := range args {
		call += " " + a
	}
	if out, there := w.programs[trimBin(call)]; there {
		return out, nil
	}
	return "", fmt.Errorf("%s fails", call)
}

func trimBin(call string) string {
	if len(call) > 5 && call[:5] == "/bin/" {
		return call[5:]
	}
	return call
}

func (w *world) Free(dir string) (uint64, error) { return w.free[dir], nil }

// answer is what a call gives: what it fails with, or nothing ever.
func (w *world) answer(ctx context.Context, call string) error {
	if w.hangs == call {
		<-ctx.Done()
		return ctx.Err()
	}
	return w.errs[call]
}

// lookUp is one of several things.
func lookUp[T any](ctx context.Context, w *world, call string, all map[string]T, name string) (T, error) {
	var none T
	if err := w.answer(ctx, call); err != nil {
		return none, err
	}
	if v, there := all[name]; there {
		return v, nil
	}
	return none, doctor.ErrMissing
}

func (w *world) Identity(ctx context.Context) (doctor.Identity, error) {
	return w.who, w.answer(ctx, "Identity")
}

func (w *world) OptIn(ctx context.Context) (string, error) {
	if w.optIn == "" {
		return "", doctor.ErrMissing
	}
	return w.optIn, w.answer(ctx, "OptIn")
}

func (w *world) Type(ctx context.Context, name string) (doctor.Type, error) {
	return lookUp(ctx, w, "Type", w.types, name)
}

func (w *world) Offers(ctx context.Context, _ []string) (map[string][]string, error) {
	return w.offers, w.answer(ctx, "Offers")
}

func (w *world) SubnetZones(ctx context.Context, ids []string) (zones []string, err error) {
	for _, id := range ids {
		zone, err := lookUp(ctx, w, "SubnetZones", w.subnets, id)
		if err != nil {
			return nil, err
		}
		zones = append(zones, zone)
	}
	return zones, nil
}

func (w *world) Image(ctx context.Context, id string) (string, error) {
	return lookUp(ctx, w, "Image", w.images, id)
}

func (w *world) Parameter(ctx context.Context, name string) (string, error) {
	return lookUp(ctx, w, "Parameter", w.params, name)
}

func (w *world) Newest(ctx context.Context, pipeline string) (string, error) {
	return w.newest[pipeline], w.answer(ctx, "Newest")
}

func (w *world) Quota(ctx context.Context, code string) (float64, error) {
	return lookUp(ctx, w, "Quota", w.quotas, code)
}

func (w *world) Addresses(ctx context.Context) ([]map[string]string, error) {
	return w.tags, w.answer(ctx, "Addresses")
}

func (w *world) ZonesNamed(ctx context.Context, name string) (ids []string, err error) {
	for _, id := range []string{"Z1", "Z2"} {
		if w.zones[id] == name {
			ids = append(ids, id)
		}
	}
	return ids, w.answer(ctx, "ZonesNamed")
}

func (w *world) Zone(ctx context.Context, id string) (string, error) {
	return lookUp(ctx, w, "Zone", w.zones, id)
}

func (w *world) Versioning(ctx context.Context, bucket, _ string) (string, error) {
	return lookUp(ctx, w, "Versioning", w.buckets, bucket)
}

func (w *world) Object(ctx context.Context, bucket, _, key string) error {
	_, err := lookUp(ctx, w, "Object", w.objects, bucket+"/"+key)
	return err
}

func (w *world) Decrypt(ctx context.Context, key, _ string, _ []byte, about map[string]string) error {
	if want, there := w.keys[key]; !there || want["stack"] != about["stack"] {
		return &doctor.Refused{Err: errors.New("AWS answers InvalidCiphertextException")}
	}
	return w.answer(ctx, "Decrypt")
}

func (w *world) Trust(ctx context.Context, role string) (string, error) {
	return lookUp(ctx, w, "Trust", w.roles, role)
}

func (w *world) Clients(ctx context.Context, provider string) ([]string, error) {
	return lookUp(ctx, w, "Clients", w.clients, provider)
}

// usual are the settings of the stack test.
func usual() map[string]string {
	return map[string]string{
		"aws:region": region, "lablink:deployment": "lab", "lablink:account": `{"id": "123456789012"}`,
		"lablink:dns": `{"provider": "route53", "domain": "test.lab.example.org"}`, "lablink:tls": `{"mode": "acme", "email": "a@example.org"}`,
		"lablink:pools":  `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-00000001"}, "maxMachines": 20}]`,
		"lablink:github": `{"repository": "talmolab/lablink"}`,
	}
}

// stack is the stack test with some settings changed.
func stack(t *testing.T, change map[string]string) *doctor.Stack {
	t.Helper()
	config := usual()
	for name, value := range change {
		config[name] = value
		if value == "" {
			delete(config, name)
		}
	}
	s, err := settings.Load("test", config)
	require.NoError(t, err)
	return &doctor.Stack{
		Name: "test", Settings: s, Backend: "s3://the-state?region=" + region,
		SecretsProvider: "awskms:///" + key + "?region=us-west-2&context_stack=test", EncryptedKey: "AAAA",
		Roles: map[string]string{"preview": "arn:aws:iam::1:role/lab-preview", "drift": "arn:aws:iam::1:role/lab-drift", "deploy": "arn:aws:iam::1:role/lab-deploy"},
	}
}

// examine looks at a world for a stack, and returns what was found by check.
func examine(t *testing.T, w *world, s *doctor.Stack) map[string]doctor.Finding {
	t.Helper()
	d := &doctor.Doctor{Laptop: w, Account: w, Stack: s, Patience: time.Minute}
	if w.hangs != "" {
		d.Patience = time.Millisecond
	}
	if s != nil && s.Settings.DNS.Provider == settings.Cloudflare {
		d.Zones = w
	}
	out := map[string]doctor.Finding{}
	for _, f := range d.Examine(t.Context()) {
		require.NotContains(t, out, f.Check, "a check has one name")
		require.NotEmpty(t, f.Found, f.Check)
		require.Equal(t, f.Status == doctor.OK, f.Fix == "", "%s: what is not ok has a fix: %+v", f.Check, f)
		out[f.Check] = f
	}
	return out
}

package recording

import (
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Recording is what a program did.
type Recording struct {
	// Stack is the name of the stack.
	Stack string
	// Records are the resources, by type and name.
	Records []Record
	// Outputs are the stack's outputs.
	Outputs map[string]Output
	// Calls are the tokens of the functions that were called, in their order.
	Calls []string
	// Warnings are what the plan warns of.
	Warnings []string
	// Notes are what the plan says beside.
	Notes []string

	mu sync.Mutex
}

// Output is one of the stack's outputs.
type Output struct {
	Value  any
	Secret bool
}

// Preview makes a run one that only looks, as `pulumi preview` does.
func Preview(info *pulumi.RunInfo) { info.DryRun = true }

// Secrets makes keys of the stack's configuration secret, as
// `pulumi config set --secret` does.
func Secrets(keys ...string) pulumi.RunOption {
	return func(info *pulumi.RunInfo) { info.ConfigSecretKeys = keys }
}

// Run runs body as a stack of the project lablink, in an account. The recording
// is complete up to the point where an error ended it.
func Run(stack string, account Account, body pulumi.RunFunc, opts ...pulumi.RunOption) (*Recording, error) {
	r := &Recording{Stack: stack, Outputs: map[string]Output{}}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		ctx.Log = warnings{r}
		if err := body(ctx); err != nil {
			return err
		}
		// An output of the run's own makes the run wait for all that comes of it.
		own, settle, _ := ctx.NewOutput()
		settle(nil)
		for name, value := range ctx.GetCurrentExportMap() {
			r.keepOutput(name, pulumi.All(value, own))
		}
		return nil
	}, append(opts, pulumi.WithMocks("lablink", stack, &monitor{recording: r, account: account}))...)
	slices.SortFunc(r.Records, func(a, b Record) int {
		return strings.Compare(a.Type+" "+a.Name, b.Type+" "+b.Name)
	})
	return r, err
}

// keepOutput keeps the first of some values once it is known.
func (r *Recording) keepOutput(name string, all pulumi.ArrayOutput) {
	all.ApplyT(func(values []any) any {
		secret := pulumi.IsSecret(all)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.Outputs[name] = Output{values[0], secret}
		return nil
	})
}

// Of are the records of a type, for example "aws:ec2/instance:Instance".
func (r *Recording) Of(typ string) []Record {
	var out []Record
	for _, record := range r.Records {
		if record.Type == typ {
			out = append(out, record)
		}
	}
	return out
}

// Named is the record with a name, or an empty one.
func (r *Recording) Named(name string) Record {
	for _, record := range r.Records {
		if record.Name == name {
			return record
		}
	}
	return Record{}
}

// Names are the names of all records, by type and name.
func (r *Recording) Names() []string {
	out := make([]string, len(r.Records))
	for i, record := range r.Records {
		out[i] = record.Name
	}
	return out
}

// warnings keeps what the plan warns of and says.
type warnings struct{ r *Recording }

func (w warnings) Warn(message string, _ *pulumi.LogArgs) error {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	w.r.Warnings = append(w.r.Warnings, message)
	return nil
}

func (w warnings) Info(message string, _ *pulumi.LogArgs) error {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	w.r.Notes = append(w.r.Notes, message)
	return nil
}

func (warnings) Debug(string, *pulumi.LogArgs) error { return nil }
func (warnings) Error(string, *pulumi.LogArgs) error { return nil }

// monitor stands where the engine would.
type monitor struct {
	recording *Recording
	account   Account
}

// Call answers a look-up.
func (m *monitor) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	m.recording.mu.Lock()
	m.recording.Calls = append(m.recording.Calls, args.Token)
	m.recording.mu.Unlock()
	return m.account.call(args.Token, args.Args)
}

// NewResource keeps a registration and answers as AWS would. What is only read
// (another stack) is not a registration.
func (m *monitor) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if args.ReadRPC != nil {
		return m.account.read(args)
	}
	record := newRecord(args)
	m.recording.mu.Lock()
	defer m.recording.mu.Unlock()
	m.recording.Records = append(m.recording.Records, record)
	if !record.Custom {
		return "", resource.PropertyMap{}, nil
	}
	id, state := m.account.create(record)
	return id, state, nil
}

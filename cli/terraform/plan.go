package terraform

import "github.com/talmolab/lablink-infrastructure/api"

// Plan is how a stack takes the place of a deployment of Terraform's.
type Plan struct {
	Deployment
	// Stack is the stack's name, Backup the file with the state's copy.
	Stack, Backup string
	// State is what all this was read from.
	State *State
	// Config are the deployment's own settings, as far as they were given.
	Config Config

	Address Address
	// Record is nil where Terraform made none.
	Record *Record
	Zone   Zone
	// Buckets are those that Terraform made, StateBucket holds its states, or is "".
	Buckets     []Bucket
	StateBucket string
	// Certificate is the ARN of a load balancer's, or "".
	Certificate string
	// Host is the allocator's instance.
	Host string
	// Forget are the addresses that Terraform has to forget before it destroys.
	Forget []string
	// Left is what Terraform destroys, in an order in which nothing is in use.
	Left []Left
}

// Address is the elastic address.
type Address struct {
	ID, IP string
	// Managed says that Terraform made it; else it was looked up by its tags.
	Managed bool
	At      string
	Tags    map[string]string
}

// Record is the allocator's record in Route 53.
type Record struct {
	ID, Name, ZoneID, At string
	// Alias says that it is one of a load balancer, and holds no address.
	Alias bool
}

// Zone is the hosted zone of the record. Its ID is "" where there is none.
type Zone struct {
	ID, Name, At string
	// Managed says that Terraform made it.
	Managed bool
}

// Bucket is one that Terraform made.
type Bucket struct {
	Name, At string
	// Settings are the addresses of what is set on it, such as its policy.
	Settings []string
}

// Make plans for a stack. The backup is where people find it.
func Make(stack, backup string, s *State, c Config) (*Plan, error) {
	d, err := recognise(s)
	if err != nil {
		return nil, err
	}
	p := &Plan{Deployment: d, Stack: stack, Backup: backup, State: s, Config: c}
	for _, find := range []func() error{p.findRecord, p.findAddress, p.findZone, p.findBuckets, p.findCertificate, p.findHost} {
		if err := find(); err != nil {
			return nil, err
		}
	}
	p.Left, err = leave(s, p.Forget)
	return p, err
}

// incomplete refuses a state in which something is missing.
func incomplete(what string) error {
	return api.Problemf(api.Invalid, "The state is not that of a whole deployment", "%s is not as LabLink's Terraform makes it. Repair the deployment first (tofu plan there must have nothing to do), then pull the state again.", what)
}

// found is an object with some of its attributes.
type found[T any] struct {
	object
	attributes T
}

// only is the one object that there is.
func only[T any](objects []object, what string) (found[T], error) {
	if len(objects) != 1 {
		return found[T]{}, api.Problemf(api.Invalid, "The state is not that of a whole deployment", "There must be one %s in it, and there are %d. Repair the deployment first (tofu plan there must have nothing to do), then pull the state again.", what, len(objects))
	}
	a, err := read[T](objects[0])
	return found[T]{objects[0], a}, err
}

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
type Bucket struct{ Name, At string }

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

// findAddress finds the address that leads to the allocator: the one that is
// associated with it, whether Terraform made it or looked it up.
func (p *Plan) findAddress() error {
	type eip struct {
		ID   string
		IP   string `json:"public_ip"`
		Tags map[string]string
	}
	associated, err := only[struct {
		Allocation string `json:"allocation_id"`
	}](p.State.managed("aws_eip_association"), "association of an address with the allocator")
	if err != nil {
		return err
	}
	p.Forget = append(p.Forget, associated.Address) // which ends when the address moves
	for _, mode := range []string{"managed", "data"} {
		for _, o := range p.State.objects(mode, "aws_eip") {
			a, err := read[eip](o)
			if err != nil {
				return err
			}
			if a.ID != associated.attributes.Allocation {
				continue
			}
			p.Address = Address{ID: a.ID, IP: a.IP, Managed: mode == "managed", At: o.Address, Tags: a.Tags}
			if p.Address.Managed {
				p.Forget = append(p.Forget, o.Address)
			}
			return nil
		}
	}
	return incomplete("its address " + associated.attributes.Allocation)
}

func (p *Plan) findRecord() error {
	objects := p.State.managed("aws_route53_record")
	if len(objects) == 0 {
		return nil
	}
	record, err := only[struct {
		ID, Name, FQDN, Type string
		ZoneID               string `json:"zone_id"`
		Alias                []struct{ Name string }
	}](objects, "record in Route 53")
	if err != nil {
		return err
	}
	a := record.attributes
	if a.Type != "A" {
		return incomplete("its record is of type " + a.Type + ", not A")
	}
	p.Record = &Record{ID: a.ID, Name: a.FQDN, ZoneID: a.ZoneID, At: record.Address, Alias: len(a.Alias) > 0}
	p.Forget = append(p.Forget, record.Address)
	return nil
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

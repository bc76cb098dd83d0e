package settings

// Settings is a stack's configuration, below the namespace "lablink". The JSON
// names are the keys.
type Settings struct {
	// Deployment is part of every name and tag.
	Deployment string `json:"deployment"`
	// Kind is which composition this stack is: environment or account.
	Kind string `json:"kind"`
	// EnvironmentClass is production or other; it decides which rules apply.
	EnvironmentClass string `json:"environmentClass"`
	// Account says which AWS account the stack belongs in.
	Account Account `json:"account"`
	// Protection keeps addresses, data and names when the stack is destroyed. Left
	// out, it is on in production and for an account, off elsewhere.
	Protection *bool `json:"protection"`
	// Network is the VPC and who may reach the allocator.
	Network Network `json:"network"`
	// DNS is the name that people type.
	DNS DNS `json:"dns"`
	// TLS is where the certificate comes from.
	TLS TLS `json:"tls"`
	// Allocator is the allocator's host.
	Allocator Allocator `json:"allocator"`
	// Pools are the kinds of client machines.
	Pools []Pool `json:"pools"`
	// GitHub says whose workflows may assume the stack's roles.
	GitHub GitHub `json:"github"`
	// AdminPassword is the initial password, 12 characters or more; made once
	// when empty. It is secret.
	AdminPassword string `json:"adminPassword"`

	// Environment is the stack's name, which names the environment.
	Environment string `json:"-"`
	// Region is aws:region.
	Region string `json:"-"`
}

// Account says which AWS account the stack belongs in.
type Account struct {
	ID    string `json:"id"`    // refuse to run in another account
	Stack string `json:"stack"` // the account stack whose outputs are read
}

// Network is the VPC and who may reach the allocator.
type Network struct {
	Cidr         string   `json:"cidr"`         // the VPC's range, IPv4, /16 to /24
	AllowedCidrs []string `json:"allowedCidrs"` // IPv4 ranges that may reach the allocator on 80 and 443
	Zones        []string `json:"zones"`        // availability zones, the host's first; chosen when empty
}

// DNS is the name that people type.
type DNS struct {
	Provider string `json:"provider"` // route53 or none
	Domain   string `json:"domain"`   // the full name, in lower case
	ZoneID   string `json:"zoneId"`   // the hosted zone; found when empty
}

// TLS is where the certificate comes from.
type TLS struct {
	Mode    string `json:"mode"`    // acme or none
	Email   string `json:"email"`   // for the certificate authority
	Staging bool   `json:"staging"` // only tries out getting a certificate: machines do not connect
}

// Allocator is the allocator's host.
type Allocator struct {
	Version       string `json:"version"`       // source
	AMI           string `json:"ami"`           // empty: Debian's newest
	InstanceType  string `json:"instanceType"`  // the architecture follows
	DataVolumeGiB int    `json:"dataVolumeGiB"` // 1–16384 GiB
}

// Pool is a kind of client machine.
type Pool struct {
	Name          string   `json:"name"`          // 1–20 lower-case letters, digits and dashes
	InstanceTypes []string `json:"instanceTypes"` // in order of preference, of one architecture
	Image         Image    `json:"image"`         // what the machines start from
	RootVolumeGiB int      `json:"rootVolumeGiB"` // 8–16384 GiB
	MaxMachines   int      `json:"maxMachines"`   // how many may exist at once, 1–1000
}

// Image is the machine image of a pool, by one of the two.
type Image struct {
	ID           string `json:"id"`           // ami-…, which always means the same image
	SSMParameter string `json:"ssmParameter"` // a parameter that holds an id, which its publisher moves
}

// GitHub says whose workflows may assume the stack's roles.
type GitHub struct {
	Repository   string `json:"repository"`   // owner/name
	RepositoryID string `json:"repositoryId"` // its numeric id, which survives a rename
	OwnerID      string `json:"ownerId"`      // the owner's numeric id
	Environment  string `json:"environment"`  // whose runs may deploy; the stack's name when empty
}

// The values of Kind, EnvironmentClass, DNS.Provider, TLS.Mode and
// Allocator.Version.
const (
	KindEnvironment = "environment"
	KindAccount     = "account"
	Production      = "production"
	Other           = "other"
	Route53         = "route53"
	None            = "none"
	ACME            = "acme"
	FromSource      = "source"
)

// InProduction reports whether the rules of production apply.
func (s *Settings) InProduction() bool { return s.EnvironmentClass == Production }

// Protect reports whether what must survive is protected and retained. What an
// account has holds the state of every stack in it, production's too.
func (s *Settings) Protect() bool {
	if s.Protection != nil {
		return *s.Protection
	}
	return s.InProduction() || s.Kind == KindAccount
}

// AgentPort is the port on which agents reach the allocator.
func (s *Settings) AgentPort() int {
	if s.TLS.Mode == None {
		return 80
	}
	return 443
}

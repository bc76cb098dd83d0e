package settings

// Settings is a stack's configuration, below the namespace "lablink". The JSON
// names are the keys.
type Settings struct {
	// Deployment is part of every name and tag.
	Deployment string `json:"deployment"`
	// Kind is which composition this stack is: environment or account.
	Kind string `json:"kind"`
	// EnvironmentClass is production or other; it decides which rules apply.
	EnvironmentClass string  `json:"environmentClass"`
	Account          Account `json:"account"`
	// Protection keeps addresses, data and names when the stack is destroyed.
	Protection *bool     `json:"protection"`
	Network    Network   `json:"network"`
	DNS        DNS       `json:"dns"`
	TLS        TLS       `json:"tls"`
	Allocator  Allocator `json:"allocator"`
	Pools      []Pool    `json:"pools"`
	GitHub     GitHub    `json:"github"`
	// AdminPassword is the initial password; made once when empty.
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
	Cidr         string   `json:"cidr"`
	AllowedCidrs []string `json:"allowedCidrs"`
}

// DNS is the name that people type.
type DNS struct {
	Provider string `json:"provider"` // route53 or none
	Domain   string `json:"domain"`
	ZoneID   string `json:"zoneId"` // found when empty
}

// TLS is where the certificate comes from.
type TLS struct {
	Mode    string `json:"mode"`  // acme or none
	Email   string `json:"email"` // for the certificate authority
	Staging bool   `json:"staging"`
}

// Allocator is the allocator's host.
type Allocator struct {
	Version       string `json:"version"` // source
	AMI           string `json:"ami"`     // empty: Debian's newest
	InstanceType  string `json:"instanceType"`
	DataVolumeGiB int    `json:"dataVolumeGiB"`
}

// Pool is a kind of client machine.
type Pool struct {
	Name          string   `json:"name"`
	InstanceTypes []string `json:"instanceTypes"` // in order of preference
	Image         Image    `json:"image"`
	RootVolumeGiB int      `json:"rootVolumeGiB"`
	MaxMachines   int      `json:"maxMachines"`
}

// Image is the machine image of a pool, by one of the two.
type Image struct {
	ID           string `json:"id"`
	SSMParameter string `json:"ssmParameter"`
}

// GitHub says whose workflows may assume the stack's roles.
type GitHub struct {
	Repository   string `json:"repository"` // owner/name
	RepositoryID string `json:"repositoryId"`
	OwnerID      string `json:"ownerId"`
	Environment  string `json:"environment"` // the stack's name when empty
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

// Protect reports whether what must survive is protected and retained.
func (s *Settings) Protect() bool {
	if s.Protection != nil {
		return *s.Protection
	}
	return s.InProduction()
}

// AgentPort is the port on which agents reach the allocator.
func (s *Settings) AgentPort() int {
	if s.TLS.Mode == None {
		return 80
	}
	return 443
}

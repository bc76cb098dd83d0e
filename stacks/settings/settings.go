package settings

// Settings is a stack's configuration, below the namespace "lablink". The JSON
// names are the keys. Comments are what docs/configuration.md and the schema say;
// default and enum are what they and Load go by.
type Settings struct {
	// Part of every name and tag: 3–20 lower-case letters, digits and dashes, a letter first, no dash at the end, and nothing that AWS keeps names by (`sg-`, `xn--`, `sthree-`, `amzn-s3-demo-`). Required.
	Deployment string `json:"deployment"`
	// Which composition the stack is: one environment, or what an AWS account has once.
	Kind string `json:"kind" enum:"environment,account" default:"environment"`
	// Which rules apply. Left out: `production` for stacks whose name begins with `prod`.
	EnvironmentClass string `json:"environmentClass" enum:"production,other"`
	// The AWS account that the stack belongs in.
	Account Account `json:"account"`
	// Written by `lablink unprotect` only, and taken out again by hand: nothing of the stack is protected any more, in production neither.
	Retiring bool `json:"retiring" default:"false"`
	// Keeps what cannot be made again when the stack is destroyed. Left out: on in production and for an account.
	Protection *bool `json:"protection"`
	// The VPC, and who may reach the allocator.
	Network Network `json:"network"`
	// The name that people type.
	DNS DNS `json:"dns"`
	// Where the certificate comes from.
	TLS TLS `json:"tls"`
	// The allocator's host.
	Allocator Allocator `json:"allocator"`
	// Where the allocator keeps its data.
	Database Database `json:"database"`
	// The kinds of client machines, 1 to 20. In an account's stack: the images to build, none or more; `name`, `instanceTypes` (to build and test on, with a GPU), `image` and `rootVolumeGiB` of each count; they are built in the Region's default VPC.
	Pools []Pool `json:"pools"`
	// How long participants keep their machines.
	Sessions Sessions `json:"sessions"`
	// What may be spent before somebody is told, and before no more machines are launched.
	Budget Budget `json:"budget"`
	// Who is told when something is wrong.
	Alarms Alarms `json:"alarms"`
	// Single sign-on for staff, by OpenID Connect. Passwords work all the same.
	OIDC OIDC `json:"oidc"`
	// Whose workflows may assume the stack's roles.
	GitHub GitHub `json:"github"`
	// The initial password of `admin`, 12 characters or more; made once when left out. Secret.
	AdminPassword string `json:"adminPassword"`

	// Environment is the stack's name, which names the environment.
	Environment string `json:"-"`
	// Region is aws:region.
	Region string `json:"-"`
}

// Account says which AWS account the stack belongs in.
type Account struct {
	// Twelve digits, in quotes. Credentials of another account are refused. Required in production.
	ID string `json:"id"`
	// The account's stack, by its full name (`organization/lablink/account`), on the same backend. The environment uses its artifact bucket and permissions boundary, and workflows' roles its identity provider and state bucket. Left out: bucket and boundary are the environment's own, the provider is looked up, and roles reach no state.
	Stack string `json:"stack"`
}

// Network is the VPC and who may reach the allocator.
type Network struct {
	// An existing VPC, `vpc-…`, set together with `subnetIds`. The security groups are made in it, and nothing else of it is changed. Left out: one of its own.
	VPCID string `json:"vpcId"`
	// Public subnets of the existing VPC, `subnet-…`, 12 at most, each once, the host's first; machines are launched into one of each zone, and into the next one of a zone while that has no free address, and their route tables decide where these lead. Where all lead to an internet gateway, machines get public addresses; else each subnet decides, and one that leads there has to give them. Of two zones at least where a load balancer or RDS needs them. The first must offer the host's type; of every pool some subnet's zone must offer a type.
	SubnetIDs []string `json:"subnetIds"`
	// Puts client machines of an own VPC, in zones from a to h, into private subnets behind one NAT gateway in the first zone, which is paid by the hour and by the byte (S3 apart). End all workshops before you change it: machines that run stay where they are.
	NAT bool `json:"nat" default:"false"`
	// The range of an own VPC: IPv4, /16 to /24, no host bits.
	Cidr string `json:"cidr" default:"10.20.0.0/16"`
	// IPv4 ranges that may reach the allocator on 80 and 443, 29 at most. Left out: everybody; with `tls.mode: cloudflare` Cloudflare, of whose ranges they must then be parts. Narrowed, `tls.mode: acme` needs `tls.challenge: dns`.
	AllowedCidrs []string `json:"allowedCidrs"`
	// Availability zones of an own VPC, 2 to 16, by their whole names, the host's first. Left out: chosen by what they offer, and the plan says which. Required in production. End all workshops before you take one out: a subnet cannot go while machines run in it.
	Zones []string `json:"zones"`
}

// DNS is the name that people type.
type DNS struct {
	// Who holds the zone. `cloudflare` needs the secret `cloudflare:apiToken`.
	Provider string `json:"provider" enum:"route53,cloudflare,none" default:"none"`
	// The full name in lower case. Required unless the provider and `tls.mode` are `none`.
	Domain string `json:"domain"`
	// The zone: `Z…` of Route 53, 32 digits of Cloudflare; it is not looked up. Left out: the longest public zone that the domain ends in.
	ZoneID string `json:"zoneId"`
	// Whether the record is made. With `false` the record is made by hand, and the plan says which; no zone is looked up, unless `tls.challenge: dns` needs it.
	Manage *bool `json:"manage" default:"true"`
}

// TLS is where the certificate comes from.
type TLS struct {
	// Who issues it. `cloudflare` needs `dns.provider: cloudflare`, and lets people come through Cloudflare alone. Left out: `acme` with a domain, else `none`.
	Mode string `json:"mode" enum:"acme,cloudflare,acm,none"`
	// How an ACME authority checks the name: `http` on ports 80 and 443, from anywhere, or `dns` by a record that the host sets for a moment in the zone, which must be Route 53's.
	Challenge string `json:"challenge" enum:"http,dns" default:"http"`
	// Where the authority warns. Required for `acme`.
	Email string `json:"email"`
	// Only tries out getting a certificate: browsers and machines do not trust it.
	Staging bool `json:"staging" default:"false"`
	// An existing certificate of ACM for `acm`, in the stack's Region and account. Left out: one is requested, which takes a zone in Route 53 that the stack manages.
	CertificateARN string `json:"certificateArn"`
}

// Allocator is the allocator's host.
type Allocator struct {
	// What is deployed: `source` builds this working copy, `vX.Y.Z` takes published artifacts, `sha256:…` a release that is in the artifact bucket, by its manifest and with the settings that it was made with.
	Version string `json:"version" default:"source"`
	// Where published artifacts are, for `vX.Y.Z`: the https folder of all versions. `vX.Y.Z/release.json` in it lists the artifacts beside it.
	ReleaseURL string `json:"releaseUrl" default:"https://github.com/talmolab/lablink-infrastructure/releases/download"`
	// The SHA-256 of the published release's list of artifacts, `release.json`. Required with `vX.Y.Z`; other versions do not look at it.
	ReleaseSHA256 string `json:"releaseSha256"`
	// The host's image, `ami-…`. Left out: Debian 12's newest.
	AMI string `json:"ami"`
	// The host's EC2 type, on the Nitro hypervisor; the architecture follows.
	InstanceType string `json:"instanceType" default:"t4g.small"`
	// How many hosts, 1–10. More than one need `database.engine: postgres` and a certificate of `acm` or `cloudflare`.
	Replicas int `json:"replicas" default:"1"`
	// Whether the public address survives a replacement of the host. `dynamic` saves an elastic address, needs an own VPC, and is refused in production where `dns.domain` points at it.
	Address string `json:"address" enum:"persistent,dynamic" default:"persistent"`
	// The size of the data volume, 1–16384 GiB, which only ever grows: AWS refuses a smaller one. After a change, restart the host: the file system grows to the volume as it is mounted.
	DataVolumeGiB int `json:"dataVolumeGiB" default:"20"`
}

// Database is where the allocator keeps its data.
type Database struct {
	// `sqlite` on the data volume, or `postgres` on RDS, which several hosts may share.
	Engine string `json:"engine" enum:"sqlite,postgres" default:"sqlite"`
	// The RDS instance's class, `db.…`; with `postgres` only.
	InstanceClass string `json:"instanceClass" default:"db.t4g.micro"`
	// Keeps a standby of the RDS instance in another zone; with `postgres` only.
	MultiAZ bool `json:"multiAz" default:"false"`
	// How many days backups are kept, 0–35: snapshots of the data volume, or RDS's own backups. 0 takes none, which production refuses.
	BackupDays *int `json:"backupDays" default:"7"`
	// Hours between snapshots of the data volume: 1, 2, 3, 4, 6, 8, 12 or 24; with `sqlite` only.
	SnapshotHours int `json:"snapshotHours" default:"12"`
	// A snapshot of this environment's data volume, `snap-…`, which the volume is replaced by one of; with `sqlite` only, and not without backups. The old volume leaves a snapshot, or stays in the account where it is protected. Take it out once that has happened: the volume stays as it is then. [Going back to a snapshot](deploying.md#going-back-to-a-snapshot) tells the steps.
	RestoreSnapshot string `json:"restoreSnapshot"`
}

// Pool is a kind of client machine.
type Pool struct {
	// 1–20 lower-case letters, digits and dashes, a letter first, no dash at the end; each once. Required.
	Name string `json:"name"`
	// EC2 types in order of preference, each once, all of one architecture. Required.
	InstanceTypes []string `json:"instanceTypes"`
	// How machines are paid. With `spot` AWS may take a machine back after two minutes' notice, and chooses among the types by price and capacity, whatever their order. With `spot-then-on-demand` only what spot does not give is launched on demand. Both need the account's role AWSServiceRoleForEC2Spot, which the account's stack makes.
	Market string `json:"market" enum:"on-demand,spot,spot-then-on-demand" default:"on-demand"`
	// What machines start from.
	Image Image `json:"image"`
	// 8–16384 GiB, and not less than the image needs.
	RootVolumeGiB int `json:"rootVolumeGiB" default:"100"`
	// How many machines of the pool may exist at once, 1–1000. Required.
	MaxMachines int `json:"maxMachines"`
	// US dollars an hour that one machine may cost, with its volume and its address; 0: no cap. Types that cost more when machines are launched are left out, and where none is left nothing is launched, and staff reads why. What runs already is not ended for it: it is warned of. What is known of spot prices, and what `budget.hardCap` adds for spot machines, is in [What it costs](costs.md#what-one-machine-may-cost).
	MaxHourlyUSD float64 `json:"maxHourlyUsd" default:"0"`
	// What participants see of a machine: `vnc` is a desktop in the browser, by TigerVNC and a desktop such as Xfce, which the image has to have (those of an account's pipeline do). `container` is one in a container: an image with KasmVNC, which `container` names, and for which the machine's image needs podman. `crd` is one by Chrome Remote Desktop, which each participant connects with their own Google account, and whose package of Google's, of version 92 (2021) or later, the image has to have (those of a pipeline do not). It begins anew for each participant, as a user without rights of its own.
	Desktop string `json:"desktop" enum:"vnc,container,crd,none" default:"none"`
	// The image of a desktop that is a container, with its registry, for example `ghcr.io/OWNER/NAME@sha256:…`; anybody may pull it. Production pins it by digest. Required with `desktop: container`. [Container desktops](container-desktops.md) tells what an image needs.
	Container string `json:"container"`
	// Which of a participant's files are kept when they leave their machine, 20 patterns at most, in their home: `results/**` is all below a folder, `*.csv` all such files of the home itself. They are kept in the artifact bucket, for the instructor to download. Left out: none.
	Collect []string `json:"collect"`
	// A Git repository, `https://…`, that is cloned into the home of each machine before anybody gets it. It needs a `desktop`. Left out: none.
	Repository string `json:"repository"`
	// Names of programs that the workshop is about, 20 at most: how long each ran, and for how long the active window was its, is told of each session, and while one computes its participant is not idle. Of what an interpreter runs it is the script's name, or the module's.
	Software []string `json:"software"`
	// What is run on each machine once, before anybody gets it. It needs a `desktop`.
	Startup Startup `json:"startup"`
}

// Startup is a script that sets up machines.
type Startup struct {
	// The script, for bash: 100 KiB at most. It runs in the participant's home, as whom they work; it may run again when it was cut short. Put no secrets into it: who may read the settings may read it.
	Script string `json:"script"`
	// What becomes of a machine whose set-up does not succeed: with `continue` it is used all the same, and says so; with `fail` nobody gets it, and another one takes its place.
	OnError string `json:"onError" enum:"continue,fail" default:"continue"`
	// How often it is tried, 1–10. The repository is, too.
	MaxAttempts int `json:"maxAttempts" default:"3"`
	// Seconds before the second try, 0–600; twice as many before each other one, and up to as many again by chance.
	BaseDelaySeconds *int `json:"baseDelaySeconds" default:"30"`
	// What bash runs after the script, 4 KiB at most: the script did its work if this succeeds too. Left out: if the script ends with status 0.
	SuccessCheck string `json:"successCheck"`
	// Who it runs as: who works on the desktop, or `root`.
	RunAs string `json:"runAs" enum:"session,root" default:"session"`
}

// Sessions are how long participants keep their machines. Workshops may say it for
// themselves.
type Sessions struct {
	// Minutes after which a machine is given back; 0: when the workshop ends.
	MaxMinutes int `json:"maxMinutes" default:"0"`
	// Minutes of doing nothing after which a machine is given back; 0: never. Counted where the machine tells whether somebody works.
	IdleMinutes int `json:"idleMinutes" default:"0"`
	// How many minutes before either a participant is warned, 1–60.
	WarnMinutes int `json:"warnMinutes" default:"5"`
}

// Image is the machine image of a pool: by its id, or by what means the newest
// of several. The id counts where it stands beside one of the others.
type Image struct {
	// `ami-…`, which always means the same image. `lablink image pin` writes what the other two mean that day.
	ID string `json:"id"`
	// A parameter that holds an image's id, which its publisher moves: its name, or the ARN of one that another account shares; 128 characters at most. Workflows' roles may read those that were set at the last update.
	SSMParameter string `json:"ssmParameter"`
	// An EC2 Image Builder pipeline of the account's stack, by its name: the newest image that it has built and tested. In an account's stack: the name of the pipeline, which builds on `id` or `ssmParameter`.
	Pipeline string `json:"pipeline"`
}

// Budget is what may be spent before somebody is told, and before no more machines are
// launched.
type Budget struct {
	// US dollars a month; 0 is no budget. AWS counts what carries an environment's deployment's tag, or all of an account. The allocator counts its own machines, in the calendar month (UTC): it warns at 80 %, and launches none at 100 %.
	MonthlyUSD int `json:"monthlyUsd" default:"0"`
	// Who is told at 50, 80 and 100 %, and when AWS foresees 100 %: one to ten addresses. Required with a budget.
	Emails []string `json:"emails"`
	// Ends machines where a budget is used up, the environment's or a workshop's: those that nobody holds at once, the others after people were warned for 15 minutes.
	HardCap bool `json:"hardCap" default:"false"`
}

// Alarms say who is told when something is wrong.
type Alarms struct {
	// Each confirms by a link that AWS sends. Left out: nobody is told, and a host whose hardware fails is moved all the same.
	Emails []string `json:"emails"`
}

// OIDC is single sign-on for staff.
type OIDC struct {
	// The provider's issuer, `https://…`. Left out: there is none.
	Issuer string `json:"issuer"`
	// What the provider calls this deployment. It lets browsers back to `/api/v1/oidc/callback` of the stack's `url`; its secret is in the SSM parameter `/lablink/{deployment}/{environment}/secret/oidc-client-secret`, a SecureString that you put there.
	ClientID string `json:"clientId"`
	// Who is an admin: e-mail addresses, all of a domain as `@example.org`, or names of groups. The role counts from the next log-in on.
	Admins []string `json:"admins"`
	// Who is an instructor, likewise.
	Instructors []string `json:"instructors"`
	// Who is a viewer, likewise. Who is in none of the three is not let in.
	Viewers []string `json:"viewers"`
	// The claim in which the provider names groups.
	GroupsClaim string `json:"groupsClaim" default:"groups"`
}

// GitHub says whose workflows may assume the stack's roles.
type GitHub struct {
	// `owner/name`. Left out, there are no roles.
	Repository string `json:"repository"`
	// The repository's numeric id, which survives a rename. With it, a run must carry it.
	RepositoryID string `json:"repositoryId"`
	// The owner's numeric id. Needs `repositoryId`.
	OwnerID string `json:"ownerId"`
	// The GitHub environment whose runs may deploy. Left out: the stack's name.
	Environment string `json:"environment"`
}

// The values of settings that have a few.
const (
	KindEnvironment  = "environment"
	KindAccount      = "account"
	Production       = "production"
	Other            = "other"
	Route53          = "route53"
	Cloudflare       = "cloudflare"
	None             = "none"
	ACME             = "acme"
	ACM              = "acm"
	ChallengeDNS     = "dns"
	FromSource       = "source"
	Dynamic          = "dynamic"
	SQLite           = "sqlite"
	Postgres         = "postgres"
	OnDemand         = "on-demand"
	Spot             = "spot"
	SpotThenOnDemand = "spot-then-on-demand"
)

// InProduction reports whether the rules of production apply.
func (s *Settings) InProduction() bool { return s.EnvironmentClass == Production }

// Protect reports whether what must survive is protected and retained. What an
// account has holds the state of every stack in it, production's too.
func (s *Settings) Protect() bool {
	switch {
	case s.Retiring:
		return false
	case s.Protection != nil:
		return *s.Protection
	}
	return s.InProduction() || s.Kind == KindAccount
}

// OwnVPC reports whether the stack declares its network.
func (s *Settings) OwnVPC() bool { return s.Network.VPCID == "" }

// ManagesRecord reports whether the stack makes the record of its domain.
func (s *Settings) ManagesRecord() bool {
	return s.DNS.Provider != None && (s.DNS.Manage == nil || *s.DNS.Manage)
}

// UsesZone reports whether the stack writes records into the zone of its domain:
// its own, or for a moment those by which an authority checks the name.
func (s *Settings) UsesZone() bool {
	return s.ManagesRecord() || s.DNS.Provider != None && s.TLS.Challenge == ChallengeDNS
}

// Balanced reports whether people reach the allocator through a load balancer.
func (s *Settings) Balanced() bool { return s.TLS.Mode == ACM || s.Allocator.Replicas > 1 }

// AgentPort is the port on which agents reach the allocator.
func (s *Settings) AgentPort() int {
	if s.TLS.Mode == None {
		return 80
	}
	return 443
}

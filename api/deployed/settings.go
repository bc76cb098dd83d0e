package deployed

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Settings are the allocator's settings.
type Settings struct {
	Deployment  string `json:"deployment"`
	Environment string `json:"environment"`
	Region      string `json:"region"`
	AccountID   string `json:"accountId"`
	// Audience is whom agents prove themselves to.
	Audience string `json:"audience"`
	// AdminPasswordParameter is the SSM parameter with the initial password.
	AdminPasswordParameter string   `json:"adminPasswordParameter"`
	TLS                    TLS      `json:"tls"`
	Database               Database `json:"database"`
	// TrustedProxies are the ranges of those who connect in the place of others and
	// name these in the header ClientAddressHeader. Nobody else is believed.
	TrustedProxies      []string `json:"trustedProxies"`
	ClientAddressHeader string   `json:"clientAddressHeader,omitempty"`
	Pools               []Pool   `json:"pools"`
	// Zones are the availability zones of the subnets that pools name, by their ids.
	Zones    map[string]string `json:"zones"`
	Sessions Sessions          `json:"sessions"`
	// WorkBucket keeps what participants made. Empty: nothing is collected.
	WorkBucket string `json:"workBucket,omitempty"`
	Budget     Budget `json:"budget"`
	OIDC       OIDC   `json:"oidc"`
}

// SQLite is the engine that keeps the data in a file on the data volume, Postgres
// the one that allocators may share.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Database says where the data is kept.
type Database struct {
	Engine string `json:"engine"` // sqlite or postgres
	// Endpoint is where PostgreSQL is reached: a name and a port. Name is the
	// database's, and SecretARN the secret that holds user and password.
	Endpoint  string `json:"endpoint,omitempty"`
	Name      string `json:"name,omitempty"`
	SecretARN string `json:"secretArn,omitempty"`
	// Roots is a file on the host with the certificates that PostgreSQL's must lead
	// to. Empty: those that the host trusts.
	Roots string `json:"roots,omitempty"`
}

// TLS says where the certificate comes from.
type TLS struct {
	Mode    string `json:"mode"` // acme, cloudflare, acm (a load balancer ends TLS) or none
	Domain  string `json:"domain,omitempty"`
	Email   string `json:"email,omitempty"`
	Staging bool   `json:"staging,omitempty"`
	// ZoneID is the hosted zone of Route 53 in which the authority's challenge is
	// answered. Empty: ports 80 and 443 answer it.
	ZoneID string `json:"zoneId,omitempty"`
	// HSTSSeconds is how long browsers are to come over TLS only, once they have.
	HSTSSeconds int `json:"hstsSeconds,omitempty"`
	// Certificate, in PEM, is the one to serve with in mode cloudflare; KeyParameter
	// is the SSM parameter with its key.
	Certificate  string `json:"certificate,omitempty"`
	KeyParameter string `json:"keyParameter,omitempty"`
}

// Budget is what machines may cost.
type Budget struct {
	MonthlyUSD int `json:"monthlyUsd"` // in a calendar month, UTC; 0 is no budget
	// HardCap ends machines where a budget is used up; without it none are launched.
	HardCap bool `json:"hardCap"`
}

// OIDC is the provider of single sign-on; an empty issuer is none.
type OIDC struct {
	Issuer   string `json:"issuer,omitempty"`
	ClientID string `json:"clientId,omitempty"`
	// SecretParameter is the SSM parameter with the client's secret.
	SecretParameter string `json:"secretParameter,omitempty"`
	// Who gets which role: e-mail addresses, @domains, and groups of the claim.
	Admins      []string `json:"admins"`
	Instructors []string `json:"instructors"`
	Viewers     []string `json:"viewers"`
	GroupsClaim string   `json:"groupsClaim,omitempty"`
}

// Pool is a kind of machine.
type Pool struct {
	Name             string   `json:"name"`
	LaunchTemplateID string   `json:"launchTemplateId"`
	InstanceTypes    []string `json:"instanceTypes"` // in order of preference
	SubnetIDs        []string `json:"subnetIds"`
	Market           string   `json:"market"` // how machines are paid
	MaxMachines      int      `json:"maxMachines"`
	RootVolumeGiB    int      `json:"rootVolumeGiB"` // of each machine, for what it costs
	// MaxHourlyUSD is what one machine may cost an hour, with its volume and address; 0 is
	// no cap.
	MaxHourlyUSD float64 `json:"maxHourlyUsd,omitempty"`
	Role         string  `json:"role"` // the name of the machines' role
	// Collect are the patterns of files that are kept when a participant leaves.
	Collect []string `json:"collect"`
	// Desktop is what its machines show: vnc, container or crd; absent: none.
	Desktop string `json:"desktop,omitempty"`
	// Container, Repository, Software and Startup are what its machines are set up with.
	Container  string   `json:"container,omitempty"`
	Repository string   `json:"repository,omitempty"`
	Software   []string `json:"software"`
	Startup    Startup  `json:"startup"`
}

// ZoneOf is the zone of a subnet. One whose zone is not known counts as a zone of its own.
func (s Settings) ZoneOf(subnet string) string { return cmp.Or(s.Zones[subnet], subnet) }

// ZonesOf is how many zones machines of a pool are launched in.
func (s Settings) ZonesOf(p Pool) int {
	zones := map[string]bool{}
	for _, subnet := range p.SubnetIDs {
		zones[s.ZoneOf(subnet)] = true
	}
	return len(zones)
}

// Startup is a script that runs on a machine once.
type Startup struct {
	Script           string `json:"script,omitempty"`
	OnError          string `json:"onError,omitempty"`
	MaxAttempts      int    `json:"maxAttempts,omitempty"`
	BaseDelaySeconds int    `json:"baseDelaySeconds,omitempty"`
	SuccessCheck     string `json:"successCheck,omitempty"`
	RunAs            string `json:"runAs,omitempty"`
}

// Sessions are how long participants keep their machines, in minutes; 0 is no limit.
type Sessions struct {
	MaxMinutes  int `json:"maxMinutes,omitempty"`
	IdleMinutes int `json:"idleMinutes,omitempty"`
	WarnMinutes int `json:"warnMinutes,omitempty"`
}

// The markets of machines.
const (
	OnDemand         = "on-demand"
	Spot             = "spot"
	SpotThenOnDemand = "spot-then-on-demand"
)

// Decode reads settings. A key that this version does not know is an error: the
// settings and the binary of a release belong together.
func Decode(raw []byte) (Settings, error) {
	var s Settings
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return s, fmt.Errorf("decode settings: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return s, errors.New("decode settings: something follows them")
	}
	return s, nil
}

// WorkFolder is where an environment keeps what participants made, in a bucket that those
// of an account may share.
func WorkFolder(deployment, environment string) string {
	return "work/" + deployment + "/" + environment + "/"
}

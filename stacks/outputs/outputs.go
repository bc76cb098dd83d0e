package outputs

import (
	"encoding/json"
	"fmt"
)

// Version is the contract's version.
const Version = 1

// Environment is what an environment's stack tells.
type Environment struct {
	ContractVersion int    `json:"contractVersion"`
	Deployment      string `json:"deployment"`
	Environment     string `json:"environment"`
	// URL is where people reach the allocator; AgentURL where its clients do.
	URL      string `json:"url"`
	AgentURL string `json:"agentUrl"`
	// PublicAddress is the allocator's IPv4 address, or its load balancer's name.
	PublicAddress            string   `json:"publicAddress"`
	VPCID                    string   `json:"vpcId"`
	SubnetIDs                []string `json:"subnetIds"`
	AllocatorSecurityGroupID string   `json:"allocatorSecurityGroupId"`
	ClientSecurityGroupID    string   `json:"clientSecurityGroupId"`
	// Pools are the kinds of machines, by name.
	Pools          map[string]Pool `json:"pools"`
	ArtifactBucket string          `json:"artifactBucket"`
	Release        Release         `json:"release"`
	// The roles are empty where no repository is set.
	PreviewRoleARN string   `json:"previewRoleArn"`
	DriftRoleARN   string   `json:"driftRoleArn"`
	DeployRoleARN  string   `json:"deployRoleArn"`
	Database       Database `json:"database"`
	// DashboardURL is the dashboard in AWS's console.
	DashboardURL string `json:"dashboardUrl"`
	// InitialAdminPassword is secret.
	InitialAdminPassword string `json:"initialAdminPassword"`
}

// Pool is a kind of machine.
type Pool struct {
	LaunchTemplateID string   `json:"launchTemplateId"`
	AMI              string   `json:"amiId"`
	InstanceTypes    []string `json:"instanceTypes"`
}

// Release is what hosts run.
type Release struct {
	Version  string `json:"version"`
	Manifest string `json:"manifest"` // its SHA-256
}

// Database is where the allocator keeps its data.
type Database struct {
	Engine   string `json:"engine"`
	Endpoint string `json:"endpoint"` // name and port; empty for sqlite
}

// Account is what an account's stack tells.
type Account struct {
	ContractVersion int    `json:"contractVersion"`
	OIDCProviderARN string `json:"oidcProviderArn"` // empty where no repository is set
	// PermissionsBoundaryARN is what bounds the roles of machines.
	PermissionsBoundaryARN string `json:"permissionsBoundaryArn"`
	StateBucket            string `json:"stateBucket"`
	StateKMSKeyARN         string `json:"stateKmsKeyArn"`
	ArtifactBucket         string `json:"artifactBucket"`
	// Images are the newest images of pipelines, by name; empty before the first
	// build.
	Images map[string]string `json:"images"`
}

// ReadEnvironment reads what `pulumi stack output --json` prints for an
// environment. It refuses a contract that this package does not know.
func ReadEnvironment(raw []byte) (Environment, error) {
	return read[Environment](raw, func(e Environment) int { return e.ContractVersion })
}

// ReadAccount reads what `pulumi stack output --json` prints for an account.
func ReadAccount(raw []byte) (Account, error) {
	return read[Account](raw, func(a Account) int { return a.ContractVersion })
}

func read[T any](raw []byte, version func(T) int) (T, error) {
	var out T
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, fmt.Errorf("read stack outputs: %w", err)
	}
	if v := version(out); v != Version {
		return out, fmt.Errorf("the stack's outputs have contract version %d, this reader knows %d", v, Version)
	}
	return out, nil
}

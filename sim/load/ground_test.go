package load

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

const (
	deployment, environment, region = "lab", "load", "us-west-2"

	password  = "a-very-good-password-of-nobody"
	parameter = "/lablink/lab/load/secret/admin-password"
	role      = "lab-client-load"
)

// ground is what an allocator stands on: an account, a database, settings.
type ground struct {
	account  *cloud.Account
	aws      string // the URL of its API
	template string
	subnet   string
	dir      string
	settings deployed.Settings
	pg       *pgtest.Server // nil with SQLite
}

func newGround(b *testing.B, engine string) *ground {
	b.Helper()
	g := &ground{dir: b.TempDir()}
	var err error
	g.account, err = cloud.Open(cloud.Options{Dir: b.TempDir(), Forgets: true, Architecture: "x86_64"})
	require.NoError(b, err)
	server := httptest.NewServer(secretsBefore(wire.NewServer(g.account, time.Now)))
	b.Cleanup(server.Close)
	g.aws = server.URL
	g.declare(b)
	g.settings = deployed.Settings{
		Deployment: deployment, Environment: environment, Region: region, AccountID: g.account.ID(),
		Audience: api.Audience(deployment, environment), AdminPasswordParameter: parameter,
		TLS: deployed.TLS{Mode: "none"}, Database: deployed.Database{Engine: engine}, TrustedProxies: []string{},
		Pools: []deployed.Pool{{
			Name: "gpu", LaunchTemplateID: g.template, InstanceTypes: []string{"sim.gpu"}, SubnetIDs: []string{g.subnet},
			Market: deployed.OnDemand, MaxMachines: 20_000, RootVolumeGiB: 100, Role: role,
		}},
	}
	if engine == deployed.Postgres {
		g.pg, err = pgtest.Start(b.Context(), pgtest.Options{})
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, g.pg.Stop()) })
		require.NoError(b, g.pg.Prepare(b.Context()))
		c := g.pg.Database(b)
		g.settings.Database.Endpoint, g.settings.Database.Name, g.settings.Database.SecretARN = c.Host+":5432", c.Name, "arn:of:the:secret"
	}
	return g
}

// secretsBefore answers as Secrets Manager, for a database that the account has not made.
func secretsBefore(rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
			rest.ServeHTTP(w, r)
			return
		}
		login, _ := json.Marshal(map[string]string{"username": pgtest.User, "password": "any"})
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": string(login)})
	})
}

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// declare makes what machines are launched from.
func (g *ground) declare(b *testing.B) {
	b.Helper()
	vpc := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
	require.NoError(b, g.account.CreateVPC(vpc))
	subnet := &cloud.Subnet{VPCID: vpc.ID, CidrBlock: "10.0.0.0/16", AvailabilityZone: g.account.AvailabilityZones()[0]}
	require.NoError(b, g.account.CreateSubnet(subnet))
	require.NoError(b, g.account.CreateRole(&cloud.Role{Name: role, AssumeRolePolicy: trust}))
	require.NoError(b, g.account.CreateInstanceProfile(&cloud.InstanceProfile{Name: role, Role: role}))
	template := &cloud.LaunchTemplate{
		Name: "gpu", ImageID: "ami-051700000000000a2", InstanceType: "sim.gpu", IAMInstanceProfile: &cloud.ProfileReference{Name: role},
	}
	require.NoError(b, g.account.CreateLaunchTemplate(template))
	require.NoError(b, g.account.CreateParameter(&cloud.Parameter{Name: parameter, Type: "SecureString", Value: password}))
	g.template, g.subnet = template.ID, subnet.ID
}

// store opens the database in the place of the allocator.
func (g *ground) store(b *testing.B) *sqlstore.Store {
	b.Helper()
	log := slog.New(slog.DiscardHandler)
	var s *sqlstore.Store
	var err error
	if g.pg == nil {
		s, err = sqlite.Open(b.Context(), filepath.Join(g.dir, "lablink.db"), log)
	} else {
		s, err = postgres.Open(b.Context(), g.pg.Config(g.settings.Database.Name))
	}
	require.NoError(b, err)
	return s
}

// program builds the allocator, once.
func program(b *testing.B) string {
	b.Helper()
	out := filepath.Join(b.TempDir(), "lablink-allocator")
	cmd := exec.CommandContext(b.Context(), "go", "build", "-o", out, "../../allocator/cmd/lablink-allocator")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	said, err := cmd.CombinedOutput()
	require.NoError(b, err, "%s", said)
	return out
}

// serve starts the allocator and returns it once it is ready.
func (g *ground) serve(b *testing.B) (p *process, url string) {
	b.Helper()
	_ = os.Remove(boot.AddressFile(g.dir)) // of the one before
	settings := filepath.Join(g.dir, "settings.json")
	raw, err := json.Marshal(g.settings)
	require.NoError(b, err)
	require.NoError(b, os.WriteFile(settings, raw, 0o600))
	log, err := os.Create(filepath.Join(g.dir, "allocator.log"))
	require.NoError(b, err)
	b.Cleanup(func() {
		if b.Failed() {
			said, _ := os.ReadFile(log.Name())
			b.Logf("the allocator said:\n%s", said)
		}
	})
	cmd := exec.CommandContext(b.Context(), program(b), "serve", "--settings", settings, "--data", g.dir, "--listen", "127.0.0.1:0", "--peers", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+g.aws, "AWS_ACCESS_KEY_ID="+cloud.DeveloperKey, "AWS_SECRET_ACCESS_KEY="+cloud.DeveloperSecret, "LABLINK_ROOT="+b.TempDir())
	cmd.Stderr = log
	p = run(b, cmd)
	client := &api.Client{}
	require.Eventually(b, func() bool {
		at, err := os.ReadFile(boot.AddressFile(g.dir))
		if err != nil {
			return false
		}
		client.URL = "http://" + strings.TrimSpace(string(at))
		_, err = client.Ready(context.Background())
		return err == nil
	}, time.Minute, 20*time.Millisecond, "it is not ready")
	return p, client.URL
}

// credentials are those of an instance's role.
func (g *ground) credentials(b *testing.B, instance string) aws.Credentials {
	b.Helper()
	_, c, err := g.account.InstanceCredentials(instance)
	require.NoError(b, err)
	return aws.Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: c.Secret, SessionToken: c.Token}
}

package lablink_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/talmolab/lablink-infrastructure/"

// arrows say which parts of LabLink a part may import, beside itself.
var arrows = map[string][]string{
	"api":       {},
	"infra":     {"api"},
	"stacks":    {"api", "infra"},
	"allocator": {"api"},
	"agent":     {"api"},
	"cli":       {"api", "stacks"}, // what a stack's outputs are
	"sim":       {"api", "infra", "stacks"},
}

// adapters say which packages may import what talks to the world. Each
// dependency has one, and the domain packages, allocator and agent, are none of
// them.
var adapters = map[string][]string{
	"database/sql":                             {"allocator/jobs", "allocator/postgres", "allocator/sqlite", "allocator/sqlstore"},
	"modernc.org/sqlite":                       {"allocator/jobs", "allocator/sqlite"},
	"github.com/pressly/goose":                 {"allocator/postgres", "allocator/sqlite"},
	"github.com/jackc/pgx":                     {"allocator/jobs", "allocator/postgres"},
	"github.com/riverqueue/river":              {"allocator/jobs"},
	"github.com/teambition/rrule-go":           {"allocator"},
	"rsc.io/qr":                                {"allocator/web"},
	"github.com/alexedwards/argon2id":          {"allocator/access"},
	"github.com/alexedwards/scs":               {"allocator/web"},
	"github.com/coreos/go-oidc":                {"allocator/signon"},
	"golang.org/x/oauth2":                      {"allocator/signon"},
	"github.com/danielgtaylor/huma":            {"allocator/web"},
	"github.com/nicksnyder/go-i18n":            {"allocator/web/words"},
	"github.com/klauspost/compress":            {"allocator/web"},
	"github.com/caddyserver/certmagic":         {"allocator/certificate"},
	"github.com/mholt/acmez":                   {"allocator/certificate"},
	"github.com/letsencrypt/pebble":            {"sim/authority"},
	"github.com/miekg/dns":                     {"sim/authority"},
	"github.com/in-toto/attestation":           {"infra/release/provenance"},
	"github.com/hashicorp/yamux":               {"agent/internal/fakeallocator", "agent/tunnel", "allocator/tunnel"},
	"github.com/coder/websocket":               {"agent/container", "agent/internal/fakeallocator", "agent/tunnel", "agent/vnc", "allocator/tunnel", "sim/kasm", "sim/watching"},
	"github.com/NVIDIA/":                       {"agent/nvml", "agent/simulated"},
	"github.com/prometheus/client_golang":      {"agent/metrics", "allocator/metrics"},
	"github.com/coreos/go-systemd":             {"agent/cmd/lablink-agent", "allocator/cmd/lablink-allocator", "sim/machine"},
	"github.com/alecthomas/kong":               {"allocator/cmd/lablink-allocator", "cli/cmd/lablink", "sim/cmd/lablink-local", "sim/cmd/lablink-sim"},
	"github.com/spf13/":                        {"agent/cmd/lablink-agent"},
	"github.com/jotaen/kong-completion":        {"cli", "cli/cmd/lablink"},
	"github.com/jezek/xgb":                     {"agent/session"},
	"github.com/prometheus/procfs":             {"agent/proc"},
	"os/exec":                                  {"agent/cmd/lablink-agent", "agent/podman", "agent/process", "agent/session", "agent/warden", "allocator/boot", "allocator/postgres/pgtest", "api/host", "cli/doctor/laptop", "cli/pulumi", "cli/stack", "infra/release/build", "sim/kasm", "sim/launcher", "sim/machine", "sim/nspawn", "sim/registry"},
	"google.golang.org/grpc":                   {"sim/provider"},
	"github.com/pulumi/pulumi/sdk/":            {"infra", "sim/launcher", "sim/provider", "stacks", "stacks/outputs/reference", "stacks/program"},
	"github.com/pulumi/pulumi-aws/sdk/":        {"infra", "sim/provider", "stacks/program"},
	"github.com/pulumi/pulumi-cloudflare/sdk/": {"infra", "sim/provider", "stacks/program"},
	"github.com/aws/aws-sdk-go-v2/":            {"agent/artifacts", "agent/identity", "api/price/live", "allocator/boot", "allocator/cmd/lablink-allocator", "allocator/ec2", "allocator/quotas", "allocator/route53", "allocator/secrets", "allocator/work", "cli/artifacts", "cli/doctor/account", "cli/images", "cli/remains", "cli/stack"},
	"gopkg.in/yaml.v3":                         {"cli/stackfile", "sim/cloud"},
	"net/http": {
		"api", "cli", "cli/doctor/cloudflare", "infra/release/published", "stacks", "sim", "sim/authority", "sim/control", "sim/kasm", "sim/launcher", "sim/machine", "sim/registry", "sim/watching", "sim/wire",
		"allocator/certificate", "allocator/cmd/lablink-allocator", "allocator/metrics", "allocator/peer", "allocator/postgres", "allocator/signon", "allocator/sts", "allocator/tunnel", "allocator/web",
		"agent/artifacts", "agent/cmd/lablink-agent", "agent/container", "agent/crd", "agent/doctor", "agent/identity", "agent/internal/fakeallocator", "agent/metrics", "agent/podman", "agent/process", "agent/tunnel", "agent/uplink", "agent/vnc", "agent/warden", "agent/web", "api/viewer",
	},
	module + "agent/":     {"agent/cmd/lablink-agent", "agent/container", "agent/gpu/gputest", "agent/vnc"},
	module + "allocator/": {"allocator/allocatortest", "allocator/boot", "allocator/cmd/lablink-allocator", "allocator/postgres", "allocator/postgres/pgtest", "allocator/sqlite", "allocator/web"},
}

// domains are packages below others that are the domain, too, and no adapters.
var domains = []string{module + "agent/gpu"}

func TestImportsFollowTheArrows(t *testing.T) {
	eachImport(t, func(file, dir, imported string) {
		inner, ours := strings.CutPrefix(imported, module)
		if !ours {
			return
		}
		part, _, _ := strings.Cut(dir, "/")
		other, _, _ := strings.Cut(inner, "/")
		if part != other && !slices.Contains(arrows[part], other) {
			t.Errorf("%s imports %s: %s may import %v of LabLink", file, inner, part, arrows[part])
		}
	})
}

func TestEveryDependencyHasOneAdapterAndTheDomainHasNone(t *testing.T) {
	used := map[string]bool{}
	eachImport(t, func(file, dir, imported string) {
		if slices.Contains(domains, imported) {
			return
		}
		for prefix, packages := range adapters {
			if imported != prefix && !strings.HasPrefix(imported, strings.TrimSuffix(prefix, "/")+"/") {
				continue
			}
			at := slices.IndexFunc(packages, func(p string) bool {
				return dir == p || p == "infra" && strings.HasPrefix(dir, "infra/")
			})
			if assert.GreaterOrEqual(t, at, 0, "%s imports %s, which is for %v", file, imported, packages) {
				used[prefix+" "+packages[at]] = true
			}
		}
	})
	for prefix, packages := range adapters {
		for _, p := range packages {
			assert.True(t, used[prefix+" "+p], "%s does not import %s any more: take it off the list", p, prefix)
		}
	}
}

// eachImport visits the imports of all that is not a test.
func eachImport(t *testing.T, visit func(file, dir, imported string)) {
	t.Helper()
	for part := range arrows {
		require.NoError(t, filepath.WalkDir(part, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, spec := range file.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				visit(path, filepath.ToSlash(filepath.Dir(path)), imported)
			}
			return nil
		}))
	}
}

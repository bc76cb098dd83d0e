//go:build boot

package system

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// The hosts and the clients of all templates boot by real systems.
func TestBootOfTheMachinesOfEveryTemplate(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(workingCopy, launcher.Templates, "*.yaml"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 10)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			e := startContainers(t)
			s, out := e.template(t, name)
			if name == "acme-manual" {
				e.recordByHand(t, out)
			}
			d := e.reach(t, s)
			if name == "cloudflare" {
				d.client = e.browser(t, "lab.example.org", out.PublicAddress, "173.245.48.1")
			}
			d.ready(t)
			hosts := e.booted(t, "pulumi")
			require.Len(t, hosts, map[bool]int{true: 2, false: 1}[name == "ha-postgres"])
			for _, host := range hosts {
				host.isWell(t, "lablink-allocator.service")
			}
			if len(hosts) == 1 {
				hosts[0].servesFromItsVolume(t)
			}

			admin := d.login(t)
			require.Len(t, out.Pools, 1)
			var w api.Workshop
			of := api.NewWorkshop{Name: "Pose tracking", Pool: slices.Collect(maps.Keys(out.Pools))[0], Seats: 1}
			require.NoError(t, admin.Do(t.Context(), http.MethodPost, "/api/v1/workshops", of, &w))
			d.await(t, admin, w, 1)
			e.theOne(t, "allocator").isWell(t, "lablink-agent.service")
		})
	}
}

// recordByHand is what the plan of acme-manual tells people to do.
func (e *engine) recordByHand(t *testing.T, out outputs.Environment) {
	t.Helper()
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	raw, err := os.ReadFile(filepath.Join(state.Dir, "model.json"))
	require.NoError(t, err)
	var model struct{ Zones map[string]cloud.Zone }
	require.NoError(t, json.Unmarshal(raw, &model))
	require.Len(t, model.Zones, 1)
	zone := slices.Collect(maps.Keys(model.Zones))[0]
	dns := route53.New(route53.Options{
		Region: "us-east-1", BaseEndpoint: &e.account.URL,
		Credentials: credentials.NewStaticCredentialsProvider(cloud.DeveloperKey, cloud.DeveloperSecret, ""),
	})
	_, err = dns.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(zone),
		ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{Action: types.ChangeActionUpsert, ResourceRecordSet: &types.ResourceRecordSet{
			Name: aws.String("lab.example.org"), Type: types.RRTypeA, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: &out.PublicAddress}},
		}}}},
	})
	require.NoError(t, err)
}

// isWell asks a machine's own systemd and cloud-init whether all came up, and under
// whom; a service of LabLink may not have more rights than is written down.
func (m guest) isWell(t *testing.T, service string) {
	t.Helper()
	require.Regexp(t, `(?m)^status: done$`, m.run(t, "cloud-init", "status", "--wait"))
	require.Empty(t, m.failed(t))
	require.Equal(t, "active", m.run(t, "systemctl", "is-active", service))
	pid := m.run(t, "systemctl", "show", "--property=MainPID", "--value", service)
	require.Equal(t, "lablink lablink", m.run(t, "stat", "--format=%U %G", "/proc/"+pid))
	require.Empty(t, m.run(t, "sh", "-c", "find /etc/systemd/system -maxdepth 1 -type f -name 'lablink-*' ! -name lablink-remote.service -exec systemd-analyze verify {} + 2>&1"), "systemd has something to say of the units") // of those whose program is here
	m.userDataIsClean(t)
	m.isHardened(t, service)
}

// failed are the units that failed, once the system has come up. What makes a file
// system larger needs a right that root on this computer may not have.
func (m guest) failed(t *testing.T) []string {
	t.Helper()
	_, _ = nspawn.Run(t.Context(), m.pid(t), "systemctl", "is-system-running", "--wait") // which fails where a unit did
	var out []string
	for line := range strings.Lines(m.run(t, "systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager")) {
		if strings.HasPrefix(line, "systemd-growfs@") && !mayResize(t) {
			t.Log("not tested here, for want of CAP_SYS_RESOURCE: " + line)
			continue
		}
		out = append(out, line)
	}
	return out
}

// mayResize reports whether who runs this test has CAP_SYS_RESOURCE.
func mayResize(t *testing.T) bool {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(raw), "CapEff:")
	require.True(t, found)
	rights, err := strconv.ParseUint(strings.Fields(rest)[0], 16, 64)
	require.NoError(t, err)
	return rights&(1<<unix.CAP_SYS_RESOURCE) != 0
}

// exposure is how systemd-analyze sums a service up, from 0 (no rights) to 10.
var exposure = regexp.MustCompile(`Overall exposure level for (\S+): (\d+\.\d)`)

// mostExposure is the ceiling of what is written down.
const mostExposure = 4.0

// isHardened compares how exposed a service is with what is written down.
func (m guest) isHardened(t *testing.T, service string) {
	t.Helper()
	found := exposure.FindStringSubmatch(m.run(t, "systemd-analyze", "security", "--no-pager", service))
	require.NotNil(t, found)
	score, err := strconv.ParseFloat(found[2], 64)
	require.NoError(t, err)
	require.Less(t, score, mostExposure, service)
	golden := filepath.Join("testdata", "exposure", service)
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(found[2]+"\n"), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(string(want)), found[2], "the exposure of %s, of 10: if that is meant, make test-boot TESTFLAGS=-update writes %s", service, golden)
}

// servesFromItsVolume looks whether the data lie on the data volume, by its UUID.
func (m guest) servesFromItsVolume(t *testing.T) {
	t.Helper()
	require.Regexp(t, `^/dev/loop\d+ ext4$`, m.run(t, "findmnt", "--noheadings", "--output=SOURCE,FSTYPE", "/var/lib/lablink"))
	require.Regexp(t, `(?m)^UUID=\S+ /var/lib/lablink ext4 `, m.run(t, "cat", "/etc/fstab"))
	require.Equal(t, "lablink 600", m.run(t, "stat", "--format=%U %a", "/var/lib/lablink/lablink.db"))
}

// userDataIsClean looks at the script that cloud-init ran: the one that the program
// rendered, byte by byte, of which shellcheck finds nothing. It is no cloud-config,
// which is all that the schema of that has to say.
func (m guest) userDataIsClean(t *testing.T) {
	t.Helper()
	const ran = "/var/lib/cloud/instance/scripts/part-001"
	script, err := nspawn.Run(t.Context(), m.pid(t), "cat", ran)
	require.NoError(t, err)
	rendered, err := os.ReadFile(filepath.Join(m.dir, "upper/var/lib/cloud/seed/nocloud/user-data"))
	require.NoError(t, err)
	require.Equal(t, string(rendered), script)
	file := filepath.Join(t.TempDir(), "user-data.sh")
	require.NoError(t, os.WriteFile(file, []byte(script), 0o644))
	said, err := exec.CommandContext(t.Context(), "shellcheck", "--severity=style", file).CombinedOutput()
	require.NoError(t, err, "%s", said)
	schema, err := nspawn.Run(t.Context(), m.pid(t), "cloud-init", "schema", "--config-file", ran)
	require.Error(t, err)
	require.Equal(t, "Cloud config schema errors: format-l1.c1: File "+ran+" needs to begin with \"#cloud-config\"", strings.TrimSpace(strings.TrimPrefix(schema, "Error:\n")))
}

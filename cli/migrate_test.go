package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli"
)

const oldState = "terraform/testdata/template.tfstate"

// copied is a state in a folder of its own, with something in place of something else.
func copied(t *testing.T, change ...string) string {
	t.Helper()
	raw, err := os.ReadFile(oldState)
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "backup.tfstate")
	require.NoError(t, os.WriteFile(name, []byte(strings.NewReplacer(change...).Replace(string(raw))), 0o600))
	return name
}

func TestWithoutABackupOfTheStateNothingIsPlanned(t *testing.T) {
	linked := filepath.Join(t.TempDir(), "backup.tfstate")
	absolute, err := filepath.Abs(oldState)
	require.NoError(t, err)
	require.NoError(t, os.Symlink(absolute, linked))
	for says, backup := range map[string][]string{
		"There is no backup":          nil,
		"The backup is the state":     {"--backup", oldState},
		"are one file":                {"--backup", linked},
		"no such file":                {"--backup", linked + ".not"},
		"it is not JSON":              {"--backup", "migrate_test.go"},
		"Its serial is 41":            {"--backup", copied(t, `"serial": 42`, `"serial": 41`)},
		"It is of another deployment": {"--backup", "terraform/testdata/older.tfstate"},
	} {
		dir := filepath.Join(t.TempDir(), "migration")
		_, err := lablink(t, "", append([]string{"migrate", "terraform", "--stack", "prod", "--state", oldState, "--dir", dir}, backup...)...)
		require.ErrorContains(t, err, says)
		require.NotEqual(t, 0, cli.ExitCode(err))
		require.NoDirExists(t, dir)
	}
}

func TestAMigrationIsPlannedIntoAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "migration")
	args := []string{
		"migrate", "terraform", "--stack", "prod", "--state", oldState, "--backup", copied(t),
		"--config", "terraform/testdata/config.yaml", "--dir", dir,
	}
	for range 2 { // a later plan takes the place of an earlier one
		said := must(t, "", args...)
		for _, name := range []string{"report.md", "import.json", "Pulumi.prod.yaml"} {
			require.FileExists(t, filepath.Join(dir, name))
			require.Contains(t, said, filepath.Join(dir, name))
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "import.json"))
	require.NoError(t, err)
	require.JSONEq(t, string(raw), must(t, "", append(args, "--json")...))
	var list struct{ Resources []struct{ Name, ID string } }
	require.NoError(t, json.Unmarshal(raw, &list))
	ids := map[string]string{}
	for _, r := range list.Resources {
		ids[r.Name] = r.ID
	}
	require.Equal(t, map[string]string{
		"host": "", "host-address": "eipalloc-0a1b2c3d4e5f60718", "dns": "", "dns-record": "Z0123456789ABCDEFGHIJ_lab.example.org_A",
	}, ids)
}

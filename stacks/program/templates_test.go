package program_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// templates are the files that stacks are made from, by their names.
func templates(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../templates/*.yaml")
	require.NoError(t, err)
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(filepath.Base(f), ".yaml"))
	}
	return out
}

// templateOf is a run of a stack that is configured by a template.
func templateOf(t *testing.T, name string) *run {
	t.Helper()
	config, err := recording.ReadStackFile("../..", filepath.Join("../templates", name+".yaml"))
	require.NoError(t, err)
	config["lablink:deployment"], config[token] = deployment, "secret-token"
	return newRun(t, name, config)
}

func TestEveryTemplateIsDeclaredAndKeepsTheGuardrails(t *testing.T) {
	assert.Equal(t, []string{"acm", "acme-manual", "acme-route53", "cloudflare", "dev", "end-to-end", "existing-vpc", "ha-postgres", "ip-only", "spot"}, templates(t))
	for _, name := range templates(t) {
		recorded, err := templateOf(t, name).do(recording.Preview)
		require.NoError(t, err, name)
		keepsGuardrails(t, recorded, name)
		assert.Equal(t, name == "acme-manual", strings.Contains(strings.Join(recorded.Notes, "\n"), "make this one by hand: type A, name lab.example.org"), name)
	}
}

// A Region by default would be somebody's by mistake.
func TestEveryStackFileSaysItsRegion(t *testing.T) {
	files, err := filepath.Glob("../../Pulumi.*.yaml")
	require.NoError(t, err)
	more, err := filepath.Glob("../templates/*.yaml")
	require.NoError(t, err)
	require.Greater(t, len(files)+len(more), 12)
	for _, name := range append(files, more...) {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		without := regexp.MustCompile(`(?m)^  aws:region: .*\n`).ReplaceAll(raw, nil)
		require.NotEqual(t, raw, without, "%s has a Region", name)
		file := filepath.Join(t.TempDir(), "Pulumi.test.yaml")
		require.NoError(t, os.WriteFile(file, without, 0o600))
		config, err := recording.ReadStackFile("../..", file)
		require.NoError(t, err)
		_, err = settings.Load("test", config)
		assert.ErrorContains(t, err, "aws:region is not set\n    fix: set it, for example to us-west-2", name)
	}
}

// What is committed here is read by people who have not changed it yet.
func TestStackFilesNameNobodysResources(t *testing.T) {
	files, err := filepath.Glob("../../Pulumi.*.yaml")
	require.NoError(t, err)
	more, err := filepath.Glob("../templates/*.yaml")
	require.NoError(t, err)
	for _, name := range append(files, more...) {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		for line := range strings.Lines(string(raw)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			switch key {
			case "domain", "email":
				assert.Regexp(t, `(^|[.@])example\.org$`, value, "%s of %s", key, name)
			case "id":
				if !strings.HasPrefix(value, "ami-") {
					assert.Equal(t, `"123456789012"`, value, "%s of %s", key, name)
				}
			case "zoneId", "certificateArn":
				t.Errorf("%s names a %s", name, key)
			}
		}
	}
}

package provenance_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/infra/release/provenance"
)

var github = map[string]string{
	"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "lab/link", "GITHUB_REF": "refs/tags/v1.2.0",
	"GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567", "GITHUB_WORKFLOW_REF": "lab/link/.github/workflows/release.yml@refs/tags/v1.2.0",
	"GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "2",
}

func read(variables map[string]string) (provenance.Run, error) {
	return provenance.FromEnvironment(func(name string) (string, bool) { v, ok := variables[name]; return v, ok })
}

func TestProvenanceNamesCommitCompilersAndRun(t *testing.T) {
	run, err := read(github)
	require.NoError(t, err)
	raw, err := run.Predicate(release.Toolchain{Go: "go1.26.8", CC: "gcc 12"})
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"buildDefinition": {
			"buildType": "https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters": {"workflow": {"repository": "https://github.com/lab/link", "ref": "refs/tags/v1.2.0", "path": ".github/workflows/release.yml"}},
			"internalParameters": {"toolchain": {"go": "go1.26.8", "cc": "gcc 12"}},
			"resolvedDependencies": [{"uri": "git+https://github.com/lab/link@refs/tags/v1.2.0", "digest": {"gitCommit": "0123456789abcdef0123456789abcdef01234567"}}]
		},
		"runDetails": {
			"builder": {"id": "https://github.com/lab/link/.github/workflows/release.yml@refs/tags/v1.2.0"},
			"metadata": {"invocationId": "https://github.com/lab/link/actions/runs/42/attempts/2"}
		}
	}`, string(raw))
}

func TestOutsideARunThereIsNoProvenance(t *testing.T) {
	for name := range github {
		less := maps.Clone(github)
		delete(less, name)
		_, err := read(less)
		assert.ErrorContains(t, err, "which has "+name+":")
	}
	_, err := read(nil)
	assert.ErrorContains(t, err, "GITHUB_REF, GITHUB_REPOSITORY, ")
}

func TestAWorkflowOfAnotherRepositoryIsNotThisOnes(t *testing.T) {
	other := maps.Clone(github)
	other["GITHUB_WORKFLOW_REF"] = "else/where/.github/workflows/release.yml@refs/heads/main"
	run, err := read(other)
	require.NoError(t, err)
	_, err = run.Predicate(release.Toolchain{})
	assert.ErrorContains(t, err, "no workflow of lab/link")
}

package recording_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

const project = `
name: lablink
runtime: go
config:
  aws:region: {value: us-west-2}
  lablink:kind: {type: string, default: environment}
  lablink:pools: {type: array, items: {type: object}, default: []}
  lablink:dns: {type: object, default: {}}
`

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(content), 0o600))
	}
	return root
}

func TestAStackFileIsReadAsTheEngineHandsItOver(t *testing.T) {
	root := write(t, map[string]string{"Pulumi.yaml": project, "Pulumi.test.yaml": `
config:
  lablink:kind: account
  lablink:protection: true
  lablink:account: {id: "012345678901"}
  lablink:pools: [{name: gpu, maxMachines: 3}]
`})
	got, err := recording.StackFile(root, "test")
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"aws:region": "us-west-2", "lablink:kind": "account", "lablink:protection": "true", "lablink:account": `{"id":"012345678901"}`,
		"lablink:pools": `[{"maxMachines":3,"name":"gpu"}]`, "lablink:dns": "{}",
	}, got)
}

func TestAStackFileThatCannotBeReadIsAnError(t *testing.T) {
	_, err := recording.StackFile(write(t, nil), "test")
	assert.ErrorContains(t, err, "read the project")
	_, err = recording.StackFile(write(t, map[string]string{"Pulumi.yaml": project, "Pulumi.test.yaml": "config: [1]"}), "test")
	assert.ErrorContains(t, err, "read the stack file")
}

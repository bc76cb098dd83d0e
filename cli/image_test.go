package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli"
	"github.com/talmolab/lablink-infrastructure/infra/image"
)

// catalog is what AWS answers.
type catalog struct{ region string }

func (c *catalog) Parameter(_ context.Context, name string) (string, error) {
	return map[string]string{
		"/x": "ami-0000000000000000a", image.DebianParameter("arm64"): "ami-0000000000000000d", image.DebianParameter("x86_64"): "ami-0000000000000000e",
	}[name], nil
}

func (c *catalog) Newest(_ context.Context, pipeline string) (string, error) {
	return map[string]string{"gpu": "ami-0000000000000000b"}[pipeline], nil
}

func (c *catalog) Architecture(_ context.Context, instanceType string) (string, error) {
	return map[string]string{"t4g.small": "arm64", "t3.small": "x86_64"}[instanceType], nil
}

const unpinned = `config:
  aws:region: eu-west-1
  lablink:allocator:
    instanceType: t3.small # cheap
  lablink:pools:
    - name: a
      image: {ssmParameter: /x}
    - name: b
      image: {id: ami-0000000000000000c, pipeline: gpu}
    - name: c
      image: {id: ami-0000000000000000f}
`

// pin runs lablink image pin on a stack's file and returns what it printed and
// what the file is then.
func pin(t *testing.T, content string, args ...string) (printed, file string, region string, err error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "Pulumi.test.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("config: {lablink:kind: {type: string}}\n"), 0o600))
	var c cli.Commands
	var out bytes.Buffer
	fake := &catalog{}
	c.Out, c.OpenImages = &out, func(_ context.Context, region string) (cli.Images, error) { fake.region = region; return fake, nil }
	parser, err := kong.New(&c, kong.Bind(&c.Globals), kong.BindTo(t.Context(), (*context.Context)(nil)))
	require.NoError(t, err)
	command, err := parser.Parse(append([]string{"image", "pin", "--dir", dir, "test"}, args...))
	require.NoError(t, err)
	err = command.Run(&c.Globals)
	raw, failed := os.ReadFile(path)
	require.NoError(t, failed)
	return out.String(), string(raw), fake.region, err
}

func TestImagesThatMoveArePinnedInTheStacksFile(t *testing.T) {
	printed, file, region, err := pin(t, unpinned, "--host", "--json")
	require.NoError(t, err)
	require.Equal(t, "eu-west-1", region)
	require.Equal(t, `config:
  aws:region: eu-west-1
  lablink:allocator:
    ami: ami-0000000000000000e
    instanceType: t3.small # cheap
  lablink:pools:
    - name: a
      image: {id: ami-0000000000000000a, ssmParameter: /x}
    - name: b
      image: {id: ami-0000000000000000b, pipeline: gpu}
    - name: c
      image: {id: ami-0000000000000000f}
`, file)
	var said []map[string]string
	require.NoError(t, json.Unmarshal([]byte(printed), &said))
	require.Equal(t, []map[string]string{
		{"key": "lablink:pools[0].image.id", "from": "/x", "id": "ami-0000000000000000a", "was": ""},
		{"key": "lablink:pools[1].image.id", "from": "pipeline gpu", "id": "ami-0000000000000000b", "was": "ami-0000000000000000c"},
		{"key": "lablink:allocator.ami", "from": image.DebianParameter("x86_64"), "id": "ami-0000000000000000e", "was": ""},
	}, said)
}

func TestOnePoolIsPinnedAloneAndAHostWithoutATypeIsTheUsualOne(t *testing.T) {
	_, file, _, err := pin(t, unpinned, "b")
	require.NoError(t, err)
	require.Contains(t, file, "{id: ami-0000000000000000b, pipeline: gpu}")
	require.Contains(t, file, "{ssmParameter: /x}")
	_, file, _, err = pin(t, "config:\n  aws:region: x\n", "--host")
	require.NoError(t, err)
	require.Equal(t, "config:\n  lablink:allocator: {ami: ami-0000000000000000d}\n  aws:region: x\n", file, "Debian for arm64, as t4g.small")
}

func TestWhatIsOnlyPrintedIsNotWritten(t *testing.T) {
	printed, file, _, err := pin(t, unpinned, "--print")
	require.NoError(t, err)
	require.Contains(t, printed, "ami-0000000000000000a")
	require.Contains(t, printed, "not pinned")
	require.Equal(t, unpinned, file)
}

func TestWhatCannotBePinnedIsSaidAndChangesNothing(t *testing.T) {
	for _, c := range []struct {
		why, content string
		args         []string
		says         string
		code         int
	}{
		{"a pool that is not there", unpinned, []string{"d"}, `Stack test has no pool "d"`, 4},
		{"an image by its id alone", unpinned, []string{"c"}, "names neither a parameter nor a pipeline", 2},
		{"a pipeline that has built nothing", "config:\n  aws:region: x\n  lablink:pools: [{name: a, image: {ssmParameter: /x}}, {name: b, image: {pipeline: new}}]\n", nil, "Pipeline new has built none", 4},
		{"the stack of an account", "config:\n  lablink:kind: account\n  lablink:pools: [{name: a, image: {pipeline: gpu, ssmParameter: /x}}]\n", nil, "starts no machines", 2},
		{"no Region", "config:\n  lablink:pools: [{name: a, image: {ssmParameter: /x}}]\n", nil, "write aws:region into Pulumi.test.yaml", 2},
		{"no image that moves", "config:\n  aws:region: x\n  lablink:pools: [{name: a, image: {id: ami-1}}]\n", nil, "nothing to pin", 2},
	} {
		_, file, _, err := pin(t, c.content, c.args...)
		require.ErrorContains(t, err, c.says, c.why)
		require.Equal(t, c.code, cli.ExitCode(err), c.why)
		require.Equal(t, c.content, file, c.why)
	}
}

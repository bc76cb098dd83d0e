package stackfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/stackfile"
)

const id = "ami-0123456789abcdef0"

// file is a stack's file in a project.
func file(t *testing.T, content string) (f *stackfile.File, path string) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "Pulumi.test.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("name: lablink\nconfig:\n  aws:region: {value: us-west-2}\n"), 0o600))
	f, err := stackfile.Read(dir, "test")
	require.NoError(t, err)
	return f, path
}

// set pins an image of a file and returns what the file is then.
func set(t *testing.T, content string, pin func(*stackfile.File) error) string {
	t.Helper()
	f, path := file(t, content)
	require.NoError(t, pin(f))
	require.NoError(t, f.Write())
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}

func TestAPinChangesOneValueAndLeavesTheRestAsItWasWritten(t *testing.T) {
	pool := func(f *stackfile.File) error { return f.SetImage("gpu", id) }
	host := func(f *stackfile.File) error { return f.SetHost(id) }
	for _, c := range []struct {
		why, before, after string
		pin                func(*stackfile.File) error
	}{
		{
			"beside a parameter, with comments and blank lines",
			"# Ours.\nconfig:\n  lablink:pools:   # two\n    - name: big\n      image: {id: ami-1}\n\n    - name: gpu\n      # Where it is from:\n      image:\n        ssmParameter: /x   # AWS's\n      maxMachines: 5\n",
			"# Ours.\nconfig:\n  lablink:pools:   # two\n    - name: big\n      image: {id: ami-1}\n\n    - name: gpu\n      # Where it is from:\n      image:\n        id: " + id + "\n        ssmParameter: /x   # AWS's\n      maxMachines: 5\n",
			pool,
		},
		{
			"in the place of an older one",
			"config:\n  lablink:pools:\n    - image:\n        pipeline: gpu\n        id: \"ami-0000000000000000a\" # last month\n      name: gpu\n",
			"config:\n  lablink:pools:\n    - image:\n        pipeline: gpu\n        id: " + id + " # last month\n      name: gpu\n",
			pool,
		},
		{
			"within braces", "config:\n  lablink:pools: [{name: gpu, image: {pipeline: gpu}}] # short\n",
			"config:\n  lablink:pools: [{name: gpu, image: {id: " + id + ", pipeline: gpu}}] # short\n", pool,
		},
		{
			"in place within braces", "config:\n  lablink:pools: [{name: gpu, image: {pipeline: gpu, id: 'ami-00000001'}}]\n",
			"config:\n  lablink:pools: [{name: gpu, image: {pipeline: gpu, id: " + id + "}}]\n", pool,
		},
		{
			"behind a key without a value, and letters of more bytes", "config:\n  x: Größe # ü\n  lablink:pools:\n    - name: gpu\n      image:\n        id:\n        pipeline: gpu",
			"config:\n  x: Größe # ü\n  lablink:pools:\n    - name: gpu\n      image:\n        id: " + id + "\n        pipeline: gpu", pool,
		},
		{
			"the host's, beside its type", "config:\n  lablink:allocator:\n    instanceType: t4g.medium\n  x: y\n",
			"config:\n  lablink:allocator:\n    ami: " + id + "\n    instanceType: t4g.medium\n  x: y\n", host,
		},
		{"the host's, which has no settings yet", "config:\n  aws:region: us-west-2\n", "config:\n  lablink:allocator: {ami: " + id + "}\n  aws:region: us-west-2\n", host},
		{"the host's, in place", "config:\n  lablink:allocator: {ami: ami-00000001}\n", "config:\n  lablink:allocator: {ami: " + id + "}\n", host},
	} {
		t.Run(c.why, func(t *testing.T) {
			after := set(t, c.before, c.pin)
			assert.Equal(t, c.after, after)
			assert.Equal(t, after, set(t, after, c.pin), "a second time changes nothing")
		})
	}
}

func TestAFileThatIsWrittenInAnotherWayIsLeftAlone(t *testing.T) {
	for why, c := range map[string]struct{ content, says string }{
		"no such pool":     {"config:\n  lablink:pools: [{name: big, image: {}}]\n", `has no pool "gpu"`},
		"no image":         {"config:\n  lablink:pools: [{name: gpu}]\n", "set lablink:pools[0].image.id"},
		"an image by name": {"config:\n  x: &image {pipeline: gpu}\n  lablink:pools: [{name: gpu, image: *image}]\n", "write " + id + " yourself"},
		"an id in parts":   {"config:\n  lablink:pools:\n    - name: gpu\n      image:\n        id: >\n          ami-1\n", "cannot be replaced"},
		"a list for an id": {"config:\n  lablink:pools: [{name: gpu, image: {id: [x]}}]\n", "what is there is no text"},
	} {
		f, path := file(t, c.content)
		assert.ErrorContains(t, f.SetImage("gpu", id), c.says, why)
		require.NoError(t, f.Write())
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, c.content, string(raw), why)
	}
}

func TestAFileSaysWhatItsPoolsAndItsHostAre(t *testing.T) {
	f, _ := file(t, `config:
  lablink:kind: environment
  lablink:allocator: {instanceType: t3.small, ami: ami-9}
  lablink:pools:
    - {name: a, image: {id: ami-1, pipeline: p}}
    - {name: b, image: {ssmParameter: /x}}
`)
	assert.Equal(t, []stackfile.Pool{{Name: "a", Image: stackfile.Image{ID: "ami-1", Pipeline: "p"}}, {Name: "b", Image: stackfile.Image{SSMParameter: "/x"}}}, f.Pools())
	kind, ami := f.Host()
	assert.Equal(t, []string{"t3.small", "ami-9", "environment", "us-west-2"}, []string{kind, ami, f.Kind(), f.Region()})
	f, _ = file(t, "config:\n  aws:region: eu-west-1\n")
	assert.Equal(t, "eu-west-1", f.Region(), "the stack's own")
	assert.Empty(t, f.Pools())
}

func TestWhatIsNoStackIsSaid(t *testing.T) {
	_, err := stackfile.Read(t.TempDir(), "prod")
	assert.ErrorContains(t, err, "Pulumi.prod.yaml: name a stack of this folder")
	for content, says := range map[string]string{"": "it has no config", "config: [": "read ", "- x\n": "it has no config"} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.test.yaml"), []byte(content), 0o600))
		_, err := stackfile.Read(dir, "test")
		assert.ErrorContains(t, err, says, content)
	}
}

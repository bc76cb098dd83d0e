package lablink_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// released is what make release writes, as far as publishing it goes.
var released = map[string]string{
	"lablink-allocator_linux_amd64": "1", "lablink-allocator_linux_arm64": "2", "lablink-agent_linux_amd64": "3", "lablink-agent_linux_arm64": "4",
	"release.json": `{"version": "v1.2.0", "toolchain": {"go": "go1.26.8", "cc": "gcc 12"}}`,
}

// Tools that write what they are asked for, and gh, which keeps what it is told.
var publishers = map[string]string{
	".lablink/bin/cyclonedx-gomod": `while [ "$1" != -output ]; do shift; done; echo "{\"of\": \"$3\"}" >"$2"`,
	".lablink/bin/cosign":          `while [ "$1" != --predicate ]; do shift; done; cp "$2" "$4"`,
	"path/gh":                      `echo "$*" >calls; ls >listed; sha256sum --check SHA256SUMS >checked`,
}

// What the workflow of releases runs, after the release is built.
func TestWhatIsPublishedIsDescribedAttestedAndSummed(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), mode))
	}
	for _, part := range []string{"Makefile", "go.mod", "go.sum", "api", "infra/release", "tools"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, part)), 0o755))
		out, err := exec.CommandContext(t.Context(), "cp", "-r", part, filepath.Join(dir, part)).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	for name, text := range released {
		write(".lablink/release/"+name, text, 0o644)
	}
	for name, does := range publishers {
		write(name, "#!/usr/bin/env bash\nset -eu\n"+does+"\n", 0o755)
		later := time.Now().Add(time.Hour) // than the module that it would be built from
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), later, later))
	}
	for _, target := range []string{"sbom", "provenance", "publish"} {
		cmd := exec.CommandContext(t.Context(), "make", target, "VERSION=v1.2.0")
		cmd.Dir = dir
		cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS") }),
			"PATH="+filepath.Join(dir, "path")+":"+os.Getenv("PATH"), "GITHUB_SERVER_URL=https://github.com", "GITHUB_REPOSITORY=lab/link",
			"GITHUB_REF=refs/tags/v1.2.0", "GITHUB_SHA=0123456789abcdef0123456789abcdef01234567", "GITHUB_RUN_ID=42", "GITHUB_RUN_ATTEMPT=1",
			"GITHUB_WORKFLOW_REF=lab/link/.github/workflows/release.yml@refs/tags/v1.2.0")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "make %s: %s", target, out)
	}

	read := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(dir, ".lablink/release", name))
		require.NoError(t, err)
		return string(raw)
	}
	for name := range released {
		assert.Contains(t, read(name+".sigstore.json"), `"gitCommit"`, name)
		assert.Contains(t, read("checked"), name+": OK\n", name)
		assert.Contains(t, read("checked"), name+".sigstore.json: OK\n", name)
		if name != "release.json" {
			assert.Contains(t, read(name+".cdx.json"), name)
			assert.Contains(t, read("checked"), name+".cdx.json: OK\n")
		}
	}
	assert.Contains(t, read("calls"), "release create v1.2.0 --verify-tag --generate-notes -- SHA256SUMS ")
	for listed := range strings.FieldsSeq(read("listed")) {
		if listed != "calls" && listed != "listed" {
			assert.Contains(t, read("calls"), " "+listed, "is published")
		}
	}
}

//go:build linux

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// root makes an empty LABLINK_ROOT whose settings file holds content.
func root(t *testing.T, content string) string {
	dir := t.TempDir()
	t.Setenv("LABLINK_ROOT", dir)
	if content != "" {
		write(t, filepath.Join(dir, "etc/lablink/agent.json"), content)
	}
	return dir
}

func write(t *testing.T, path, content string) string {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// told is the run command, which does nothing.
type told struct{ *runCommand }

func (told) run(context.Context, io.Writer) error { return nil }

// parse is what the run command was told.
func parse(t *testing.T, args ...string) (runCommand, error) {
	var c runCommand
	cmd := named("run", "", told{&c})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(append([]string{}, args...))
	err := cmd.ExecuteContext(t.Context())
	return c, err
}

func TestFlagsComeFromTheFileTheEnvironmentAndTheCommandLine(t *testing.T) {
	dir := root(t, `{"allocator_url": "https://file.test", "audience": "lablink/lab/test", "region": "us-west-2",
		"nvml": "simulated:a100", "some_later_setting": 1}`)
	want := runCommand{
		AllocatorURL: "https://file.test", Audience: "lablink/lab/test", Region: "us-west-2", NVML: "simulated:a100", Desktop: "none",
		StateDir: filepath.Join(dir, "var/lib/lablink-agent"), Home: filepath.Join(dir, "var/lib/lablink-home"),
	}
	got, err := parse(t)
	require.NoError(t, err)
	assert.Equal(t, want, got)

	t.Setenv("LABLINK_NVML", "simulated:h100x2")
	want.NVML = "simulated:h100x2"
	got, err = parse(t)
	require.NoError(t, err)
	assert.Equal(t, want, got, "the environment goes before the file")

	more := write(t, filepath.Join(dir, "more.json"), `{"region": "eu-west-1", "tls_name": "lab.test", "nvml": "real"}`)
	want.Region, want.TLSName = "eu-west-1", "lab.test"
	got, err = parse(t, "--config", more)
	require.NoError(t, err)
	assert.Equal(t, want, got, "a file that is named goes before the default one")

	want.AllocatorURL, want.NVML, want.StateDir = "http://10.0.0.1", "real", "/elsewhere"
	got, err = parse(t, "--config", more, "--allocator-url=http://10.0.0.1", "--nvml=real", "--state-dir=/elsewhere")
	require.NoError(t, err)
	assert.Equal(t, want, got, "the command line goes before everything")
}

func TestFlagsThatCannotWorkAreNamed(t *testing.T) {
	good := []string{"--allocator-url=http://x.test", "--audience=a", "--region=r"}
	for want, args := range map[string][]string{
		"--allocator-url":                  {"--audience=a", "--region=r"},
		"--audience":                       {"--allocator-url=http://x.test", "--region=r"},
		"--region":                         {"--allocator-url=http://x.test", "--audience=a"},
		"give a whole address":             append(good, "--allocator-url=lab.example.org"),
		"give real or simulated:":          append(good, "--nvml=fake"),
		"choose one of a100":               append(good, "--nvml=simulated:voodoo"),
		"give vnc, container, crd or none": append(good, "--desktop=wayland"),
		"no such file":                     append(good, "--config=/does/not/exist.json"),
		"give the whole address":           {"--join=https://lab.example.org"},
		"unknown flag: --allocator-urll":   append(good, "--allocator-urll=x"),
	} {
		root(t, "")
		_, err := parse(t, args...)
		assert.ErrorContains(t, err, want)
	}
	for settings, want := range map[string]string{
		"{": "unexpected end", `{"state_dir": true}`: "state_dir is true, which is no string", `{"allow_inject": "perhaps"}`: `invalid argument "perhaps" for "--allow-inject"`,
	} {
		root(t, settings)
		_, err := parse(t, good...)
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "etc/lablink/agent.json")
	}
	root(t, `{"allow_inject": true}`)
	c, err := parse(t, good...)
	assert.NoError(t, err)
	assert.True(t, c.AllowInject)
}

func TestAMachineOfOnesOwnNeedsNoOtherSetting(t *testing.T) {
	root(t, "")
	got, err := parse(t, "--join=https://lab.example.org/#lbj_abc")
	require.NoError(t, err)
	assert.Equal(t, []string{"https://lab.example.org", "lbj_abc"}, []string{got.AllocatorURL, got.token})
	assert.Nil(t, got.notices(), "it may have no instance metadata, and nobody takes it back")
	got.token = ""
	assert.NotNil(t, got.notices())
}

func TestTheVersionIsPrinted(t *testing.T) {
	root(t, "")
	var out bytes.Buffer
	require.NoError(t, execute(t.Context(), []string{"version"}, &out))
	assert.Equal(t, "dev\n", out.String())
}

func TestWhatNothingIsSetOfReadsNoSettings(t *testing.T) {
	root(t, "{")
	require.NoError(t, execute(t.Context(), []string{"version"}, io.Discard))
	require.ErrorContains(t, execute(t.Context(), []string{"inject", "clear"}, io.Discard), "etc/lablink/agent.json")
}

// Elsewhere the program says that it serves Linux alone: it has to be one there.
func TestWhatIsForLinuxSaysSo(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		if name != "elsewhere.go" {
			assert.Regexp(t, `^//go:build !?linux\n`, string(raw), name)
		}
	}
}

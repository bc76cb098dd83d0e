package proc_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/proc"
)

// run runs a program, until the test ends, of which the first line was read.
func run(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	_, err = cmd.StdinPipe() // from which nothing comes
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = out.Read(make([]byte, 1))
	require.NoError(t, err)
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

func TestProgramsAreFoundByWhatPeopleCallThem(t *testing.T) {
	dir := t.TempDir()
	script := func(name, head string) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(head+"\necho up\nread -r line\n"), 0o700))
		return file
	}
	run(t, script("lablink-test-with-a-long-name", "#!/bin/bash"))
	run(t, "/bin/bash", script("lablink-other.sh", ""))
	want := []string{"lablink-test-with-a-long-name", "lablink-other"}
	got, err := proc.Programs{}.Running(append(want, "lablink-none", "lablink-othe", "other"))
	require.NoError(t, err)
	assert.Len(t, got, 2)
	for _, name := range want {
		assert.Contains(t, got, name)
	}
}

// fake writes /proc of a machine.
func fake(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	}
	return dir
}

const stat = "7 (python3.11) S 1 7 7 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 100 1000 10 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

func TestAModuleThatAnInterpreterRunsIsFound(t *testing.T) {
	for args, name := range map[string]string{
		"/opt/conda/bin/python3.11\x00-m\x00sleap.nn.training\x00x\x00": "sleap",
		"python3.11\x00-u\x00/home/x/train.py\x00":                      "train",
		"Rscript\x00fit.R\x00":                                          "fit",
	} {
		dir := fake(t, map[string]string{"7/comm": "python3.11\n", "7/cmdline": args, "7/stat": stat})
		got, err := proc.Programs{Dir: dir}.Running([]string{name, "conda"})
		require.NoError(t, err)
		assert.Equal(t, map[string]agent.Processes{name: {7: 2 * time.Second}}, got, args)
	}
}

func TestAMachineSaysWhatItIsLike(t *testing.T) {
	facts := proc.Host{Disk: filepath.Join(t.TempDir(), "not", "yet")}.Facts()
	require.NotNil(t, facts.DiskFree)
	assert.Positive(t, *facts.DiskTotal)
	assert.LessOrEqual(t, *facts.DiskFree, *facts.DiskTotal)
	assert.Positive(t, *facts.MemoryTotal)
	assert.Positive(t, facts.CPUs)
	assert.NotNil(t, facts.Load)

	dir := fake(t, map[string]string{"vmstat": "nr_free_pages 1\noom_kill 3\npgpgin 1\n", "loadavg": "1.50 1 1 1/2 3\n"})
	facts = proc.Host{Dir: dir, Disk: "/"}.Facts()
	assert.Equal(t, []any{uint64(3), 1.5}, []any{*facts.OutOfMemory, *facts.Load})
	assert.Nil(t, facts.MemoryTotal, "what is not known is absent")
}

func TestAProcessIsAProgramsWhoseAncestorIs(t *testing.T) {
	child := func(pid, parent string) string {
		return strings.Replace(strings.Replace(stat, "7 (", pid+" (", 1), "S 1 ", "S "+parent+" ", 1)
	}
	p := proc.Programs{Dir: fake(t, map[string]string{
		"5/comm": "xfce4-session\n", "5/cmdline": "xfce4-session\x00", "5/stat": child("5", "1"),
		"7/comm": "python3.11\n", "7/cmdline": "python3\x00/opt/sleap-label\x00", "7/stat": child("7", "5"),
		"9/comm": "viewer\n", "9/cmdline": "viewer\x00", "9/stat": child("9", "7"),
		"11/comm": "round\n", "11/cmdline": "round\x00", "11/stat": child("11", "11"),
	})}
	names := []string{"blender", "sleap-label"}
	for process, want := range map[int]string{7: "sleap-label", 9: "sleap-label", 5: "", 11: "", 4711: ""} {
		assert.Equal(t, want, p.Of(process, names), process)
	}
}

package laptop_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/doctor/laptop"
)

// program writes one that does something.
func program(t *testing.T, path, does string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+does+"\n"), 0o755))
}

func TestAProgramIsFoundOnThePATHOrWhereMakeBuildsAnEngine(t *testing.T) {
	l := laptop.Laptop{Dir: t.TempDir()}
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	require.Empty(t, l.Find("pulumi"))
	built := filepath.Join(l.Dir, ".lablink", "engine", "pulumi")
	program(t, built, "echo v3")
	require.Equal(t, built, l.Find("pulumi"))
	own := filepath.Join(bin, "pulumi")
	program(t, own, "echo v4")
	require.Equal(t, own, l.Find("pulumi"), "the PATH goes before")
}

func TestAProgramRunsInTheWorkingCopyAndSaysWhatFailed(t *testing.T) {
	l := laptop.Laptop{Dir: t.TempDir()}
	at := filepath.Join(t.TempDir(), "tool")
	program(t, at, `test "$1" != fail || { echo no such thing >&2; exit 3; }; /bin/pwd`)
	out, err := l.Output(t.Context(), at)
	require.NoError(t, err)
	require.Equal(t, l.Dir, out)
	_, err = l.Output(t.Context(), at, "fail")
	require.ErrorContains(t, err, "exit status 3: no such thing")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Output(ended, at)
	require.ErrorIs(t, err, context.Canceled)
}

func TestAFolderThatIsNotThereYetHasTheRoomOfTheOneAboveIt(t *testing.T) {
	l := laptop.Laptop{Dir: t.TempDir()}
	here, err := l.Free(".")
	require.NoError(t, err)
	below, err := l.Free(filepath.Join(l.Dir, "a", "b"))
	require.NoError(t, err)
	require.InDelta(t, here, below, 1)
}

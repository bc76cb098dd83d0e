package launcher

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// newWorkspace is that of an empty working copy; said is what people read.
func newWorkspace(t *testing.T) (w *Workspace, said *bytes.Buffer) {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, "Pulumi.yaml"), "name: lablink\n", 0o644)
	said = &bytes.Buffer{}
	w, err := Find(root, said)
	require.NoError(t, err)
	return w, said
}

func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(text), mode))
}

func TestTheWorkingCopyIsFoundFromAnyFolderInIt(t *testing.T) {
	t.Setenv("LABLINK_PORT", "")
	w, _ := newWorkspace(t)
	inside := filepath.Join(w.Root, "a", "b")
	require.NoError(t, os.MkdirAll(inside, 0o755))
	again, err := Find(inside, w.Out)
	require.NoError(t, err)
	require.Equal(t, w.Root, again.Root)
	require.Equal(t, filepath.Join(w.Root, ".lablink", "x"), again.path("x"))
	require.Equal(t, "127.0.0.1:8080", again.Door)
	_, err = Find(t.TempDir(), w.Out)
	require.ErrorContains(t, err, "is not inside a working copy of LabLink")
}

func TestThePortOfThePageIsChosenByAVariable(t *testing.T) {
	t.Setenv("LABLINK_PORT", "8090")
	w, _ := newWorkspace(t)
	require.Equal(t, "127.0.0.1:8090", w.Door)
}

func TestOneMakeWorksInAWorkspaceAtATime(t *testing.T) {
	w, _ := newWorkspace(t)
	unlock, err := w.Lock()
	require.NoError(t, err)
	_, err = w.Lock()
	require.EqualError(t, err, "another make is at work in this folder: wait until it is done")
	unlock()
	unlock, err = w.Lock()
	require.NoError(t, err)
	unlock()
}

func TestAPortThatIsTakenIsSaidBeforeAnythingIsDone(t *testing.T) {
	w, _ := newWorkspace(t)
	l, err := net.Listen("tcp", "127.79.0.1:0") // where nobody else takes it once it is free again
	require.NoError(t, err)
	w.Door = l.Addr().String()
	err = w.checkDoor(t.Context())
	require.ErrorContains(t, err, "the page would be at http://"+w.Door+", but that port is taken")
	require.ErrorContains(t, err, "choose another one with LABLINK_PORT=8090 make up")
	require.NoError(t, l.Close())
	require.NoError(t, w.checkDoor(t.Context()))
}

func TestAStepThatFailsSaysWhatWasBeingDone(t *testing.T) {
	w, said := newWorkspace(t)
	err := w.step("Building the engine", func() error { return errors.New("no space") })
	require.EqualError(t, err, "building the engine: no space")
	require.Equal(t, "• Building the engine\n", said.String())
}

func TestACommandIsHeardOnlyWhenItFails(t *testing.T) {
	w, said := newWorkspace(t)
	require.NoError(t, w.quietly(t.Context(), exec.Command("sh", "-c", "echo fine")))
	require.Empty(t, said.String())
	err := w.quietly(t.Context(), exec.Command("sh", "-c", "seq 100; exit 3"))
	require.ErrorContains(t, err, "exit status 3\n71\n")
	require.True(t, strings.HasSuffix(err.Error(), "\n100"), "the last thirty lines: %s", err)
}

func TestWhatIsMissingIsNamedWithHowToGetIt(t *testing.T) {
	w, _ := newWorkspace(t)
	t.Setenv("PATH", t.TempDir())
	err := w.Check(t.Context())
	for _, want := range []string{"cc, which compiles", "git, which tells", "apt-get install -y --no-install-recommends gcc libc6-dev git curl bash"} {
		require.ErrorContains(t, err, want)
	}
}

func TestAPreviewOfAStackThatIsNotThereNamesThoseThatAre(t *testing.T) {
	w, _ := newWorkspace(t)
	for _, name := range []string{"local", "prod"} {
		write(t, filepath.Join(w.Root, "Pulumi."+name+".yaml"), "config: {}\n", 0o644)
	}
	err := w.Preview(t.Context(), "staging")
	require.EqualError(t, err, `there is no stack "staging": it would be configured in Pulumi.staging.yaml; there are local, prod`)
}

func TestTheEnvironmentNeedsASimulatorThatRuns(t *testing.T) {
	w, _ := newWorkspace(t)
	require.EqualError(t, w.Env(t.Context()), "the simulated AWS account does not run: make up starts it")
}

func TestTooLittleRoomIsSaidWithWhereAndWhatFor(t *testing.T) {
	w, _ := newWorkspace(t)
	t.Setenv("GOCACHE", filepath.Join(t.TempDir(), "not", "there", "yet"))
	_, err := freeGiB(os.Getenv("GOCACHE"))
	require.NoError(t, err, "a folder that is not there yet will be on its parent's disk")
	rooms[1].gib = 1 << 40
	t.Cleanup(func() { rooms[1].gib = 4 })
	err = w.checkRoom(t.Context())
	require.ErrorContains(t, err, os.Getenv("GOCACHE"))
	require.ErrorContains(t, err, "what Go builds")
	write(t, w.path("bin", "stacks"), "", 0o755)
	require.NoError(t, w.checkRoom(t.Context()), "what is built needs no more")
}

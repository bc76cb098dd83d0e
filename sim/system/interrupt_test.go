package system

import (
	"bufio"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever moment a deployment is cut short at, the next one goes on from there,
// and nothing is there twice.
func TestMakeUpGoesOnFromWhereverItWasCutShort(t *testing.T) {
	l, begun := find(t), false
	for _, cut := range []struct {
		at  string
		how func(*testing.T, int)
	}{
		{"Starting the simulated AWS account", l.powerCut},
		{"Deploying", interrupt},
		{"network-vpc creating", l.powerCut},
		{"host-data creating", l.powerCut},
		{"host-profile creating", interrupt},
		{"host-instance creating", l.powerCut},
		{waiting, interrupt},
		{waiting, l.powerCut},
	} {
		made, creates := strings.CutSuffix(cut.at, " creating")
		if begun && creates && l.has(t, made) { // it was made beside another one, before make was cut short at that
			t.Logf("%s is there already", made)
			continue
		}
		l.cutShort(t, "up", cut.at, cut.how)
		begun = begun || creates
	}
	l.make(t, "up")
	l.plain(t, "pulumi refresh -s local --yes --skip-preview")
	l.plain(t, "pulumi preview -s local --expect-no-changes")
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	state, err := account.State(t.Context())
	require.NoError(t, err)
	require.Len(t, state.Instances, 1, "the host is there once")
	l.answers(t)

	l.cutShort(t, "down", "deleting", l.powerCut)
	l.make(t, "down")
	l.nothingRuns(t)
}

// waiting is said last. An allocator that is there already answers at once: what is cut short
// then may be done.
const waiting = "Waiting until the allocator answers"

// cutShort calls make and ends it when it says something that holds text.
func (l *local) cutShort(t *testing.T, target, text string, how func(*testing.T, int)) {
	t.Helper()
	cmd := l.command(t.Context(), target)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = cmd.Stdout
	require.NoError(t, cmd.Start())
	said, cut := "", false
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		said += lines.Text() + "\n"
		if !cut && strings.Contains(lines.Text(), text) {
			cut = true
			how(t, cmd.Process.Pid)
		}
	}
	err = cmd.Wait()
	t.Logf("make %s, cut short at %q\n%s", target, text, said)
	require.True(t, cut, "it did not say %q", text)
	require.True(t, err != nil || text == waiting && strings.Contains(said, "LabLink runs"), "it was not cut short")
}

// has reports whether the stack, which there is, has a resource.
func (l *local) has(t *testing.T, name string) bool {
	t.Helper()
	p, err := l.Pulumi(t.Context())
	require.NoError(t, err)
	return resources(t, p, "local")[name] != ""
}

// interrupt is Ctrl-C.
func interrupt(t *testing.T, group int) {
	t.Helper()
	require.NoError(t, syscall.Kill(-group, syscall.SIGINT))
}

// powerCut ends everything at once, and lets nothing say goodbye.
func (l *local) powerCut(t *testing.T, group int) {
	t.Helper()
	require.NoError(t, syscall.Kill(-group, syscall.SIGKILL))
	for _, pid := range l.processes(t, "") {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			require.ErrorIs(t, err, syscall.ESRCH)
		}
	}
}

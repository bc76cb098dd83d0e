package system

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The targets that workflows run, in the order in which they do, and what runbooks
// say, on a stack that is there. What each does beyond that has tests of its own.
func TestTheTargetsOfWorkflowsWorkOnAStack(t *testing.T) {
	l := up(t)
	ask := func(command string) string {
		t.Helper()
		return l.plain(t, "export LABLINK_URL="+l.url+" STACK=local\n"+command+" 2>&1")
	}
	require.Contains(t, ask("make plan"), "unchanged")
	require.Contains(t, ask("make deploy"), "unchanged")
	require.Contains(t, ask("! make rollback"), "there is no release before")
	comment := ask("make preview-comment")
	require.Contains(t, comment, "<!-- lablink preview local -->")
	require.NotContains(t, comment, "### Drift", "nothing was changed by hand")
	l.keepsItsRunbooks(t)

	require.Contains(t, ask("export WHOLE=1 CONFIRM=test; ! make destroy"), "nothing was destroyed")
	require.Contains(t, ask("export WHOLE=1 CONFIRM='$(shell touch injected)'; ! make destroy"), "nothing was destroyed")
	require.NoFileExists(t, l.Root+"/injected", "what was typed was run")
	l.answers(t)

	// Workshops go on: one has its machines, another one is about to get them.
	admin := l.admin(t)
	l.await(t, admin, l.open(t, admin, 2), 2)
	l.open(t, admin, 3)
	said := ask("export WHOLE=1 CONFIRM=local; make destroy")
	require.Contains(t, said, "these machines have ended: i-")
	require.Contains(t, said, "nothing more is there")
	require.Contains(t, said, "Nothing of local is left.")
	require.Contains(t, ask("export WHOLE=1 CONFIRM=local; make destroy"), "Nothing of local is left.", "it can be repeated")
}

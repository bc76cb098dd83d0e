package host_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

func TestStepsRunInOrderAreTriedAgainAndToldToTheConsole(t *testing.T) {
	t.Setenv("LABLINK_SKIP", "second,unknown")
	var out bytes.Buffer
	var ran []string
	step := func(name string) host.Step {
		return host.Step{Name: name, Do: func(context.Context) error {
			ran = append(ran, name)
			if len(ran) == 1 {
				return errors.New("not yet")
			}
			return nil
		}}
	}
	require.NoError(t, host.Run(t.Context(), &out, []host.Step{step("first"), step("second"), step("third")}))
	require.Equal(t, []string{"first", "first", "third"}, ran)
	require.Contains(t, out.String(), "lablink: first: not yet; trying again in")
	require.Contains(t, out.String(), "lablink: second: left out on this machine")
}

func TestWhatIsWrongForGoodIsNotTriedAgain(t *testing.T) {
	calls := 0
	err := host.Run(t.Context(), &bytes.Buffer{}, []host.Step{{Name: "only", Do: func(context.Context) error {
		calls++
		return host.Wrong(errors.New("no such thing"))
	}}})
	require.ErrorContains(t, err, "only: no such thing")
	require.Equal(t, 1, calls)
}

func TestFilesAreReplacedAsAWholeBelowTheRoot(t *testing.T) {
	root := t.TempDir()
	t.Setenv("LABLINK_ROOT", root)
	for _, content := range []string{"first", "second"} {
		require.NoError(t, host.WriteFile("/etc/lablink/x.json", []byte(content), 0o640))
		raw, err := os.ReadFile(filepath.Join(root, "etc/lablink/x.json"))
		require.NoError(t, err)
		require.Equal(t, content, string(raw))
	}
	info, err := os.Stat(filepath.Join(root, "etc/lablink/x.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Join(root, "etc/lablink"))
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing is left beside it")
}

func TestTheCurrentReleaseIsSwitchedAtOnce(t *testing.T) {
	t.Setenv("LABLINK_ROOT", t.TempDir())
	require.Empty(t, host.Current())
	require.NoError(t, os.MkdirAll(host.Path(host.ReleaseDir("aaa")), 0o755))
	require.NoError(t, host.SetCurrent("aaa"))
	require.NoError(t, os.WriteFile(host.Path(host.CurrentLink)+".new", nil, 0o644), "left by an interrupted call")
	require.NoError(t, host.SetCurrent("bbb"))
	require.Equal(t, "bbb", host.Current())
	target, err := os.Readlink(host.Path(host.CurrentLink))
	require.NoError(t, err)
	require.False(t, filepath.IsAbs(target), "the link is good wherever the root is")
}

func TestWhatIsLookedAtForAWhileIsLookedAtAtItsEnd(t *testing.T) {
	ended := errors.New("it ended")
	require.ErrorIs(t, host.Watch(t.Context(), time.Millisecond, time.Hour, func() error { return ended }), ended)
	require.NoError(t, host.Watch(t.Context(), time.Millisecond, time.Hour, func() error { return nil }))
}

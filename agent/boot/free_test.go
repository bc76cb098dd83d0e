package boot_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/boot"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// A participant has the machine by the time when the updater looks.
func TestNoUpdateBeginsUnderAParticipant(t *testing.T) {
	w, first, second := following(t, "")
	w.session = "ses_1"
	w.asked = func() { t.Error("the bucket was asked") }
	for range 2 {
		require.NoError(t, w.update(t))
	}
	require.Equal(t, first, host.Current())
	require.NotContains(t, w.read(t, "systemctl.log"), "restart")
	w.session, w.asked = "", func() {}
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
}

// The agent wrote it down before the warden has made a home, and where there is no warden.
func TestNoUpdateBeginsWhileASessionBegins(t *testing.T) {
	w, first, second := following(t, "")
	s := agent.NewSessions(agent.Plain{})
	s.Memory = identity.NewStore(w.state())
	require.NoError(t, s.Start(t.Context(), "ses_1", 1))
	require.NoError(t, w.update(t))
	require.Equal(t, first, host.Current())
	require.NoError(t, s.End(t.Context(), "ses_1", 2))
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
}

// The bucket was away for long, or what it has takes a while.
func TestASessionThatBeganDuringTheFetchHoldsTheSwitch(t *testing.T) {
	w, first, second := following(t, "")
	w.asked = func() { w.session = "ses_1" }
	require.NoError(t, w.update(t))
	require.Equal(t, first, host.Current())
	require.DirExists(t, filepath.Join(w.root, host.ReleaseDir(second)))
	require.NotContains(t, w.read(t, "systemctl.log"), "restart")
	require.Contains(t, w.said.String(), `the update waits for the end of session "ses_1"`)
	failed, err := boot.Failed()
	require.NoError(t, err)
	require.Nil(t, failed)
	w.session = ""
	w.asked = func() {}
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
}

func TestASwitchThatWasBegunIsFinishedWhoeverIsThere(t *testing.T) {
	w, first, second := following(t, "")
	require.NoError(t, host.WriteFile(host.ConfigDir+"/agent-switching-from-release", []byte(first+"\n"), 0o644))
	w.session = "ses_1"
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
}

func TestAReleaseThatIsWantedNoMoreIsNotInstalled(t *testing.T) {
	w, first, second := following(t, "")
	w.want(t, first) // as its agent writes when the allocator wants what runs
	require.NoError(t, w.update(t))
	require.Equal(t, first, host.Current())
	require.NoDirExists(t, filepath.Join(w.root, host.ReleaseDir(second)))
}

// speaking is following, from a first release whose agent gets on with the allocator.
func speaking(t *testing.T, behaviour string) (w *world, first, second string) {
	w, first, second = following(t, behaviour)
	require.NoError(t, boot.Talks(w.state()))
	return w, first, second
}

func TestAnAgentThatDoesNotGetOnWithItsAllocatorIsTakenBack(t *testing.T) {
	w, first, second := speaking(t, "mute")
	w.hurry()
	require.ErrorContains(t, w.update(t), "it had no report answered and no tunnel open within 600ms, which the agent before had")
	require.Equal(t, first, host.Current())
	failed, err := boot.Failed()
	require.NoError(t, err)
	require.Equal(t, second, failed.Release)
}

func TestAnAgentThatGetsOnWithItsAllocatorStays(t *testing.T) {
	for name, behaviour := range map[string]string{"it does": "speaks", "it is older than what writes so": ""} {
		w, _, second := speaking(t, behaviour)
		require.NoError(t, w.update(t), name)
		require.Equal(t, second, host.Current(), name)
	}
}

// The allocator was away for most of the time, and the agent asks it again after a pause.
func TestAnAgentHasTimeForAnotherTryOnceItsAllocatorIsBack(t *testing.T) {
	w, _, second := speaking(t, "mute")
	w.limits.Talk = 300 * time.Millisecond
	w.there = func() { time.AfterFunc(100*time.Millisecond, func() { _ = boot.Talks(w.state()) }) }
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
}

// Nobody can tell what a release is worth while the allocator is away.
func TestAReleaseIsTriedAgainOnceTheAllocatorIsBack(t *testing.T) {
	w, first, second := speaking(t, "mute")
	w.hurry()
	w.away = errors.New("connection refused")
	require.ErrorContains(t, w.update(t), "nor did it answer the updater")
	require.Equal(t, first, host.Current(), "that one is known to get on with it")
	failed, err := boot.Failed()
	require.NoError(t, err)
	require.Nil(t, failed)

	require.NoError(t, boot.Started(w.state())) // the agent before, which nobody answers
	log := w.read(t, "systemctl.log")
	require.NoError(t, w.update(t))
	require.Equal(t, log, w.read(t, "systemctl.log"), "it waits")
	require.Contains(t, w.said.String(), "the update waits for the allocator: connection refused")
	w.away, w.limits = nil, patient
	w.there = func() { require.NoError(t, boot.Talks(w.state())) } // after its longest pause
	require.NoError(t, w.update(t))
	w.there = func() {}
	require.Equal(t, log, w.read(t, "systemctl.log"), "the agent before is sure to get on with it")
	require.Contains(t, w.said.String(), "the update waits for what its allocator tells the agent")
	w.hurry()
	require.ErrorContains(t, w.update(t), "which the agent before had")
	require.Equal(t, first, host.Current())
	failed, err = boot.Failed()
	require.NoError(t, err)
	require.Equal(t, second, failed.Release)
}

// Who cannot talk with its allocator may be helped by another release.
func TestAnAgentThatNobodyAnswersIsFollowedByAnyThatStarts(t *testing.T) {
	w, _, second := speaking(t, "mute")
	require.NoError(t, boot.Started(w.state()))
	w.hurry()
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
}

func TestAReleaseThatWasGivenUpIsTriedAgainAfterAnotherWasWanted(t *testing.T) {
	w, first, second := following(t, "broken")
	require.Error(t, w.update(t))
	require.NoError(t, w.update(t), "it is known to be bad")
	w.want(t, first)
	require.NoError(t, w.update(t))
	w.want(t, second)
	require.ErrorContains(t, w.update(t), "it did not start")
}

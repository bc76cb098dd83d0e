package warden_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/process"
	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// asking asks a warden how the session is, as the agent does.
func asking(t *testing.T, h http.Handler) warden.Shower {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return warden.Shower{Client: api.Client{URL: server.URL, HTTP: server.Client()}}
}

func TestAWardenTellsThatTheSessionIsNotShownAnyMore(t *testing.T) {
	for unit, kind := range map[string]func(*warden.Warden){
		unit: func(*warden.Warden) {},
		containers: func(w *warden.Warden) {
			w.Inside = &warden.Inside{Skeleton: "/etc/skel", Fetch: http.NotFoundHandler(), Remove: func(context.Context) error { return nil }}
		},
		remoteUnit: func(w *warden.Warden) { w.Remote = process.Runner{} },
	} {
		t.Run(unit, func(t *testing.T) {
			w, m := newWarden(t)
			kind(w)
			s := asking(t, w.Handler())
			m.givenUp, m.restarts = unit, 29
			shown, err := s.Shown(t.Context())
			require.NoError(t, err)
			require.Equal(t, &agent.Shown{}, shown, "there is no session")
			require.NoError(t, w.Begin(t.Context(), "anns"))
			if unit == remoteUnit {
				shown, err = s.Shown(t.Context())
				require.NoError(t, err)
				require.Equal(t, &agent.Shown{Session: "anns"}, shown, "nothing shows it until it is connected")
				kept := host.Path(warden.Home + "/.config/chrome-remote-desktop")
				require.NoError(t, os.MkdirAll(kept, 0o755))
				require.NoError(t, os.WriteFile(kept+"/host#1.json", nil, 0o600))
			}
			shown, err = s.Shown(t.Context())
			require.NoError(t, err)
			require.Equal(t, &agent.Shown{Session: "anns", GivenUp: true, Restarts: 29}, shown)
			m.gone = func() { // somebody's session is being begun
				shown, err = s.Shown(t.Context())
				require.NoError(t, err, "nobody waits for that")
				require.Empty(t, shown.Session)
			}
			require.NoError(t, w.Begin(t.Context(), "bobs"))
		})
	}
}

// An agent may be of another release than its warden for a moment.
func TestAWardenOfAnEarlierReleaseTellsNothing(t *testing.T) {
	s := asking(t, http.NewServeMux())
	shown, err := s.Shown(t.Context())
	require.NoError(t, err)
	require.Nil(t, shown)
	lines, err := s.Last(t.Context())
	require.NoError(t, err)
	require.Empty(t, lines)
}

// Whoever answers in a warden's place does not fill the agent's memory.
func TestAWardenIsReadAsFarAsItMayAnswer(t *testing.T) {
	for _, length := range []int{100 << 10, 1 << 20} {
		said := strings.Repeat("x", length)
		s := asking(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == warden.ShownPath {
				_, _ = io.WriteString(rw, `{"session":"`+said+`"}`)
				return
			}
			_, _ = io.WriteString(rw, `[{"text":"`+said+`"}]`)
		}))
		_, shown := s.Shown(t.Context())
		_, last := s.Last(t.Context())
		for _, err := range []error{shown, last} {
			require.Equal(t, length > 256<<10, err != nil, "%d: %v", length, err)
		}
	}
}

func TestAWardenTellsTheLastLinesOfTheSessionAlone(t *testing.T) {
	w, _ := newWarden(t)
	s := asking(t, w.Handler())
	lines, err := s.Last(t.Context())
	require.NoError(t, err)
	require.Empty(t, lines, "nothing of a machine that has no journal")
	began := time.Now()
	w.Lines = func(_ context.Context, unit string, since time.Time) ([]string, error) {
		require.WithinDuration(t, began, since, time.Minute)
		return []string{"of " + unit}, nil
	}
	lines, err = s.Last(t.Context())
	require.NoError(t, err)
	require.Empty(t, lines, "there is no session")
	require.NoError(t, w.Begin(t.Context(), "anns"))
	lines, err = s.Last(t.Context())
	require.NoError(t, err)
	require.Equal(t, []agent.Line{{Source: "lablink-session", Text: "of lablink-session.service"}, {Source: "lablink-warden", Text: "of lablink-warden.service"}}, lines)
}

// The log of a machine that is in trouble may be slow to read.
func TestOfOneUnitThatCannotBeReadTheOthersLinesAreTold(t *testing.T) {
	w, _ := newWarden(t)
	s := asking(t, w.Handler())
	require.NoError(t, w.Begin(t.Context(), "anns"))
	broken := []string{unit}
	w.Lines = func(ctx context.Context, name string, _ time.Time) ([]string, error) {
		_, bounded := ctx.Deadline()
		require.True(t, bounded, "one that hangs leaves time for the other")
		if slices.Contains(broken, name) {
			return nil, errors.New("no answer")
		}
		return []string{"of " + name}, nil
	}
	lines, err := s.Last(t.Context())
	require.NoError(t, err)
	require.Equal(t, []agent.Line{{Source: "lablink-session", Text: "no answer"}, {Source: "lablink-warden", Text: "of lablink-warden.service"}}, lines)
	broken = append(broken, "lablink-warden.service")
	_, err = s.Last(t.Context())
	require.Error(t, err, "it is asked again")
}

// onPath puts a program before those of the machine.
func onPath(t *testing.T, name, text string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestSystemdIsAskedHowAUnitIs(t *testing.T) {
	onPath(t, "systemctl", `[ "$*" = "show --property=ActiveState,NRestarts x.service" ] && printf 'NRestarts=29\nActiveState=failed\n'`)
	givenUp, restarts, err := warden.Systemd{}.Shown(t.Context(), "x.service")
	require.NoError(t, err)
	require.True(t, givenUp)
	require.Equal(t, 29, restarts)
	onPath(t, "systemctl", `printf 'ActiveState=activating\nNRestarts=3\n'`)
	givenUp, restarts, err = warden.Systemd{}.Shown(t.Context(), "x.service")
	require.NoError(t, err)
	require.False(t, givenUp)
	require.Equal(t, 3, restarts)
	onPath(t, "systemctl", "exit 1")
	_, _, err = warden.Systemd{}.Shown(t.Context(), "x.service")
	require.ErrorContains(t, err, "x.service")
}

// systemd keeps a unit failed that was stopped, and who comes next would be told of it.
func TestAUnitThatIsStoppedWasNotGivenUp(t *testing.T) {
	did := filepath.Join(t.TempDir(), "did")
	for _, ends := range []string{"0", "5"} { // as systemctl ends for one that is not there
		require.NoError(t, os.WriteFile(did, nil, 0o600))
		onPath(t, "systemctl", `echo "$*" >>`+did+`; exit `+ends)
		require.NoError(t, warden.Systemd{}.Stop(t.Context(), "x.service"))
		require.Equal(t, "stop x.service\nreset-failed x.service\n", readAt(t, did))
		require.NoError(t, os.WriteFile(did, nil, 0o600))
		require.NoError(t, warden.Systemd{}.Stop(t.Context(), "x.service", "y.service"))
		require.Equal(t, "stop x.service\nstop y.service\nreset-failed x.service y.service\n", readAt(t, did))
	}
}

func TestOfUnitsThatDoNotStopTheOthersAreStopped(t *testing.T) {
	did := filepath.Join(t.TempDir(), "did")
	onPath(t, "systemctl", `echo "$*" >>`+did+`; [ "$2" != x.service ]`)
	require.ErrorContains(t, warden.Systemd{}.Stop(t.Context(), "x.service", "y.service"), "stop x.service")
	require.Equal(t, "stop x.service\nstop y.service\nreset-failed x.service y.service\n", readAt(t, did))
}

func TestOfTheJournalALittleIsRead(t *testing.T) {
	onPath(t, "journalctl", `case "$*" in *--unit=x.service*--since=@1000.000005*--lines=20*) ;; *) exit 1 ;; esac
head -c 1000000 /dev/zero | tr '\0' x; echo
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do echo "line $i"; done`)
	lines, err := warden.Journal(t.Context(), "x.service", time.Unix(1000, 5678))
	require.NoError(t, err)
	require.Len(t, lines, 20)
	require.Equal(t, strings.Repeat("x", 500), lines[0])
	require.Equal(t, "line 19", lines[19])
	onPath(t, "journalctl", "exit 1")
	_, err = warden.Journal(t.Context(), "x.service", time.Unix(1000, 0))
	require.ErrorContains(t, err, "x.service")
}

package boot_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/boot"
	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

// systemctl fails to restart an agent whose program says "broken"; one that says
// "ends" is not active afterwards, and one that says "hangs" is never ready. One that
// "speaks" says after a while that it gets on with its allocator, and one that is "mute"
// never does.
const systemctl = `#!/bin/sh
echo "$@" >>"$LABLINK_ROOT/systemctl.log"
[ "$1" = restart ] || [ "$1" = is-active ] || exit 0
{ read -r first; read -r behaves; } <"$LABLINK_ROOT/opt/lablink/current/lablink-agent"
talks="$LABLINK_ROOT/var/lib/lablink-agent/talks"
case "$1 $behaves" in
"restart # broken") echo "Job for $2 failed" >&2; exit 1 ;;
"restart # hangs") exec sleep 1000 ;;
"restart # mute") echo no >"$talks" ;;
"restart # speaks") echo no >"$talks"; (sleep .3; echo yes >"$talks") >/dev/null 2>&1 & ;;
"is-active # ends") echo activating; exit 3 ;;
esac
exit 0
`

// patient are limits that nothing comes to that succeeds, on a computer that is slow, too.
var patient = boot.Limits{
	Fetch: time.Millisecond, Start: time.Minute, Watch: 200 * time.Millisecond, Talk: time.Minute, Pause: time.Minute, Look: 20 * time.Millisecond,
}

// short is how long an agent may take to start that is never ready. It is for all that comes
// before, and for the way back to the agent before, too, which take a while on a computer that
// is slow.
const short = 15 * time.Second

// world is a client machine's root directory and a bucket.
type world struct {
	root    string
	objects map[string][]byte
	said    bytes.Buffer
	session string // that there is
	away    error  // why the allocator does not answer; nil: it does
	there   func() // is called before the allocator answers
	limits  boot.Limits
	asked   func() // is called before an object is read
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{root: t.TempDir(), objects: map[string][]byte{}, asked: func() {}, there: func() {}, limits: patient}
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "systemctl"), []byte(systemctl), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("LABLINK_ROOT", w.root)
	t.Setenv("LABLINK_SKIP", "user")
	return w
}

// publish puts a release into the bucket, whose agent behaves as told.
func (w *world) publish(t *testing.T, version, behaviour string) string {
	t.Helper()
	program := fmt.Appendf(nil, "#!/bin/sh\n# %s\necho %s \"$@\" >>\"$LABLINK_ROOT/program.log\"\n", behaviour, version)
	file := release.File{Key: "artifacts/" + version, SHA256: release.Sum(program), Bytes: int64(len(program))}
	w.objects[file.Key] = program
	raw, sum, err := release.Manifest{
		Version: version, Agent: map[string]release.File{"linux/" + runtime.GOARCH: file},
		Settings: release.File{Key: "settings", SHA256: release.Sum(nil)},
	}.Encode()
	require.NoError(t, err)
	w.objects[release.Key(sum)] = raw
	return sum
}

func (w *world) get(_ context.Context, key string) (io.ReadCloser, error) {
	w.asked()
	raw, ok := w.objects[key]
	if !ok {
		return nil, fmt.Errorf("%w: 403", host.ErrMissing)
	}
	return io.NopCloser(bytes.NewReader(raw)), nil
}

func (w *world) state() string { return filepath.Join(w.root, "var/lib/lablink-agent") }

// want is the agent, when its allocator wants a release.
func (w *world) want(t *testing.T, sum string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(w.state(), 0o755))
	require.NoError(t, os.WriteFile(boot.WantedFile(w.state()), []byte(sum+"\n"), 0o600))
}

func (w *world) update(t *testing.T) error {
	t.Helper()
	return w.updater().Run(t.Context())
}

func (w *world) updater() *boot.Updater {
	return &boot.Updater{
		State: w.state(), Get: w.get, Session: func() (string, error) { return w.session, nil },
		There: func(context.Context) error { w.there(); return w.away },
		Out:   &w.said, Now: time.Now, Limits: w.limits,
	}
}

// hurry makes the limits short at which a release is given up that does not talk.
func (w *world) hurry() { w.limits.Talk, w.limits.Pause = 300*time.Millisecond, 300*time.Millisecond }

func (w *world) read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(w.root, path))
	require.NoError(t, err)
	return string(raw)
}

// running has a machine whose first release runs.
func running(t *testing.T) (w *world, first string) {
	t.Helper()
	w = newWorld(t)
	first = w.publish(t, "v1", "")
	require.NoError(t, host.Fetch(t.Context(), w.get, first, func(m release.Manifest) ([]host.Part, error) {
		return []host.Part{{File: m.Agent["linux/"+runtime.GOARCH], Name: "lablink-agent", Mode: 0o755}}, nil
	}))
	require.NoError(t, boot.Bootstrap(t.Context(), &w.said, boot.Config{Region: "us-west-2", Bucket: "b"}, first))
	return w, first
}

// following has a machine whose first release runs, and which is to follow to a
// second one that behaves.
func following(t *testing.T, behaviour string) (w *world, first, second string) {
	t.Helper()
	w, first = running(t)
	second = w.publish(t, "v2", behaviour)
	w.want(t, second)
	return w, first, second
}

func TestTheFirstBootStartsTheAgentAndItsUpdater(t *testing.T) {
	w, first := running(t)
	require.Equal(t, first, host.Current())
	require.Equal(t, "daemon-reload\nenable --now lablink-agent.service lablink-agent-update.timer\n", w.read(t, "systemctl.log"))
	require.Contains(t, w.read(t, "etc/lablink/agent.json"), `"bucket":"b"`)
	require.Contains(t, w.read(t, "etc/lablink/agent.json"), `"metrics":"127.0.0.1:0"`)
	require.NoError(t, w.update(t), "nothing is wanted yet")
}

func TestTheMachineFollowsWhatItsAgentWasTold(t *testing.T) {
	w, first, second := following(t, "")
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
	require.Equal(t, "v2 units\n", w.read(t, "program.log"))
	require.Contains(t, w.read(t, "systemctl.log"), "restart lablink-agent.service\nis-active lablink-agent.service")
	require.DirExists(t, filepath.Join(w.root, host.ReleaseDir(first)))
	log := w.read(t, "systemctl.log")
	require.NoError(t, w.update(t))
	require.Equal(t, log, w.read(t, "systemctl.log"), "nothing is left to do")
}

func TestAnAgentThatDoesNotComeUpIsTakenBackAndTold(t *testing.T) {
	for behaviour, reason := range map[string]string{
		"broken": "it did not start: ", "hangs": "it was not ready within " + short.String(), "ends": "it ended after it was ready",
	} {
		t.Run(behaviour, func(t *testing.T) {
			w, first, second := following(t, behaviour)
			w.limits.Watch = time.Minute // it is seen at the first look
			if behaviour == "hangs" {
				w.limits.Start = short
			}
			require.ErrorContains(t, w.update(t), "release "+first+" runs")
			w.limits = patient
			require.Equal(t, first, host.Current())
			failed, err := boot.Failed()
			require.NoError(t, err)
			require.Equal(t, second, failed.Release)
			require.Contains(t, failed.Reason, reason)
			log := w.read(t, "systemctl.log")
			require.NoError(t, w.update(t), "it is known to be bad")
			require.Equal(t, log, w.read(t, "systemctl.log"))
			third := w.publish(t, "v3", "")
			w.want(t, third)
			require.NoError(t, w.update(t))
			require.Equal(t, third, host.Current())
			failed, err = boot.Failed()
			require.NoError(t, err)
			require.Nil(t, failed, "it is tried again when it is wanted again")
		})
	}
}

func TestNothingIsRunThatHasTheWrongSumOrIsNotThere(t *testing.T) {
	for name, spoil := range map[string]func(w *world, sum string){
		"the manifest": func(w *world, sum string) { w.objects[release.Key(sum)] = []byte("{}") },
		"the program":  func(w *world, _ string) { w.objects["artifacts/v2"] = []byte("#!/bin/sh\n") },
		"no program":   func(w *world, _ string) { delete(w.objects, "artifacts/v2") },
	} {
		t.Run(name, func(t *testing.T) {
			w, first, second := following(t, "")
			spoil(w, second)
			require.Error(t, w.update(t))
			require.Equal(t, first, host.Current())
			require.NotContains(t, w.read(t, "systemctl.log"), "restart")
			failed, err := boot.Failed()
			require.NoError(t, err)
			require.Equal(t, second, failed.Release)
		})
	}
}

func TestWhatTheAgentWantsIsARelease(t *testing.T) {
	w, first := running(t)
	require.NoError(t, os.MkdirAll(w.state(), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(w.root, "secret"), []byte("a secret of root's"), 0o600))
	require.NoError(t, os.Symlink(filepath.Join(w.root, "secret"), boot.WantedFile(w.state())))
	err := w.update(t)
	require.ErrorIs(t, err, syscall.ELOOP)
	require.NoError(t, os.Remove(boot.WantedFile(w.state())))
	require.NoError(t, os.WriteFile(boot.WantedFile(w.state()), []byte("a secret of root's"), 0o600))
	err = w.update(t)
	require.ErrorContains(t, err, "something that is no release")
	require.NotContains(t, err.Error()+w.said.String(), "a secret of root's", "what root reads there is not repeated")
	require.NoError(t, os.Truncate(boot.WantedFile(w.state()), 1<<40))
	require.ErrorContains(t, w.update(t), "is too long")
	require.Equal(t, first, host.Current())
}

func TestAnUpdateThatWasCutShortIsFinished(t *testing.T) {
	w, _, _ := following(t, "hangs")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- w.updater().Run(ctx) }()
	require.Eventually(t, func() bool { return strings.Contains(w.read(t, "systemctl.log"), "restart") }, time.Minute, 10*time.Millisecond)
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
	failed, err := boot.Failed()
	require.NoError(t, err)
	require.Nil(t, failed, "that says nothing of the release")
	w.objects["artifacts/v2"] = nil // it is here already
	w.limits.Start = short
	require.ErrorContains(t, w.update(t), "it was not ready within "+short.String(), "it is begun anew")
}

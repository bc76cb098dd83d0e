package boot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

// world is a host's root directory, a bucket, a pointer, and a systemctl that
// remembers what it was asked.
type world struct {
	root    string
	objects map[string][]byte
	pointer string
	said    bytes.Buffer
}

// systemctl fails to restart when the release that is current holds a file
// named "broken". Where there is a pipe "restarting", it tells there that it
// restarts, and does not come to an end.
const systemctl = `#!/bin/sh
echo "$@" >>"$LABLINK_ROOT/systemctl.log"
if [ "$1" = restart ] && [ -p "$LABLINK_ROOT/restarting" ]; then
  echo >"$LABLINK_ROOT/restarting"
  exec cat "$LABLINK_ROOT/never"
fi
if [ "$1" = restart ] && [ -e "$LABLINK_ROOT/opt/lablink/current/broken" ]; then
  echo "Job for $2 failed" >&2
  exit 1
fi
`

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{root: t.TempDir(), objects: map[string][]byte{}}
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "systemctl"), []byte(systemctl), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("LABLINK_ROOT", w.root)
	t.Setenv("LABLINK_SKIP", "user,format,mount")
	return w
}

// unitsProgram is an allocator that kills the update, which calls it, when there
// is a file "kill" that names its version.
const unitsProgram = `#!/bin/sh
version=%s
if [ "$(cat "$LABLINK_ROOT/kill" 2>/dev/null)" = "$version" ]; then
  rm "$LABLINK_ROOT/kill"
  kill -KILL $PPID
fi
echo $version "$@" >>"$LABLINK_ROOT/program.log"
`

// publish puts a release into the bucket, whose allocator is a shell script.
func (w *world) publish(t *testing.T, version string) string {
	t.Helper()
	program := fmt.Appendf(nil, unitsProgram, version)
	settings := fmt.Appendf(nil, `{"deployment":%q}`, version)
	put := func(key string, raw []byte) release.File {
		w.objects[key] = raw
		return release.File{Key: key, SHA256: release.Sum(raw), Bytes: int64(len(raw))}
	}
	m := release.Manifest{
		Version:   version,
		Allocator: map[string]release.File{"linux/" + runtime.GOARCH: put("artifacts/"+version, program)},
		Settings:  put("settings/"+version, settings),
	}
	raw, sum, err := m.Encode()
	require.NoError(t, err)
	w.objects[release.Key(sum)] = raw
	return sum
}

func (w *world) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	raw, ok := w.objects[*in.Key]
	if !ok {
		return nil, errors.New("NoSuchKey: The specified key does not exist.")
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(raw))}, nil
}

func (w *world) GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	return &ssm.GetParameterOutput{Parameter: &ssmtypes.Parameter{Value: aws.String(w.pointer)}}, nil
}

func (w *world) bootstrap(t *testing.T, sum string) error {
	t.Helper()
	device := filepath.Join(w.root, "dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123")
	require.NoError(t, os.MkdirAll(device, 0o755))
	return boot.Bootstrap(t.Context(), &w.said, boot.Config{Region: "us-west-2", Pointer: "/p", Bucket: "b"}, sum, "vol-0123", w)
}

func (w *world) update(t *testing.T) error {
	t.Helper()
	c, err := boot.ReadConfig()
	require.NoError(t, err)
	return boot.Update(t.Context(), &w.said, c, w, w)
}

func (w *world) read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(w.root, path))
	require.NoError(t, err)
	return string(raw)
}

func TestTheFirstBootSetsUpTheHost(t *testing.T) {
	w := newWorld(t)
	sum := w.publish(t, "v1")
	require.NoError(t, w.bootstrap(t, sum))
	require.Equal(t, sum, host.Current())
	require.Equal(t, `{"deployment":"v1"}`, w.read(t, boot.SettingsFile(sum)))
	require.Equal(t, "daemon-reload\nenable --now lablink-allocator.socket lablink-allocator.service lablink-update.timer\n", w.read(t, "systemctl.log"))
	require.Contains(t, w.read(t, "etc/systemd/system/lablink-allocator.service"), "RequiresMountsFor=/var/lib/lablink")
	require.Contains(t, w.said.String(), "user: left out on this machine")
	require.Contains(t, w.said.String(), "the machine is set up")
	require.NoError(t, w.bootstrap(t, sum), "a second time does no harm")
}

func TestTheFirstBootWaitsForTheVolumeAndSaysSo(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	heard := &listener{until: "is not attached yet", then: stop}
	err := boot.Bootstrap(ctx, heard, boot.Config{}, w.publish(t, "v1"), "vol-0123", w)
	require.ErrorContains(t, err, "volume")
	require.Contains(t, heard.String(), "the data volume vol-0123 is not attached yet; trying again")
}

// listener calls then when it hears a text.
type listener struct {
	bytes.Buffer
	until string
	then  func()
}

func (l *listener) Write(p []byte) (int, error) {
	defer func() {
		if strings.Contains(l.String(), l.until) {
			l.then()
		}
	}()
	return l.Buffer.Write(p)
}

func TestAnUpdateFollowsThePointer(t *testing.T) {
	w := newWorld(t)
	first, second := w.publish(t, "v1"), w.publish(t, "v2")
	require.NoError(t, w.bootstrap(t, first))
	w.pointer = first
	require.NoError(t, w.update(t))
	require.NotContains(t, w.read(t, "systemctl.log"), "restart", "nothing to do")
	w.pointer = second
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
	require.Equal(t, "v2 units\n", w.read(t, "program.log"), "the new release installs its own units")
	require.Contains(t, w.read(t, "systemctl.log"), "restart lablink-allocator.service")
}

func TestAReleaseThatDoesNotBecomeReadyIsTakenBackAndNotTriedAgain(t *testing.T) {
	w := newWorld(t)
	first, second := w.publish(t, "v1"), w.publish(t, "v2")
	require.NoError(t, w.bootstrap(t, first))
	require.NoError(t, os.MkdirAll(filepath.Join(w.root, host.ReleaseDir(second)), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(w.root, host.ReleaseDir(second), "broken"), nil, 0o644))
	w.pointer = second
	err := w.update(t)
	require.ErrorContains(t, err, "did not become ready")
	require.ErrorContains(t, err, "release "+first+" runs again")
	require.Equal(t, first, host.Current())
	log := w.read(t, "systemctl.log")
	require.NoError(t, w.update(t), "it is known to be broken")
	require.Equal(t, log, w.read(t, "systemctl.log"))
	third := w.publish(t, "v3")
	w.pointer = third
	require.NoError(t, w.update(t), "another one is tried")
	require.Equal(t, third, host.Current())
}

func TestNothingIsRunThatHasTheWrongSum(t *testing.T) {
	for name, spoil := range map[string]func(w *world, sum string){
		"the manifest": func(w *world, sum string) {
			w.objects[release.Key(sum)] = append(w.objects[release.Key(sum)], ' ')
		},
		"the program":   func(w *world, _ string) { w.objects["artifacts/v2"] = []byte("#!/bin/sh\nrm -rf /\n") },
		"the settings":  func(w *world, _ string) { w.objects["settings/v2"] = []byte("{}") },
		"nothing there": func(w *world, sum string) { delete(w.objects, release.Key(sum)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first, second := w.publish(t, "v1"), w.publish(t, "v2")
			require.NoError(t, w.bootstrap(t, first))
			spoil(w, second)
			w.pointer = second
			require.Error(t, w.update(t))
			require.Equal(t, first, host.Current())
			require.NotContains(t, w.read(t, "systemctl.log"), "restart")
		})
	}
	w := newWorld(t)
	require.NoError(t, w.bootstrap(t, w.publish(t, "v1")))
	w.pointer = "../../etc/passwd"
	require.ErrorContains(t, w.update(t), "holds no release")
}

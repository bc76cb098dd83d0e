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
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

// world is a host's root directory, a bucket, a pointer, and a systemctl and
// releases that are this test's own program; see programs_test.go.
type world struct {
	root    string
	objects map[string][]byte
	pointer string
	set     int64  // how often the pointer was set
	away    bool   // the bucket does not answer
	program string // the updater's own
	limits  boot.Limits
	said    bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{root: t.TempDir(), objects: map[string][]byte{}, limits: patient}
	bin := t.TempDir()
	w.program = filepath.Join(bin, "lablink-allocator")
	require.NoError(t, os.WriteFile(w.program, []byte(script("updater", "")), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(bin, "systemctl"), []byte(script("systemctl", "")), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(w.root, boot.DataDir), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("LABLINK_ROOT", w.root)
	t.Setenv("LABLINK_SKIP", "user,format,mount")
	t.Cleanup(func() { endService(w.root) })
	return w
}

// publish puts a release into the bucket, whose allocator behaves as told.
func (w *world) publish(t *testing.T, version string, behaviour ...string) string {
	t.Helper()
	program := []byte(script(version, strings.Join(behaviour, "")))
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

// point sets the pointer.
func (w *world) point(sum string) {
	w.pointer = sum
	w.set++
}

func (w *world) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	if w.away {
		return nil, errors.New("it is away")
	}
	raw, ok := w.objects[*in.Key]
	if !ok {
		return nil, &s3types.NoSuchKey{}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(raw))}, nil
}

func (w *world) GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	return &ssm.GetParameterOutput{Parameter: &ssmtypes.Parameter{Value: aws.String(w.pointer), Version: w.set}}, nil
}

func (w *world) bootstrap(t *testing.T, sum string) error {
	t.Helper()
	device := filepath.Join(w.root, "dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123")
	require.NoError(t, os.MkdirAll(device, 0o755))
	return boot.Bootstrap(t.Context(), &w.said, boot.Config{Region: "us-west-2", Pointer: "/p", Bucket: "b"}, sum, "vol-0123", w)
}

// patient are limits that no good release misses, however busy the computer is.
var patient = boot.Limits{
	Fetch: 10 * time.Millisecond, Copy: time.Minute, Ask: time.Minute, Turn: time.Hour, Rehearsal: time.Minute, Start: time.Minute, Watch: 200 * time.Millisecond, Silence: time.Minute,
}

func (w *world) update(t *testing.T) error {
	t.Helper()
	return w.updater(t).Run(t.Context())
}

func (w *world) updater(t *testing.T) *boot.Updater {
	t.Helper()
	c, err := boot.ReadConfig()
	require.NoError(t, err)
	return &boot.Updater{Program: w.program, Config: c, Parameters: w, Objects: w, Limits: w.limits, Out: &w.said, Now: time.Now}
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
	w.point(first)
	require.NoError(t, w.update(t))
	require.NotContains(t, w.read(t, "systemctl.log"), "restart", "nothing to do")
	w.point(second)
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
	require.Contains(t, w.read(t, "program.log"), "v2 units\n", "the new release installs its own units")
	require.Contains(t, w.read(t, "systemctl.log"), "restart lablink-allocator.service")
	require.NoDirExists(t, filepath.Join(w.root, boot.RehearsalDir(boot.DataDir)), "nothing is left of its rehearsal")
}

package podman_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// script is podman: its folder has what it knows, and what it was asked.
const script = `#!/bin/sh
dir=DIR
[ "$*" != --version ] || { echo "podman version $(cat "$dir/version")"; exit; }
[ "$1 $2" = "--storage-opt overlay.mountopt=nodev" ] || { echo "the devices of images are devices" >&2; exit 125; }
shift 2
echo "$*" >>"$dir/told"
case "$*" in
"system service"*) exec SELF api "$dir" "${4#unix://}" ;;
"image exists"*) test -e "$dir/pulled" ;;
"network exists"*) test -e "$dir/network" ;;
"network rm lablink") rm "$dir/network" ;;
"image inspect"*) cat "$dir/about" ;;
"cp "*)
  from="$dir/image${2#lablink-look:}"
  [ -e "$from" ] || { echo "no such file or directory" >&2; exit 125; }
  cp -r "$from" "$3" ;;
"run "*)
  echo $$ >"$dir/running.new"
  mv "$dir/running.new" "$dir/running"
  exec sleep 1000 ;;
"rm "*) [ ! -e "$dir/running" ] || kill "$(cat "$dir/running")" ;;
esac
`

// This program is podman's API, where it is called as that.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "api" {
		os.Exit(serve(os.Args[2], os.Args[3]))
	}
	goleak.VerifyTestMain(m)
}

// serve says what the test has written.
func serve(dir, socket string) int {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return 1
	}
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := os.ReadFile(filepath.Join(dir, "says"))
		if refusal, ok := strings.CutPrefix(string(raw), "500 "); ok {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(refusal))
			return
		}
		_, _ = w.Write(raw)
		if !strings.Contains(string(raw), "error") {
			_ = os.WriteFile(filepath.Join(dir, "pulled"), []byte(r.URL.Query().Get("fromImage")), 0o600)
		}
	}))
	return 1
}

// install puts the fake on the PATH, and returns its folder.
func install(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	write(t, filepath.Join(dir, "told"), "")
	write(t, filepath.Join(dir, "version"), "4.1.0")
	write(t, filepath.Join(dir, "podman"), strings.NewReplacer("DIR", dir, "SELF", self).Replace(script))
	require.NoError(t, os.Chmod(filepath.Join(dir, "podman"), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("LABLINK_ROOT", shortDir(t))
	for _, name := range []string{"run", "var/lib"} {
		require.NoError(t, os.MkdirAll(filepath.Join(os.Getenv("LABLINK_ROOT"), name), 0o755))
	}
	return dir
}

// shortDir is a folder with a short name: the path of a socket has to be short.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "p") //nolint:usetesting // the test's name is in its folder's
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func calls(t *testing.T, dir string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "told"))
	require.NoError(t, err)
	return string(raw)
}

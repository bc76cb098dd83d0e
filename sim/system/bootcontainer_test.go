//go:build boot

package system

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
	"github.com/talmolab/lablink-infrastructure/sim/registry"
)

// containedAttack is what a participant runs on a desktop in a container.
const containedAttack = `#!/bin/bash
cd "$HOME"
found() { if "${@:2}" >/dev/null 2>&1; then echo "$1"; fi; }
{
  echo "user $(id -un), home $HOME"
  echo "set up by $(cat tutorial), of the image $(cat of-the-image)"
  echo "$(grep -c . "$LABLINK_PASSWORD_FILE") secret"
  grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status
  mkdir -p folder/within && cp -r folder copy && test -d copy/within && echo "copies folders"
  found "the password where programs are told things" grep -qsF "$(cat "$LABLINK_PASSWORD_FILE")" /proc/[0-9]*/cmdline /proc/[0-9]*/environ
  found "writes the password" bash -c 'echo x >"$LABLINK_PASSWORD_FILE"'
  found "the agent's secret" cat /var/lib/lablink-agent/*
  found "the warden" ls /run/lablink-warden
  found "what others begin with" ls /var/lib/lablink-prepared /var/lib/lablink-image
  found "podman" ls /run/podman /var/lib/containers/storage
  found "instance metadata" curl -s -m 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token
  found "instance metadata by another socket" bash -c 'exec 3<>/dev/tcp/169.254.169.254/80'
  found "the machine's programs" grep -qsx lablink-agent /proc/[0-9]*/comm
  found "another address" unshare --map-root-user ip address add 198.19.77.9/24 dev eth0
  found "the agent's metrics" bash -c 'for at in 127.0.0.1 198.19.77.1; do curl -s -m 3 "http://$at:9478/metrics" && exit; done; exit 1'
  found "root" su -c true
  found "mounts" mount -t tmpfs tmpfs /mnt
  found "the machine's disks" bash -c 'ls /dev/[vsx]d[a-z]* /dev/nvme* /dev/loop* | grep .'
  found "a device that the image brought" head -c 1 /usr/local/share/device
  found "another's file at home" test -e another
  found "another's file in /tmp" ls /tmp/another
  found "another's file in /var/tmp" ls /var/tmp/another
  found "another's memory" ls /dev/shm/another
  found "another's program" grep -qsx another /proc/[0-9]*/comm
} >found.new
echo mine | tee another /tmp/another /dev/shm/another
cp /bin/sleep /var/tmp/another
setsid /var/tmp/another 100000 &
mv found.new found
exec sleep 100000
`

// leftOut are files of the base system that the image of a desktop does without.
var leftOut = []string{
	"./dev/*", "./proc/*", "./run/*", "./sys/*", "./tmp/*", "./var/cache/*", "./var/lib/apt/*", "./var/lib/containers/*", "./etc/fstab",
	"./usr/bin/podman", "./usr/lib/podman", "./usr/lib/python3*", "./usr/share/doc/*", "./usr/share/locale/*", "./usr/share/man/*",
}

// desktopImage is an image with a desktop, made of Debian's base system: its user is a client,
// its viewer a line of text.
func desktopImage(t *testing.T, base string) *registry.Image {
	t.Helper()
	over := t.TempDir()
	require.NoError(t, os.Chmod(over, 0o755))
	users, err := os.ReadFile(filepath.Join(base, "etc/passwd"))
	require.NoError(t, err)
	for path, text := range map[string]string{
		"etc/passwd":                     string(users) + "client:x:1234:1234::/home/client:/bin/bash\n",
		"home/client/of-the-image":       "tests\n",
		"usr/local/bin/attack":           containedAttack,
		"usr/share/kasmvnc/www/vnc.html": "<!doctype html><title>the viewer of the image</title>",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(over, filepath.Dir(path)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(over, path), []byte(text), 0o755))
	}
	require.NoError(t, os.Symlink("/etc/shadow", filepath.Join(over, "usr/share/kasmvnc/www/leads-out")))
	require.NoError(t, os.Lchown(filepath.Join(over, "home/client"), 1234, 1234))
	device := filepath.Join(over, "usr/local/share/device")
	require.NoError(t, os.Mkdir(filepath.Dir(device), 0o755))
	require.NoError(t, unix.Mknod(device, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5)))) // one that machines of the test may have
	require.NoError(t, os.Chmod(device, 0o666))
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(over, "usr/local/bin/kasm"), "./sim/kasm")
	build.Dir, build.Env = workingCopy, append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	runs := registry.Runs{User: "client", Entrypoint: []string{"/usr/local/bin/kasm", "/usr/local/bin/attack"}, Volumes: map[string]struct{}{"/var/lib/apart": {}}}
	i, err := registry.New(t.Context(), t.TempDir(), runs, leftOut, base, over)
	require.NoError(t, err)
	return i
}

// serveImage lets a machine find the registry, wherever it looks for it.
func serveImage(t *testing.T, m guest, i *registry.Image) {
	t.Helper()
	network, err := nspawn.NetworkOf(m.pid(t))
	require.NoError(t, err)
	defer network.Close()
	l, err := network.Listen(5055)
	require.NoError(t, err)
	server := &http.Server{Handler: i.Handler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
}

// Who has a desktop in a container reaches neither the agent's secret, nor instance metadata,
// nor what another one left; and they leave nothing. While the image comes, staff see how far
// it is.
func TestBootOfADesktopInAContainerWhoseParticipantAttacks(t *testing.T) {
	e := startContainers(t)
	base, err := filepath.Abs("../../.lablink/base/base")
	require.NoError(t, err)
	image := desktopImage(t, base)
	released := make(chan struct{})
	image.Held = released
	template := filepath.Join(e.root, launcher.Templates, "ip-only.yaml")
	pool := "maxMachines: 20\n      desktop: container\n      container: " + nspawn.Registry + "/lab/desktop@" + image.Digest + "\n      startup: {script: id -un >tutorial, baseDelaySeconds: 1}"
	with(t, template, "maxMachines: 20", pool)
	s, _ := e.template(t, "ip-only")
	d := e.reach(t, s)
	d.ready(t)
	admin := d.login(t)
	w := d.open(t, admin, 1)
	eventually(t, "a machine boots", func() bool {
		all := e.booted(t, "allocator")
		if len(all) != 1 {
			return false
		}
		_, err := nspawn.PID(all[0].dir)
		return err == nil
	})
	m := e.theOne(t, "allocator")
	serveImage(t, m, image)
	eventually(t, "staff see how far the image is", func() bool {
		all := d.machines(t, admin)
		return len(all) == 1 && all[0].Setup != nil && all[0].Setup.Step == "image" && regexp.MustCompile(`^[1-9]\d? % of \d+ MB$`).MatchString(all[0].Setup.Line)
	})
	close(released)
	d.await(t, admin, w, 1)
	m.run(t, "curl", "-s", "-f", "-m", "5", "-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60", "http://169.254.169.254/latest/api/token")

	const home, found, password = "/var/lib/lablink-home", "/var/lib/lablink-home/found", "/run/lablink-session/password"
	want := "user client, home /home/client\nset up by lablink-session, of the image tests\n1 secret\n" +
		"CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\ncopies folders"
	const killed = "/run/systemd/system/lablink-container.service.d"
	passwords := map[string]bool{}
	for _, who := range []string{"ann@example.org", "bob@example.org"} {
		person := d.person(t)
		var seat api.Seat
		require.NoError(t, person.Do(t.Context(), "POST", "/api/v1/seats", api.Claim{Code: w.JoinCode, Email: who}, &seat))
		eventually(t, who+" has attacked", func() bool { return m.run(t, "sh", "-c", "test -e "+found+" && echo yes || true") == "yes" })
		require.Equal(t, want, m.run(t, "cat", found), who)
		passwords[m.run(t, "cat", password)] = true
		m.run(t, "setpriv", "--reuid=lablink", "--regid=lablink", "--clear-groups", "cat", found, password) // the agent collects from there
		d.seesContainer(t, person, admin, seat)
		if who == "ann@example.org" { // her unit has no time to remove the container
			m.run(t, "sh", "-c", "mkdir -p "+killed+" && printf '[Service]\nKillSignal=SIGKILL\n' >"+killed+"/kill.conf && systemctl daemon-reload")
		}
		require.NoError(t, person.Do(t.Context(), "DELETE", "/api/v1/seats/current", nil, nil))
		eventually(t, who+" is gone", func() bool { return m.run(t, "sh", "-c", "test -e "+home+" || echo gone") == "gone" })
		m.run(t, "sh", "-c", "rm -rf "+killed+" && systemctl daemon-reload")
		require.Empty(t, m.run(t, "sh", "-c", "podman ps --all --quiet; podman volume ls --quiet"))
		require.Empty(t, m.run(t, "sh", "-c", fmt.Sprintf(`for p in /proc/[0-9]*; do [ "$(stat -c %%u "$p" 2>/dev/null)" -ge %d ] && cat "$p/comm"; done; true`, 0x70000000)))
		require.Empty(t, m.run(t, "sh", "-c", "ls /run/lablink-session 2>/dev/null || true"))
	}
	require.Len(t, passwords, 2, "each session has its own")
	require.Empty(t, m.failed(t))
	require.Empty(t, m.run(t, "sh", "-c", "find /etc/systemd/system -maxdepth 1 -type f -name 'lablink-*' ! -name lablink-remote.service -exec systemd-analyze verify {} + 2>&1"), "systemd has something to say of the units") // of those whose program is here
}

// seesContainer sees a desktop as its participant does, by the image's own viewer, and as
// staff do who watch.
func (d *deployed) seesContainer(t *testing.T, person, admin *api.Client, seat api.Seat) {
	t.Helper()
	res, err := person.HTTP.Get(d.URL + "/desktop/")
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, errors.Join(err, res.Body.Close()))
	require.Contains(t, string(body), "the viewer of the image")
	require.Equal(t, "/desktop/vnc.html", res.Request.URL.Path)
	require.Contains(t, res.Header.Get("Content-Security-Policy"), "'wasm-unsafe-eval'")
	for path, c := range map[string]*api.Client{"/desktop/websockify": person, "/admin/seats/" + seat.ID + "/watch/stream": admin} {
		ws, _, err := websocket.Dial(t.Context(), d.URL+path, &websocket.DialOptions{HTTPClient: c.HTTP})
		require.NoError(t, err, path)
		_, hello, err := ws.Read(t.Context())
		require.NoError(t, err, path)
		require.Equal(t, "RFB 003.008\n", string(hello), path)
		require.NoError(t, ws.CloseNow())
	}
}

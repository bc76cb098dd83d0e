//go:build boot

package system

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// attack is what a participant runs on their desktop: it stands for the desktop itself,
// so it runs just as that does. What it finds is for the test; what it leaves is for the
// next one. These machines have no sudo and no polkit: what asks for sudo or to linger stands
// for machines that have them, on which polkit lets everybody linger. That this begins nothing
// is seen by what the user's manager is: masked.
const attack = `#!/bin/bash
cd "$HOME"
found() { if "${@:2}" >/dev/null 2>&1; then echo "$1"; fi; }
{
  echo "user $(id -un), groups $(id -Gn), home $HOME"
  echo "set up by $(cat tutorial)"
  mkdir -p folder/within && cp -r folder copy && test -d copy/within && echo "copies folders"
  found "what others begin with" ls /var/lib/lablink-prepared
  found "a machine to set up" curl -s -m 3 --unix-socket /run/lablink-warden/control -X POST -d '{"args":["/bin/true"],"root":true,"seconds":1}' http://warden/run
  found "the agent's secret" cat /var/lib/lablink-agent/*
  found "the agent's state" ls /var/lib/lablink-agent
  found "the warden's state" ls /var/lib/lablink-warden
  found "the warden" curl -s -m 3 --unix-socket /run/lablink-warden/control -X DELETE 'http://warden/session?id=x'
  found "instance metadata" curl -s -m 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token
  found "instance metadata by another socket" bash -c 'exec 3<>/dev/tcp/169.254.169.254/80'
  found "the agent's memory" bash -c 'for p in /proc/[0-9]*; do case "$(readlink "$p/exe")" in *lablink-agent) [ "$(stat -c %U "$p")" != lablink-session ] && cat "$p/environ" && exit 0 ;; esac; done; exit 1'
  found "metrics that name somebody" bash -c 'curl -s -m 3 http://127.0.0.1:9478/metrics | grep -E "@|(agt|mch|sea|wks)_"'
  found "sudo" sudo -n true
  found "docker" curl -s -m 3 --unix-socket /run/docker.sock http://docker/info
  found "systemd" systemctl stop lablink-agent.service
  found "lingering" loginctl enable-linger
  found "another's file at home" test -e another
  found "another's file in /tmp" ls /tmp/another
  found "another's memory" ls /dev/shm/another
  found "another's program" grep -qsx another /proc/[0-9]*/comm
} >found.new
echo mine >another
echo mine >/tmp/another
echo mine >/dev/shm/another
cp /bin/sleep /var/tmp/another
setsid /var/tmp/another 100000 &
mv found.new found
exec sleep 100000
`

// ofSession are the programs of the session's user.
const ofSession = `for p in /proc/[0-9]*; do [ "$(stat -c %U "$p" 2>/dev/null)" = lablink-session ] && cat "$p/comm"; done; true`

// Who has a desktop reaches neither the agent's secret, nor instance metadata, nor what
// another one left; and they leave nothing.
func TestBootOfADesktopWhoseParticipantAttacks(t *testing.T) {
	e := startContainers(t)
	template := filepath.Join(e.root, launcher.Templates, "ip-only.yaml")
	with(t, template, "maxMachines: 20", "maxMachines: 20\n      desktop: vnc\n      startup: {script: id -un >tutorial}")
	s, out := e.template(t, "ip-only")
	d := e.reach(t, s)
	d.ready(t)
	admin := d.login(t)
	require.Len(t, out.Pools, 1)
	w := d.open(t, admin, 1)
	d.await(t, admin, w, 1)
	m := e.theOne(t, "allocator")
	m.run(t, "sh", "-c", `cat >/usr/local/bin/startxfce4 <<'END'
`+attack+`END
chmod 0755 /usr/local/bin/startxfce4`)
	m.run(t, "curl", "-s", "-f", "-m", "5", "-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60", "http://169.254.169.254/latest/api/token")
	const found = "/var/lib/lablink-home/found"
	want := "user lablink-session, groups lablink-session, home /var/lib/lablink-home\nset up by lablink-session\ncopies folders"

	for _, who := range []string{"ann@example.org", "bob@example.org"} {
		person := d.person(t)
		var seat api.Seat
		require.NoError(t, person.Do(t.Context(), "POST", "/api/v1/seats", api.Claim{Code: w.JoinCode, Email: who}, &seat))
		eventually(t, who+" has attacked", func() bool { return m.run(t, "sh", "-c", "test -e "+found+" && echo yes || true") == "yes" })
		require.Equal(t, want, m.run(t, "cat", found), who)
		require.Contains(t, m.run(t, "sh", "-c", ofSession), "another")
		m.run(t, "setpriv", "--reuid=lablink", "--regid=lablink", "--clear-groups", "cat", found) // the agent collects from there
		require.NoError(t, person.Do(t.Context(), "DELETE", "/api/v1/seats/current", nil, nil))
		eventually(t, who+" is gone", func() bool { return m.run(t, "sh", "-c", "test -e /var/lib/lablink-home || echo gone") == "gone" })
		require.Empty(t, m.run(t, "sh", "-c", ofSession))
		require.Empty(t, m.run(t, "sh", "-c", "find / -xdev -user lablink-session -not -path '/proc/*' 2>/dev/null || true"))
	}
	givenUp(t, d, admin, w, m)
	require.Contains(t, m.run(t, "curl", "-s", "-f", "-m", "5", "http://127.0.0.1:9478/metrics"), "lablink_agent_health")
	require.Equal(t, "masked", m.run(t, "sh", "-c", `systemctl is-enabled "user@$(id -u lablink-session).service" || true`))
	require.Equal(t, "lablink-session", m.run(t, "grep", "-x", "lablink-session", "/etc/cron.deny"))
	require.Empty(t, m.failed(t))
	require.Empty(t, m.run(t, "sh", "-c", "find /etc/systemd/system -maxdepth 1 -type f -name 'lablink-*' ! -name lablink-remote.service -exec systemd-analyze verify {} + 2>&1"), "systemd has something to say of the units") // of those whose program is here
}

// givenUp is a desktop that ends again and again: systemd gives its unit up, which is told, and
// the unit is started again, for the same participant.
func givenUp(t *testing.T, d *deployed, admin *api.Client, w api.Workshop, m guest) {
	t.Helper()
	const unit = "lablink-session.service"
	person := d.person(t)
	var seat api.Seat
	require.NoError(t, person.Do(t.Context(), "POST", "/api/v1/seats", api.Claim{Code: w.JoinCode, Email: "cy@example.org"}, &seat))
	is := func(state string) func() bool {
		return func() bool { return m.run(t, "sh", "-c", "systemctl is-active "+unit+" || true") == state }
	}
	eventually(t, "cy has a desktop", is("active"))
	m.run(t, "sh", "-c", `mkdir -p /run/systemd/system/`+unit+`.d
printf '[Unit]\nStartLimitIntervalSec=600\nStartLimitBurst=1\n' >/run/systemd/system/`+unit+`.d/soon.conf
systemctl daemon-reload
for i in $(seq 60); do systemctl is-failed --quiet `+unit+` && break; systemctl kill --signal=SIGKILL `+unit+` || true; sleep 1; done
rm -r /run/systemd/system/`+unit+`.d
systemctl daemon-reload`)
	eventually(t, "cy has a desktop again", is("active"))
	eventually(t, "it is in the log", func() bool {
		told := 0
		for _, line := range logged(t, admin, seat.Machine) {
			if line.Source == "lablink-session" || strings.Contains(line.Text, "the desktop ended too often, and was given up") {
				told++
			}
		}
		return told > 1
	})
	require.NoError(t, person.Do(t.Context(), "DELETE", "/api/v1/seats/current", nil, nil))
	eventually(t, "cy is gone", func() bool { return m.run(t, "sh", "-c", "test -e /var/lib/lablink-home || echo gone") == "gone" })
}

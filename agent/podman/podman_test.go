package podman_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/podman"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

const reference = "ghcr.io/lab/desktop@sha256:00"

// image is what the fake has of a desktop.
func image(t *testing.T) string {
	t.Helper()
	dir := install(t)
	write(t, dir+"/about", `[{"Id": "abc", "Config": {"User": "client:client"}}]`)
	write(t, dir+"/image/etc/passwd", "root:x:0:0::/root:/bin/sh\nclient:x:1234:1234::/home/client:/bin/bash\n")
	write(t, dir+"/image/home/client/.bashrc", "alias")
	require.NoError(t, syscall.Mkfifo(dir+"/image/home/client/pipe", 0o644))
	write(t, dir+"/image/usr/share/kasmvnc/www/vnc.html", "<p>")
	require.NoError(t, os.Chmod(dir+"/image/usr/share/kasmvnc/www/vnc.html", 0o600))
	return dir
}

func fetch(t *testing.T, reference string) (lines []string, err error) {
	t.Helper()
	err = podman.Fetcher{}.Run(t.Context(), agent.Command{Args: []string{reference}, Limit: time.Minute}, func(line string) { lines = append(lines, line) })
	return lines, err
}

func TestAnImageIsFetchedOnceAndSaysHowFarItIs(t *testing.T) {
	dir := image(t)
	write(t, dir+"/says", `{"status": "Pulling fs layer", "id": "a"}
{"status": "Downloading", "id": "a", "progressDetail": {"current": 1000000000, "total": 4000000000}}
{"status": "Downloading", "id": "a", "progressDetail": {"current": 1000000001, "total": 4000000000}}
{"status": "Downloading", "id": "b", "progressDetail": {"current": 0, "total": 1200000000}}
{"status": "Download complete", "id": "b"}
{"status": "Download complete", "id": "a"}`)
	_, err := podman.Current()
	require.ErrorIs(t, err, podman.ErrNoImage)
	lines, err := fetch(t, reference)
	require.NoError(t, err)
	require.Equal(t, []string{"25 % of 4.0 GB", "19 % of 5.2 GB", "42 % of 5.2 GB", "100 % of 5.2 GB", "unpacking"}, lines)
	i, err := podman.Current()
	require.NoError(t, err)
	require.Equal(t, podman.Image{Reference: reference, ID: "abc", User: 1234, Home: "/home/client"}, i)
	require.Equal(t, 0x70000000+1234, podman.UID(i.User))
	require.FileExists(t, host.Path(podman.HomeDir+"/.bashrc"))
	require.NoFileExists(t, host.Path(podman.HomeDir+"/pipe"), "nor devices: each home begins with a copy of it")
	info, err := os.Stat(host.Path(podman.ViewerDir + "/vnc.html"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode(), "the agent, which is not root, serves it")
	_, err = os.Stat(host.Path(podman.Dir + "/passwd"))
	require.ErrorIs(t, err, os.ErrNotExist)

	lines, err = fetch(t, reference)
	require.NoError(t, err)
	require.Empty(t, lines, "it is here")
	left, err := os.ReadDir(host.Path("/run"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAnImageThatCannotBeUsedSaysWhy(t *testing.T) {
	for _, c := range []struct {
		what, file, text, want string
	}{
		{"a registry that refuses", "says", `{"error": "manifest unknown"}`, "manifest unknown"},
		{"an API that refuses", "says", `500 {"cause": "short name", "message": "short-name resolution enforced", "response": 500}`, "refused to fetch the image: short-name resolution enforced"},
		{"an API that says nothing", "says", "500 oops", "refused to fetch the image: 500"},
		{"an API that breaks off", "says", `{"status": `, "podman stopped fetching the image"},
		{"a user that it has not", "about", `[{"Id": "abc", "Config": {"User": "ann"}}]`, `it runs as "ann", and has no such user`},
		{"a number that containers have not", "image/etc/passwd", "client:x:99999:1::/home/client:/bin/sh", "may have one from 0 to 65535"},
		{"the whole disk for a home", "image/etc/passwd", "client:x:1234:1::/:/bin/sh", "no home of its own"},
		{"a home that says more to podman", "image/etc/passwd", "client:x:1234:1::/home/client,ro:/bin/sh", "no home of its own"},
		{"no home", "image/etc/passwd", "client:x:1234:1::/home/nobody:/bin/sh", "no home for its user"},
		{"words that are none", "about", `[]`, "are not understood"},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := image(t)
			if c.file != "says" {
				write(t, filepath.Join(dir, "pulled"), "")
			}
			write(t, filepath.Join(dir, c.file), c.text)
			_, err := fetch(t, reference)
			require.ErrorContains(t, err, c.want)
			_, err = podman.Current()
			require.ErrorIs(t, err, podman.ErrNoImage)
		})
	}
	dir := image(t)
	require.NoError(t, os.RemoveAll(dir+"/image/usr"))
	_, err := fetch(t, reference)
	require.ErrorContains(t, err, "no viewer of KasmVNC's")
	_, err = fetch(t, "--all")
	require.ErrorContains(t, err, "names no image")
	t.Setenv("PATH", t.TempDir())
	_, err = fetch(t, reference)
	require.ErrorContains(t, err, "install podman, netavark and iptables")
}

func TestAContainerHasNoRightsAndEndsWithItsSession(t *testing.T) {
	dir := image(t)
	write(t, host.Path("/etc/cdi/nvidia.yaml"), "cdiVersion: 0.5.0")
	ctx, end := context.WithCancel(t.Context())
	s := podman.Session{Image: podman.Image{ID: "abc", User: 1234, Home: "/home/client"}, Home: "/h", Password: "/p", Out: os.Stderr, Ready: func() {}}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	var call string
	require.Eventually(t, func() bool {
		for line := range strings.Lines(calls(t, dir)) {
			if strings.HasPrefix(line, "run ") {
				call = line
			}
		}
		return call != ""
	}, time.Minute, 5*time.Millisecond)
	for _, want := range []string{
		"--security-opt no-new-privileges", "--cap-drop all", "--network lablink --ip 198.19.77.2", "--uidmap 0:1879048192:65536", "--pull=never", "--rm",
		"--image-volume=ignore", "--volume /h:/home/client:nodev ", "/var/lib/lablink-home:nodev ", "--volume /p:/run/lablink/password:ro", "--env LABLINK_PASSWORD_FILE=/run/lablink/password", "--device nvidia.com/gpu=all",
	} {
		require.Contains(t, call, want)
	}
	require.True(t, strings.HasSuffix(call, " abc\n"), call)
	for _, never := range []string{"--privileged", "host", "--cap-add", ".sock"} {
		require.NotContains(t, strings.ReplaceAll(call, "--hostname", ""), never)
	}
	end()
	require.ErrorIs(t, <-ended, context.Canceled)
	told := calls(t, dir)
	require.Equal(t, 0, strings.Index(told, "rm --force --ignore --volumes lablink-session\n"), "what was there before goes first")
	require.Greater(t, strings.Count(told, "rm --force --ignore --volumes lablink-session\n"), 1)
}

func TestAContainerThatOutlivesItsUnitIsRemovedWithItsVolumesThoughWhoAskedIsGone(t *testing.T) {
	dir := image(t)
	ctx, gone := context.WithCancel(t.Context())
	gone()
	require.NoError(t, podman.Remove(ctx))
	require.Equal(t, "rm --force --ignore --volumes lablink-session\n", calls(t, dir))
	write(t, dir+"/podman", "#!/bin/sh\necho the disk is broken >&2; exit 125\n")
	require.ErrorContains(t, podman.Remove(t.Context()), "the session's container is not gone: podman rm --force: exit status 125: the disk is broken")
}

func TestAMachineThatIsGivenBackKeepsNothingOfContainers(t *testing.T) {
	dir := image(t)
	write(t, dir+"/told", "")
	require.NoError(t, podman.Leave(t.Context()))
	require.Empty(t, calls(t, dir), "a podman that never served is not asked")
	_, err := fetch(t, reference)
	require.NoError(t, err)
	write(t, dir+"/network", "")
	write(t, dir+"/told", "")
	require.NoError(t, podman.Leave(t.Context()))
	require.NoFileExists(t, dir+"/network")
	require.NoDirExists(t, host.Path(podman.Dir))
	require.Contains(t, calls(t, dir), "rm --force --ignore --volumes lablink-session\n", "which would be in the way")
	require.FileExists(t, dir+"/pulled", "images stay")
	require.NoError(t, podman.Leave(t.Context()), "once more")

	_, err = fetch(t, reference)
	require.NoError(t, err)
	require.NoError(t, podman.Leave(t.Context()), "no session began, so there is no network")
	require.NoDirExists(t, host.Path(podman.Dir))
	_, err = fetch(t, reference)
	require.NoError(t, err)
	write(t, dir+"/podman", "#!/bin/sh\necho the disk is broken >&2; exit 125\n")
	require.ErrorContains(t, podman.Leave(t.Context()), "the disk is broken")
	require.DirExists(t, host.Path(podman.Dir), "what does not work is tried again")
}

func TestAnImageThatPodmanLostIsFetchedAgain(t *testing.T) {
	dir := image(t)
	write(t, dir+"/pulled", "")
	_, err := fetch(t, reference)
	require.NoError(t, err)
	require.NoError(t, podman.Usable(t.Context()))
	require.NoError(t, os.Remove(dir+"/pulled"))
	require.ErrorIs(t, podman.Usable(t.Context()), podman.ErrNoImage)
	_, err = podman.Current()
	require.ErrorIs(t, err, podman.ErrNoImage, "the agent is told, too")
	write(t, dir+"/says", `{"status": "Download complete", "id": "a"}`)
	_, err = fetch(t, reference)
	require.NoError(t, err)
	require.NoError(t, podman.Usable(t.Context()))
}

func TestAMachineWhoseGPUsContainersWouldNotSeeSaysWhatToDo(t *testing.T) {
	dir := image(t)
	write(t, dir+"/version", "3.4.4")
	require.NoError(t, podman.Possible(), "it has none")
	write(t, host.Path("/dev/nvidia0"), "")
	require.ErrorContains(t, podman.Possible(), "run nvidia-ctk cdi generate")
	write(t, host.Path("/etc/cdi/nvidia.yaml"), "cdiVersion: 0.5.0")
	for version, want := range map[string]string{"3.4.4": "podman 3.4 gives no GPUs", "4.0.9": "podman 4.0 gives no GPUs", "?": "but"} {
		write(t, dir+"/version", version)
		require.ErrorContains(t, podman.Possible(), want)
	}
	for _, version := range []string{"4.1.0", "4.10.1", "5.0.0-rc1"} {
		write(t, dir+"/version", version)
		require.NoError(t, podman.Possible())
	}
}

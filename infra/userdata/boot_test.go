package userdata

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// firstBoot is what one did.
type firstBoot struct {
	root    string
	output  string
	ran     []string // the architecture and the arguments of the binary that was handed over to
	pauses  []string // in seconds
	calls   []string // the arguments of every curl
	visible string   // all of them
}

// run runs the script as a machine would, but for the pauses, which end at once.
// The script must work.
func run(t *testing.T, a *amazon) firstBoot {
	t.Helper()
	b, err := try(t, a, "")
	require.NoError(t, err, b.output)
	return b
}

// machine is one that has not booted yet.
type machine struct {
	a         *amazon
	dir, root string // of its tools, and its own
	userData  string
}

// newMachine has a curl that says that it is of a version, where one is given.
func newMachine(t *testing.T, a *amazon, version string) machine {
	t.Helper()
	script, err := Render(Args{
		Binary: "lablink-allocator", Part: "allocator", Region: "us-west-2", Pointer: "/lablink/lablink/test/release",
		Bucket: "the-bucket", Bootstrap: []string{"--region", "us-west-2", "--volume", "it's $HOME"},
	})
	require.NoError(t, err)
	dir := t.TempDir()
	curl, err := exec.LookPath("curl")
	require.NoError(t, err, "curl is what the script fetches with: on Debian, apt-get install curl")
	wrap := func(name, script string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/bash\n"+script+"\n"), 0o755))
	}
	pretend := ""
	if version != "" {
		pretend = `if [ "$*" = --version ]; then printf '` + version + `'; exit; fi; `
	}
	// How long a call may take is seen in what is called; a busy computer takes longer.
	wrap("curl", pretend+`echo "$*" >>"`+dir+`/calls"; exec `+curl+` "$@" -m 300 --speed-time 300`)
	wrap("sleep", `echo "$1" >>"`+dir+`/pauses"`)
	m := machine{a: a, dir: dir, root: filepath.Join(dir, "the root"), userData: filepath.Join(dir, "part-001")}
	require.NoError(t, os.Mkdir(m.root, 0o755))
	require.NoError(t, os.WriteFile(m.userData, []byte(script), 0o700))
	return m
}

// boot runs a script as cloud-init does.
func (m machine) boot(t *testing.T, script string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), script)
	cmd.Env = []string{
		"PATH=" + m.dir + ":" + os.Getenv("PATH"), "LABLINK_ROOT=" + m.root,
		"AWS_ENDPOINT_URL=" + m.a.URL, "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + m.a.URL,
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// try runs the script. Where version is given, curl says that it is of it.
func try(t *testing.T, a *amazon, version string) (firstBoot, error) {
	t.Helper()
	m := newMachine(t, a, version)
	out, err := m.boot(t, m.userData)
	b := firstBoot{root: m.root, output: out}
	b.ran = lines(t, filepath.Join(m.root, "ran"))
	b.pauses = lines(t, filepath.Join(m.dir, "pauses"))
	b.calls = lines(t, filepath.Join(m.dir, "calls"))
	b.visible = strings.Join(b.calls, "\n")
	return b, err
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
}

func TestTheFirstBootHandsOverToTheBinaryOfTheRelease(t *testing.T) {
	a := newAmazon(t)
	b := run(t, a)
	assert.Equal(t, []string{runtime.GOARCH, "bootstrap", "--release", a.pointer, "--region", "us-west-2", "--volume", "it's $HOME"}, b.ran, b.output)
	assert.Empty(t, b.pauses, b.output)

	dir := filepath.Join(b.root, "opt/lablink/releases", a.pointer)
	installed, err := os.ReadFile(filepath.Join(dir, "lablink-allocator"))
	require.NoError(t, err)
	assert.Equal(t, a.objects[a.binary()], string(installed))
	info, err := os.Stat(filepath.Join(dir, "lablink-allocator"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm())
	assert.NoFileExists(t, filepath.Join(dir, "lablink-allocator.new"))
}

func TestTheFirstBootSaysWhatItWaitsForAndTriesAgain(t *testing.T) {
	missing := fault{400, `{"__type":"ParameterNotFound"}`}
	for _, c := range []struct {
		why, at string
		faults  []fault
		says    string
	}{
		{"metadata that does not answer yet", "PUT /latest/api/token", []fault{{503, ""}}, "asking instance metadata for credentials"},
		{"a profile that has no role yet", "GET " + credentials, []fault{{404, "not found"}}, "404"},
		{"credentials without a secret", "GET " + credentials + "the-role", []fault{{200, `{"Code":"Failed"}`}}, "that did not work"},
		{"a pointer that is not there yet", "POST /", []fault{missing, missing}, "reading the release pointer /lablink/lablink/test/release"},
		{"a pointer that is no sum", "POST /", []fault{{200, `{"Parameter":{"Value":"latest"}}`}}, "the pointer holds no release: 'latest'"},
		{"a pointer that leads elsewhere", "POST /", []fault{{200, `{"Parameter":{"Value":"` + strings.Repeat("../", 21) + `x"}}`}}, "the pointer holds no release"},
		{"a manifest that is not there", "manifest", []fault{{404, "NoSuchKey"}}, "404"},
		{"a manifest that was changed", "manifest", []fault{{200, `{"allocator":{}}`}}, "the manifest has the wrong sum"},
		{"a manifest that was cut short", "manifest", []fault{{200, ""}}, "the manifest has the wrong sum"},
		{"a binary that is not there", "binary", []fault{{404, "NoSuchKey"}}, "404"},
		{"a binary that was changed", "binary", []fault{{200, "#!/bin/bash\ntouch \"$LABLINK_ROOT/evil\"\n"}}, "lablink-allocator has the wrong sum"},
	} {
		t.Run(c.why, func(t *testing.T) {
			a := newAmazon(t)
			at := strings.NewReplacer("manifest", "GET /the-bucket/"+release.Key(a.pointer), "binary", "GET /the-bucket/"+a.binary()).Replace(c.at)
			a.fail(at, c.faults...)
			b := run(t, a)
			assert.Contains(t, b.output, c.says)
			assert.Equal(t, []string{"1", "2"}[:len(c.faults)], b.pauses, "seconds between the tries\n%s", b.output)
			assert.NotEmpty(t, b.ran, "it works in the end\n%s", b.output)
			assert.NoFileExists(t, filepath.Join(b.root, "evil"), "what was changed never ran")
		})
	}
}

// An address that is given to the host cuts the calls in flight, and nobody
// tells curl.
func TestNoCallWaitsLongForAnAnswer(t *testing.T) {
	a := newAmazon(t)
	b := run(t, a)
	limits := map[string]string{"/latest/": "-m 5 ", "/the-bucket/releases/": "-m 20 ", "/the-bucket/artifacts/": "--speed-limit 1024 --speed-time 20 ", "AmazonSSM": "-m 20 "}
	asked := map[string]bool{}
	for _, call := range b.calls {
		if call == "--version" {
			continue
		}
		for what, limit := range limits {
			if strings.Contains(call, what) {
				asked[what] = true
				assert.Contains(t, call, limit, "what limits %s", what)
				assert.Equal(t, what == "/the-bucket/artifacts/", !strings.Contains(call, " -m "), "a large download may take its time: %s", call)
			}
		}
	}
	assert.Len(t, asked, len(limits), "all calls were seen\n%s", b.visible)
}

func TestACurlThatCannotSignIsNamedAtOnce(t *testing.T) {
	for version, works := range map[string]bool{
		"curl 7.81.0 (x86_64-pc-linux-gnu) libcurl/7.81.0": false, "curl 7.9.8": false, "something else": false,
		"curl 7.87.0": true, "curl 7.100.1": true, "curl 8.5.0 (x86_64-pc-linux-gnu)": true,
	} {
		b, err := try(t, newAmazon(t), version+`\nRelease-Date: 2022-01-05\n`)
		if works {
			assert.NoError(t, err, "%s\n%s", version, b.output)
			continue
		}
		assert.Error(t, err, version)
		assert.Contains(t, b.output, "LabLink needs 7.87 or newer", version)
		assert.Empty(t, b.calls, "%s: AWS is not asked", version)
		assert.Empty(t, b.ran, version)
	}
}

func TestAReleaseWithoutABinaryForTheMachineIsRefused(t *testing.T) {
	a := newAmazon(t)
	good := a.pointer
	a.publish(release.Manifest{Allocator: map[string]release.File{"linux/riscv64": {Key: "k", SHA256: release.Sum(nil)}}, Agent: map[string]release.File{
		"linux/" + runtime.GOARCH: {Key: a.binary(), SHA256: release.Sum([]byte(a.objects[a.binary()]))}, // another program
	}})
	wrong := a.pointer
	a.point(good)
	a.fail("POST /", fault{200, `{"Parameter":{"Value":"` + wrong + `"}}`})
	b := run(t, a)
	assert.Contains(t, b.output, "the release has no lablink-allocator for linux/"+runtime.GOARCH)
	assert.Equal(t, []string{"1"}, b.pauses)
	assert.Contains(t, b.ran, good)
}

// Somebody who sees that a machine cannot be set up by a release sets the pointer.
func TestARefusedHandOverIsTriedAgainWithWhatThePointerNamesThen(t *testing.T) {
	a := newAmazon(t)
	good := a.pointer
	a.publish(release.Manifest{Allocator: map[string]release.File{"linux/" + runtime.GOARCH: a.program("crashes", "#!/bin/bash\necho no such luck\nexit 2\n")}})
	bad := a.pointer
	a.point(good)
	a.fail("POST /", fault{200, `{"Parameter":{"Value":"` + bad + `"}}`})
	b := run(t, a)
	assert.Contains(t, b.output, "no such luck")
	assert.Equal(t, []string{"1"}, b.pauses)
	assert.Contains(t, b.ran, good)
}

// cloud-init runs user data once, and counts a run that was cut short.
func TestAFirstBootThatIsCutShortBeginsAnewAtTheNextOne(t *testing.T) {
	a := newAmazon(t)
	good := a.pointer
	a.publish(release.Manifest{Allocator: map[string]release.File{"linux/" + runtime.GOARCH: a.program("ends", "#!/bin/bash\nkill -KILL $PPID\n")}})
	m := newMachine(t, a, "")
	out, err := m.boot(t, m.userData)
	require.ErrorContains(t, err, "signal: killed", out)
	again := filepath.Join(m.root, "var/lib/cloud/scripts/per-boot/lablink")
	a.point(good)
	out, err = m.boot(t, again)
	require.NoError(t, err, out)
	assert.Contains(t, lines(t, filepath.Join(m.root, "ran")), good)
	left, err := os.ReadDir(filepath.Dir(again))
	require.NoError(t, err)
	assert.Empty(t, left, "a machine that is set up does not begin anew")
}

func TestTriesAreSpacedOutUpToHalfAMinute(t *testing.T) {
	a := newAmazon(t)
	a.fail("POST /", make([]fault, 7)...)
	for i := range a.faults["POST /"] {
		a.faults["POST /"][i] = fault{400, ""}
	}
	assert.Equal(t, []string{"1", "2", "4", "8", "16", "30", "30"}, run(t, a).pauses, "seconds")
}

func TestNoSecretIsSeenInAListOfProcessesOrOnTheConsole(t *testing.T) {
	a := newAmazon(t)
	a.fail("POST /", fault{403, "AccessDenied"}) // what is said when a call is refused counts too
	b := run(t, a)
	assert.Contains(t, b.visible, "--aws-sigv4", "what was recorded are curl's arguments")
	for name, secret := range map[string]string{
		"the metadata token": metadataToken, "the secret key": secretKey, "the session token": sessionToken,
	} {
		assert.NotContains(t, b.visible, secret, "%s in curl's arguments", name)
		assert.NotContains(t, b.output, secret, "%s on the console", name)
	}
}

package published

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

const own = "linux/" + runtime.GOARCH

// other is the platform that this computer is not.
var other = map[string]string{"linux/amd64": "linux/arm64", "linux/arm64": "linux/amd64"}[own]

// small is a working copy with programs that are quickly compiled: the agent
// has C in it, as the real one.
var small = map[string]string{
	"go.mod":                               "module example.org/small\n\ngo 1.24\n",
	"allocator/cmd/lablink-allocator/a.go": "package main\n\nvar version string\n\nfunc main() { println(version) }\n",
	"agent/cmd/lablink-agent/a.go":         "package main\n\n// static int one(void) { return 1; }\nimport \"C\"\n\nvar version string\n\nfunc main() { println(version, C.one()) }\n",
}

func workingCopy(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range small {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(content), 0o600))
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-q", "-m", "source"}} {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Dir = root
		cmd.Env = append(cmd.Environ(), "GIT_AUTHOR_DATE=2026-05-04T12:00:00Z", "GIT_COMMITTER_DATE=2026-05-04T12:00:00Z")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return root
}

// files are a folder's, with their sums.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		out[e.Name()] = release.Sum(raw)
	}
	return out
}

func TestAReleaseIsTheSameWhereverItIsMade(t *testing.T) {
	var all []map[string]string
	for range 2 {
		dir := filepath.Join(t.TempDir(), "release")
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "left over"), 0o755))
		sum, err := Write(t.Context(), workingCopy(t), "v1.2.0", dir, Platforms, []string{own})
		require.NoError(t, err)
		found := files(t, dir)
		assert.Equal(t, sum, found[ListName])
		all = append(all, found)
	}
	assert.Equal(t, all[0], all[1])
	assert.ElementsMatch(t, []string{
		ListName, "lablink-allocator_linux_amd64", "lablink-allocator_linux_arm64", "lablink-agent_" + strings.ReplaceAll(own, "/", "_"),
	}, slices.Collect(maps.Keys(all[0])))
}

func TestWhatNobodyCanBuildAgainIsNotPublished(t *testing.T) {
	root := workingCopy(t)
	for _, version := range []string{"", "1.2.0", "v1.2", "v01.2.0", "latest", "v1.2.0/../x"} {
		_, err := Write(t.Context(), root, version, t.TempDir(), nil, nil)
		assert.ErrorContains(t, err, "a release is called vX.Y.Z", version)
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "new.go"), []byte("package small\n"), 0o600))
	_, err := Write(t.Context(), root, "v1.2.0", t.TempDir(), nil, nil)
	assert.ErrorContains(t, err, "commit them first")
}

// site serves a published release, and counts what is asked of it.
type site struct {
	Source
	client *http.Client
	dir    string // of the version
	asked  []string
}

func publish(t *testing.T) *site {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "release")
	sum, err := Write(t.Context(), workingCopy(t), "v1.2.0", dir, Platforms, []string{own})
	require.NoError(t, err)
	return serve(t, dir, sum)
}

// serve publishes a copy of a release.
func serve(t *testing.T, release, sum string) *site {
	t.Helper()
	root := t.TempDir()
	s := &site{dir: filepath.Join(root, "v1.2.0")}
	require.NoError(t, os.CopyFS(s.dir, os.DirFS(release)))
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, filepath.Base(r.URL.Path))
		http.FileServer(http.Dir(root)).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.Source, s.client = Source{URL: server.URL, Version: "v1.2.0", SHA256: sum}, server.Client()
	return s
}

// edit changes a published file and says what its sum is then.
func (s *site) edit(t *testing.T, file string, change func(string) string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.dir, file))
	require.NoError(t, err)
	changed := []byte(change(string(raw)))
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, file), changed, 0o600))
	return release.Sum(changed)
}

func TestWhatWasPublishedIsFetchedOnceAndOnlyWhatIsNeeded(t *testing.T) {
	s, dir := publish(t), t.TempDir()
	b, err := Fetch(t.Context(), s.client, s.Source, dir, []string{other}, []string{own})
	require.NoError(t, err)
	allocator, agent := fileName("lablink-allocator", other), fileName("lablink-agent", own)
	assert.Equal(t, []string{ListName, allocator, agent}, s.asked)
	assert.Equal(t, "v1.2.0", b.Source.Version)
	assert.Equal(t, "2026-05-04T12:00:00Z", b.Source.Changed.Format("2006-01-02T15:04:05Z"))
	assert.NotEmpty(t, b.Toolchain.CC)
	for i, a := range append(b.Allocator, b.Agent...) {
		raw, err := os.ReadFile(a.Path)
		require.NoError(t, err)
		assert.Equal(t, release.Sum(raw), a.SHA256)
		assert.Equal(t, int64(len(raw)), a.Bytes)
		assert.Equal(t, []string{other, own}[i], a.Platform)
	}
	out, err := exec.CommandContext(t.Context(), "go", "version", b.Agent[0].Path).CombinedOutput()
	require.NoError(t, err, "%s", out)

	s.asked = nil
	require.NoError(t, os.WriteFile(b.Agent[0].Path, []byte("spoilt"), 0o600))
	_, err = Fetch(t.Context(), s.client, s.Source, dir, []string{other}, []string{own})
	require.NoError(t, err)
	assert.Equal(t, []string{ListName, agent}, s.asked, "what is there is not fetched again, what was spoilt is")
}

func TestWhatIsNotWhatWasPublishedIsRefusedAndNotKept(t *testing.T) {
	made := publish(t)
	protocol := fmt.Sprintf(`"protocol": %d`, api.Protocol)
	for _, c := range []struct {
		why   string
		spoil func(t *testing.T, s *site)
		says  string
	}{
		{"another sum", func(_ *testing.T, s *site) { s.SHA256 = strings.Repeat("0", 64) }, "but lablink:allocator.releaseSha256 is 000"},
		{"a list that was changed", func(t *testing.T, s *site) { s.edit(t, ListName, strings.ToUpper) }, "was changed after it was published"},
		{"a list that is no list", func(t *testing.T, s *site) { s.SHA256 = s.edit(t, ListName, func(string) string { return "[]" }) }, "read its list"},
		{"a list with more in it", func(t *testing.T, s *site) {
			s.SHA256 = s.edit(t, ListName, func(l string) string { return strings.Replace(l, "{", `{"signature": "x",`, 1) })
		}, `unknown field "signature"`},
		{"a list that leads elsewhere", func(t *testing.T, s *site) {
			s.SHA256 = s.edit(t, ListName, func(l string) string { return strings.Replace(l, `"lablink-agent_`, `"../../x/lablink-agent_`, 1) })
		}, "its entry for lablink-agent"},
		{"the list of another version", func(t *testing.T, s *site) {
			s.SHA256 = s.edit(t, ListName, func(l string) string { return strings.Replace(l, "v1.2.0", "v1.3.0", 1) })
		}, `its list is of version "v1.3.0"`},
		{"another protocol", func(t *testing.T, s *site) {
			s.SHA256 = s.edit(t, ListName, func(l string) string { return strings.Replace(l, protocol, `"protocol": 99`, 1) })
		}, fmt.Sprintf("it speaks protocol 99, this program %d: deploy it with the program of its own commit (git checkout v1.2.0)", api.Protocol)},
		{"a binary that was changed", func(t *testing.T, s *site) {
			s.edit(t, fileName("lablink-agent", own), func(b string) string { return b[:len(b)-1] + "x" })
		}, "but the release's list says"},
		{"a binary that was cut short", func(t *testing.T, s *site) {
			s.edit(t, fileName("lablink-agent", own), func(b string) string { return b[:100] })
		}, "or cut short"},
		{"a binary that is longer", func(t *testing.T, s *site) {
			s.edit(t, fileName("lablink-agent", own), func(b string) string { return b + "more than that" })
		}, "but the release's list says"},
		{"a binary that is gone", func(t *testing.T, s *site) {
			require.NoError(t, os.Remove(filepath.Join(s.dir, fileName("lablink-agent", own))))
		}, "answers 404 Not Found: check lablink:allocator.version and releaseUrl"},
		{"a version that is not there", func(_ *testing.T, s *site) { s.Version = "v9.9.9" }, "take release v9.9.9"},
		{"a site that is away", func(_ *testing.T, s *site) { s.URL = "https://127.0.0.1:1" }, "ask for https://127.0.0.1:1/v1.2.0/release.json"},
	} {
		t.Run(c.why, func(t *testing.T) {
			s, dir := serve(t, made.dir, made.SHA256), t.TempDir()
			c.spoil(t, s)
			_, err := Fetch(t.Context(), s.client, s.Source, dir, nil, []string{own})
			assert.ErrorContains(t, err, c.says)
			kept, err := filepath.Glob(dir + "/*/*")
			require.NoError(t, err)
			assert.Empty(t, kept)
		})
	}
}

func TestAPlatformThatWasNotPublishedIsNamed(t *testing.T) {
	s := publish(t)
	_, err := Fetch(t.Context(), s.client, s.Source, t.TempDir(), []string{own}, []string{other})
	assert.ErrorContains(t, err, "it has lablink-agent for ["+own+"], not for "+other+", which the instance types of this stack need")
}

package release_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

func file(key string) release.File {
	return release.File{Key: key, SHA256: release.Sum([]byte(key)), Bytes: 7}
}

func good() release.Manifest {
	return release.Manifest{
		Version: "source-0123456789ab", Protocol: 1, CreatedAt: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC),
		Allocator: map[string]release.File{"linux/arm64": file("a")},
		Agent:     map[string]release.File{"linux/amd64": file("b"), "linux/arm64": file("c")},
		Settings:  file("s"), Toolchain: release.Toolchain{Go: "go1.26.0", CC: "gcc 12"},
	}
}

// What is deployed already has this form: the script of the first boot finds its
// way in it with grep.
func TestAManifestHasOneForm(t *testing.T) {
	raw, sum, err := good().Encode()
	require.NoError(t, err)
	binary := func(key string) string {
		return `{"key":"` + key + `","sha256":"` + release.Sum([]byte(key)) + `","bytes":7}`
	}
	assert.Equal(t, `{"version":"source-0123456789ab","protocol":1,"createdAt":"2026-05-04T12:00:00Z",`+
		`"allocator":{"linux/arm64":`+binary("a")+`},"agent":{"linux/amd64":`+binary("b")+`,"linux/arm64":`+binary("c")+`},`+
		`"settings":`+binary("s")+`,"toolchain":{"go":"go1.26.0","cc":"gcc 12"}}`, string(raw))
	assert.Equal(t, release.Sum(raw), sum)
	assert.Equal(t, "releases/"+sum+".json", release.Key(sum))
}

func TestWhatIsEncodedIsDecoded(t *testing.T) {
	files := rapid.Custom(func(r *rapid.T) release.File {
		f := file(rapid.StringN(1, 20, -1).Draw(r, "key"))
		f.Bytes = rapid.Int64().Draw(r, "bytes")
		return f
	})
	binaries := rapid.MapOf(rapid.SampledFrom([]string{"linux/amd64", "linux/arm64"}), files)
	rapid.Check(t, func(r *rapid.T) {
		m := release.Manifest{
			Version: rapid.String().Draw(r, "version"), Protocol: rapid.Int().Draw(r, "protocol"),
			CreatedAt: time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(r, "created"), 0).UTC(),
			Allocator: binaries.Draw(r, "allocator"), Agent: binaries.Draw(r, "agent"), Settings: files.Draw(r, "settings"),
			Toolchain: release.Toolchain{Go: rapid.String().Draw(r, "go"), CC: rapid.String().Draw(r, "cc")},
		}
		raw, sum, err := m.Encode()
		require.NoError(r, err)
		back, err := release.Decode(raw, sum)
		require.NoError(r, err)
		assert.Equal(r, m, back)
	})
}

func TestAManifestThatCannotBeTrustedIsRefused(t *testing.T) {
	raw, sum, err := good().Encode()
	require.NoError(t, err)
	for why, changed := range map[string]string{
		"changed": strings.Replace(string(raw), "go1.26.0", "go1.26.1", 1), "cut short": string(raw[:len(raw)-1]), "empty": "",
	} {
		_, err := release.Decode([]byte(changed), sum)
		assert.ErrorContains(t, err, "not "+sum+": it was changed or cut short", why)
	}
	for why, spoil := range map[string]func(*release.Manifest){
		"settings without a sum": func(m *release.Manifest) { m.Settings.SHA256 = "" },
		"settings without a key": func(m *release.Manifest) { m.Settings.Key = "" },
		"an allocator with a sum that is none": func(m *release.Manifest) {
			m.Allocator["linux/arm64"] = release.File{Key: "a", SHA256: strings.Repeat("A", 64)}
		},
		"an agent without anything": func(m *release.Manifest) { m.Agent["linux/arm64"] = release.File{} },
	} {
		m := good()
		spoil(&m)
		raw, sum, err := m.Encode()
		require.NoError(t, err)
		_, err = release.Decode(raw, sum)
		assert.ErrorContains(t, err, "without a sum", why)
	}
	_, err = release.Decode([]byte("[]"), release.Sum([]byte("[]")))
	var wrong *json.UnmarshalTypeError
	assert.ErrorAs(t, err, &wrong)
}

func TestOnlyASumInLowerCaseIsASum(t *testing.T) {
	sum := release.Sum([]byte("x"))
	for s, want := range map[string]bool{sum: true, strings.ToUpper(sum): false, sum[1:]: false, sum + "0": false, "": false, sum + "\n": false, "../" + sum[3:]: false} {
		assert.Equal(t, want, release.IsSum(s), "%q", s)
	}
}

func TestWhatIsStoredIsNamedByItsContent(t *testing.T) {
	assert.Equal(t, "artifacts/5e/lablink-agent-linux/amd64", release.ArtifactKey("lablink-agent", "linux/amd64", "5e"))
	assert.Equal(t, "settings/5e.json", release.SettingsKey("5e"))
	assert.Equal(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", release.Sum(nil))
}

package userdata

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

// machines are what is booted: the allocator's host and a client.
var machines = map[string]Args{
	"host": {
		Binary: "lablink-allocator", Part: "allocator", Region: "us-west-2",
		Pointer: "/lablink/lablink/test/release", Bucket: "lablink-artifacts-test-123456789012-us-west-2",
		Bootstrap: []string{"--region", "us-west-2", "--volume", "vol-0123456789abcdef0"},
	},
	"client": {
		Binary: "lablink-agent", Part: "agent", Region: "us-west-2",
		Pointer: "/lablink/lablink/test/release", Bucket: "lablink-artifacts-test-123456789012-us-west-2",
		Bootstrap: []string{"--region", "us-west-2", "--allocator-url", "https://10.20.0.10", "--tls-name", "lab.example.org"},
	},
}

func TestTheScriptsAreTheOnesInTheGoldenFiles(t *testing.T) {
	for name, args := range machines {
		got, err := Render(args)
		require.NoError(t, err)
		golden := filepath.Join("testdata", name+".sh")
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		assert.Equal(t, string(want), got, "%s: go test ./infra/userdata -update writes it anew; every host is replaced", golden)
	}
}

func TestTheScriptsAreFreeOfWhatShellcheckFinds(t *testing.T) {
	for name, args := range machines {
		script, err := Render(args)
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), name+".sh")
		require.NoError(t, os.WriteFile(file, []byte(script), 0o755))
		out, err := exec.CommandContext(t.Context(), "shellcheck", "--severity=style", file).CombinedOutput()
		assert.NoError(t, err, "%s\n%s", name, out)
	}
}

func TestNoValueIsMoreThanAWordOfTheShell(t *testing.T) {
	for _, hostile := range []string{
		"it's", `a "b" c`, "$HOME", "$(touch /tmp/x)", "`id`", "two\nlines", `back\slash`, "; exit 1 #", "'", "''", `'"'"'`,
		"*", "~", "a b  c", "{{.Binary}}", "ünïcode", "\t", "-n", "!x",
	} {
		assertWords(t, hostile)
	}
	rapid.Check(t, func(r *rapid.T) {
		assertWords(r, strings.ReplaceAll(rapid.StringN(1, 40, -1).Draw(r, "value"), "\x00", ""))
	})
}

// assertWords renders a script with a value everywhere, and lets bash tell what
// it makes of it.
func assertWords(t require.TestingT, value string) {
	if value == "" {
		return
	}
	script, err := Render(Args{Binary: value, Part: value, Region: value, Pointer: value, Bucket: value, Bootstrap: []string{"--name", value}})
	require.NoError(t, err)
	settings := script[:strings.LastIndex(script, "\nroot=")]
	const handOver = `bootstrap --release "$release"`
	arguments := script[strings.LastIndex(script, handOver)+len(handOver) : strings.LastIndex(script, "\n}\n\ncase ")]
	probe := settings + "\n" + `printf '%s\0' "$binary" "$part" "$region" "$pointer" "$bucket" ` + arguments
	out, err := exec.Command("bash", "-c", probe).Output()
	require.NoError(t, err, "%q", value)
	want := strings.Join([]string{value, value, value, value, value, "--name", value}, "\x00") + "\x00"
	assert.Equal(t, want, string(out), "%q", value)
}

func TestWhatIsMissingOrTooLargeIsRefused(t *testing.T) {
	for what, spoil := range map[string]func(*Args){
		"Binary":  func(a *Args) { a.Binary = "" },
		"Part":    func(a *Args) { a.Part = "" },
		"Region":  func(a *Args) { a.Region = "" },
		"Pointer": func(a *Args) { a.Pointer = "" },
		"Bucket":  func(a *Args) { a.Bucket = "" },
	} {
		args := machines["host"]
		spoil(&args)
		_, err := Render(args)
		assert.ErrorContains(t, err, what)
	}
	args := machines["host"]
	args.Bootstrap = []string{strings.Repeat("x", MaxBytes)}
	_, err := Render(args)
	assert.ErrorContains(t, err, "EC2 takes 16384 at most")
}

func TestTheScriptsAreFarBelowTheLimit(t *testing.T) {
	for name, args := range machines {
		script, err := Render(args)
		require.NoError(t, err)
		assert.Less(t, len(script), MaxBytes/2, "bytes of the %s's script", name)
	}
}

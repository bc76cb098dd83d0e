package agent_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

const code = "4/0AbCdEfGhIjKlMnOpQrStUvWxYz_0123456789-abcdefghijklmnopq"

// command is as Google's page shows it.
const command = `DISPLAY= /opt/google/chrome-remote-desktop/start-host --code="` + code + `" --redirect-url="https://remotedesktop.google.com/_/oauthredirect" --name=$(hostname)`

func TestACodeIsReadOutOfWhatGoogleShows(t *testing.T) {
	for _, pasted := range []string{
		command, "  " + command + "\n", code, `"` + code + `"`, "--code=" + code, `--code="` + code + `"`, "--code='" + code + "'",
		strings.ReplaceAll(command, `"`, ""), strings.TrimPrefix(command, "DISPLAY= "),
	} {
		got, err := agent.ReadCode(pasted)
		require.NoError(t, err, pasted)
		require.Equal(t, code, got)
	}
}

func TestWhatIsNoCodeIsRefusedAndNotRepeated(t *testing.T) {
	for why, all := range map[string][]string{
		"There is no code":          {"", " \n\t "},
		"There is no code in it":    {"DISPLAY= " + agent.StartHost},
		"There are two codes in it": {command + " --code=" + code, "--code=" + code + " --code=" + code},
		"What stands where the code should be is none": {
			"--code=", `--code=""`, "secret", "--code=secret", "4/", "4/short", "--code=--name=secret", "--code=-secret", "5/" + code[2:], code + `"`, `"` + code, code + "'", `'` + code + `"`, code + ";reboot", code + "&&reboot", code + "|sh",
			"--code=" + code + ";reboot", "--code=$(reboot)", code + "$(reboot)", code + "`reboot`", code + "${HOME}", code + `\`, code + "/../..", code + "%0a", code + ",4/x", "4/" + strings.Repeat("x", 301), `""` + code + `""`,
		},
		"There is something in it": {
			code + " ; reboot", command + "; reboot", command + " && reboot", "sudo " + command, command + " --pin=123456", command + " --user-name=root", "-c " + code, "--code " + code, "-- " + code, code + " " + code,
			"--config=/tmp/secret", "--redirect-url=https://evil.example --code=" + code, "--name=secret --code=" + code, "--name=$(reboot) --code=" + code, "/tmp/start-host --code=" + code, `"--pin=1" --code=` + code,
		},
		"There are characters in it": {
			"4/0AbCdEf\nreboot", command + "\nreboot", "--code=" + code + "\x00", code + "\r\n" + code, "--code=“" + code + "”", code + "é", code + "\x1b[2J",
		},
		"That is longer": {command + strings.Repeat(" ", 10) + strings.Repeat("x", 1000)},
	} {
		for _, pasted := range all {
			got, err := agent.ReadCode(pasted)
			require.Error(t, err, "%q", pasted)
			assert.Empty(t, got)
			assert.Equal(t, api.Invalid, api.CodeOf(err))
			assert.Contains(t, err.Error(), why, "%q", pasted)
			for _, secret := range []string{code[4:20], "secret", "reboot", "evil"} {
				assert.NotContains(t, err.Error(), secret, "%q", pasted)
			}
		}
	}
}

func TestAConnectionIsOfPlainWords(t *testing.T) {
	good := agent.Connection{Session: "anns", Code: code, PIN: "012345", Name: "mch_0123abc"}
	require.NoError(t, good.Check())
	for _, spoil := range []func(c *agent.Connection, with string){
		func(c *agent.Connection, with string) { c.Code = with },
		func(c *agent.Connection, with string) { c.PIN = with },
		func(c *agent.Connection, with string) { c.Name = with },
	} {
		for _, with := range []string{"", "-x", "--pin=1", "a b", "a\n", "012345\n", code + "\n", "a;b", "$(x)", "-12345", strings.Repeat("x", 400)} {
			c := good
			spoil(&c, with)
			err := c.Check()
			require.Equal(t, api.Invalid, api.CodeOf(err), "%q", with)
			assert.NotContains(t, err.Error(), code)
		}
	}
}

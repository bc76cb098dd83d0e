package preview_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/price"
	"github.com/talmolab/lablink-infrastructure/cli/preview"
)

const (
	prelude  = `{"sequence":0,"preludeEvent":{"config":{"aws:region":"us-west-2","lablink:deployment":"lablink"}}}`
	ended    = `{"summaryEvent":{"result":"succeeded","resourceChanges":{}}}`
	failed   = `{"summaryEvent":{"result":"failed"}}`
	host     = "urn:pulumi:test::lablink::lablink:host:Host$"
	hostOf   = "urn:pulumi:test::lablink::lablink:host:Host::host"
	stackURN = "urn:pulumi:test::lablink::pulumi:pulumi:Stack::lablink-test"
)

// events is a stream of events from its beginning to its end.
func events(middle ...string) string {
	return strings.Join(append(append([]string{prelude}, middle...), ended), "\n")
}

// step is the events of what happens to a resource of the host.
func step(t *testing.T, op, typ, name string, before, after map[string]any, changed ...string) string {
	t.Helper()
	m := map[string]any{"op": op, "urn": host + typ + "::" + name, "logical": true, "diffs": changed, "unheardOf": []any{1}}
	if before != nil {
		m["old"] = map[string]any{"parent": hostOf, "inputs": before}
	}
	if after != nil {
		m["new"] = map[string]any{"parent": hostOf, "inputs": after}
	}
	raw, err := json.Marshal(map[string]any{"resourcePreEvent": map[string]any{"metadata": m, "planning": true}})
	require.NoError(t, err)
	return string(raw)
}

func said(t *testing.T, severity, message string) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"diagnosticEvent": map[string]any{"severity": severity, "prefix": severity + ": ", "message": message}})
	require.NoError(t, err)
	return string(raw)
}

func comment(t *testing.T, text string) string {
	t.Helper()
	p, err := preview.Read(strings.NewReader(text))
	require.NoError(t, err)
	c := p.Comment("test", price.Ask(t.Context(), p.Region(), p.Things(), price.Table{}))
	require.LessOrEqual(t, len(c), preview.Limit)
	require.True(t, strings.HasPrefix(c, preview.Marker("test")+"\n"), c)
	return c
}

func TestWhatIsNoPreviewIsRefused(t *testing.T) {
	for text, says := range map[string]string{
		"":                         "there is nothing",
		"error: no stack selected": "not what pulumi preview --json prints",
		`{"steps": 5}`:             "not what pulumi preview --json prints",
		prelude + "\n{":            "not what pulumi preview --json prints",
		`{"hello": "world"}`:       "it holds nothing of one",
	} {
		_, err := preview.Read(strings.NewReader(text))
		assert.ErrorContains(t, err, says, text)
	}
}

func TestAPreviewThatBreaksOffIsNotTakenForAWholeOne(t *testing.T) {
	c := comment(t, prelude+"\n"+step(t, "create", "aws:ec2/eip:Eip", "host-address", nil, map[string]any{}))
	assert.Contains(t, c, "this cannot be deployed")
	assert.Contains(t, c, "**The preview did not come to its end**")
	assert.NotContains(t, c, "No guardrail")
	assert.NotContains(t, c, "### Cost")
}

func TestLongPreviewsAreFoldedAndThenCutInWords(t *testing.T) {
	var many []string
	for i := range 2000 {
		many = append(many, step(t, "create", "aws:iam/policy:Policy", fmt.Sprintf("host-policy-%04d", i), nil, map[string]any{}))
	}
	c := comment(t, events(many...))
	assert.Greater(t, len(c), preview.Limit/2)
	assert.Contains(t, c, "2000 created")
	assert.Contains(t, c, "<details><summary><code>host</code>: 2000 created</summary>")
	assert.Contains(t, c, "`host-policy-0000`")
	assert.NotContains(t, c, "`host-policy-1999`")
	assert.Regexp(t, `\*\*\d+ lines are left out here\*\*`, c)
	assert.Equal(t, strings.Count(c, "<details>"), strings.Count(c, "</details>"))
}

func TestALongMessageLeavesRoomForTheRest(t *testing.T) {
	c := comment(t, strings.Join([]string{prelude, said(t, "error", strings.Repeat("wörter ", 30_000)), failed}, "\n"))
	assert.Regexp(t, `wört?e?r? ?…\n`, c)
	assert.Equal(t, 0, strings.Count(c, "```")%2, "the block ends")
}

func TestNoSecretIsShown(t *testing.T) {
	const hidden = "correct-horse-battery"
	marked := map[string]any{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": hidden, "plaintext": hidden}
	outputs := func(op string) string {
		return `{"resOutputsEvent":{"metadata":{"op":"same","logical":true,"urn":"` + stackURN + `","old":{"outputs":{"contractVersion":1,"p":"` + op + `"}},` +
			`"new":{"outputs":{"contractVersion":1,"p":` + string(must(json.Marshal(marked))) + `}}}}}`
	}
	c := comment(t, strings.Join([]string{
		prelude,
		step(t, "update", "aws:ssm/parameter:Parameter", "a", map[string]any{"value": hidden, "name": marked}, map[string]any{"value": hidden + "2", "name": marked}, "value", "name"),
		outputs("was"), outputs("was"),
		said(t, "warning", "adminPassword="+hidden+" is not good, nor is https://user:"+hidden+"@example.org/x"),
		said(t, "warning", "-----BEGIN RSA PRIVATE KEY-----\n"+hidden+"\n-----END RSA PRIVATE KEY-----"),
		said(t, "warning", `{"token": "`+hidden+`"}`),
		ended,
	}, "\n"))
	assert.NotContains(t, c, hidden)
	assert.Contains(t, c, "a secret")
	assert.Contains(t, c, "https://\\[secret]@\u200bexample.org/x")
}

func must(raw []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return raw
}

func TestTextOfOthersIsNoMarkup(t *testing.T) {
	c := comment(t, events(said(t, "warning", "<script>x</script> | @somebody ![](https://example.org/x.png)\n</details>"),
		step(t, "update", "aws:ec2/instance:Instance", "h", map[string]any{"ami": "a`|\nb"}, map[string]any{"ami": "c"}, "ami")))
	assert.NotContains(t, c, "<script>")
	assert.NotContains(t, c, "</details>")
	assert.NotContains(t, c, "@somebody")
	assert.NotContains(t, c, "![]")
	assert.Contains(t, c, "`ami` `a'¦ b` → `c`")
}

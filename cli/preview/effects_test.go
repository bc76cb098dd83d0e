package preview_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEachReplacementSaysWhatItInterrupts(t *testing.T) {
	for _, c := range []struct{ typ, op, says string }{
		{"aws:ec2/instance:Instance", "replace", "Seats stay held, machines run on and connect again by themselves | 3 to 6 minutes"},
		{"aws:ebs/volume:Volume", "replace", "**Something is lost for good**: `x` is replaced"},
		{"aws:lb/listener:Listener", "replace", "| `x` replaced | pages and desktops | seconds (estimate) |"},
		{"aws:iam/policy:Policy", "replace", "| `x` replaced | nothing that anybody notices | not at all |"},
		{"aws:sqs/queue:Queue", "replace", "| `x` replaced | not known for this type: look at what uses it | not known |"},
		{"aws:dlm/lifecyclePolicy:LifecyclePolicy", "delete", "| `x` deleted | snapshots of the data volume: no more are taken | for good |"},
	} {
		t.Run(c.typ, func(t *testing.T) {
			assert.Contains(t, comment(t, events(step(t, c.op, c.typ, "x", map[string]any{}, map[string]any{}))), c.says)
		})
	}
}

func TestAVolumeOfASnapshotIsNotSaidToBeEmpty(t *testing.T) {
	c := comment(t, events(step(t, "replace", "aws:ebs/volume:Volume", "x", map[string]any{}, map[string]any{"snapshotId": "snap-1"}, "snapshotId")))
	assert.Contains(t, c, "| `x` replaced | the allocator's data: workshops, seats and certificates are those of snap-1. What came since is on the volume that it replaces")
	assert.Contains(t, c, "**Something is lost for good**")
	assert.NotContains(t, c, "empty")
}

func TestWhatStaysInTheAccountIsNotLost(t *testing.T) {
	kept := strings.Replace(step(t, "delete", "aws:ebs/volume:Volume", "x", map[string]any{}, nil), `"old":{`, `"old":{"retainOnDelete":true,`, 1)
	c := comment(t, events(kept))
	assert.NotContains(t, c, "lost for good")
	assert.Contains(t, c, "- **deleted** `x` (ebs Volume): it stays in the account, and is nobody's any more")
}

func TestAChangeOfWhatInterruptsNothingIsNoInterruption(t *testing.T) {
	c := comment(t, events(
		step(t, "update", "aws:ec2/instance:Instance", "x", map[string]any{}, map[string]any{}, "tags"),
		step(t, "create", "aws:ebs/volume:Volume", "y", nil, map[string]any{}),
	))
	assert.NotContains(t, c, "What this interrupts")
	assert.Contains(t, c, "- **changed** `x` (ec2 Instance): `tags`")
}

func TestTheStepsWithinAReplacementAreNotCounted(t *testing.T) {
	one := step(t, "replace", "aws:lb/listener:Listener", "x", map[string]any{}, map[string]any{})
	inner := func(op string) string {
		return strings.Replace(strings.Replace(one, `"replace"`, `"`+op+`"`, 1), `"logical":true`, `"logical":false`, 1)
	}
	assert.Contains(t, comment(t, events(inner("create-replacement"), one, inner("delete-replaced"))), "## Preview of `test`: 1 replaced\n")
}

// The simulator's list of types is that of the program: tests hold both.
func TestEveryTypeThatThereIsSaysWhatItsReplacementInterrupts(t *testing.T) {
	raw, err := os.ReadFile("../../sim/README.md")
	require.NoError(t, err)
	n := 0
	for _, match := range regexp.MustCompile("`((?:aws|cloudflare):[a-zA-Z0-9]+/[^`]+:[A-Z][^`]+)`").FindAllStringSubmatch(string(raw), -1) {
		n++
		assert.NotContains(t, comment(t, events(step(t, "replace", match[1], "x", map[string]any{}, map[string]any{}))), "not known for this type", match[1])
	}
	assert.Greater(t, n, 50)
}

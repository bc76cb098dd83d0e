package preview_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/price"
	"github.com/talmolab/lablink-infrastructure/cli/preview"
)

// The look for drift leaves secrets out, and so its plan lacks them: the plan is the
// other preview's.
func TestDriftIsTakenFromAnotherPreviewAndThePlanIsNot(t *testing.T) {
	read := func(text string) *preview.Preview {
		p, err := preview.Read(strings.NewReader(text))
		require.NoError(t, err)
		return p
	}
	plan := events(step(t, "delete", "aws:ssm/parameter:Parameter", "origin-key", map[string]any{}, nil))
	changed := step(t, "refresh", "aws:ec2/eip:Eip", "host-address", map[string]any{"tags": "a"}, map[string]any{"tags": "b"}, "tags")
	other := step(t, "create", "aws:ec2/vpc:Vpc", "network-vpc", nil, map[string]any{})
	for name, c := range map[string]struct {
		looked string
		told   bool // that the look came to its end
	}{
		"a whole look":            {events(changed, other), true},
		"a look that was cut off": {strings.Join([]string{prelude, changed, other, failed}, "\n"), false},
	} {
		p := read(plan)
		p.AddDrift(read(c.looked))
		text := p.Comment("test", price.Ask(t.Context(), p.Region(), p.Things(), price.Table{}))
		assert.Contains(t, text, "- `host-address` (ec2 Eip): `tags`\n", name)
		assert.Contains(t, text, "`origin-key`", name)
		assert.NotContains(t, text, "network-vpc", name)
		assert.Equal(t, !c.told, strings.Contains(text, "Whether something was changed by hand cannot be told"), name)
	}
}

package settings_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

func TestEachMistakeIsReportedWithItsKeyAndItsFix(t *testing.T) {
	for _, stack := range []string{"test", "prod"} {
		for _, w := range anywhere {
			assertReported(t, stack, w)
		}
	}
	for _, w := range elsewhere {
		assertReported(t, "test", w)
	}
}

func TestProductionRefusesWhatPeopleInAWorkshopWouldPayFor(t *testing.T) {
	for _, w := range inProduction {
		assertReported(t, "prod", w)
		assert.Empty(t, problems(t, "test", good().with(w.change)), "%s outside production", w.why)
		production := good().with(w.change).with(one("environmentClass", settings.Production))
		assert.Len(t, problems(t, "live", production), 1, "%s in a stack that says it is production", w.why)
	}
}

func TestThePoolsOfAnAccountAreImagesToBuild(t *testing.T) {
	account := good().with(one("kind", settings.KindAccount))
	for _, w := range inAnAccount {
		found := problems(t, "account", account.with(w.change))
		require.Len(t, found, 1, w.why)
		assert.Equal(t, w.key, "lablink:"+found[0].Key, w.why)
		assert.Contains(t, found[0].What, w.what, w.why)
		assert.Contains(t, found[0].Fix, w.fix, w.why)
	}
	assert.Empty(t, problems(t, "account", account.with(config{"lablink:pools": `[` + bakedPool + `}]`})))
	assert.Empty(t, problems(t, "account", account.with(config{"lablink:pools": ""})), "none is needed")
}

// The id is what counts; where it came from tells the next pin.
func TestAPinStandsBesideWhatItPins(t *testing.T) {
	for _, from := range []string{`"ssmParameter": "/x"`, `"pipeline": "gpu"`} {
		assert.Empty(t, problems(t, "prod", good().with(pool(`"image": {"id": "ami-0123456789abcdef1", `+from+`}`))))
	}
}

// assertReported wants exactly one problem, and all of it in the message.
func assertReported(t *testing.T, stack string, w wrong) {
	t.Helper()
	_, err := settings.Load(stack, good().with(w.change))
	if !assert.Error(t, err, "%s in %s", w.why, stack) {
		return
	}
	message := err.Error()
	require.Len(t, problems(t, stack, good().with(w.change)), 1, "%s in %s: %s", w.why, stack, message)
	assert.Contains(t, message, "Pulumi."+stack+".yaml has 1 problem; nothing was deployed:\n  "+w.key+" ", w.why)
	assert.Contains(t, message, w.what, w.why)
	_, fix, _ := strings.Cut(message, "\n    fix: ")
	assert.Contains(t, fix, w.fix, w.why)
}

func TestAStacksNameIsPartOfEveryName(t *testing.T) {
	for _, name := range []string{"Test", "a-stack-of-17-cha", "test_2", "-x", "x-"} {
		found := problems(t, name, good())
		require.Len(t, found, 1, name)
		assert.Contains(t, found[0].String(), "the stack's name must be 1–16")
	}
}

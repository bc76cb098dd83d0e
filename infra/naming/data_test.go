package naming_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

func TestANameOfADatabaseIsOneThatRDSTakesAndNobodyElses(t *testing.T) {
	valid, seen := regexp.MustCompile(`^[a-z][0-9a-z-]{0,62}$`), map[string]string{}
	rapid.Check(t, func(r *rapid.T) {
		n := naming.Namer{
			Deployment:  rapid.StringMatching(`[a-z][a-z0-9-]{1,18}[a-z0-9]`).Draw(r, "deployment"),
			Environment: rapid.StringMatching(`[a-z]([a-z0-9-]{0,14}[a-z0-9])?`).Draw(r, "environment"),
		}
		what := rapid.SampledFrom([]string{"database", "postgres17", "a-purpose-with-a-very-long-name-in-the-middle"}).Draw(r, "what")
		name := n.Database(what)
		assert.Regexp(r, valid, name)
		assert.False(r, strings.Contains(name, "--") || strings.HasSuffix(name, "-"), name)
		whole := n.Name(what, 1000)
		if other, ok := seen[name]; ok {
			assert.Equal(r, other, whole, "two that are named %s", name)
		}
		seen[name] = whole
	})
}

func TestTwoDashesAreNotTakenForOne(t *testing.T) {
	one, two := naming.Namer{Deployment: "a-b", Environment: "test"}, naming.Namer{Deployment: "a--b", Environment: "test"}
	assert.Equal(t, "a-b-database-test", one.Database("database"))
	assert.Regexp(t, `^a-b-database-test-[0-9a-f]{8}$`, two.Database("database"))
}

func TestTheTagOfADataVolumeIsOfOneEnvironment(t *testing.T) {
	a := naming.Namer{Deployment: "lab-data", Environment: "test"}.DataTag()
	b := naming.Namer{Deployment: "lab", Environment: "data-test"}.DataTag()
	assert.NotEqual(t, a, b)
	assert.Equal(t, map[string]string{naming.TagData: "lab/test"}, naming.Namer{Deployment: "lab", Environment: "test"}.DataTag())
}

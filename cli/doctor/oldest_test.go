package doctor

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheOldestVersionsAreThoseThatTheProjectTakes(t *testing.T) {
	for file, line := range map[string]string{
		"../../go.mod": "\ngo " + oldestGo[1:] + "\n", "../../Pulumi.yaml": "\nrequiredPulumiVersion: \">=" + oldestPulumi[1:] + "\"\n",
	} {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Contains(t, string(raw), line, file)
	}
}

package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorded is how code names an action that goes into the audit.
var recorded = regexp.MustCompile(`(?:[rR]ecord\(ctx, [^\n]*?|Action: )"([a-z]+(?: [a-z]+)+)"`)

func TestWhoLooksForAnActionInTheAuditCanChooseIt(t *testing.T) {
	require.NoError(t, filepath.WalkDir("..", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		code, err := os.ReadFile(name)
		for _, m := range recorded.FindAllSubmatch(code, -1) {
			assert.Contains(t, auditActions, string(m[1]), "%s records it", name)
		}
		return err
	}))
	require.True(t, slices.IsSorted(auditActions))
}

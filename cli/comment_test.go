package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli"
)

// table is a comment with prices of the table.
func table(stack, file string) *cli.PreviewCommentCommand {
	return &cli.PreviewCommentCommand{Stack: stack, File: file, PriceFlag: cli.PriceFlag{Prices: "table"}}
}

func TestAPreviewIsWrittenDownFromAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "preview.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"config": {"aws:region": "us-west-2"}, "changeSummary": {"same": 3}}`), 0o600))
	out := &strings.Builder{}
	require.NoError(t, table("prod", file).Run(t.Context(), &cli.Globals{Out: out}))
	assert.True(t, strings.HasPrefix(out.String(), "<!-- lablink preview prod -->\n## Preview of `prod`: nothing changes\n"), out)

	out.Reset()
	err := table("prod", file+".not").Run(t.Context(), &cli.Globals{Out: out})
	require.ErrorContains(t, err, "read the preview: open")
	require.NoError(t, os.WriteFile(file, []byte("error: no credentials"), 0o600))
	err = table("prod", file).Run(t.Context(), &cli.Globals{Out: out})
	require.ErrorContains(t, err, "it is not what pulumi preview --json prints")
	assert.Empty(t, out.String())
}

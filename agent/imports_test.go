package agent_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/talmolab/lablink-infrastructure/"

// allowed says which folders may import what begins with a path. What is not
// listed may be imported anywhere.
var allowed = map[string][]string{
	"github.com/NVIDIA/":           {"nvml", "simulated"},
	"github.com/aws/":              {"identity"},
	"github.com/hashicorp/yamux":   {"tunnel", "internal/fakeallocator"},
	"github.com/coder/websocket":   {"tunnel", "internal/fakeallocator"},
	"github.com/alecthomas/kong":   {"cmd/lablink-agent"},
	"github.com/coreos/go-systemd": {"cmd/lablink-agent"},
	"net/http":                     {"identity", "internal/fakeallocator", "tunnel", "uplink", "web"},
	module + "agent/":              {"cmd/lablink-agent"},
	module + "allocator":           {},
	module + "infra":               {},
	module + "sim":                 {},
}

func TestEveryDependencyHasOneAdapterAndTheDomainHasNone(t *testing.T) {
	checked := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			for prefix, folders := range allowed {
				if strings.HasPrefix(imported, prefix) {
					checked++
					assert.Contains(t, folders, filepath.ToSlash(filepath.Dir(path)), "%s imports %s", path, imported)
				}
			}
		}
		return nil
	}))
	assert.Greater(t, checked, 20, "imports that were checked")
}

package outputs_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

var update = flag.Bool("update", false, "write the golden file")

const golden = "testdata/contract.txt"

// shape writes a line for each output: its name and its type.
func shape(b *strings.Builder, path string, t reflect.Type) {
	switch t.Kind() {
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			shape(b, path+"."+f.Tag.Get("json"), f.Type)
		}
	case reflect.Slice:
		shape(b, path+"[]", t.Elem())
	case reflect.Map:
		shape(b, path+"{}", t.Elem())
	default:
		fmt.Fprintf(b, "%s %s\n", path, t.Kind())
	}
}

func contract() string {
	var b strings.Builder
	shape(&b, fmt.Sprintf("%d environment", outputs.Version), reflect.TypeFor[outputs.Environment]())
	shape(&b, fmt.Sprintf("%d account", outputs.Version), reflect.TypeFor[outputs.Account]())
	return b.String()
}

func TestTheContractIsTheOneInTheGoldenFile(t *testing.T) {
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	if *update {
		require.Empty(t, broken(string(want), contract()), "others read these: raise Version first")
		require.NoError(t, os.WriteFile(golden, []byte(contract()), 0o644))
		return
	}
	assert.Equal(t, string(want), contract(), "others read these: add outputs, and raise Version when one goes or changes. go test ./stacks/outputs -update writes %s anew", golden)
}

// broken are the lines of an older contract that a newer one of the same version
// lacks: what some reader looks for in vain.
func broken(older, newer string) []string {
	var out []string
	for line := range strings.Lines(older) {
		version, _, _ := strings.Cut(line, " ")
		if strings.HasPrefix(newer, version+" ") && !strings.Contains("\n"+newer, "\n"+line) {
			out = append(out, line)
		}
	}
	return out
}

func TestAChangeThatBreaksAReaderNeedsAnotherVersion(t *testing.T) {
	const before = "1 environment.url string\n1 environment.contractVersion int\n"
	for _, c := range []struct {
		why, after string
		broken     []string
	}{
		{"an output that is added", before + "1 environment.new string\n", nil},
		{"an output that goes", "1 environment.contractVersion int\n", []string{"1 environment.url string\n"}},
		{"an output of another type", "1 environment.url int\n1 environment.contractVersion int\n", []string{"1 environment.url string\n"}},
		{"another version", "2 environment.contractVersion int\n", nil},
	} {
		assert.Equal(t, c.broken, broken(before, c.after), c.why)
	}
}

func TestAnotherContractIsRefused(t *testing.T) {
	for _, c := range []struct{ why, raw, says string }{
		{"a newer one", `{"contractVersion": 2}`, "contract version 2, this reader knows 1"},
		{"none", `{}`, "contract version 0, this reader knows 1"},
		{"no outputs at all", `Error: no stack`, "read stack outputs"},
		{"another type", `{"contractVersion": 1, "stateBucket": 5, "url": 5}`, "read stack outputs"},
	} {
		_, err := outputs.ReadEnvironment([]byte(c.raw))
		assert.ErrorContains(t, err, c.says, c.why)
		_, err = outputs.ReadAccount([]byte(c.raw))
		assert.ErrorContains(t, err, c.says, c.why)
	}
}

func TestOutputsThatAreAddedDisturbNoReader(t *testing.T) {
	e, err := outputs.ReadEnvironment([]byte(`{"contractVersion": 1, "url": "https://lab.example.org", "pools": {"gpu": {"amiId": "ami-1"}}, "new": [1]}`))
	require.NoError(t, err)
	assert.Equal(t, outputs.Environment{ContractVersion: 1, URL: "https://lab.example.org", Pools: map[string]outputs.Pool{"gpu": {AMI: "ami-1"}}}, e)
}

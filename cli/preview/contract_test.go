package preview_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOutputsAreHeldToTheContract(t *testing.T) {
	for _, c := range []struct{ why, before, after, says, never string }{
		{"an output goes", `"contractVersion":1,"a":"x"`, `"contractVersion":1`, "| `a` | `x` | – | **breaks it**: gone, and the version stays 1.", ""},
		{"its type changes", `"contractVersion":1,"a":"5"`, `"contractVersion":1,"a":5`, "**breaks it**: another type", ""},
		{"a part of it goes", `"contractVersion":1,"a":{"b":"x","c":1}`, `"contractVersion":1,"a":{"c":1}`, "**The contract with readers of the outputs breaks**: `a.b` (gone).", ""},
		{"the version rises", `"contractVersion":1,"a":"x"`, `"contractVersion":2`, "| gone: covered by version 1 → 2 |", "breaks"},
		{"one is added", `"contractVersion":1`, `"contractVersion":1,"a":"x"`, "| `a` | – | `x` | covers it: outputs may be added |", "breaks"},
		{"a value changes", `"contractVersion":1,"a":"x"`, `"contractVersion":1,"a":"y"`, "| `a` | `x` | `y` | covers it: name and type stay |", "breaks"},
		{"a pool goes", `"contractVersion":1,"pools":{"a":{"amiId":"x"}}`, `"contractVersion":1,"pools":{}`, "| `pools.a` | (a structure) | – | covers it: name and type stay |", "breaks"},
		{"it is known later", `"contractVersion":1,"a":{"b":1}`, `"contractVersion":1,"a":"04da6b54-80e4-46f7-96ec-b56ff0331ba9"`, "(known after the deployment) | covers it", "breaks"},
		{"nothing", `"contractVersion":1,"a":[1]`, `"contractVersion":1,"a":[1]`, "nothing changes\n", "### Outputs"},
		{"there was no stack", ``, `"contractVersion":1,"a":"x"`, "nothing changes\n", "### Outputs"},
	} {
		t.Run(c.why, func(t *testing.T) {
			told := func(after string) string {
				return fmt.Sprintf(`{"resOutputsEvent":{"metadata":{"op":"same","logical":true,"urn":%q,"old":{"outputs":{%s}},"new":{"outputs":{%s}}}}}`, stackURN, c.before, after)
			}
			text := comment(t, events(told(c.before), told(c.after)))
			assert.Contains(t, text, c.says)
			if c.never != "" {
				assert.NotContains(t, text, c.never)
			}
		})
	}
}

// What events say first of the outputs is what they were.
func TestOutputsThatTheProgramDidNotComeToAreNotTold(t *testing.T) {
	first := `{"resOutputsEvent":{"metadata":{"op":"same","logical":true,"urn":"` + stackURN + `","old":{"outputs":{"a":1}},"new":{"outputs":{"a":1}}}}}`
	assert.Contains(t, comment(t, events(first)), "This preview does not tell the outputs after it")
}

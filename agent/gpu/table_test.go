package gpu

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

var update = flag.Bool("update", false, "write the tables of docs/gpu-health.md anew")

const document = "../../docs/gpu-health.md"

// The tables of the document are those of the program.
func TestTheDocumentHasTheTables(t *testing.T) {
	raw, err := os.ReadFile(document)
	require.NoError(t, err)
	text := string(raw)
	for name, table := range map[string]string{"rules": ruleTable(), "xids": xidTable()} {
		begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
		before, rest, found := strings.Cut(text, begin)
		require.True(t, found, "%s has no place for the table of %s", document, name)
		was, after, found := strings.Cut(rest, end)
		require.True(t, found)
		if !*update {
			require.Equal(t, table, was, "the table of %s is stale: go test ./agent/gpu -update", name)
		}
		text = before + begin + table + end + after
	}
	if *update {
		require.NoError(t, os.WriteFile(document, []byte(text), 0o600))
	}
}

func ruleTable() string {
	var out strings.Builder
	out.WriteString("| what is told | health | helps | counts | said by |\n|---|---|---|---|---|\n")
	for _, r := range rules {
		says := strings.TrimSuffix(strings.Replace(r.says, ": %s", "", 1), ".")
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", says, r.health, cmp.Or(r.action, "–"), counts(r), source(r.source))
	}
	return out.String()
}

// counts says when a rule's symptom counts.
func counts(r rule) string {
	switch {
	case r.brief > 0:
		return fmt.Sprintf("for %d minutes after the last one", int(r.brief.Minutes()))
	case r.after > 0 && r.gone > 0:
		return "after " + told(r.after) + ", until it was gone for " + told(r.gone)
	case r.after > 0:
		return "after " + told(r.after)
	case slices.Contains([]symptom{xidReplace, xidReboot, xidReset, xidLater}, r.symptom):
		return "until machine or driver start anew"
	}
	return "while it is so"
}

func told(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	}
	return strings.Replace(fmt.Sprintf("%d minutes", int(d.Minutes())), "1 minutes", "a minute", 1)
}

func source(url string) string {
	if url == ownRule {
		return url
	}
	names := map[string]string{catalogue: "catalogue", remapping: "memory errors", retirement: "page retirement", reference: "NVML"}
	return "[" + names[url] + "](" + url + ")"
}

func xidTable() string {
	var out strings.Builder
	out.WriteString("| XID | means | health | helps |\n|---|---|---|---|\n")
	for _, x := range xids {
		var numbers []string
		for _, n := range x.numbers {
			if n < ECCUncorrected {
				numbers = append(numbers, fmt.Sprint(n))
			}
		}
		if len(numbers) == 0 {
			continue
		}
		r, means := ruleOf(x.symptom), cmp.Or(x.means, "nothing of its own")
		health := string(cmp.Or(r.health, api.Healthy))
		if r.health == api.Healthy {
			health += ", with a note"
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", strings.Join(numbers, ", "), means, health, cmp.Or(r.action, "–"))
	}
	return out.String()
}

// Nobody tells of a reset by hand. What is asked at each look is gone by itself then; what an
// event told stays until machine or driver start anew, and that is what people are told to do.
func TestNobodyIsToldToResetWhereThatIsNotSeen(t *testing.T) {
	for _, x := range xids {
		if todo := ruleOf(x.symptom).todo; strings.Contains(todo, "Reset the GPU") {
			t.Errorf("XIDs %v: %s", x.numbers, todo)
		}
	}
}

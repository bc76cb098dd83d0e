package system

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// axe is the program that looks at a page for who cannot see or point; make test fetches it.
var axe = sync.OnceValues(func() (string, error) {
	raw, err := os.ReadFile("../../.lablink/axe/node_modules/axe-core/axe.min.js")
	if err != nil {
		return "", fmt.Errorf("%w: make test fetches it (or .lablink/bin/lablink-local prepare)", err)
	}
	return string(raw), nil
})

// found is how axe says what it finds: the rule, how bad it is, and where.
const found = `axe.run(document, {resultTypes: ['violations']}).then(r =>
	r.violations.flatMap(v => v.nodes.map(n => v.impact + ': ' + v.id + ' at ' + n.target.join(' ') + ': ' + n.failureSummary)).join('\n'))`

// accessible requires that axe has nothing to say of a page, of any weight.
func (b *browser) accessible(t *testing.T, name string) {
	t.Helper()
	program, err := axe()
	require.NoError(t, err)
	b.do(t, chromedp.Evaluate[chromedp.Void](`if (!window.axe) { `+program+` }`))
	said := ask(t, b, chromedp.Evaluate[string](found, chromedp.EvalAwaitPromise))
	require.Empty(t, strings.TrimSpace(said), "%s is not for everybody", name)
}

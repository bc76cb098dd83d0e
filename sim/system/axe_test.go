package system

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/runtime"
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

// found is how axe says what it finds: the rule, how bad it is, and where. It asks those of it
// that are in the page's frames.
const found = `axe.run(document, {resultTypes: ['violations']}).then(r =>
	r.violations.flatMap(v => v.nodes.map(n => v.impact + ': ' + v.id + ' at ' + n.target.join(' ') + ': ' + n.failureSummary)).join('\n'))`

// documents are those that a browser shows now: that of the page, and those of its frames.
type documents struct {
	mu  sync.Mutex
	all map[string]bool // by their contexts' ids
}

// follow takes one event of a browser.
func (d *documents) follow(event any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExecutionContextCreated:
		if strings.Contains(string(e.Context.AuxData), `"isDefault":true`) { // and not what tests run in
			d.all[e.Context.UniqueID] = true
		}
	case *runtime.EventExecutionContextDestroyed:
		delete(d.all, e.ExecutionContextUniqueID)
	case *runtime.EventExecutionContextsCleared:
		clear(d.all)
	}
}

func (d *documents) now() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.all))
}

// accessible requires that axe has nothing to say of a page and of what is framed in it, of
// any weight.
func (b *browser) accessible(t *testing.T, name string) {
	t.Helper()
	program, err := axe()
	require.NoError(t, err)
	documents := b.documents.now()
	require.NotEmpty(t, documents)
	for _, document := range documents {
		b.do(t, chromedp.Evaluate[chromedp.Void](`if (!window.axe) { `+program+` }`, func(p *runtime.EvaluateParams) { p.UniqueContextID = document }))
	}
	said := ask(t, b, chromedp.Evaluate[string](found, chromedp.EvalAwaitPromise))
	require.Empty(t, strings.TrimSpace(said), "%s is not for everybody", name)
}

// unfold opens all that can be opened on a page, and returns what closes it again.
func (b *browser) unfold(t *testing.T) (folded bool, fold func()) {
	t.Helper()
	opened := ask(t, b, chromedp.Evaluate[int](`(window.unfolded = [...document.querySelectorAll('details:not([open])')]).forEach(d => { d.open = true; }), window.unfolded.length`))
	return opened > 0, func() {
		b.do(t, chromedp.Evaluate[chromedp.Void](`window.unfolded.forEach(d => { d.open = false; })`))
	}
}

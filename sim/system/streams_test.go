package system

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// counted lets a page tell which streams it has opened.
const counted = `window.opened = []; window.EventSource = class extends EventSource { constructor(...of) { super(...of); opened.push(this); } };`

// counts lets the pages to come tell that.
func (b *browser) counts(t *testing.T) {
	t.Helper()
	b.do(t, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: counted})
		return err
	}))
}

// restsUnseen hides a page and shows it again: it has no stream while nobody sees it, and as
// many as before then.
func (b *browser) restsUnseen(t *testing.T, streams int) {
	t.Helper()
	has := func(n int) {
		b.wait(t, fmt.Sprintf(`opened.filter(s => s.readyState === EventSource.OPEN).length === %d && opened.filter(s => s.readyState === EventSource.CONNECTING).length === 0`, n))
	}
	has(streams)
	hide := func(is bool) {
		b.do(t, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`Object.defineProperty(document, 'hidden', { configurable: true, value: %t }); document.dispatchEvent(new Event('visibilitychange'))`, is)))
	}
	hide(true)
	has(0)
	hide(false)
	has(streams)
}

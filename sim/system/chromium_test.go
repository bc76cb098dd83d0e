package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// screenshots is the folder that pictures of the pages are kept in, if any:
// `make screenshots` sets it.
var screenshots = os.Getenv("LABLINK_SCREENSHOTS")

// browser is a window with cookies of its own. What it complains of is held against the
// test that opened it, at its end.
type browser struct {
	*complaints
	ctx       context.Context
	documents *documents
	look      look
}

func startChromium(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.Flag("force-prefers-reduced-motion", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP lablink.test 127.0.0.1"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has none for root
	}
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	require.NoError(t, chromedp.Do(ctx), "start Chromium")
	return ctx
}

func newBrowser(t *testing.T, chrome context.Context) *browser { //nolint:revive // t comes first in helpers
	t.Helper()
	ctx, stop := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	b := &browser{ctx: ctx, complaints: &complaints{asked: map[network.RequestID]string{}, hosts: map[string]bool{}, streams: map[network.RequestID]cdp.LoaderID{}}, documents: &documents{all: map[string]bool{}}}
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		b.hear(event)
		b.documents.follow(event)
	}))
	b.allow("console.error: noVNC requires a secure context") // which is what TLS gives, and the simulator has none
	t.Cleanup(func() { b.none(t) })
	b.do(t, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
		return err
	}))
	b.as(t, usual)
	return b
}

func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ask(t, b, chromedp.Steps(steps...))
}

// text is what is read of an element, also where the page becomes another one meanwhile.
func (b *browser) text(t *testing.T, selector string) (text string) {
	t.Helper()
	eventually(t, selector+" is on the page", func() bool {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[*string](`document.querySelector(`+strconv.Quote(selector)+`)?.innerText ?? null`))
		if err == nil && is != nil {
			text = *is
		}
		return err == nil && is != nil
	})
	return text
}

// pressed clicks an element where people who see it can, in one step: pages move by themselves.
const pressed = `(e => {
	e?.scrollIntoView({ block: 'center', behavior: 'instant' });
	const at = e?.getClientRects()[0];
	const there = at && e.contains(document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2));
	if (there) e.click();
	return there === true;
})`

// press waits until an element can be clicked, and clicks it.
func press(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			is, err := chromedp.Evaluate[bool](pressed+`(document.querySelector(`+strconv.Quote(selector)+`))`, byHand)(ctx, target)
			if is {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("click %s: %w", selector, errors.Join(ctx.Err(), err))
			case <-tick.C: // the page may be another one by then
			}
		}
	})
}

// byHand lets a page do what it may when somebody does something there.
func byHand(p *runtime.EvaluateParams) { p.UserGesture = new(true) }

// ask runs one action and shows the page when it fails.
func ask[T any](t *testing.T, b *browser, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	out, err := chromedp.Run(ctx, action)
	if err != nil {
		text, _ := chromedp.Run(b.ctx, chromedp.Text("body"))
		require.NoError(t, err, "the page says:\n%s", text)
	}
	return out
}

// wait waits until an expression is true in the page.
func (b *browser) wait(t *testing.T, expression string) {
	t.Helper()
	b.do(t, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(patience-10*time.Second)))
}

// loaded is true of a page whose scripts have run, and those of its frames.
const loaded = `document.readyState === 'complete'`

// becomes waits until an expression is true, also where the page becomes another one meanwhile.
func (b *browser) becomes(t *testing.T, what, expression string) {
	t.Helper()
	eventually(t, what, func() bool {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		return err == nil && is
	})
}

// tabTo goes to an element as people do who have no pointer.
func (b *browser) tabTo(t *testing.T, selector string) {
	t.Helper()
	const steps = 80
	for range steps {
		b.do(t, chromedp.KeyEvent("\t"))
		if ask(t, b, chromedp.Evaluate[bool](`document.activeElement === document.querySelector('`+selector+`')`)) {
			return
		}
	}
	require.FailNow(t, "no key leads to "+selector)
}

package system

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
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
	// A desktop that is not there yet, or not for a moment, is tried again: noVNC says so, and
	// why is asked without a WebSocket. That it comes is what tests wait for.
	b.allow("console.(warning|error): (WebSocket on-error event|Failed (when connecting|while connected): Connection closed)", "(426|503) /(desktop|admin/seats/[^/]+/(watch|control))/stream")
	t.Cleanup(func() { b.none(t) })
	b.do(t, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
		return err
	}), chromedp.EmulateViewport(1200, 800))
	return b
}

func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ask(t, b, chromedp.Steps(steps...))
}

func (b *browser) text(t *testing.T, selector string) string {
	t.Helper()
	return ask(t, b, chromedp.Text(selector))
}

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

// looks are how people see a page: on the screens that they have, in light and in dark.
var looks = []struct {
	screen, scheme string
	width, height  int64
}{
	{"wide", "light", 1200, 800}, {"wide", "dark", 1200, 800}, {"narrow", "light", 360, 740}, {"narrow", "dark", 360, 740}, {"4k", "light", 3840, 2160},
}

// picture looks at a page as people see it, as it is and with all of it unfolded: nothing may
// stick out, and axe has nothing to say. Pictures are of the page as it is.
func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	require.NotRegexp(t, `%!|0x[0-9a-f]{8}`, b.text(t, "body"), "a value is not what its format expects")
	for _, look := range looks {
		b.do(t, chromedp.EmulateViewport(look.width, look.height), prefer(look.scheme))
		what := fmt.Sprintf("%s, %s and %s,", name, look.screen, look.scheme)
		b.fits(t, what)
		if screenshots != "" {
			file := filepath.Join(screenshots, fmt.Sprintf("%s-%s-%s.png", name, look.screen, look.scheme))
			require.NoError(t, os.WriteFile(file, ask(t, b, chromedp.CaptureScreenshot()), 0o644))
		}
		if folded, fold := b.unfold(t); folded {
			b.fits(t, what+" unfolded,")
			fold()
		}
	}
	b.do(t, chromedp.EmulateViewport(1200, 800), prefer("light"))
}

// fits requires that a page sticks out nowhere, and is for everybody.
func (b *browser) fits(t *testing.T, what string) {
	t.Helper()
	require.False(t, ask(t, b, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)), "%s sticks out", what)
	b.accessible(t, what)
}

// prefer makes a page light or dark.
func prefer(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

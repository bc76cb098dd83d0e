package system

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// screenshots is the folder that pictures of the pages are kept in, if any:
// `make screenshots` sets it.
var screenshots = os.Getenv("LABLINK_SCREENSHOTS")

// browser is a window with cookies of its own. It writes down what it complains of, and
// which hosts it asks.
type browser struct {
	ctx        context.Context
	mu         sync.Mutex
	complaints []string
	hosts      map[string]bool
}

// content requires that nothing was wrong with any page: no error of a script, nothing that
// the content security policy kept from happening, and nothing asked of another host.
func (b *browser) content(t *testing.T, host string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(t, b.complaints, "the browser complains")
	require.Equal(t, map[string]bool{host: true}, b.hosts, "another host was asked")
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
	b := &browser{ctx: ctx, hosts: map[string]bool{}}
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork { // a refusal is an answer
				b.complaints = append(b.complaints, e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			b.complaints = append(b.complaints, e.ExceptionDetails.Text)
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" {
				b.hosts[u.Host] = true
			}
		}
	}))
	b.do(t, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
		return err
	}))
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

// picture looks at a page on the screens that people have, in light and in dark: nothing may
// stick out.
func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	require.NotRegexp(t, `%!|0x[0-9a-f]{8}`, b.text(t, "body"), "a value is not what its format expects")
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"wide", 1200, 800}, {"narrow", 360, 740}, {"4k", 3840, 2160}} {
		for _, scheme := range []string{"light", "dark"} {
			b.do(t, chromedp.EmulateViewport(size.width, size.height), prefer(scheme))
			require.False(t, ask(t, b, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)), "%s sticks out when %s", name, size.name)
			b.accessible(t, fmt.Sprintf("%s, %s and %s,", name, size.name, scheme))
			png := ask(t, b, chromedp.CaptureScreenshot())
			if screenshots != "" {
				file := filepath.Join(screenshots, fmt.Sprintf("%s-%s-%s.png", name, size.name, scheme))
				require.NoError(t, os.WriteFile(file, png, 0o644))
			}
		}
	}
	b.do(t, chromedp.EmulateViewport(1200, 800))
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

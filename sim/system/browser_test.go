package system

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// screenshots is the folder that pictures of the pages are kept in, if any:
// `make screenshots` sets it.
var screenshots = os.Getenv("LABLINK_SCREENSHOTS")

// What the README says that one does first, by hand, in two browsers.
func TestAWorkshopIsHeldInTwoBrowsers(t *testing.T) {
	l := up(t)
	// Not a loopback address, to which browsers allow more.
	l.url = strings.Replace(l.url, "127.0.0.1", "lablink.test", 1)
	chrome := startChromium(t)
	staff := newBrowser(t, chrome)
	staff.do(t, chromedp.Navigate(l.url+"/admin"), chromedp.SendKeys("#password", l.password+"\r"), chromedp.WaitVisible("#name"))
	staff.picture(t, "admin-empty")
	staff.do(t, chromedp.SendKeys("#name", "Pose tracking"), chromedp.SetValue("#seats", "3"), chromedp.Click("main form.card button"))
	staff.do(t, chromedp.WaitVisible("#room"))
	staff.picture(t, "workshop-starting")
	// The page shows by itself how the machines become ready.
	staff.wait(t, `[...document.querySelectorAll('#room tbody')][0].innerText.match(/ready/g)?.length === 3`)
	link := staff.text(t, ".invite a")

	ann := newBrowser(t, chrome)
	ann.do(t, chromedp.Navigate(link), chromedp.WaitVisible("#email"))
	ann.picture(t, "join")
	ann.do(t, chromedp.SendKeys("#email", "ann@example.org\r"), chromedp.WaitVisible(".gauges"))
	ann.picture(t, "seat")
	require.Contains(t, ann.text(t, "#live h2"), "NVIDIA")
	pin := ann.text(t, ".pin")

	phone := newBrowser(t, chrome)
	phone.do(t, chromedp.Navigate(link), chromedp.SendKeys("#email", "ann@example.org\r"), chromedp.WaitVisible("#pin"))
	phone.picture(t, "join-pin")
	phone.do(t, chromedp.SendKeys("#pin", pin+"\r"), chromedp.WaitVisible(".gauges"))

	staff.wait(t, `document.querySelector('#room').innerText.includes('ann@example.org')`)
	staff.picture(t, "workshop")
	staff.do(t, chromedp.SendKeys("#room input[name=text]", "Please sa"))
	bob := newBrowser(t, chrome)
	bob.do(t, chromedp.Navigate(link), chromedp.SendKeys("#email", "bob@example.org\r"), chromedp.WaitVisible(".gauges"))
	staff.wait(t, `document.querySelector('#room').innerText.includes('bob@example.org')`)
	require.True(t, ask(t, staff, chromedp.Evaluate[bool](`[...document.querySelectorAll('#room input[name=text]')].some(f => f.value === 'Please sa' && f === document.activeElement)`)), "what staff types is lost when the page moves")
	staff.do(t, chromedp.Click(`#room tbody a`), chromedp.WaitVisible("h1"))
	staff.picture(t, "machine")
	ann.do(t, chromedp.Click("form[action='/seat/leave'] button"), chromedp.WaitVisible("#email"))
	for _, b := range []*browser{staff, ann, phone, bob} {
		b.mu.Lock()
		require.Empty(t, b.complaints, "the browser complains")
		b.mu.Unlock()
	}
}

// browser is a window with cookies of its own.
type browser struct {
	ctx        context.Context
	mu         sync.Mutex
	complaints []string
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
	b := &browser{ctx: ctx}
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
		}
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

// picture looks at a page wide and narrow, in light and in dark: nothing may
// stick out.
func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	require.NotContains(t, b.text(t, "body"), "%!", "a value is not what its format expects")
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"wide", 1200, 800}, {"narrow", 380, 760}} {
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

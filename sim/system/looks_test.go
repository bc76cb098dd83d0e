package system

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// look is how somebody sees a page: on the screen that they have, in light or in dark.
type look struct {
	screen, scheme string
	width, height  int64
}

// usual is how people see pages at a computer, and phone how they do in their hand.
var (
	usual = look{"wide", "light", 1200, 800}
	phone = look{"narrow", "dark", 360, 740}
)

// looks are all that there are.
var looks = []look{
	usual, {"wide", "dark", 1200, 800}, {"narrow", "light", 360, 740}, phone, {"4k", "light", 3840, 2160}, {"4k", "dark", 3840, 2160},
}

// as lets a browser show what comes in one way.
func (b *browser) as(t *testing.T, l look) {
	t.Helper()
	b.look = l
	b.do(t, chromedp.EmulateViewport(l.width, l.height), prefer(l.scheme))
}

// picture looks at a page as people see it, as it is and with all of it unfolded: nothing may
// stick out, and axe has nothing to say. Pictures are of the page as it is.
func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	require.NotRegexp(t, `%!|\b0x[0-9a-f]{8}`, b.text(t, "body"), "a value is not what its format expects")
	its := b.look
	for _, look := range looks {
		b.as(t, look)
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
	b.as(t, its)
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

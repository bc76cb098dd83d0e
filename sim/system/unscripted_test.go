package system

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// unscripted is a browser that runs no script.
func (p *people) unscripted(t *testing.T) *browser {
	t.Helper()
	b := newBrowser(t, p.chrome)
	b.do(t, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	return b
}

// opensOnPaper logs in and opens a workshop without a script.
func (p *people) opensOnPaper(t *testing.T) {
	t.Helper()
	b := p.unscripted(t)
	b.do(t, chromedp.Navigate(p.site+"/admin"), chromedp.SetValue("#user", "ines"), chromedp.SendKeys("#password", chosen+"\r"), chromedp.WaitVisible("#open"))
	b.do(t, chromedp.SendKeys("#name", "On paper"), chromedp.SetValue("#seats", "1"), press("#open .buttons button.plain"))
	b.becomes(t, "it says what that would cost", `document.querySelector('#estimate')?.innerText.includes('$') === true`)
	b.do(t, press("#open .buttons button:not(.plain)"), chromedp.WaitVisible("#room"))
	p.paper = strings.TrimPrefix(ask(t, b, chromedp.Location()), p.site)
	p.onPaper = b
}

// joinsOnPaper joins that workshop and leaves it, without a script.
func (p *people) joinsOnPaper(t *testing.T) {
	t.Helper()
	b, eve := p.onPaper, p.unscripted(t)
	b.do(t, chromedp.Navigate(p.site+p.paper), chromedp.WaitVisible("#room"))
	eve.do(t, chromedp.Navigate(b.text(t, ".invite a")), chromedp.SendKeys("#email", "eve@example.org\r"), chromedp.WaitVisible("#seat"))
	eventually(t, "her desktop is ready", func() bool {
		eve.do(t, chromedp.Reload(), chromedp.WaitVisible("#seat"))
		return ask(t, eve, chromedp.Evaluate[bool](`document.querySelector('#frame') !== null`))
	})
	require.Contains(t, eve.text(t, "noscript"), "needs scripts")
	eve.do(t, press("noscript form button"), chromedp.WaitVisible("#email"))
}

// endsOnPaper ends it, without a script.
func (p *people) endsOnPaper(t *testing.T) {
	t.Helper()
	b := p.onPaper
	b.do(t, chromedp.Navigate(p.site+p.paper), chromedp.WaitVisible("#room"))
	b.do(t, press("#ending summary"), press("#end"), chromedp.WaitVisible("#sure"), press("#sure"), chromedp.WaitVisible("#room"))
	require.NotContains(t, b.text(t, "main"), "Show the link to the room", "it has ended")
}

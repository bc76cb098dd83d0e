package system

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// takesPart joins, at a second computer too, and waits where there is no machine.
func (p *people) takesPart(t *testing.T, link string) {
	t.Helper()
	p.ann.do(t, chromedp.Navigate(link), chromedp.WaitVisible("#email"))
	const bytes = `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].reduce((sum, e) => sum + e.transferSize, 0)`
	require.Less(t, ask(t, p.ann, chromedp.Evaluate[float64](bytes)), 100_000.0, "bytes that the join page loads")
	const waits = `performance.getEntriesByType('resource').filter(e => e.renderBlockingStatus === 'blocking').map(e => e.name).join()`
	require.Empty(t, ask(t, p.ann, chromedp.Evaluate[string](waits)), "what the join page waits for before it is shown")
	p.ann.picture(t, "participant-join")
	p.ann.connects(t, framed, chromedp.SendKeys("#email", "ann@example.org\r"), chromedp.WaitVisible("#frame"))
	p.instructor.wait(t, `document.querySelector('#count-joined').innerText.includes('1')`)
	p.ann.picture(t, "participant-desktop")
	p.ann.do(t, chord("B", 1|2|8)) // away from the desktop, which has all other keys
	p.ann.tabTo(t, "#help")
	p.ann.do(t, chromedp.KeyEvent("\r"), chromedp.WaitVisible("#helping"))
	p.ann.wait(t, `document.querySelector('#gpu-now h2')?.innerText.includes('NVIDIA')`)
	p.ann.picture(t, "participant-help")
	pin := p.ann.text(t, "#helping .pin")
	p.ann.do(t, press("#helped"))

	// What follows is on a telephone.
	p.phone.as(t, phone)
	p.phone.allow("403 /join/")
	p.phone.do(t, chromedp.Navigate(link), chromedp.SendKeys("#email", "ann@example.org\r"), chromedp.WaitVisible("#pin"))
	p.phone.picture(t, "participant-pin")
	p.phone.connects(t, framed, chromedp.SendKeys("#pin", pin+"\r"), chromedp.WaitVisible("#frame"))
	p.phone.do(t, press("#help"), chromedp.WaitVisible("#helping"))
	p.phone.wait(t, `document.querySelector('#gpu-now h2')?.innerText.includes('NVIDIA')`)
	p.phone.do(t, press("#helped"), chromedp.WaitNotVisible("#helping"))

	p.bob.connects(t, framed, chromedp.Navigate(link), chromedp.SendKeys("#email", "bob@example.org\r"), chromedp.WaitVisible("#frame"))
	p.cleo.do(t, chromedp.Navigate(link), chromedp.SendKeys("#email", "cleo@example.org\r"), chromedp.WaitVisible("#leaving"))
	p.cleo.picture(t, "participant-queue")
}

// leavesAndEnds gives a seat back, whose machine goes to who waits, and ends the workshop.
func (p *people) leavesAndEnds(t *testing.T) {
	t.Helper()
	for _, who := range []*browser{p.ann, p.phone, p.bob, p.cleo} {
		who.none(t)                                                  // until now
		who.allow(append(retried, "404 /(seat|desktop/stream)$")...) // there is none any more
	}
	p.ann.do(t, chord("B", 1|2|8))
	p.ann.tabTo(t, "#go")
	p.ann.do(t, chromedp.KeyEvent("\r"), chromedp.WaitVisible("#going"))
	p.ann.picture(t, "participant-leaving")
	p.ann.do(t, press("#stayed"), chromedp.WaitNotVisible("#going"))
	p.phone.do(t, chromedp.Navigate(p.site+"/seat"), chromedp.WaitVisible("#frame"), press("#go"), chromedp.WaitVisible("#going"), press("#leave"), chromedp.WaitVisible("#email"))
	p.ann.do(t, chromedp.WaitVisible("main > section h1")) // it is her seat, too
	require.Contains(t, p.ann.text(t, "main"), "you left.")
	p.cleo.do(t, chromedp.WaitVisible("#frame"))
	p.cleo.connected(t, framed) // by itself
	// Whoever looked at the help, or thought of leaving, and stays is told of the end too.
	p.cleo.do(t, press("#help"), chromedp.WaitVisible("#helping"), press("#helped"), chromedp.WaitNotVisible("#helping"))
	p.cleo.do(t, press("#go"), chromedp.WaitVisible("#going"), press("#stayed"), chromedp.WaitNotVisible("#going"))

	b := p.instructor
	b.do(t, chromedp.Navigate(p.site+p.room), chromedp.WaitVisible("#room"), press("#ending summary"), chromedp.SetValue("#when", "in-30"), press("#set-end"))
	b.comesBack(t)
	p.cleo.wait(t, `/^\d\d? min/.test(document.querySelector('#left')?.innerText)`) // and not hours
	b.do(t, press("#ending summary"), press("#end"), chromedp.WaitVisible("#sure"))
	b.picture(t, "instructor-end")
	b.do(t, press("#sure"), chromedp.WaitVisible("#room"))
	p.cleo.do(t, chromedp.WaitVisible("main > section h1")) // the desktop's page has none
	said := p.cleo.text(t, "main")
	require.Contains(t, said, "The files that this workshop collects go to your instructor")
	require.NotContains(t, said, "ines")
	p.cleo.picture(t, "participant-ended")
	b.picture(t, "instructor-ended")
}

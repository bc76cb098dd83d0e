package system

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// people are those who have to do with a workshop, each with a browser of their own.
type people struct {
	*local
	chrome     context.Context
	instructor *browser
	admin      *browser
	ann, phone *browser // one participant, at two computers
	bob, cleo  *browser
}

// Three people do their whole work on the pages, as the guides in docs/guides say: who
// holds a workshop, who takes part in it, and who keeps the deployment. Every page is
// looked at wide and narrow, in light and in dark, and by axe.
func TestThreePeopleDoTheirWholeWork(t *testing.T) {
	l := up(t)
	// Not a loopback address, to which browsers allow more.
	l.url = strings.Replace(l.url, "127.0.0.1", "lablink.test", 1)
	p := &people{local: l, chrome: startChromium(t)}
	for _, b := range []**browser{&p.instructor, &p.admin, &p.ann, &p.phone, &p.bob, &p.cleo} {
		*b = newBrowser(t, p.chrome)
	}
	p.addsAnInstructor(t)
	link := p.opensAWorkshop(t)
	p.takesPart(t, link)
	p.seesTheRoom(t)
	p.keepsTheDeployment(t)
	p.leavesAndEnds(t)
}

const chosen = "a password of four words"

// addsAnInstructor is the admin's first visit, which leads where they wanted to go.
func (p *people) addsAnInstructor(t *testing.T) {
	t.Helper()
	b := p.admin
	b.do(t, chromedp.Navigate(p.url+"/admin/users"), chromedp.WaitVisible("#password"))
	b.picture(t, "login")
	b.do(t, chromedp.SendKeys("#password", p.password+"\r"), chromedp.WaitVisible("#table-users"))
	b.do(t, chromedp.SendKeys("#name", "ines"), chromedp.SetValue("#role", "instructor"), chromedp.SendKeys("#password", chosen+"\r"), chromedp.WaitVisible(`a[href="/admin/users/ines"]`))
	b.picture(t, "administrator-users")
}

// opensAWorkshop fills the form, and shows the link to the room.
func (p *people) opensAWorkshop(t *testing.T) (link string) {
	t.Helper()
	b := p.instructor
	b.do(t, chromedp.Navigate(p.url+"/admin"), chromedp.SetValue("#user", "ines"), chromedp.SendKeys("#password", chosen+"\r"), chromedp.WaitVisible("#open"))
	b.do(t, chromedp.SendKeys("#name", "Pose tracking"), chromedp.SetValue("#seats", "2"))
	b.tabTo(t, "#previews")
	b.do(t, chromedp.KeyEvent(" "))
	b.wait(t, `document.querySelector('#estimate').innerText.includes('$')`)
	b.picture(t, "instructor-create")
	b.tabTo(t, "#open .buttons button")
	b.do(t, chromedp.KeyEvent("\r"), chromedp.WaitVisible("#room"))
	b.picture(t, "instructor-starting")
	// The page shows by itself how the machines become ready.
	b.wait(t, `document.querySelectorAll('#room .seatcard .state.ready').length === 2`)
	link = b.text(t, ".invite a")
	b.do(t, chromedp.Click("#project"), chromedp.WaitVisible(".qr"))
	b.picture(t, "instructor-project")
	return link
}

// takesPart joins, at a second computer too, and waits where there is no machine.
func (p *people) takesPart(t *testing.T, link string) {
	t.Helper()
	p.ann.do(t, chromedp.Navigate(link), chromedp.WaitVisible("#email"))
	const loaded = `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].reduce((sum, e) => sum + e.transferSize, 0)`
	require.Less(t, ask(t, p.ann, chromedp.Evaluate[float64](loaded)), 100_000.0, "bytes that the join page loads")
	p.ann.picture(t, "participant-join")
	p.ann.do(t, chromedp.SendKeys("#email", "ann@example.org\r"), chromedp.WaitVisible("#frame"))
	p.ann.connected(t, framed)
	p.instructor.wait(t, `document.querySelector('#count-joined').innerText.includes('1')`)
	p.ann.picture(t, "participant-desktop")
	p.ann.do(t, chord("B", 1|2|8)) // away from the desktop, which has all other keys
	p.ann.tabTo(t, "#help")
	p.ann.do(t, chromedp.KeyEvent("\r"), chromedp.WaitVisible("#helping"))
	p.ann.wait(t, `document.querySelector('#gpu-now h2')?.innerText.includes('NVIDIA')`)
	p.ann.picture(t, "participant-help")
	pin := p.ann.text(t, "#helping .pin")
	p.ann.do(t, chromedp.Click("#helped"))

	p.phone.do(t, chromedp.Navigate(link), chromedp.SendKeys("#email", "ann@example.org\r"), chromedp.WaitVisible("#pin"))
	p.phone.picture(t, "participant-pin")
	p.phone.do(t, chromedp.SendKeys("#pin", pin+"\r"), chromedp.WaitVisible("#frame"))

	p.bob.do(t, chromedp.Navigate(link), chromedp.SendKeys("#email", "bob@example.org\r"), chromedp.WaitVisible("#frame"))
	p.cleo.do(t, chromedp.Navigate(link), chromedp.SendKeys("#email", "cleo@example.org\r"), chromedp.WaitVisible("#leaving"))
	p.cleo.picture(t, "participant-queue")
}

// seesTheRoom sees all seats at once, tells people something, and moves one.
func (p *people) seesTheRoom(t *testing.T) {
	t.Helper()
	b := p.instructor
	b.do(t, chromedp.Click(".leave a"), chromedp.WaitVisible("#room"))
	b.wait(t, `['ann', 'bob', 'cleo'].every(who => document.querySelector('#room').innerText.includes(who + '@example.org'))`)
	b.wait(t, `[...document.querySelectorAll('#room img.preview')].filter(i => i.complete && i.naturalWidth > 0).length === 2`)
	b.picture(t, "instructor-room")

	// What somebody types stays while the page moves.
	b.do(t, chromedp.Click("#room .deeds:has(input[name=text]) summary"), chromedp.SendKeys("#room .deeds[open] input[name=text]", "Please sa"))
	b.picture(t, "instructor-card-menu")
	p.phone.do(t, chromedp.Navigate(p.url+"/seat"), chromedp.WaitVisible("#frame"))
	require.Equal(t, "Please sa", ask(t, b, chromedp.Evaluate[string](`document.querySelector('#room .deeds[open] input[name=text]').value`)), "what staff types is lost when the page moves")
	b.do(t, chromedp.SendKeys("#room .deeds[open] input[name=text]", "ve your work\r"))
	p.someone(t, "Please save your work")

	b.do(t, chromedp.WaitVisible("#everyone"), chromedp.Click("#everyone summary"), chromedp.SendKeys("#message", "We go on in five minutes"), chromedp.Click("#tell-everyone"))
	for _, who := range []*browser{p.ann, p.bob, p.cleo} {
		who.wait(t, `document.querySelector('#message')?.innerText.includes('We go on in five minutes')`)
	}
	b.do(t, chromedp.Click(`.switch a[href*="view=table"]`), chromedp.WaitVisible("#table-machines"))
	b.picture(t, "instructor-table")
}

// someone requires that one of the participants reads something.
func (p *people) someone(t *testing.T, text string) {
	t.Helper()
	eventually(t, "somebody reads: "+text, func() bool {
		for _, who := range []*browser{p.ann, p.bob} {
			if strings.Contains(ask(t, who, chromedp.Evaluate[string](`document.querySelector('#message')?.innerText ?? ''`)), text) {
				return true
			}
		}
		return false
	})
}

// keepsTheDeployment looks at every page of who keeps it.
func (p *people) keepsTheDeployment(t *testing.T) {
	t.Helper()
	b := p.admin
	b.do(t, chromedp.Navigate(p.url+"/admin/machines"), chromedp.WaitVisible("#table-machines"))
	b.picture(t, "administrator-machines")
	b.do(t, chromedp.Click(`#table-machines a[href^="/admin/machines/mch_"]`), chromedp.WaitVisible("#machine-timeline"))
	b.wait(t, `document.querySelectorAll('#log li').length > 0`)
	b.picture(t, "administrator-machine")
	b.do(t, chromedp.Click(`#machine-hands a[href$="/confirm/replace"]`), chromedp.WaitVisible("#confirm"))
	b.picture(t, "administrator-confirm")
	for _, page := range []string{"operations", "pools", "schedules", "costs", "audit", "health", "settings", "account"} {
		b.do(t, chromedp.Navigate(p.url+"/admin/"+page), chromedp.WaitVisible("main h1"))
		b.picture(t, "administrator-"+page)
	}
	b.do(t, chromedp.Navigate(p.url+"/admin/users"), chromedp.Click(`a[href="/admin/users/ines"]`), chromedp.WaitVisible("#remove"))
	b.picture(t, "administrator-user")
	b.do(t, chromedp.Navigate(p.url+"/admin"), chromedp.Click(`#table-workshops a`), chromedp.Click("#join-machines"), chromedp.SendKeys("#token-name", "Ada's lab\r"), chromedp.WaitVisible("#join"))
	b.picture(t, "administrator-join-machines")
}

// leavesAndEnds gives a seat back, whose machine goes to who waits, and ends the workshop.
func (p *people) leavesAndEnds(t *testing.T) {
	t.Helper()
	p.ann.do(t, chord("B", 1|2|8))
	p.ann.tabTo(t, "#go")
	p.ann.do(t, chromedp.KeyEvent("\r"), chromedp.WaitVisible("#going"), chromedp.Click("#leave"), chromedp.WaitVisible("#email"))
	p.cleo.do(t, chromedp.WaitVisible("#frame")) // by itself

	b := p.instructor
	b.do(t, chromedp.Navigate(p.url+"/admin"), chromedp.Click(`#table-workshops a`), chromedp.Click(`a[href$="/work"]`), chromedp.WaitVisible("main h1"))
	b.picture(t, "instructor-work")
	b.do(t, chromedp.NavigateBack(), chromedp.WaitVisible("#room"), chromedp.Click("#ending summary"), chromedp.SetValue("#when", "in-30"), chromedp.Click("#set-end"))
	p.cleo.wait(t, `/^\d\d? min/.test(document.querySelector('#left')?.innerText)`) // and not hours
	b.do(t, chromedp.WaitVisible("#ending"), chromedp.Click("#ending summary"), chromedp.Click("#end"), chromedp.WaitVisible("#sure"))
	b.picture(t, "instructor-end")
	b.do(t, chromedp.Click("#sure"), chromedp.WaitVisible("#room"))
	p.cleo.do(t, chromedp.WaitVisible("main > section h1")) // the desktop's page has none
	require.Contains(t, p.cleo.text(t, "main"), "the workshop was ended by ines")
	p.cleo.picture(t, "participant-ended")
}

package system

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

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
	staff.wait(t, `document.querySelectorAll('#room .seatcard .state.ready').length === 3`)
	link := staff.text(t, ".invite a")

	ann := newBrowser(t, chrome)
	ann.do(t, chromedp.Navigate(link), chromedp.WaitVisible("#email"))
	ann.picture(t, "join")
	ann.do(t, chromedp.SendKeys("#email", "ann@example.org\r"), chromedp.WaitVisible("#frame"))
	ann.connected(t, framed)
	ann.picture(t, "seat")
	ann.do(t, chromedp.Click("#help"), chromedp.WaitVisible("#helping"))
	ann.wait(t, `document.querySelector('#gpu-now h2')?.innerText.includes('NVIDIA')`)
	pin := ann.text(t, "#helping .pin")
	ann.do(t, chromedp.Click("#helped"))

	phone := newBrowser(t, chrome)
	phone.do(t, chromedp.Navigate(link), chromedp.SendKeys("#email", "ann@example.org\r"), chromedp.WaitVisible("#pin"))
	phone.picture(t, "join-pin")
	phone.do(t, chromedp.SendKeys("#pin", pin+"\r"), chromedp.WaitVisible("#frame"))

	staff.wait(t, `document.querySelector('#room').innerText.includes('ann@example.org')`)
	staff.picture(t, "workshop")
	staff.do(t, chromedp.Click("#room .deeds:has(input[name=text]) summary"), chromedp.SendKeys("#room .deeds[open] input[name=text]", "Please sa"))
	bob := newBrowser(t, chrome)
	bob.do(t, chromedp.Navigate(link), chromedp.SendKeys("#email", "bob@example.org\r"), chromedp.WaitVisible("#frame"))
	staff.wait(t, `document.querySelector('#room').innerText.includes('bob@example.org')`)
	require.True(t, ask(t, staff, chromedp.Evaluate[bool](`[...document.querySelectorAll('#room input[name=text]')].some(f => f.value === 'Please sa' && f === document.activeElement)`)), "what staff types is lost when the page moves")
	staff.do(t, chromedp.Click(`#room .seatcard a[href^="/admin/machines/"]`), chromedp.WaitVisible("h1"))
	staff.picture(t, "machine")
	ann.do(t, chromedp.Click("#go"), chromedp.WaitVisible("#going"), chromedp.Click("#leave"), chromedp.WaitVisible("#email"))
	for _, b := range []*browser{staff, ann, phone, bob} {
		b.content(t, strings.TrimPrefix(l.url, "http://"))
	}
}

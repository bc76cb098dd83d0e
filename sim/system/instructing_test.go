package system

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// opensAWorkshop fills the form, mends what is wrong in it, and shows the link to the room.
func (p *people) opensAWorkshop(t *testing.T) (link string) {
	t.Helper()
	b := p.instructor
	b.do(t, chromedp.Navigate(p.site+"/admin"), chromedp.SetValue("#user", "ines"), chromedp.SendKeys("#password", chosen+"\r"), chromedp.WaitVisible("#open"))
	b.wait(t, loaded) // by then its script hears what is typed
	b.do(t, chromedp.SendKeys("#name", "Pose tracking"), chromedp.SetValue("#seats", "2"), chromedp.SetValue("#spares", "1"))
	b.do(t, chromedp.SendKeys("#roster", "Ann <ann@example.org>; bob@example.org\ncleo@example.org\n"))
	b.tabTo(t, "#previews")
	b.do(t, chromedp.KeyEvent(" "))
	b.wait(t, `document.querySelector('#estimate').innerText.includes('$')`)
	b.picture(t, "instructor-create")
	b.allow("422 /admin/workshops")
	const wrong = "#opening ~ .problem" // and not what is wrong with the allocator, as while its disk is slow
	b.do(t, chromedp.SendKeys("#roster", "whoever comes"), press("#open .buttons button"), chromedp.WaitVisible(wrong))
	require.Contains(t, b.text(t, wrong), "whoever comes")
	b.do(t, chromedp.SetValue("#roster", "ann@example.org\nbob@example.org\ncleo@example.org"))
	b.tabTo(t, "#open .buttons button")
	b.do(t, chromedp.KeyEvent("\r"), chromedp.WaitVisible("#room"))
	p.room = strings.TrimPrefix(ask(t, b, chromedp.Location()), p.site)
	b.picture(t, "instructor-starting")
	// The page shows by itself how the machines become ready.
	b.wait(t, `document.querySelectorAll('#room .seatcard .state.ready').length === 3`)
	link = b.text(t, ".invite a")
	b.do(t, press("#project"), chromedp.WaitVisible(".qr"))
	b.picture(t, "instructor-project")
	return link
}

// repeatsAWorkshop opens one that is held again and again, from some time on.
func (p *people) repeatsAWorkshop(t *testing.T) {
	t.Helper()
	b := newBrowser(t, p.chrome)
	b.do(t, chromedp.Navigate(p.site+"/admin"), chromedp.SetValue("#user", "ines"), chromedp.SendKeys("#password", chosen+"\r"), chromedp.WaitVisible("#open"))
	first := time.Now().AddDate(0, 2, 0).Format("2006-01-02") + "T09:00"
	b.do(t, chromedp.SendKeys("#name", "Every week"), chromedp.SetValue("#seats", "2"), chromedp.SetValue("#starts_at", first), chromedp.Evaluate[chromedp.Void](`rule.selectedIndex = 3`))
	b.do(t, press("#open .buttons button"), chromedp.WaitVisible("#table-schedules"))
	b.picture(t, "instructor-workshops")
}

// seesTheRoom sees all seats at once and what they cost, and tells people something.
func (p *people) seesTheRoom(t *testing.T) {
	t.Helper()
	b := p.instructor
	b.do(t, press(".leave a"), chromedp.WaitVisible("#room"))
	b.wait(t, `['ann', 'bob', 'cleo'].every(who => document.querySelector('#room').innerText.includes(who + '@example.org'))`)
	b.wait(t, `[...document.querySelectorAll('#room img.preview')].filter(i => i.complete && i.naturalWidth > 0).length === 2`)
	const largest = `Math.max(...performance.getEntriesByType('resource').filter(e => e.name.includes('/preview')).map(e => e.encodedBodySize))`
	require.Less(t, ask(t, b, chromedp.Evaluate[float64](largest)), 8_000.0, "bytes of a small picture; allocator/web counts on it")
	b.wait(t, `/\$\d.*\$\d.*\$\d/s.test(document.querySelector('#cost').innerText)`) // so far, an hour, and at its end
	b.picture(t, "instructor-room")

	// What somebody types stays while the page moves.
	b.do(t, press("#room .deeds:has(input[name=text]) summary"), chromedp.SendKeys("#room .deeds[open] input[name=text]", "Please sa"))
	b.picture(t, "instructor-card-menu")
	p.phone.do(t, chromedp.Navigate(p.site+"/seat"), chromedp.WaitVisible("#frame"))
	require.Equal(t, "Please sa", ask(t, b, chromedp.Evaluate[string](`document.querySelector('#room .deeds[open] input[name=text]').value`)), "what staff types is lost when the page moves")
	b.do(t, chromedp.SendKeys("#room .deeds[open] input[name=text]", "ve your work\r"))
	b.comesBack(t)
	p.someone(t, "Please save your work")
	b.as(t, phone)
	b.do(t, chromedp.Navigate(p.site+p.room), chromedp.WaitVisible("#room"), press("#room .deeds:has(input[name=text]) summary"), chromedp.SendKeys("#room .deeds[open] input[name=text]", "Lunch is at noon\r"))
	b.comesBack(t)
	p.someone(t, "Lunch is at noon")
	b.as(t, usual)

	b.do(t, chromedp.WaitVisible("#everyone"), press("#everyone summary"), chromedp.SendKeys("#message", "We go on in five minutes"), press("#tell-everyone"))
	b.comesBack(t)
	for _, who := range []*browser{p.ann, p.bob, p.cleo} {
		who.wait(t, `document.querySelector('#message')?.innerText.includes('We go on in five minutes')`)
	}
	b.do(t, press(`.switch a[href*="view=table"]`), chromedp.WaitVisible("#table-machines"))
	b.picture(t, "instructor-table")
}

// comesBack waits until the room's page is there anew, as a form that is unfolded on it leads
// there: what the form asks for happens before, and is told elsewhere before, too.
func (b *browser) comesBack(t *testing.T) {
	t.Helper()
	b.becomes(t, "the room's page is there again", loaded+` && document.querySelector('#room') !== null && document.querySelector('details[open]') === null`)
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

// invites takes a table of people into a workshop that is open. Who is not on the list is
// told so; who is takes a place, by the code, and gives it back.
func (p *people) invites(t *testing.T, link string) {
	t.Helper()
	p.dora.as(t, phone) // joins and leaves there
	p.dora.allow("403 /join/")
	p.dora.do(t, chromedp.Navigate(p.site+"/"), chromedp.WaitVisible("#code"))
	p.dora.picture(t, "participant-code")
	p.dora.do(t, chromedp.SendKeys("#code", link[strings.LastIndex(link, "/")+1:]+"\r"), chromedp.SendKeys("#email", "dora@example.org\r"), chromedp.WaitVisible("main .problem"))
	p.dora.picture(t, "participant-uninvited")

	table := filepath.Join(t.TempDir(), "people.csv")
	require.NoError(t, os.WriteFile(table, []byte("Name,E-mail\nDora,dora@example.org\n"), 0o600))
	b := p.instructor
	b.do(t, chromedp.Navigate(p.site+p.room), chromedp.WaitVisible("#changing"), press("#changing summary"), chromedp.SendKeys("#invite", "whoever comes"), press("#change"), chromedp.WaitVisible("main > .problem"))
	require.Equal(t, "whoever comes", ask(t, b, chromedp.Evaluate[string](`document.querySelector('#invite').value`)), "what was typed stays")
	b.fits(t, "a change that was refused")
	b.do(t, chromedp.Navigate(p.site+p.room), chromedp.WaitVisible("#changing"), press("#changing summary"), chromedp.SetUploadFiles("#invite_file", []string{table}), press("#change"))
	b.comesBack(t)
	b.do(t, press("#changing summary"), press("#guests summary"))
	require.Equal(t, "dora@example.org", b.text(t, "#missing"))
	b.fits(t, "who is invited")
	b.do(t, press("#changing summary"))
	p.dora.do(t, chromedp.SendKeys("#email", "\r"), chromedp.WaitVisible("#leaving"), press("#leaving summary"), press("#leave"), chromedp.WaitVisible("#email"))
}

// card is where the machine of a participant is on the room's page.
func (b *browser) card(t *testing.T, who string) string {
	t.Helper()
	return "#" + ask(t, b, chromedp.Evaluate[string](`[...document.querySelectorAll('#cards .seatcard')].find(c => c.querySelector('h3').innerText.includes('`+who+`')).id`))
}

// helps gives a participant another machine, and another one a machine in the place of theirs.
func (p *people) helps(t *testing.T) {
	t.Helper()
	b := p.instructor
	ann, bob := p.machineOf(t, "ann@example.org").ID, p.machineOf(t, "bob@example.org").ID
	card := b.card(t, "ann@example.org")
	b.do(t, press(card+" .deeds summary"), press(card+` a[id^="release-"]`), chromedp.WaitVisible("#sure"))
	b.picture(t, "instructor-release")
	b.do(t, chromedp.NavigateBack(), chromedp.WaitVisible(card+" .deeds"), press(card+" .deeds summary"), press(card+` a[id^="move-"]`), chromedp.WaitVisible("#sure"))
	b.picture(t, "instructor-move")
	moved, movedToo := p.ann.again(t, framed), p.phone.again(t, framed)
	b.do(t, press("#sure"), chromedp.WaitVisible("#room"))
	p.ann.becomes(t, "she is told of her other machine", `document.querySelector('#another')?.innerText.includes('You were given another machine')`)
	moved()
	require.NotEqual(t, ann, p.machineOf(t, "ann@example.org").ID)

	b.becomes(t, "a machine is free again", `document.querySelector('#cards .state.ready') !== null`)
	card = b.card(t, "bob@example.org")
	b.do(t, press(card+" .deeds summary"), press(card+` a[id^="replace-"]`), chromedp.WaitVisible("#confirm"))
	b.picture(t, "instructor-replace")
	replaced := p.bob.again(t, framed)
	b.do(t, press("#confirm"), chromedp.WaitVisible("#did"), chromedp.WaitVisible("#room"))
	eventually(t, "bob has another machine", func() bool { return p.machineOf(t, "bob@example.org").ID != bob })
	p.bob.do(t, chromedp.WaitVisible("#frame"))
	replaced()
	movedToo()
	b.becomes(t, "another one was started", `document.querySelectorAll('#cards .seatcard').length === 3 && document.querySelectorAll('#cards .state.ready').length === 1`)
}

// restarts restarts the machine that nobody has, which is ready again then.
func (p *people) restarts(t *testing.T) {
	t.Helper()
	b := p.instructor
	card := "#" + ask(t, b, chromedp.Evaluate[string](`document.querySelector('#cards .seatcard:has(.state.ready)').id`))
	b.do(t, press(card+" .deeds summary"), press(card+` a[id^="reboot-"]`), chromedp.WaitVisible("#confirm"))
	b.picture(t, "instructor-restart")
	b.do(t, press("#confirm"), chromedp.WaitVisible("#did"), chromedp.WaitVisible("#room"))
	b.do(t, chromedp.Navigate(p.site+"/admin/machines/"+strings.TrimPrefix(card, "#card-")), chromedp.WaitVisible("#machine-timeline"))
	b.becomes(t, "it has booted again", `document.querySelector('#machine-state .state.ready') !== null && document.querySelector('#machine-timeline').innerText.includes('it has booted again')`)
	b.do(t, chromedp.Navigate(p.site+p.room), chromedp.WaitVisible("#room"))
}

// collects keeps what participants have made until now, and downloads it.
func (p *people) collects(t *testing.T) {
	t.Helper()
	p.makes(t, "ann@example.org", "results/monday/poses.csv", "frame,x,y\n1,20,30\n")
	p.makes(t, "bob@example.org", "skeleton.csv", "nose,ear\n")
	b := p.instructor
	b.do(t, press(`a[href$="/work"]`), chromedp.WaitVisible("#collect"), press("#collect"), chromedp.WaitVisible("#collection"))
	b.becomes(t, "it is collected, and stands still", `document.querySelector('#collection a') !== null && !document.querySelector('#collection').innerText.includes('UTC')`)
	b.do(t, press("#collection a"), chromedp.WaitVisible("#all"), press(".kept summary"))
	b.picture(t, "instructor-work")
	require.Equal(t, "frame,x,y\n1,20,30\n", string(b.downloads(t, `.kept td a`)))
	require.Contains(t, unpacked(t, b.downloads(t, "#all")), "nose,ear\n")
}

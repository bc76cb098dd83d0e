package system

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// addsAnInstructor is the admin's first visit, which leads where they wanted to go.
func (p *people) addsAnInstructor(t *testing.T) {
	t.Helper()
	b := p.admin
	b.do(t, chromedp.Navigate(p.site+"/admin/users"), chromedp.WaitVisible("#password"))
	b.picture(t, "login")
	b.do(t, chromedp.SendKeys("#password", p.password+"\r"), chromedp.WaitVisible("#table-users"))
	b.do(t, chromedp.SendKeys("#name", "ines"), chromedp.SetValue("#role", "instructor"), chromedp.SendKeys("#password", chosen+"\r"), chromedp.WaitVisible(`a[href="/admin/users/ines"]`))
	b.picture(t, "administrator-users")
	b.allow("404 /admin/nothing")
	b.do(t, chromedp.Navigate(p.site+"/admin/nothing"), chromedp.WaitVisible("main h1"))
	b.picture(t, "no-such-page")
}

// keepsMachines looks at one, at its log, ends one, and cancels the start of another.
func (p *people) keepsMachines(t *testing.T) {
	t.Helper()
	b := p.admin
	b.do(t, chromedp.Navigate(p.site+"/admin/machines"), chromedp.WaitVisible("#table-machines"))
	b.picture(t, "administrator-machines")
	ann := p.machineOf(t, "ann@example.org").ID
	b.do(t, chromedp.SendKeys("#q", "ann@example.org\r"), chromedp.WaitVisible(`#table-machines a[href="/admin/machines/`+ann+`"]`))
	b.becomes(t, "only hers is left", `document.querySelectorAll('#table-machines tbody tr').length === 1`)
	b.do(t, press(`#table-machines a[href^="/admin/machines/mch_"]`), chromedp.WaitVisible("#machine-timeline"))
	b.wait(t, `document.querySelectorAll('#log li').length > 0`)
	b.picture(t, "administrator-machine")
	p.readsTheLog(t)
	p.looksAway(t)

	// There is no capacity when the free machine is ended.
	require.NoError(t, p.account.SetFaults(t.Context(), cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{InstanceType: "sim.gpu"}, {InstanceType: "sim.gpu.large"}}}))
	b.do(t, chromedp.Navigate(p.site+"/admin/machines?state=ready&workshop="+filepath.Base(p.room)), press(`#table-machines a[href^="/admin/machines/mch_"]`), chromedp.WaitVisible("#machine-hands"))
	b.do(t, press(`#machine-hands a[href$="/confirm/terminate"]`), chromedp.WaitVisible("#confirm"))
	b.picture(t, "administrator-confirm")
	b.do(t, press("#confirm"), chromedp.WaitVisible("#machine-timeline"))
	b.becomes(t, "the machine ends", `/^(Ending|Gone)/.test(document.querySelector('#machine-state').innerText)`)
	b.do(t, chromedp.Navigate(p.site+"/admin/operations"), chromedp.WaitVisible("#table-operations"))
	const launch = `button[id^="cancel-"]`
	b.becomes(t, "another one cannot be started", `document.querySelector('`+launch+`')?.closest('tr').innerText.includes('no such machine free')`)
	b.picture(t, "administrator-operations")
	b.do(t, press(launch), chromedp.WaitNotPresent(launch))
	require.NoError(t, p.account.SetFaults(t.Context(), cloud.Faults{}))
}

// readsTheLog leaves lines of a machine's log out, and takes the others home.
func (p *people) readsTheLog(t *testing.T) {
	t.Helper()
	b := p.admin
	b.do(t, chromedp.SendKeys("#q", "nothing that any line says\r"))
	b.becomes(t, "no line is left", `location.search.includes('nothing') && document.querySelectorAll('#log li').length === 0`)
	b.do(t, chromedp.Clear("#q"), chromedp.SendKeys("#q", "tunnel\r"))
	b.becomes(t, "some lines are left", `location.search.includes('tunnel') && document.querySelectorAll('#log li').length > 0`)
	for line := range strings.Lines(string(b.downloads(t, "a[download]"))) {
		require.Contains(t, line, "tunnel")
	}
}

// looksAway has pages that nobody sees: they keep no connection, of which a browser has few for
// a site. What has changed meanwhile is there when they are seen again.
func (p *people) looksAway(t *testing.T) {
	t.Helper()
	b := p.admin
	hide := func(unseen bool) {
		b.do(t, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`Object.defineProperty(document, 'hidden', { configurable: true, value: %t }); document.dispatchEvent(new Event('visibilitychange'))`, unseen)))
	}
	streams := func(many int) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d streams are open", many), func() bool { return b.open() == many })
	}
	streams(2) // how the machine is, and its log
	hide(true)
	streams(0)
	hide(false)
	streams(2)

	b.do(t, chromedp.Navigate(p.site+p.room), chromedp.WaitVisible("#about"))
	streams(1)
	hide(true)
	streams(0)
	require.NoError(t, p.local.admin(t).Do(t.Context(), http.MethodPatch, "/api/v1/workshops/"+filepath.Base(p.room), api.WorkshopChange{IdleMinutes: new(600)}, nil))
	hide(false)
	b.becomes(t, "what has changed is there", `document.querySelector('#about').innerText.includes('600 idle minutes')`)
	streams(1)
}

// keepsTheDeployment looks at every other page of who keeps it, and ends a schedule.
func (p *people) keepsTheDeployment(t *testing.T) {
	t.Helper()
	b := p.admin
	for _, page := range []string{"pools", "schedules", "costs", "audit", "health", "settings", "account"} {
		b.do(t, chromedp.Navigate(p.site+"/admin/"+page), chromedp.WaitVisible("main h1"))
		b.picture(t, "administrator-"+page)
	}
	b.do(t, chromedp.Navigate(p.site+"/admin/schedules"), press(`a[id^="end-"]`), chromedp.WaitVisible("#sure"))
	b.picture(t, "administrator-end-schedule")
	b.do(t, press("#sure"))
	b.becomes(t, "there is none any more", `location.pathname === '/admin/schedules' && document.querySelector('.schedule') === null`)
	for _, page := range []string{"costs", "audit"} {
		b.do(t, chromedp.Navigate(p.site+"/admin/"+page), chromedp.WaitVisible("a[download]"))
		require.NotEmpty(t, b.downloads(t, "a[download]"), "the table of "+page)
	}
}

// keepsUsers makes a token and takes it back, gives somebody another role, and removes them.
func (p *people) keepsUsers(t *testing.T) {
	t.Helper()
	b := p.admin
	b.do(t, chromedp.Navigate(p.site+"/admin/account"), chromedp.SendKeys("#name", "reports\r"), chromedp.WaitVisible("#secret"))
	b.picture(t, "administrator-token")
	token := b.text(t, "#secret")
	require.Equal(t, http.StatusOK, p.status(t, token))
	b.do(t, press(`#table-tokens form button`), chromedp.WaitNotPresent("#table-tokens"))
	require.Equal(t, http.StatusUnauthorized, p.status(t, token))

	b.do(t, chromedp.Navigate(p.site+"/admin/users"), chromedp.SendKeys("#name", "vera"), chromedp.SetValue("#role", "viewer"), chromedp.SendKeys("#password", chosen+"\r"), press(`a[href="/admin/users/vera"]`), chromedp.WaitVisible("#remove"))
	b.picture(t, "administrator-user")
	b.do(t, chromedp.SetValue("#role", "instructor"), press(`form[action$="/role"] button`))
	b.becomes(t, "she has another role", `document.querySelector('#table-users a[href="/admin/users/vera"]')?.closest('tr').innerText.includes('instructor') === true`)
	b.do(t, press(`a[href="/admin/users/vera"]`), chromedp.WaitVisible("#remove"))
	b.do(t, press("#remove"), chromedp.WaitVisible("#confirm"))
	b.picture(t, "administrator-remove-user")
	b.do(t, press("#confirm"), chromedp.WaitVisible("#table-users"), chromedp.WaitNotPresent(`a[href="/admin/users/vera"]`))
}

// joinsAMachine types on a computer what the page says, without being root there, which then
// is a machine of a workshop.
func (p *people) joinsAMachine(t *testing.T) {
	t.Helper()
	b := p.admin
	b.do(t, chromedp.Navigate(p.site+p.paper), press("#join-machines"), chromedp.SendKeys("#token-name", "Ada's lab\r"), chromedp.WaitVisible("#join"))
	b.picture(t, "administrator-join-machines")
	fetch, _, found := strings.Cut(b.text(t, "#join"), "sudo ")
	require.True(t, found, "a desktop takes root")
	commands := strings.ReplaceAll(fetch+"exec "+b.text(t, "#join-no-root"), "lablink.test", "127.0.0.1") // a name that only browsers know
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", commands)
	cmd.Dir, cmd.Env = dir, append(environment(), "LABLINK_ROOT="+dir, "LABLINK_NVML=simulated:t4")
	cmd.Stderr = t.Output()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	require.NoError(t, cmd.Start())
	defer func() {
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		_ = cmd.Wait()
	}()
	b.becomes(t, "it has joined", `document.querySelector('#table-joined')?.innerText.includes('T4')`)
}

package system

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// A participant's desktop, from its X server to the pixels in their browser, and back
// from their keys to the programs on it.
func TestADesktopIsSeenInTheBrowserAndTypedOn(t *testing.T) {
	l := up(t)
	// Not a loopback address, to which browsers allow more.
	url := strings.Replace(l.url, "127.0.0.1", "lablink.test", 1)
	admin := l.admin(t)
	w := l.open(t, admin, 1)
	minutes, previews := 90, true
	require.NoError(t, admin.Do(t.Context(), http.MethodPatch, "/api/v1/workshops/"+w.ID, api.WorkshopChange{SessionMinutes: &minutes, Previews: &previews}, nil))
	l.await(t, admin, w, 1)
	chrome := startChromium(t)
	ann := newBrowser(t, chrome)
	ann.do(t, chromedp.Navigate(url+"/join/"+w.JoinCode), chromedp.WaitVisible("#email"))
	require.Contains(t, ann.text(t, "#seen"), "small pictures of all desktops")
	ann.connects(t, framed, chromedp.SendKeys("#email", "ann@example.org\r"), chromedp.WaitVisible("#frame"))
	inside := l.desktop(t)
	inside.run(t, "xsetroot", "-solid", "#2266cc")
	ann.sees(t, color.RGBA{0x22, 0x66, 0xcc, 0xff})
	ann.usesTheBar(t)

	// Typing arrives, with what other layouts have.
	typed := inside.reader(t)
	ann.do(t, chromedp.KeyEvent("h"), key("ä"), chromedp.KeyEvent("llo w"), key("ö"), chromedp.KeyEvent("rld "), key("ß"), key("é"), key("€"), chromedp.KeyEvent("\r"))
	require.Equal(t, "hällo wörld ßé€", <-typed)

	ann.copies(t, inside)
	l.previews(t, admin, w)
	l.watches(t, url, chrome, ann, inside)
	ann.narrow(t)

	// The desktop by itself, without a bar, and back.
	ann.connects(t, "document", chromedp.Navigate(url+"/desktop/"))
	ann.picture(t, "desktop-alone")
	ann.connects(t, framed, press("#back"), chromedp.WaitVisible("#frame"))

	// The allocator is killed: the same desktop comes back by itself, on the same page. For how
	// short it was away, nobody has to see.
	ann.do(t, chromedp.Evaluate[chromedp.Void](`window.same = true; delete `+framed+`.body.dataset.connected`))
	ann.none(t)
	back := ann.during(append(retried, "net::ERR_", "50[234] ", "console.error: ")...)
	require.NoError(t, syscall.Kill(l.pid(t, "lablink-allocator"), syscall.SIGKILL))
	ann.connected(t, framed)
	require.True(t, ask(t, ann, chromedp.Evaluate[bool](`window.same === true`)))
	ann.sees(t, color.RGBA{0x22, 0x66, 0xcc, 0xff})
	back()
	require.Equal(t, inside.server, l.desktop(t).server, "it is the same X server")

	// She leaves. The desktop is cut before or after the next page is there.
	ann.none(t)
	ann.allow(append(retried, "404 /desktop/stream$")...)
	ann.do(t, press("#go"), chromedp.WaitVisible("#going"), press("#leave"), chromedp.WaitVisible("#email"))
}

// framed is the page of the desktop in that of a seat.
const framed = `document.getElementById('frame').contentDocument`

// usesTheBar uses what is above the desktop.
func (b *browser) usesTheBar(t *testing.T) {
	t.Helper()
	b.wait(t, `/1 h \d+ min left/.test(left.textContent)`)
	b.do(t, chromedp.Evaluate[chromedp.Void](`new MutationObserver(() => { window.told = (window.told ?? '') + answer.textContent; }).observe(answer, { childList: true })`))
	b.do(t, press("#extend"))
	b.wait(t, `window.told?.includes('for longer')`) // for a moment
	b.wait(t, `/1 h (29|30) min left/.test(left.textContent)`)
	b.picture(t, "desktop")
	b.do(t, press("#previews button")) // what was read, and is there for what comes
	b.wait(t, `said.offsetHeight === 0 && getComputedStyle(said).display !== 'none'`)
	b.do(t, press("#help"), chromedp.WaitVisible("#helping"))
	b.wait(t, `document.getElementById('gpu-now').innerText.includes('NVIDIA') && helping.innerText.includes('mch_')`)
	b.picture(t, "desktop-help")
	b.do(t, press("#helped"))
	b.wait(t, `!helping.open`)
	b.do(t, chromedp.Click("#frame"))
	b.wait(t, `document.activeElement === frame`)
	b.do(t, chord("B", 1+2+8))
	b.wait(t, `document.activeElement === help`)
	b.do(t, press("#bar-full"))
	b.wait(t, `document.fullscreenElement !== null && document.getElementById('bar-full').ariaPressed === 'true'`)
	b.do(t, press("#bar-full"))
	b.wait(t, `document.fullscreenElement === null && document.getElementById('bar-full').ariaPressed === 'false'`)
	b.do(t, chromedp.Click("#frame"))
}

// key is a key that an American keyboard does not have.
func key(of string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, what := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: what, Key: of}); err != nil {
				return err
			}
		}
		return nil
	})
}

// chord is a key that is pressed with others: Alt is 1, Ctrl 2, Shift 8.
func chord(of string, with int64) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, what := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
			if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: what, Key: of, Code: "Key" + of, Modifiers: with}); err != nil {
				return err
			}
		}
		return nil
	})
}

// copies copies from the desktop to the page and back, and too much of it.
func (b *browser) copies(t *testing.T, inside desktop) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "xclip", "-selection", "clipboard") // whose child keeps it
	cmd.Env, cmd.Stdin = inside.env, strings.NewReader("from the desktop: ß €")
	require.NoError(t, cmd.Run())
	const text = framed + `.getElementById('text')`
	b.do(t, press("#bar-clip"))
	b.wait(t, `!`+framed+`.getElementById('clipboard').hidden && document.getElementById('bar-clip').ariaPressed === 'true'`)
	b.wait(t, text+`.value === 'from the desktop: ß €'`)
	put := func(what string) {
		b.do(t, chromedp.Evaluate[chromedp.Void](text+`.value = `+what+`; `+text+`.dispatchEvent(new Event('input'))`))
	}
	const said = framed + `.getElementById('said').textContent`
	copied := func() string {
		out := exec.CommandContext(t.Context(), "xclip", "-selection", "clipboard", "-o", "-t", "UTF8_STRING")
		out.Env = inside.env
		raw, _ := out.Output()
		return string(raw)
	}
	put(`'to the desktop: é 日本'`)
	eventually(t, "what was copied arrives", func() bool { return copied() == "to the desktop: é 日本" })
	put(`'x'.repeat(3 << 20)`)
	b.wait(t, said+`.startsWith('Too much to copy: 3.0 MiB')`)
	put(`'less'`)
	eventually(t, "less of it arrives, on the same connection", func() bool { return copied() == "less" })
	b.wait(t, said+` === ''`)
	b.do(t, press("#bar-clip"))
	b.wait(t, framed+`.getElementById('clipboard').hidden`)
}

// previews sees what was drawn on the desktop, as instructors see it in small.
func (l *local) previews(t *testing.T, admin *api.Client, w api.Workshop) {
	t.Helper()
	var seats api.Page[api.Seat]
	require.NoError(t, admin.Do(t.Context(), http.MethodGet, "/api/v1/seats?workshop="+w.ID, nil, &seats))
	eventually(t, "the small picture shows what was drawn", func() bool {
		res, err := admin.HTTP.Get(l.url + "/admin/seats/" + seats.Items[0].ID + "/preview")
		require.NoError(t, err)
		defer res.Body.Close()
		if res.StatusCode == http.StatusNoContent {
			return false
		}
		shot, err := jpeg.Decode(res.Body)
		require.NoError(t, err)
		r, g, b, _ := shot.At(2, shot.Bounds().Dy()-3).RGBA()
		near := func(a uint32, b int) bool { return max(int(a>>8)-b, b-int(a>>8)) < 16 }
		return near(r, 0x22) && near(g, 0x66) && near(b, 0xcc)
	})
}

// watches lets staff watch a desktop and take it over. Its participant is told for as long as
// they do.
func (l *local) watches(t *testing.T, url string, chrome context.Context, participant *browser, inside desktop) { //nolint:revive // t comes first in helpers
	t.Helper()
	staff := newBrowser(t, chrome)
	staff.do(t, chromedp.Navigate(url+"/admin"), chromedp.SendKeys("#password", l.password+"\r"), chromedp.WaitVisible(`main a[href^="/admin/workshops/"]`))
	staff.do(t, press(`main a[href^="/admin/workshops/"]`), chromedp.WaitVisible("#room"))
	const watched, controlled = `document.getElementById('watched')`, `document.getElementById('controlled')`
	require.True(t, ask(t, participant, chromedp.Evaluate[bool](`!`+watched)))
	staff.connects(t, "document", press(`#room details:has(a[id^="watch-"]) summary`), press(`#room a[id^="watch-"]`), chromedp.WaitVisible("#screen"))
	staff.sees(t, color.RGBA{0x22, 0x66, 0xcc, 0xff})
	staff.picture(t, "watching")
	participant.wait(t, watched+`?.innerText.includes('An instructor is looking at your desktop.')`)
	typed := inside.reader(t)
	staff.connects(t, "document", press("#take-over"), chromedp.WaitVisible("#only-watch"))
	participant.wait(t, controlled+`?.innerText.includes('An instructor is working on your desktop.')`)
	staff.do(t, chromedp.KeyEvent("help\r"))
	require.Equal(t, "help", <-typed)
	staff.picture(t, "controlling")
	staff.do(t, chord("B", 1+2+8))
	staff.wait(t, `document.activeElement.id === 'back'`) // one key leads out of the desktop
	staff.do(t, press("#only-watch"), chromedp.WaitVisible("#take-over"))
	participant.wait(t, watched+` && !`+controlled)
	staff.do(t, chromedp.Navigate(url+"/admin"))
	participant.wait(t, `!`+watched)
	staff.do(t, chromedp.Navigate("about:blank"))
}

// narrow looks at the desktop on a telephone: it takes that size, and nothing sticks out.
func (b *browser) narrow(t *testing.T) {
	t.Helper()
	const wide = framed + `.querySelector('#screen canvas').width`
	b.as(t, phone)
	b.do(t, press("#bar-clip"))
	b.wait(t, wide+` <= 360`)
	require.False(t, ask(t, b, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)))
	if screenshots != "" {
		require.NoError(t, os.WriteFile(filepath.Join(screenshots, "desktop-narrow.png"), ask(t, b, chromedp.CaptureScreenshot()), 0o644))
	}
	b.do(t, press("#bar-clip"))
	b.as(t, usual)
	b.wait(t, wide+` === 1200`)
}

// connects takes steps that lead to a desktop, and waits until it is shown.
func (b *browser) connects(t *testing.T, page string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	shown := b.again(t, page)
	b.do(t, steps...)
	shown()
}

// again forgets that a page shows a desktop, before something that cuts or leads to it. Shown
// waits until it is shown from then on; what the browser says until then of tries is forgotten.
func (b *browser) again(t *testing.T, page string) (shown func()) {
	t.Helper()
	over := b.during(retried...)
	b.do(t, chromedp.Evaluate[chromedp.Void](`for (const shown of [document, document.getElementById('frame')?.contentDocument]) delete shown?.body?.dataset.connected`))
	return func() {
		t.Helper()
		b.connected(t, page)
		over()
	}
}

// connected waits until a page, or the one in it, shows the desktop.
func (b *browser) connected(t *testing.T, page string) {
	t.Helper()
	b.becomes(t, "the desktop is shown", loaded+` && `+page+`?.body && 'connected' in `+page+`.body.dataset && `+page+`.querySelector('#screen canvas')?.width > 0`)
}

// sees waits until the desktop has a color, as the browser's screen shows it: on a quarter
// of it, as there are windows before it.
func (b *browser) sees(t *testing.T, want color.RGBA) {
	t.Helper()
	eventually(t, "the browser shows what was drawn", func() bool {
		raw := ask(t, b, chromedp.CaptureScreenshot())
		shot, err := png.Decode(bytes.NewReader(raw))
		require.NoError(t, err)
		if screenshots != "" {
			require.NoError(t, os.WriteFile(filepath.Join(screenshots, "desktop.png"), raw, 0o644))
		}
		return share(shot, want) > 0.25
	})
}

// share is how much of a picture has a color.
func share(shot image.Image, want color.Color) float64 {
	of, has := 0, 0
	for y := shot.Bounds().Min.Y; y < shot.Bounds().Max.Y; y += 8 {
		for x := shot.Bounds().Min.X; x < shot.Bounds().Max.X; x += 8 {
			of++
			if color.RGBAModel.Convert(shot.At(x, y)) == want {
				has++
			}
		}
	}
	return float64(has) / float64(of)
}

// desktop is the one desktop of the local stack, seen from inside.
type desktop struct {
	server int      // the process of its X server
	env    []string // of its programs
}

func (l *local) desktop(t *testing.T) (d desktop) {
	t.Helper()
	eventually(t, "there is a desktop", func() bool {
		servers, managers := l.processes(t, "Xtigervnc"), l.processes(t, "openbox")
		if len(servers) != 1 || len(managers) != 1 {
			return false
		}
		env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(managers[0]), "environ"))
		d = desktop{servers[0], strings.Split(strings.TrimRight(string(env), "\x00"), "\x00")}
		return err == nil
	})
	return d
}

func (d desktop) run(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = d.env
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

// reader opens a terminal and returns when it has the keyboard. What is typed there comes
// by the channel, as a line.
func (d desktop) reader(t *testing.T) <-chan string {
	t.Helper()
	dir := t.TempDir()
	box, typed := filepath.Join(dir, "box"), make(chan string, 1)
	require.NoError(t, syscall.Mkfifo(box, 0o600))
	cmd := exec.CommandContext(t.Context(), "xterm", "-u8", "-fa", "DejaVu Sans Mono", "-T", "reader", "-e", "sh", "-c", `read line; echo "$line" >`+box)
	cmd.Env = d.env
	require.NoError(t, cmd.Start())
	go func() {
		raw, _ := os.ReadFile(box)
		typed <- strings.TrimSpace(string(raw))
		_ = cmd.Wait()
	}()
	d.run(t, "xdotool", "search", "--sync", "--onlyvisible", "--name", "^reader$", "windowfocus", "--sync")
	return typed
}

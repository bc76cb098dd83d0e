package system

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
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
)

// A participant's desktop, from its X server to the pixels in their browser, and back
// from their keys to the programs on it.
func TestADesktopIsSeenInTheBrowserAndTypedOn(t *testing.T) {
	l := up(t)
	// Not a loopback address, to which browsers allow more.
	url := strings.Replace(l.url, "127.0.0.1", "lablink.test", 1)
	admin := l.admin(t)
	w := l.open(t, admin, 1)
	l.await(t, admin, w, 1)
	chrome := startChromium(t)
	ann := newBrowser(t, chrome)
	ann.do(t, chromedp.Navigate(url+"/join/"+w.JoinCode), chromedp.WaitVisible("#email"), chromedp.SendKeys("#email", "ann@example.org\r"), chromedp.WaitVisible("#desktop"))
	ann.do(t, chromedp.Click("#desktop"), chromedp.WaitVisible("#screen"))
	ann.connected(t)
	inside := l.desktop(t)
	inside.run(t, "xsetroot", "-solid", "#2266cc")
	ann.sees(t, color.RGBA{0x22, 0x66, 0xcc, 0xff})

	// Typing arrives, with what other layouts have.
	typed := inside.reader(t)
	ann.do(t, chromedp.KeyEvent("h"), key("ä"), chromedp.KeyEvent("llo w"), key("ö"), chromedp.KeyEvent("rld "), key("ß"), key("é"), key("€"), chromedp.KeyEvent("\r"))
	require.Equal(t, "hällo wörld ßé€", <-typed)

	ann.copies(t, inside)
	l.watches(t, url, chrome, ann)
	ann.narrow(t)

	// The allocator is killed: the same desktop comes back by itself.
	require.NoError(t, syscall.Kill(l.pid(t, "lablink-allocator"), syscall.SIGKILL))
	ann.wait(t, `!('connected' in document.body.dataset)`)
	ann.connected(t)
	ann.sees(t, color.RGBA{0x22, 0x66, 0xcc, 0xff})
	require.Equal(t, inside.server, l.desktop(t).server, "it is the same X server")

	ann.mu.Lock()
	require.Empty(t, ann.complaints, "the browser complains")
	ann.mu.Unlock()
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

// copies copies from the desktop to the page and back, and too much of it.
func (b *browser) copies(t *testing.T, inside desktop) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "xclip", "-selection", "clipboard") // whose child keeps it
	cmd.Env, cmd.Stdin = inside.env, strings.NewReader("from the desktop: ß €")
	require.NoError(t, cmd.Run())
	b.do(t, chromedp.Click("#clip"), chromedp.WaitVisible("#text"))
	b.wait(t, `document.getElementById('text').value === 'from the desktop: ß €'`)
	put := func(what string) {
		b.do(t, chromedp.Evaluate[chromedp.Void](`text.value = `+what+`; text.dispatchEvent(new Event('input'))`))
	}
	copied := func() string {
		out := exec.CommandContext(t.Context(), "xclip", "-selection", "clipboard", "-o", "-t", "UTF8_STRING")
		out.Env = inside.env
		raw, _ := out.Output()
		return string(raw)
	}
	put(`'to the desktop: é 日本'`)
	eventually(t, "what was copied arrives", func() bool { return copied() == "to the desktop: é 日本" })
	put(`'x'.repeat(3 << 20)`)
	b.wait(t, `document.getElementById('said').textContent.startsWith('Too much to copy: 3.0 MiB')`)
	put(`'less'`)
	eventually(t, "less of it arrives, on the same connection", func() bool { return copied() == "less" })
	require.Empty(t, b.text(t, "#said"))
	b.do(t, chromedp.Click("#clip"))
}

// watches lets staff watch a desktop, whose participant is told for as long as they do.
func (l *local) watches(t *testing.T, url string, chrome context.Context, participant *browser) { //nolint:revive // t comes first in helpers
	t.Helper()
	staff := newBrowser(t, chrome)
	staff.do(t, chromedp.Navigate(url+"/admin"), chromedp.SendKeys("#password", l.password+"\r"), chromedp.WaitVisible("#name"))
	staff.do(t, chromedp.Click(`main a[href^="/admin/workshops/"]`), chromedp.WaitVisible("#room"))
	require.True(t, ask(t, participant, chromedp.Evaluate[bool](`watched.hidden`)))
	staff.do(t, chromedp.Click(`#room .deeds:has(a[id^="watch-"]) summary`), chromedp.Click(`#room a[id^="watch-"]`), chromedp.WaitVisible("#screen"))
	staff.connected(t)
	staff.sees(t, color.RGBA{0x22, 0x66, 0xcc, 0xff})
	participant.wait(t, `!watched.hidden`)
	require.Contains(t, participant.text(t, "#watched"), "An instructor is looking at your desktop.")
	staff.do(t, chromedp.Navigate(url+"/admin"))
	participant.wait(t, `watched.hidden`)
}

// narrow looks at the desktop on a telephone: it takes that size, and nothing sticks out.
func (b *browser) narrow(t *testing.T) {
	t.Helper()
	const wide = `document.querySelector('#screen canvas').width`
	b.do(t, chromedp.EmulateViewport(360, 740), chromedp.Click("#clip"), chromedp.WaitVisible("#text"))
	b.wait(t, wide+` <= 360`)
	require.False(t, ask(t, b, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)))
	if screenshots != "" {
		require.NoError(t, os.WriteFile(filepath.Join(screenshots, "desktop-narrow.png"), ask(t, b, chromedp.CaptureScreenshot()), 0o644))
	}
	b.do(t, chromedp.Click("#clip"), chromedp.EmulateViewport(1200, 800))
	b.wait(t, wide+` === 1200`)
}

// connected waits until the page shows the desktop.
func (b *browser) connected(t *testing.T) {
	t.Helper()
	b.wait(t, `'connected' in document.body.dataset && document.querySelector('#screen canvas')?.width > 0`)
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

package system

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// What a participant sees for a moment only, or of desktops that no simulated machine has, is
// for everybody, too. It is brought about in an allocator whose machines do as a test says.
func TestWhatASeatSaysMeanwhileIsForEverybody(t *testing.T) {
	t.Parallel()
	w := allocatortest.New(t)
	w.Time, w.Agents.Desktop, w.Agents.Connection = time.Now(), "crd", api.RemoteDesktop{State: "waiting"}
	ws := w.ReadyWorkshop(t, 1)
	machine := w.Machines(t, ws)[0]
	w.Agents.Connect(machine)
	seat := serves(t, w) + "/seat" // for longer than the browser, which complains of a server that is gone
	ann := newBrowser(t, startChromium(t))
	ann.do(t, chromedp.Navigate(seat[:len(seat)-len("/seat")]+"/join/"+ws.JoinCode), chromedp.SendKeys("#email", "ann@example.org\r"), chromedp.WaitVisible("#seat"))
	w.Settled()
	look := func(name, shows string) {
		ann.do(t, chromedp.Navigate(seat), chromedp.WaitVisible(`#seat[data-shows="`+shows+`"]`))
		ann.picture(t, "seat-"+name)
	}
	look("connect", "remote")
	ann.do(t, press("#connect"), chromedp.WaitVisible("#command"))
	ann.picture(t, "connect")
	for _, now := range []api.RemoteDesktop{{State: "starting"}, {State: "failed", Trouble: "The code was used before. Bring another one."}, {State: "ready", Name: machine.ID, PIN: "012345"}} {
		w.Agents.Change(func() { w.Agents.Connection = now })
		look("connection-"+now.State, "remote")
	}
	ann.do(t, chromedp.Navigate(seat+"/connect"), chromedp.WaitVisible("#command"))
	ann.picture(t, "connect-again")
	w.Agents.Change(func() { w.Agents.Desktop = "" })
	look("machine", "machine")
	w.Agents.Connect(machine) // without a session
	look("starting", "starting")
	w.Agents.Disconnect(machine.ID)
	look("away", "away")
}

// serves serves the pages of an allocator, and returns their address.
func serves(t *testing.T, w *allocatortest.World) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	handler, err := web.New(ctx, web.Config{
		Service: w.Service, Guard: access.New(w.Store, w.Now), Sessions: w.Store.(*sqlstore.Store), Version: "v1", Log: slog.New(slog.DiscardHandler),
		Machine: func(string) http.RoundTripper { return http.DefaultTransport },
	})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		stop()
		server.Close()
	})
	return server.URL
}

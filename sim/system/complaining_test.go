package system

import (
	"context"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// A desktop that broke unexpectedly is not excused by one that is opened later.
func TestADesktopIsTriedAgainOnlyWhileItIsWaitedFor(t *testing.T) {
	b := newBrowser(t, startChromium(t))
	complain := func(what string) {
		b.hear(&runtime.EventConsoleAPICalled{Type: runtime.ConsoleAPICalledTypeError, Args: []*runtime.RemoteObject{{Description: what}}})
	}
	const broke, tried = "Failed while connected: Connection closed", "Failed when connecting: Connection closed"
	complain(broke)
	trying := chromedp.Func(func(context.Context, *chromedp.Target) error {
		complain(tried)
		return nil
	})
	b.connects(t, "document", trying, chromedp.Navigate(`data:text/html,<body data-connected><div id="screen"><canvas></canvas></div>`))
	b.mu.Lock()
	said := slices.Clone(b.said)
	b.mu.Unlock()
	require.Equal(t, []string{"console.error: " + broke}, said)
	b.allow("console.error: " + broke)
}

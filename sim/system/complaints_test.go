package system

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/stretchr/testify/require"
)

// complaints are what a browser has to say of the pages that it shows: errors and warnings
// of their scripts, errors of its own, requests that were refused or had no answer, and the
// hosts that were asked.
type complaints struct {
	mu      sync.Mutex
	said    []string
	allowed []*regexp.Regexp
	asked   map[network.RequestID]string
	hosts   map[string]bool
	streams map[network.RequestID]cdp.LoaderID // of events, that are open, by the page that opened them
	trail   []string                           // what happened and when: pages, desktops' streams, and what was said
}

// closing is the kind of frame that ends a WebSocket (RFC 6455, 5.5.1).
const closing = 8

// happens goes down in the trail.
func (c *complaints) happens(what string) {
	c.trail = append(c.trail, time.Now().Format("15:04:05.000 ")+what)
}

// say is something to complain of.
func (c *complaints) say(what string) {
	c.happens(what)
	c.said = append(c.said, what)
}

// hear takes one event of a browser.
func (c *complaints) hear(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded: // what the network answers is heard below
		if e.Entry.Source != log.EntrySourceNetwork && e.Entry.Level == log.EntryLevelError {
			c.say("error: " + e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		c.say("exception: " + exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if slices.Contains([]runtime.ConsoleAPICalledType{runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert}, e.Type) {
			c.say(fmt.Sprintf("console.%s: %s", e.Type, words(e.Args)))
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" {
			c.hosts[u.Host], c.asked[e.RequestID] = true, u.Path
		}
		if e.Type == network.ResourceTypeEventSource {
			c.streams[e.RequestID] = e.LoaderID
		}
	case *network.EventWebSocketCreated:
		c.happens("opens " + e.URL)
	case *network.EventWebSocketFrameReceived:
		if e.Response.Opcode == closing {
			c.happens("a stream of a desktop is ended by the other side: " + strconv.Quote(string(e.Response.PayloadData)))
		}
	case *network.EventWebSocketFrameError:
		c.happens("a stream of a desktop breaks: " + e.ErrorMessage)
	case *network.EventWebSocketClosed:
		c.happens("a stream of a desktop is closed")
	case *page.EventFrameNavigated: // a page that was left says nothing of what it had open
		c.happens("shows " + e.Frame.URL)
		if e.Frame.ParentID == "" {
			maps.DeleteFunc(c.streams, func(_ network.RequestID, by cdp.LoaderID) bool { return by != e.Frame.LoaderID })
		}
	case *network.EventLoadingFinished:
		delete(c.streams, e.RequestID)
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			c.say(fmt.Sprintf("%d %s", e.Response.Status, c.asked[e.RequestID]))
		}
	case *network.EventLoadingFailed:
		delete(c.streams, e.RequestID)
		if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" { // a page that was left
			c.say(fmt.Sprintf("%s %s", e.ErrorText, c.asked[e.RequestID]))
		}
	}
}

// open is how many streams of events a browser has open.
func (c *complaints) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams)
}

func exception(of *runtime.ExceptionDetails) string {
	if of.Exception != nil && of.Exception.Description != "" {
		return of.Exception.Description
	}
	return of.Text
}

// words are what was given to the console.
func words(args []*runtime.RemoteObject) string {
	all := make([]string, 0, len(args))
	for _, a := range args {
		var text string
		if json.Unmarshal(a.Value, &text) != nil {
			text = a.Description
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// allow lets a test expect what a browser complains of: a status and an address, or words.
func (c *complaints) allow(patterns ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range patterns {
		c.allowed = append(c.allowed, regexp.MustCompile("^(?:"+p+")"))
	}
}

// retried is what a browser says of a desktop that is not there yet, or not for a moment: noVNC
// tries it again, and why its stream ended is asked without a WebSocket.
var retried = []string{
	"console.(warning|error): (WebSocket on-error event|Failed (when connecting|while connected): Connection closed)",
	"(426|503) /(desktop|admin/seats/[^/]+/(watch|control))/stream",
}

// during lets a browser complain of what is to be expected while something is away, from now
// until over is called, and neither before nor after that.
func (c *complaints) during(patterns ...string) (over func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from, expected := len(c.said), regexp.MustCompile("^(?:"+strings.Join(patterns, "|")+")")
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.said = append(c.said[:from:from], slices.DeleteFunc(slices.Clone(c.said[from:]), expected.MatchString)...)
	}
}

// none requires that nothing was wrong with any page but what was expected: no error of a
// script, no refusal, nothing that the content security policy kept from happening, and
// nothing asked of another host.
func (c *complaints) none(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	said := slices.DeleteFunc(slices.Clone(c.said), func(what string) bool {
		return slices.ContainsFunc(c.allowed, func(p *regexp.Regexp) bool { return p.MatchString(what) })
	})
	require.Empty(t, said, "the browser complains:\n%s", strings.Join(c.trail, "\n"))
	require.LessOrEqual(t, len(c.hosts), 1, "another host was asked: %v", slices.Sorted(maps.Keys(c.hosts)))
}

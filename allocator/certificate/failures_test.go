package certificate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/certificate"
	"github.com/talmolab/lablink-infrastructure/sim/authority"
)

func TestARecordThatMayNotBeSetIsSaid(t *testing.T) {
	w := newWorld(t)
	o := w.options()
	o.Records = deaf{}
	c := w.start(o)
	w.says(c, "may the host's role do that, and is lablink:dns.zoneId the zone", "AccessDenied")
}

// deaf is a zone that nobody may change.
type deaf struct{}

func (deaf) SetTXT(context.Context, string, string) error    { return errors.New("AccessDenied") }
func (deaf) RemoveTXT(context.Context, string, string) error { return errors.New("AccessDenied") }

// says waits until both the check and the log say why there is no certificate.
func (w *world) says(c *certificate.Certificate, parts ...string) {
	w.Helper()
	require.EventuallyWithT(w, func(t *assert.CollectT) {
		for _, part := range append(parts, "no certificate") {
			assert.ErrorContains(t, c.Check(w.Context()), part)
			assert.Contains(t, w.log.String(), part)
		}
	}, time.Minute, 10*time.Millisecond)
}

func TestWhatTheAuthorityRefusesIsSaidWithWhatToDo(t *testing.T) {
	problem := func(kind string, status int) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/order-plz" {
					next.ServeHTTP(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(status)
				_, _ = fmt.Fprintf(w, `{"type": "urn:ietf:params:acme:error:%s", "detail": "see the page on limits", "status": %d}`, kind, status)
			})
		}
	}
	for name, c := range map[string]struct {
		change func(*authority.Options)
		says   []string
	}{
		"too many": {
			func(o *authority.Options) { o.Before = problem("rateLimited", http.StatusTooManyRequests) },
			[]string{"takes no more for now: keep the data volume", "see the page on limits"},
		},
		"a name that it does not issue for": {
			func(o *authority.Options) { o.Before = problem("rejectedIdentifier", http.StatusBadRequest) },
			[]string{"does not issue for this name: check lablink:dns.domain"},
		},
		"a zone that forbids it": {
			func(o *authority.Options) { o.Before = problem("caa", http.StatusForbidden) },
			[]string{"a CAA record forbids the authority"},
		},
		"a name that points elsewhere": {
			func(o *authority.Options) { o.HTTPPort, o.TLSPort = closed(t), closed(t) },
			[]string{"does the name point at this host's public address", "lablink:tls.challenge: dns", "urn:ietf:params:acme:error"},
		},
		"a name that nobody knows": {
			func(o *authority.Options) {
				o.Lookup = func(string, string) ([]string, error) { return nil, nil }
			},
			[]string{"does the name point at this host's public address"},
		},
		"something else than ACME": {
			func(o *authority.Options) {
				o.Before = func(http.Handler) http.Handler { return http.NotFoundHandler() }
			},
			[]string{"the authority did not answer as it should"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.change)
			w.says(w.start(w.options()), c.says...)
		})
	}
}

func TestAFolderThatCannotBeUsedIsSaid(t *testing.T) {
	w := newWorld(t)
	w.storage = filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(w.storage, nil, 0o600))
	w.says(w.start(w.options()), "or the folder of certificates cannot be used", "not a directory")
	require.Zero(t, w.Orders(), "a certificate that cannot be kept is not ordered")
}

func TestAnAuthorityThatIsDownIsTriedAgainLessAndLessOften(t *testing.T) {
	w := newWorld(t)
	address := w.Address
	w.Close()
	var mu sync.Mutex
	var asked []int
	again := make(chan struct{})
	o := w.options()
	o.Wait = func(failures int) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, failures)
		if failures == 2 {
			close(again)
		}
		return time.Millisecond
	}
	c := w.start(o)
	w.serve(c)
	w.says(c, "the authority cannot be reached: is it up")
	<-again

	res, err := http.DefaultTransport.RoundTrip(w.request("/join/abc"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusPermanentRedirect, res.StatusCode, "people are told where to go meanwhile")

	back := w.authority(func(o *authority.Options) { o.Listen = address })
	w.Roots = back.Roots
	c.Close() // the roots were made anew with the authority
	next := w.start(w.options())
	w.ready(next)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []int{1, 2}, asked[:2])
}

func TestAFailureIsForgottenOnceThereIsACertificate(t *testing.T) {
	var refused atomic.Int32
	w := newWorld(t, func(o *authority.Options) {
		o.Before = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/order-plz" && refused.Add(1) <= 2 {
					http.Error(w, "busy", http.StatusTooManyRequests)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	})
	c := w.start(w.options())
	w.serve(c)
	w.ready(c)
	require.Equal(t, 1, w.Orders())
	require.Equal(t, 2, strings.Count(w.log.String(), "there is no certificate yet"))
}

func TestTheWaitGrowsToAnHour(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		1: 5 * time.Second, 2: 10 * time.Second, 5: 80 * time.Second, 10: 2560 * time.Second, 11: time.Hour, 1000: time.Hour,
	} {
		assert.Equal(t, want, certificate.Backoff(failures), "after %d failures", failures)
	}
}

func (w *world) request(path string) *http.Request {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, "http://"+w.plain.Addr().String()+path, nil)
	require.NoError(w, err)
	return r
}

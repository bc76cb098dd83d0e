package tunnel_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

// proxied is what the environment's forward proxy knows: the one allocator
// that lies behind it, under the name allocator.test, and how many requests
// it forwarded. Addresses of this machine never go through a proxy.
var proxied struct {
	allocator atomic.Pointer[url.URL]
	requests  atomic.Int64
}

func TestMain(m *testing.M) {
	proxy := httptest.NewServer(http.HandlerFunc(forward))
	_ = os.Setenv("HTTP_PROXY", proxy.URL) // the proxy of the environment is read once
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		proxy.Close()
		os.Exit(code)
	}), goleak.IgnoreCurrent())
}

// forward is a forward proxy for plain HTTP: requests name the whole URL.
func forward(w http.ResponseWriter, r *http.Request) {
	if r.URL.Host != "allocator.test" || r.URL.Scheme != "http" {
		http.Error(w, "this proxy knows allocator.test only", http.StatusBadGateway)
		return
	}
	proxied.requests.Add(1)
	p := httputil.NewSingleHostReverseProxy(proxied.allocator.Load())
	p.ServeHTTP(w, r)
}

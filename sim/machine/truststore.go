package machine

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"
)

// trustStoreName is the name under which AWS has the authorities of RDS.
const trustStoreName = "truststore.pki.rds.amazonaws.com"

// trustStore answers in its place.
type trustStore struct {
	server *http.Server
	taken  *handover
}

func newTrustStore(h *Host) (*trustStore, error) {
	config, err := h.account.ServiceTLS()
	if err != nil {
		return nil, err
	}
	region := h.account.Region()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+region+"/"+region+"-bundle.pem", func(w http.ResponseWriter, _ *http.Request) {
		roots, err := h.account.RDSRoots()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "binary/octet-stream")
		_, _ = w.Write(roots)
	})
	s := &trustStore{server: &http.Server{Handler: mux, ReadHeaderTimeout: 30 * time.Second}, taken: newHandover()}
	h.starting.Go(func() {
		if err := s.server.Serve(tls.NewListener(s.taken, config)); !errors.Is(err, http.ErrServerClosed) {
			h.opts.Log.Error("serve the trust store", "error", err)
		}
	})
	return s, nil
}

func (s *trustStore) connect(ctx context.Context) (net.Conn, error) {
	outer, inner := net.Pipe()
	if err := s.taken.give(ctx, inner); err != nil {
		return nil, errors.Join(err, outer.Close(), inner.Close())
	}
	return outer, nil
}

//go:build linux

package main

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
)

// parseTrust reads what --trust names: nil, which stands for the system's
// authorities, when that is nothing.
func parseTrust(text string) (*x509.CertPool, error) {
	if text == "" {
		return nil, nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("--trust: read the base64: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, errors.New("--trust holds no certificate: give PEM, in base64")
	}
	return pool, nil
}

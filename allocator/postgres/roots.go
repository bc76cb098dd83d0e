package postgres

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// trustStore is where AWS keeps the authorities of RDS, which no computer trusts by
// itself. What comes from there is believed as the name is shown by a certificate that
// the computer trusts: AWS states no sums, and changes the files when it adds to them.
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html.
const trustStore = "https://truststore.pki.rds.amazonaws.com"

// maxRoots bounds a file of authorities, in bytes.
const maxRoots = 1 << 20

// OfRDS reports whether a host is an instance of RDS, by its name.
func OfRDS(host string) bool { return strings.HasSuffix(host, ".rds.amazonaws.com") }

// FetchRoots writes the authorities of RDS in a region into a file, which is replaced
// as a whole, and by nothing but authorities.
func FetchRoots(ctx context.Context, client *http.Client, region, file string, now time.Time) error {
	url := fmt.Sprintf("%s/%s/%s-bundle.pem", trustStore, region, region)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("fetch the authorities of RDS: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("fetch the authorities of RDS: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch the authorities of RDS: %s says %s", url, res.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxRoots))
	if err != nil {
		return fmt.Errorf("fetch the authorities of RDS: %w", err)
	}
	if err := checkRoots(raw, now); err != nil {
		return fmt.Errorf("%s holds no authorities of RDS: %w", url, err)
	}
	if err := os.WriteFile(file+".new", raw, 0o600); err != nil {
		return fmt.Errorf("keep the authorities of RDS: %w", err)
	}
	return os.Rename(file+".new", file)
}

// checkRoots looks whether a file holds authorities, and nothing else.
func checkRoots(raw []byte, now time.Time) error {
	good := 0
	for len(strings.TrimSpace(string(raw))) > 0 {
		block, rest := pem.Decode(raw)
		if block == nil || block.Type != "CERTIFICATE" {
			return errors.New("it holds something else than certificates")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err
		}
		if !c.IsCA {
			return fmt.Errorf("%s is no authority", c.Subject)
		}
		if now.Before(c.NotAfter) {
			good++
		}
		raw = rest
	}
	if good == 0 {
		return errors.New("it holds no certificate that lasts")
	}
	return nil
}

package cloud

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// OriginCertificate is cloudflare:index/originCaCertificate:OriginCaCertificate
// with plain values.
type OriginCertificate struct {
	ID                string   `json:"id"` // decimal digits
	CSR               string   `json:"csr"`
	Hostnames         []string `json:"hostnames"`
	MinDaysForRenewal int      `json:"minDaysForRenewal,omitempty"`
	RequestType       string   `json:"requestType"`
	RequestedValidity int      `json:"requestedValidity"` // days
	originCertificateComputed
}

type originCertificateComputed struct {
	Certificate string `json:"certificate"` // PEM
	ExpiresOn   string `json:"expiresOn"`
}

// validities are for how many days a certificate can be asked for; the last is
// what one gets who does not say.
var validities = []int{7, 30, 90, 365, 730, 1095, 5475}

// CreateOriginCertificate signs a request, for names in zones that are there.
func (a *Account) CreateOriginCertificate(c *OriginCertificate) error {
	return a.change(func(m *model) error {
		csr, err := m.checkOriginCertificate(c)
		if err != nil {
			return err
		}
		serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 150))
		if err != nil {
			return fmt.Errorf("number the certificate: %w", err)
		}
		ends := a.now().AddDate(0, 0, c.RequestedValidity).Truncate(time.Second)
		if m.OriginCA == nil {
			if m.OriginCA, err = newAuthority("Simulated Cloudflare", "Simulated Origin ECC Certificate Authority", a.now()); err != nil {
				return err
			}
		}
		raw, err := m.OriginCA.sign(&x509.Certificate{
			SerialNumber: serial, Subject: pkix.Name{Organization: []string{"CloudFlare, Inc."}, CommonName: "CloudFlare Origin Certificate"},
			NotBefore: a.now().Add(-5 * time.Minute), NotAfter: ends, DNSNames: c.Hostnames, // the request's own names do not count
			KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
			ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
			BasicConstraintsValid: true,
		}, csr.PublicKey)
		if err != nil {
			return err
		}
		c.ID = serial.String()
		c.Certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
		c.ExpiresOn = ends.Format(time.RFC3339)
		m.OriginCertificates.keep(c.ID, c)
		return nil
	})
}

func (m *model) checkOriginCertificate(c *OriginCertificate) (*x509.CertificateRequest, error) {
	block, _ := pem.Decode([]byte(c.CSR))
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, refuse("1100", "Failed to parse the certificate signing request: it is not PEM")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err == nil {
		err = csr.CheckSignature()
	}
	if err != nil {
		return nil, refuse("1100", "Failed to parse the certificate signing request: %s", err)
	}
	_, isRSA := csr.PublicKey.(*rsa.PublicKey)
	_, isECC := csr.PublicKey.(*ecdsa.PublicKey)
	if c.RequestedValidity == 0 {
		c.RequestedValidity = validities[len(validities)-1]
	}
	switch {
	case !slices.Contains([]string{"origin-rsa", "origin-ecc"}, c.RequestType):
		return nil, refuse("1102", "the request type %q is none that the simulator models: origin-rsa or origin-ecc", c.RequestType)
	case c.RequestType == "origin-rsa" && !isRSA || c.RequestType == "origin-ecc" && !isECC:
		return nil, refuse("1102", "the request's key does not fit the request type %s", c.RequestType)
	case !slices.Contains(validities, c.RequestedValidity):
		return nil, refuse("1101", "expected requested_validity to be one of %v, got %d", validities, c.RequestedValidity)
	case len(c.Hostnames) == 0 || len(c.Hostnames) > 100:
		return nil, refuse("1103", "a certificate is for 1 to 100 hostnames, not for %d", len(c.Hostnames))
	}
	for _, name := range c.Hostnames {
		if m.cloudflareZoneOf(name) == nil {
			return nil, refuse("1010", "Failed to validate requested hostname %s: This zone is either not part of your account, or you do not have access to it.", name)
		}
	}
	return csr, nil
}

// OriginCertificate returns one certificate that is not revoked.
func (a *Account) OriginCertificate(id string) (*OriginCertificate, error) {
	return originCertificates.lookup(a, id)
}

// UpdateOriginCertificate changes when a deployment asks for a new one.
func (a *Account) UpdateOriginCertificate(id string, c *OriginCertificate) error {
	return originCertificates.update(a, id, c, func(_ *model, cur *OriginCertificate) error {
		days := c.MinDaysForRenewal
		*c = *cur
		c.MinDaysForRenewal = days
		return nil
	})
}

// DeleteOriginCertificate revokes a certificate.
func (a *Account) DeleteOriginCertificate(id string) error {
	return originCertificates.remove(a, id, nil)
}

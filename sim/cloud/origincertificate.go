package cloud

import (
	"crypto/ecdsa"
	"crypto/elliptic"
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

// originCA is the authority that the simulated Cloudflare signs with.
type originCA struct {
	Certificate, Key []byte // DER
}

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
		raw, err := m.signOrigin(&x509.Certificate{
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

// signOrigin signs with the authority, which is made when it is first needed.
func (m *model) signOrigin(leaf *x509.Certificate, public any) ([]byte, error) {
	if m.OriginCA == nil {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make the origin authority's key: %w", err)
		}
		root := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"Simulated Cloudflare"}, CommonName: "Simulated Origin ECC Certificate Authority"},
			NotBefore: leaf.NotBefore, NotAfter: leaf.NotBefore.AddDate(30, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
		raw, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
		if err != nil {
			return nil, fmt.Errorf("make the origin authority: %w", err)
		}
		encoded, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, fmt.Errorf("keep the origin authority's key: %w", err)
		}
		m.OriginCA = &originCA{raw, encoded}
	}
	root, err := x509.ParseCertificate(m.OriginCA.Certificate)
	if err != nil {
		return nil, fmt.Errorf("read the origin authority: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(m.OriginCA.Key)
	if err != nil {
		return nil, fmt.Errorf("read the origin authority's key: %w", err)
	}
	raw, err := x509.CreateCertificate(rand.Reader, leaf, root, public, key)
	if err != nil {
		return nil, fmt.Errorf("sign the origin certificate: %w", err)
	}
	return raw, nil
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

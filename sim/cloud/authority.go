package cloud

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// authority is what a certificate authority of this world signs with.
type authority struct {
	Certificate, Key []byte // DER
}

// newAuthority makes one for thirty years.
func newAuthority(organization, name string, now time.Time) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of %s: %w", name, err)
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{organization}, CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(30, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", name, err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("keep the key of %s: %w", name, err)
	}
	return &authority{raw, encoded}, nil
}

// sign signs a certificate for a public key, and returns it as DER.
func (x *authority) sign(leaf *x509.Certificate, public crypto.PublicKey) ([]byte, error) {
	root, err := x509.ParseCertificate(x.Certificate)
	if err != nil {
		return nil, fmt.Errorf("read an authority's certificate: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(x.Key)
	if err != nil {
		return nil, fmt.Errorf("read an authority's key: %w", err)
	}
	raw, err := x509.CreateCertificate(rand.Reader, leaf, root, public, key)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate: %w", err)
	}
	return raw, nil
}

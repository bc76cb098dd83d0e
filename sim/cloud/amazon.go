package cloud

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// issuedPair is a certificate that ACM issued, with the key that it never tells.
type issuedPair struct {
	Certificate, Key []byte // DER
}

// AmazonRoot is the authority of ACM's certificates, as PEM: what systems trust.
func (a *Account) AmazonRoot() ([]byte, error) {
	var out []byte
	err := a.change(func(m *model) error {
		if err := m.needAmazon(a.now()); err != nil {
			return err
		}
		out = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.AmazonCA.Certificate})
		return nil
	})
	return out, err
}

// ServiceTLS is with what the AWS API answers in its own names: a certificate for the
// name that is asked for, by the authority of AmazonRoot.
func (a *Account) ServiceTLS() (*tls.Config, error) {
	if _, err := a.AmazonRoot(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(hello *tls.ClientHelloInfo) (out *tls.Certificate, err error) {
		c := &Certificate{DomainName: hello.ServerName, SubjectAlternativeNames: []string{hello.ServerName}, KeyAlgorithm: "EC_prime256v1"}
		err = a.view(func(m *model) error {
			c.Issued, err = m.signAmazon(c, a.now().Add(-time.Hour), a.now().Add(24*time.Hour))
			return err
		})
		if err != nil {
			return nil, err
		}
		pair, err := c.pair()
		return &pair, err
	}}, nil
}

func (m *model) needAmazon(now time.Time) (err error) {
	if m.AmazonCA == nil {
		m.AmazonCA, err = newAuthority("Simulated Amazon", "Simulated Amazon Root CA", now)
	}
	return err
}

// keyMakers make keys, by the names of ACM's algorithms.
var keyMakers = map[string]func() (crypto.Signer, error){
	"RSA_2048":      func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) },
	"RSA_3072":      func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 3072) },
	"RSA_4096":      func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 4096) },
	"EC_prime256v1": func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
	"EC_secp384r1":  func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) },
	"EC_secp521r1":  func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P521(), rand.Reader) },
}

// signAmazon signs a certificate for the names that ACM was asked for.
func (m *model) signAmazon(c *Certificate, from, until time.Time) (*issuedPair, error) {
	if err := m.needAmazon(from); err != nil {
		return nil, err
	}
	key, err := keyMakers[c.KeyAlgorithm]()
	if err != nil {
		return nil, fmt.Errorf("make the key of %s: %w", c.ARN, err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("number %s: %w", c.ARN, err)
	}
	raw, err := m.AmazonCA.sign(&x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: c.DomainName}, DNSNames: c.SubjectAlternativeNames,
		NotBefore: from, NotAfter: until, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, key.Public())
	if err != nil {
		return nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("keep the key of %s: %w", c.ARN, err)
	}
	return &issuedPair{raw, encoded}, nil
}

// pair is what a load balancer serves with.
func (c *Certificate) pair() (tls.Certificate, error) {
	if c.Type == "IMPORTED" {
		return tls.X509KeyPair([]byte(c.CertificateBody+"\n"+c.CertificateChain), []byte(c.PrivateKey))
	}
	if c.Issued == nil {
		return tls.Certificate{}, fmt.Errorf("certificate %s was issued by an older simulator, which kept no key", c.ARN)
	}
	key, err := x509.ParsePKCS8PrivateKey(c.Issued.Key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read the key of %s: %w", c.ARN, err)
	}
	return tls.Certificate{Certificate: [][]byte{c.Issued.Certificate}, PrivateKey: key}, nil
}

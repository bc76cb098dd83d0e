package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// certificateLife is how long a certificate says that it lasts. Nobody asks: it ends
// with its process.
const certificateLife = 10 * 365 * 24 * time.Hour

// Identity is who an allocator is to the others, for as long as its process lasts.
type Identity struct {
	allocator.Peer
	certificate tls.Certificate
}

// NewIdentity makes an allocator that the others reach at an address.
func NewIdentity(address string, now time.Time) (*Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key for the other allocators: %w", err)
	}
	id := "alc_" + strings.ToLower(rand.Text()[:16])
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: id}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate for the other allocators: %w", err)
	}
	return &Identity{
		Peer:        allocator.Peer{ID: id, Address: address, Certificate: sha256.Sum256(raw)},
		certificate: tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key},
	}, nil
}

// errStranger is that the other end of a connection is not who it must be.
var errStranger = errors.New("the certificate is not that of an allocator of this deployment")

// config is TLS by which both ends show who they are; known says whether a
// certificate's sum is good. The usual checks are of no use: there is no authority.
func (i *Identity) config(known func(sum [32]byte) bool) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{i.certificate}, NextProtos: []string{"http/1.1"},
		ClientAuth: tls.RequireAnyClientCert, SessionTicketsDisabled: true,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares the certificate itself
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 || !known(sha256.Sum256(s.PeerCertificates[0].Raw)) {
				return errStranger
			}
			return nil
		},
	}
}

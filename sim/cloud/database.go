package cloud

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"time"
)

// Database is what runs behind an RDS instance.
type Database struct {
	ID, Name       string // of the instance, and of the database on it
	User, Password string // of the master user
	Address        string // the name by which it is reached
	Port           int
}

// DatabaseNamed is the database that is reached by a name.
func (a *Account) DatabaseNamed(name string) (d Database, ok bool) {
	_ = a.view(func(m *model) error {
		for _, i := range m.DBInstances {
			if i.Address == name {
				d, ok = m.database(i), true
			}
		}
		return nil
	})
	return d, ok
}

// Databases are the ids of the instances that there are.
func (a *Account) Databases() (ids []string) {
	_ = a.view(func(m *model) error {
		for id := range m.DBInstances {
			ids = append(ids, id)
		}
		return nil
	})
	return ids
}

func (m *model) database(i *DBInstance) Database {
	return Database{ID: i.ID, Name: i.DBName, User: i.Username, Password: m.DBPasswords[i.ID], Address: i.Address, Port: i.Port}
}

// DatabaseSecret is the user and password in a secret that RDS keeps.
func (a *Account) DatabaseSecret(arn string) (d Database, err error) {
	err = a.view(func(m *model) error {
		for _, i := range m.DBInstances {
			if len(i.MasterUserSecrets) == 1 && i.MasterUserSecrets[0].SecretARN == arn {
				d = m.database(i)
				return nil
			}
		}
		return &Error{Code: "ResourceNotFoundException", Message: "Secrets Manager can't find the specified secret.", Status: 400}
	})
	return d, err
}

// ReachDatabase decides whether an instance can open a connection to a database: it is
// reached inside its VPC, by its security groups.
func (a *Account) ReachDatabase(from Peer, d Database, port int) error {
	return a.view(func(m *model) error {
		i, source := m.DBInstances[d.ID], m.Instances[from.Instance]
		if i == nil || port != i.Port {
			return fmt.Errorf("nothing listens on port %d of %s", port, d.Address)
		}
		group := m.DBSubnetGroups[i.DBSubnetGroupName]
		if source == nil || group == nil || m.vpcOf(source) != group.VPCID {
			return fmt.Errorf("%s has no public address, and is reached inside its VPC only", d.Address)
		}
		target := netip.MustParsePrefix(m.Subnets[group.SubnetIDs[0]].CidrBlock).Addr().String() // any of it
		return m.pass(way{true, source.PrivateIP, target}, m.groupsOf(from), append([]string{}, i.VPCSecurityGroupIDs...), port)
	})
}

// RDSRoots are the authorities of RDS, as PEM: what no system trusts by itself.
func (a *Account) RDSRoots() (out []byte, err error) {
	err = a.change(func(m *model) (err error) {
		if m.RDSCA == nil {
			m.RDSCA, err = newAuthority("Simulated Amazon Web Services", "Simulated Amazon RDS Root CA", a.now())
		}
		if err == nil {
			out = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.RDSCA.Certificate})
		}
		return err
	})
	return out, err
}

// DatabaseCertificate makes a certificate and key for a database, as PEM, by the
// authority of RDSRoots.
func (a *Account) DatabaseCertificate(d Database) (certificate, key []byte, err error) {
	if _, err := a.RDSRoots(); err != nil {
		return nil, nil, err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a database's key: %w", err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, fmt.Errorf("keep a database's key: %w", err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(a.now().UnixNano()), Subject: pkix.Name{CommonName: d.Address}, DNSNames: []string{d.Address},
		NotBefore: a.now().Add(-time.Hour), NotAfter: a.now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	var signed []byte
	err = a.view(func(m *model) (err error) {
		if m.RDSCA == nil {
			return errors.New("RDS has no authority")
		}
		signed, err = m.RDSCA.sign(leaf, private.Public())
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), nil
}

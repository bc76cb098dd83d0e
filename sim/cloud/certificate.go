package cloud

import (
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Certificate is aws:acm/certificate:Certificate: one that ACM issues for records
// in Route 53, or one that was imported.
type Certificate struct {
	ID                      string   `json:"id"` // its ARN
	DomainName              string   `json:"domainName,omitempty"`
	SubjectAlternativeNames []string `json:"subjectAlternativeNames,omitempty"`
	ValidationMethod        string   `json:"validationMethod,omitempty"`
	KeyAlgorithm            string   `json:"keyAlgorithm,omitempty"`
	CertificateBody         string   `json:"certificateBody,omitempty"`
	CertificateChain        string   `json:"certificateChain,omitempty"`
	PrivateKey              string   `json:"privateKey,omitempty"`
	Tagged
	certificateComputed
}

type certificateComputed struct {
	ARN                     string             `json:"arn"`
	Status                  string             `json:"status"`
	Type                    string             `json:"type"`
	NotBefore               string             `json:"notBefore"`
	NotAfter                string             `json:"notAfter"`
	RenewalEligibility      string             `json:"renewalEligibility"`
	DomainValidationOptions []DomainValidation `json:"domainValidationOptions"`

	// What only this model needs to know.
	Issued *issuedPair `json:"issued,omitempty"`
}

// DomainValidation is the record by which ACM sees whose a name is.
type DomainValidation struct {
	DomainName          string `json:"domainName"`
	ResourceRecordName  string `json:"resourceRecordName"`
	ResourceRecordType  string `json:"resourceRecordType"`
	ResourceRecordValue string `json:"resourceRecordValue"`
}

// The states of a certificate.
const (
	pendingValidation = "PENDING_VALIDATION"
	issued            = "ISSUED"
)

// CreateCertificate requests a certificate, or imports one.
func (a *Account) CreateCertificate(c *Certificate) error {
	return a.change(func(m *model) error {
		c.ARN = a.arn("acm", "certificate/"+uuid.NewString())
		c.ID = c.ARN
		if (c.DomainName == "") == (c.PrivateKey == "") {
			return refuse("InvalidParameterException", "Exactly one of the domain name and the private key must be specified")
		}
		check := c.request
		if c.PrivateKey != "" {
			check = c.take
		}
		if err := check(a); err != nil {
			return err
		}
		m.Certificates.keep(c.ID, c)
		return nil
	})
}

// request checks what ACM is asked to issue.
func (c *Certificate) request(a *Account) error {
	c.KeyAlgorithm = cmp.Or(c.KeyAlgorithm, "RSA_2048")
	if !slices.Contains(c.SubjectAlternativeNames, c.DomainName) {
		c.SubjectAlternativeNames = append([]string{c.DomainName}, c.SubjectAlternativeNames...)
	}
	switch {
	case c.ValidationMethod != "DNS":
		return refuse("InvalidParameterException", "The simulator models the validation method DNS, not %q", c.ValidationMethod)
	case keyMakers[c.KeyAlgorithm] == nil:
		return refuse("InvalidParameterException", "Key algorithm %s is not supported", c.KeyAlgorithm)
	case c.CertificateBody != "" || c.CertificateChain != "":
		return refuse("InvalidParameterException", "A certificate's body comes with its private key")
	case len(c.SubjectAlternativeNames) > 10:
		return refuse("LimitExceededException", "Error: Cannot exceed the number of domain names: 10")
	}
	for _, name := range c.SubjectAlternativeNames {
		base := strings.TrimPrefix(name, "*.")
		if !strings.Contains(base, ".") || strings.ContainsAny(base, "*_/: ") || strings.HasSuffix(base, ".") || len(name) > 253 {
			return refuse("InvalidParameterException", "The domain name %s is not valid", name)
		}
		c.DomainValidationOptions = append(c.DomainValidationOptions, a.validation(name, base))
	}
	c.Status, c.Type, c.RenewalEligibility = pendingValidation, "AMAZON_ISSUED", "INELIGIBLE"
	return c.settle()
}

// validation is the record for a name. It is the same for every certificate of an
// account, so that one record serves them all.
func (a *Account) validation(name, base string) DomainValidation {
	sum := sha256.Sum256([]byte(a.opts.AccountID + " " + strings.ToLower(base)))
	text := hex.EncodeToString(sum[:])
	return DomainValidation{
		DomainName: name, ResourceRecordType: "CNAME",
		ResourceRecordName: "_" + text[:32] + "." + base + ".", ResourceRecordValue: "_" + text[32:] + ".acm-validations.aws.",
	}
}

// take checks a certificate that was issued elsewhere.
func (c *Certificate) take(*Account) error {
	pair, err := tls.X509KeyPair([]byte(c.CertificateBody), []byte(c.PrivateKey))
	switch {
	case err != nil:
		return refuse("ValidationException", "The certificate and its private key cannot be read, or do not belong together: %s", err)
	case c.ValidationMethod != "" || len(c.SubjectAlternativeNames) > 0 || c.KeyAlgorithm != "":
		return refuse("InvalidParameterException", "An imported certificate says itself which names it is for")
	}
	c.NotBefore, c.NotAfter = pair.Leaf.NotBefore.UTC().Format(time.RFC3339), pair.Leaf.NotAfter.UTC().Format(time.RFC3339)
	c.Status, c.Type, c.RenewalEligibility = issued, "IMPORTED", "INELIGIBLE"
	c.DomainValidationOptions = []DomainValidation{}
	return c.settle()
}

// issue issues a certificate whose records are all there. ACM looks for them in
// the public DNS: here, in the account's zones.
func (m *model) issue(c *Certificate, now time.Time) error {
	for _, want := range c.DomainValidationOptions {
		there := false
		for _, r := range m.Records {
			there = there || r.FQDN == trimDot(want.ResourceRecordName) && r.Type == "CNAME" &&
				len(r.Records) == 1 && trimDot(r.Records[0]) == trimDot(want.ResourceRecordValue)
		}
		if !there {
			return nil
		}
	}
	from, until := now.Truncate(time.Second), now.Add(395*24*time.Hour).Truncate(time.Second)
	var err error
	if c.Issued, err = m.signAmazon(c, from, until); err != nil {
		return err
	}
	c.Status, c.RenewalEligibility = issued, "ELIGIBLE"
	c.NotBefore, c.NotAfter = from.Format(time.RFC3339), until.Format(time.RFC3339)
	return nil
}

// Certificate returns one certificate by its ARN.
func (a *Account) Certificate(arn string) (*Certificate, error) { return certificates.lookup(a, arn) }

// UpdateCertificate changes tags, and imports another body for one that was
// imported.
func (a *Account) UpdateCertificate(arn string, c *Certificate) error {
	return certificates.update(a, arn, c, func(_ *model, cur *Certificate) error {
		c.ID, c.certificateComputed = cur.ID, cur.certificateComputed
		if cur.Type == "IMPORTED" {
			return c.take(a)
		}
		c.DomainName, c.SubjectAlternativeNames, c.ValidationMethod, c.KeyAlgorithm = cur.DomainName, cur.SubjectAlternativeNames, cur.ValidationMethod, cur.KeyAlgorithm
		return c.settle()
	})
}

// DeleteCertificate refuses while a listener serves with the certificate.
func (a *Account) DeleteCertificate(arn string) error {
	return certificates.remove(a, arn, func(m *model, _ *Certificate) error {
		for _, l := range m.Listeners {
			if l.CertificateARN == arn {
				return refuse("ResourceInUseException", "Certificate %s in account %s is in use.", arn, a.opts.AccountID)
			}
		}
		return nil
	})
}

// CertificateValidation is aws:acm/certificateValidation:CertificateValidation. It
// is no thing of its own on AWS: there is one as long as the certificate is issued.
type CertificateValidation struct {
	ID                    string   `json:"id"` // the certificate's ARN
	CertificateARN        string   `json:"certificateArn"`
	ValidationRecordFQDNs []string `json:"validationRecordFqdns,omitempty"`
}

// patience is how long the provider waits for a certificate.
const patience = 75 * time.Minute

// AwaitCertificate waits until a certificate is issued. Nothing happens while it
// waits that could put a record right, so the time passes at once.
func (a *Account) AwaitCertificate(v *CertificateValidation) error {
	err := a.change(func(m *model) error {
		c, err := certificates.get(m, v.CertificateARN)
		if err != nil {
			return err
		}
		if c.Type != "AMAZON_ISSUED" {
			return refuse("ValidationError", "ACM Certificate (%s) has type %s, no validation necessary", c.ARN, c.Type)
		}
		for _, want := range c.DomainValidationOptions {
			name := trimDot(want.ResourceRecordName)
			if len(v.ValidationRecordFQDNs) > 0 && !slices.ContainsFunc(v.ValidationRecordFQDNs, func(fqdn string) bool { return trimDot(fqdn) == name }) {
				return refuse("ValidationError", "missing %s DNS validation record: %s", want.DomainName, name)
			}
		}
		if c.Status == pendingValidation {
			if err := m.issue(c, a.now()); err != nil {
				return err
			}
		}
		if c.Status == issued {
			v.ID = c.ARN
		}
		return nil
	})
	if err == nil && v.ID == "" {
		return refuse("RequestTimeout", "waiting for ACM Certificate (%s) to be issued: timeout while waiting for state to become '%s' (last state: '%s', timeout: %s)", v.CertificateARN, issued, pendingValidation, patience)
	}
	return err
}

// Validation is that of a certificate that is issued.
func (a *Account) Validation(arn string) (*CertificateValidation, error) {
	c, err := a.Certificate(arn)
	if err == nil && c.Status != issued {
		err = refuse(certificates.code, "The certificate %s is not issued", arn)
	}
	return &CertificateValidation{ID: arn, CertificateARN: arn}, err
}

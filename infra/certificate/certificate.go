package certificate

import (
	"errors"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

const component = "certificate"

// Certificate is an issued certificate.
type Certificate struct {
	pulumi.ResourceState

	// ARN is the certificate's ARN, known once it can be used.
	ARN pulumi.StringOutput `pulumi:"arn"`
}

// CertificateArgs says for which name the certificate is.
type CertificateArgs struct {
	Namer naming.Namer
	// Domain is the full name, for example "lab.example.org". Required.
	Domain string
	// ZoneID is the hosted zone that holds the name. Required.
	ZoneID string
}

// NewCertificate declares the certificate and the record that it is issued for.
func NewCertificate(ctx *pulumi.Context, name string, args *CertificateArgs, opts ...pulumi.ResourceOption) (*Certificate, error) {
	if args == nil || args.Domain == "" || args.ZoneID == "" {
		return nil, errors.New("certificate: Domain and ZoneID are required")
	}
	c := &Certificate{}
	if err := ctx.RegisterComponentResource("lablink:certificate:Certificate", name, c, opts...); err != nil {
		return nil, err
	}
	requested, err := acm.NewCertificate(ctx, name+"-acm", &acm.CertificateArgs{
		DomainName: pulumi.String(args.Domain), ValidationMethod: pulumi.String("DNS"), KeyAlgorithm: pulumi.String("EC_prime256v1"),
		Tags: args.Namer.Tags(component, args.Namer.Name(component, 255)),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	// One name, so one option.
	option := requested.DomainValidationOptions.Index(pulumi.Int(0))
	record, err := route53.NewRecord(ctx, name+"-record", &route53.RecordArgs{
		ZoneId: pulumi.String(args.ZoneID), Name: option.ResourceRecordName().Elem(), Type: pulumi.String("CNAME"),
		Ttl: pulumi.Int(300), Records: pulumi.StringArray{option.ResourceRecordValue().Elem()},
	}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	issued, err := acm.NewCertificateValidation(ctx, name+"-issued", &acm.CertificateValidationArgs{
		CertificateArn: requested.Arn, ValidationRecordFqdns: pulumi.StringArray{record.Fqdn},
	}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	c.ARN = issued.CertificateArn
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"arn": c.ARN})
}

// ImportedArgs hold a certificate that somebody else issued.
type ImportedArgs struct {
	Namer naming.Namer
	// Certificate and Key are in PEM; Key is a secret. Required.
	Certificate, Key pulumi.StringInput
}

// NewImported declares a certificate that ACM keeps for load balancers, and does
// not renew.
func NewImported(ctx *pulumi.Context, name string, args *ImportedArgs, opts ...pulumi.ResourceOption) (*Certificate, error) {
	if args == nil || args.Certificate == nil || args.Key == nil {
		return nil, errors.New("certificate: Certificate and Key are required")
	}
	c := &Certificate{}
	if err := ctx.RegisterComponentResource("lablink:certificate:Certificate", name, c, opts...); err != nil {
		return nil, err
	}
	imported, err := acm.NewCertificate(ctx, name+"-acm", &acm.CertificateArgs{
		CertificateBody: args.Certificate.ToStringOutput(), PrivateKey: args.Key.ToStringOutput(),
		Tags: args.Namer.Tags(component, args.Namer.Name(component, 255)),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	c.ARN = imported.Arn
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"arn": c.ARN})
}

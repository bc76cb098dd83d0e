package origin

import (
	"errors"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi-cloudflare/sdk/v5/go/cloudflare"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

const component = "origin"

// validity is how long the certificate is good for, in days: the longest that
// Cloudflare issues, as agents trust this very certificate.
const validity = 5475

// Origin is the certificate and its key.
type Origin struct {
	pulumi.ResourceState

	// Certificate is the certificate, in PEM. It is public.
	Certificate pulumi.StringOutput `pulumi:"certificate"`
	// Key is the parameter that holds the key, in PEM.
	Key *ssm.Parameter
}

// OriginArgs says for which name the certificate is.
type OriginArgs struct {
	Namer naming.Namer
	// Domain is the full name, for example "lab.example.org". Required.
	Domain string
	// Parameter is the path of the parameter that keeps the key. Required.
	Parameter string
}

// NewOrigin declares key and certificate.
func NewOrigin(ctx *pulumi.Context, name string, args *OriginArgs, opts ...pulumi.ResourceOption) (*Origin, error) {
	if args == nil || args.Domain == "" || args.Parameter == "" {
		return nil, errors.New("origin: Domain and Parameter are required")
	}
	o := &Origin{}
	if err := ctx.RegisterComponentResource("lablink:origin:Origin", name, o, opts...); err != nil {
		return nil, err
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	// Another run makes another key, which is not wanted: the first one is kept.
	o.Key, err = ssm.NewParameter(ctx, name+"-key", &ssm.ParameterArgs{
		Name: pulumi.String(args.Parameter), Type: pulumi.String("SecureString"),
		Value:       pulumi.ToSecret(pulumi.String(key)).(pulumi.StringOutput),
		Description: pulumi.String("The key of the certificate that Cloudflare sees"),
		Tags:        pulumi.ToStringMap(args.Namer.PlainTags(component)),
	}, pulumi.Parent(o), pulumi.IgnoreChanges([]string{"value"}))
	if err != nil {
		return nil, err
	}
	request := o.Key.Value.ApplyT(func(key string) (string, error) { return request(args.Domain, key) })
	certificate, err := cloudflare.NewOriginCaCertificate(ctx, name+"-certificate", &cloudflare.OriginCaCertificateArgs{
		Csr:       pulumi.Unsecret(request).(pulumi.StringOutput), // holds the public half of the key
		Hostnames: pulumi.StringArray{pulumi.String(args.Domain)}, RequestType: pulumi.String("origin-ecc"),
		RequestedValidity: pulumi.Int(validity),
	}, pulumi.Parent(o))
	if err != nil {
		return nil, err
	}
	o.Certificate = certificate.Certificate
	return o, ctx.RegisterResourceOutputs(o, pulumi.Map{"certificate": o.Certificate})
}

package certificate_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/certificate"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

func declare(args *certificate.CertificateArgs) (*recording.Recording, error) {
	return recording.Run("test", recording.Account{ID: "123456789012", Region: "us-west-2"}, func(ctx *pulumi.Context) error {
		c, err := certificate.NewCertificate(ctx, "certificate", args)
		if err == nil {
			ctx.Export("arn", c.ARN)
		}
		return err
	})
}

func TestACertificateIsUsedOnceItIsIssuedForItsRecord(t *testing.T) {
	r, err := declare(&certificate.CertificateArgs{
		Namer: naming.Namer{Deployment: "lablink", Environment: "test"}, Domain: "lab.example.org", ZoneID: "Z1",
	})
	require.NoError(t, err)
	requested := r.Named("certificate-acm")
	assert.Equal(t, "lab.example.org", requested.Text("domainName"))
	assert.Equal(t, "DNS", requested.Text("validationMethod"))
	record := r.Named("certificate-record")
	assert.Equal(t, []any{"Z1", "CNAME", "_0.lab.example.org.", []any{"_1.acm-validations.aws."}}, []any{
		record.Get("zoneId"), record.Get("type"), record.Get("name"), record.Get("records"),
	})
	issued := r.Named("certificate-issued")
	assert.Equal(t, []any{"_0.lab.example.org."}, issued.Get("validationRecordFqdns"), "it waits for the record")
	assert.Equal(t, issued.Text("certificateArn"), r.Outputs["arn"].Value)
}

func TestAnIncompleteCertificateIsRefused(t *testing.T) {
	for _, args := range []*certificate.CertificateArgs{nil, {Domain: "lab.example.org"}, {ZoneID: "Z1"}} {
		r, err := declare(args)
		assert.ErrorContains(t, err, "Domain and ZoneID are required")
		assert.Empty(t, r.Names())
	}
}

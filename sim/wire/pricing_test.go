package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func (w *world) priceList(c aws.Config) *pricing.Client {
	return pricing.NewFromConfig(c, func(o *pricing.Options) { o.Region = "us-east-1" })
}

func filter(how types.FilterType, field, value string) types.Filter {
	return types.Filter{Type: how, Field: &field, Value: &value}
}

func TestThePriceListIsReadPageByPage(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	pages := pricing.NewGetProductsPaginator(w.priceList(w.developer()), &pricing.GetProductsInput{ServiceCode: aws.String("AmazonEC2"), MaxResults: aws.Int32(7)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.PriceList), 7)
		for _, raw := range page.PriceList {
			var item struct {
				Product struct {
					SKU        string
					Attributes map[string]string
				}
				ServiceCode string
			}
			require.NoError(t, json.Unmarshal([]byte(raw), &item))
			require.False(t, seen[item.Product.SKU], "twice: %s", raw)
			require.Equal(t, "us-west-2", item.Product.Attributes["regionCode"])
			seen[item.Product.SKU] = true
		}
	}
	listed := 0
	for _, p := range w.Products() {
		if p.Service == "AmazonEC2" {
			listed++
		}
	}
	require.Greater(t, listed, 50)
	require.Len(t, seen, listed)
}

func TestFiltersNarrowThePriceListDown(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		filters []types.Filter
		n       int
	}{
		"all":                {nil, 5},
		"a family":           {[]types.Filter{filter("TERM_MATCH", "productFamily", "Database Storage")}, 2},
		"two":                {[]types.Filter{filter("EQUALS", "productFamily", "Database Instance"), filter("TERM_MATCH", "databaseEngine", "PostgreSQL")}, 2},
		"a part of a value":  {[]types.Filter{filter("CONTAINS", "usagetype", "GP3-Storage")}, 2},
		"another value's":    {[]types.Filter{filter("TERM_MATCH", "usagetype", "GP3-Storage")}, 0},
		"of another Region":  {[]types.Filter{filter("TERM_MATCH", "regionCode", "us-east-2")}, 0},
		"what some are with": {[]types.Filter{filter("TERM_MATCH", "volumeType", "General Purpose-GP3")}, 2},
	} {
		out, err := w.priceList(w.developer()).GetProducts(t.Context(), &pricing.GetProductsInput{ServiceCode: aws.String("AmazonRDS"), Filters: c.filters, FormatVersion: aws.String("aws_v1")})
		require.NoError(t, err, name)
		require.Len(t, out.PriceList, c.n, name)
		require.Nil(t, out.NextToken, name)
	}
}

func TestWhatThePriceListDoesNotKnowIsRefused(t *testing.T) {
	w := newWorld(t)
	client := w.priceList(w.developer())
	for name, c := range map[string]struct {
		in   pricing.GetProductsInput
		code string
	}{
		"another service":      {pricing.GetProductsInput{ServiceCode: aws.String("AmazonPolly")}, "NotFoundException"},
		"another format":       {pricing.GetProductsInput{ServiceCode: aws.String("AmazonEC2"), FormatVersion: aws.String("aws_v2")}, "InvalidParameterException"},
		"too much at once":     {pricing.GetProductsInput{ServiceCode: aws.String("AmazonEC2"), MaxResults: aws.Int32(101)}, "InvalidParameterException"},
		"another field":        {pricing.GetProductsInput{ServiceCode: aws.String("AmazonEC2"), Filters: []types.Filter{filter("TERM_MATCH", "colour", "red")}}, "InvalidParameterException"},
		"another kind of them": {pricing.GetProductsInput{ServiceCode: aws.String("AmazonEC2"), Filters: []types.Filter{filter("NONE_OF", "usagetype", "x")}}, "InvalidParameterException"},
		"no page":              {pricing.GetProductsInput{ServiceCode: aws.String("AmazonEC2"), NextToken: aws.String("x")}, "InvalidNextTokenException"},
	} {
		_, err := client.GetProducts(t.Context(), &c.in)
		require.Equal(t, c.code, code(t, err), name)
	}
	_, err := client.DescribeServices(t.Context(), nil)
	require.Equal(t, "UnknownOperationException", code(t, err))
	_, err = pricing.NewFromConfig(w.developer()).GetProducts(t.Context(), &pricing.GetProductsInput{ServiceCode: aws.String("AmazonEC2")})
	require.Equal(t, "SignatureDoesNotMatch", code(t, err), "the Region of the account has no price list")
}

func TestTheListOfPricesNeedsARight(t *testing.T) {
	w := newWorld(t)
	_, c := w.machine(t)
	client := w.priceList(w.config(c.AccessKey, c.Secret, c.Token))
	in := &pricing.GetProductsInput{ServiceCode: aws.String("AmazonVPC")}
	_, err := client.GetProducts(t.Context(), in)
	require.Equal(t, "AccessDeniedException", code(t, err))
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "p", Role: "client", Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"pricing:GetProducts","Resource":"*"}]}`}))
	_, err = client.GetProducts(t.Context(), in)
	require.NoError(t, err)
}

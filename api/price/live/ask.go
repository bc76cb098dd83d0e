package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"
	"github.com/aws/smithy-go"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// listRegion is where the price list of all Regions is asked.
const listRegion = "us-east-1"

// list asks the price list for one thing.
func (p *Prices) list(ctx context.Context, t price.Thing, listed product, a *answers) error {
	client := pricing.NewFromConfig(p.config, func(o *pricing.Options) { o.Region = listRegion })
	pages := pricing.NewGetProductsPaginator(client, &pricing.GetProductsInput{
		ServiceCode: &listed.service, FormatVersion: aws.String("aws_v1"), MaxResults: aws.Int32(100), Filters: listed.filters(a.region),
	})
	var items []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("the price list: %w", err)
		}
		items = append(items, page.PriceList...)
	}
	usd, ok, err := listed.read(a.region, items)
	if err != nil {
		return fmt.Errorf("the price list, for %s: %w", t, err)
	}
	if ok {
		a.keep(t, price.Price{USD: usd, Per: listed.per, From: p.origin("AWS's price list")})
	}
	return nil
}

// filters narrow a price list down. Usage types are compared once more when the
// answer is there, as what stands before them differs.
func (p product) filters(region string) []types.Filter {
	var out []types.Filter
	add := func(how types.FilterType, field, value string) {
		out = append(out, types.Filter{Type: how, Field: &field, Value: &value})
	}
	if p.region != "" {
		add(types.FilterTypeTermMatch, p.region, region)
	}
	for _, field := range slices.Sorted(maps.Keys(p.match)) {
		add(types.FilterTypeTermMatch, field, p.match[field])
	}
	if p.usage != "" {
		add(types.FilterTypeContains, "usagetype", p.usage)
	}
	return out
}

func (p *Prices) origin(source string) price.Origin {
	return price.Origin(source + " as of " + p.now().UTC().Format("2006-01-02"))
}

// why says what went wrong in words without anybody's names, each once; nil where
// nothing did. AWS's own message would tell roles and accounts.
func (p *Prices) why(refused []error) error {
	reasons := map[string]bool{}
	for _, err := range refused {
		var code smithy.APIError
		var sent *url.Error
		what, _, _ := strings.Cut(err.Error(), ": ")
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			reasons[fmt.Sprintf("no answer within %s", p.patience)] = true
		case errors.As(err, &code):
			reasons[what+" refuses with "+code.ErrorCode()] = true
		case errors.As(err, &sent):
			reasons[what+" was not reached: "+sent.Err.Error()] = true
		default:
			reasons[err.Error()] = true
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return errors.New("AWS did not tell all prices (" + strings.Join(slices.Sorted(maps.Keys(reasons)), "; ") + ")")
}

package live

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// spotTypes are the types of the spot instances among things.
func spotTypes(things []price.Thing) (kinds []string) {
	for _, t := range things {
		if kind, ok := t.SpotType(); ok {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// history is EC2's call DescribeSpotPriceHistory, and nothing else of the SDK's client:
// a program that looks up methods by name, as templates do, keeps all methods of what
// is an interface anywhere, and of that client those are twenty megabytes.
type history func(context.Context, *ec2.DescribeSpotPriceHistoryInput, ...func(*ec2.Options)) (*ec2.DescribeSpotPriceHistoryOutput, error)

// DescribeSpotPriceHistory calls it.
func (h history) DescribeSpotPriceHistory(ctx context.Context, in *ec2.DescribeSpotPriceHistoryInput, opts ...func(*ec2.Options)) (*ec2.DescribeSpotPriceHistoryOutput, error) {
	return h(ctx, in, opts...)
}

// spot asks EC2 what instances cost on the spot market now, and keeps what they
// cost in the zone where they are dearest.
func (p *Prices) spot(ctx context.Context, kinds []string, a *answers) error {
	ask := history(ec2.NewFromConfig(p.config, func(o *ec2.Options) { o.Region = a.region }).DescribeSpotPriceHistory)
	in := &ec2.DescribeSpotPriceHistoryInput{StartTime: aws.Time(p.now()), EndTime: aws.Time(p.now()), ProductDescriptions: []string{"Linux/UNIX"}}
	for _, kind := range kinds {
		in.InstanceTypes = append(in.InstanceTypes, types.InstanceType(kind))
	}
	dearest := map[string]float64{}
	for pages := ec2.NewDescribeSpotPriceHistoryPaginator(ask, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("the spot market: %w", err)
		}
		for _, row := range page.SpotPriceHistory {
			usd, err := strconv.ParseFloat(aws.ToString(row.SpotPrice), 64)
			if err != nil {
				return fmt.Errorf("the spot market: %w", err)
			}
			dearest[string(row.InstanceType)] = max(dearest[string(row.InstanceType)], usd)
		}
	}
	for kind, usd := range dearest {
		a.keep(price.Spot(kind), price.Price{USD: usd, Per: price.Hour, From: p.origin("EC2's spot market")})
	}
	return nil
}

package remains

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// lister tells what EC2 has of one kind with an environment's tags.
type lister func(ctx context.Context, a *Account, found func(id *string, tags []types.Tag)) error

// kinds are the kinds of things that the tagging API lists for up to some hours
// after their end, called as in their ARNs: EC2 says what there is of them.
var kinds = map[string]lister{
	"elastic-ip": func(ctx context.Context, a *Account, found func(*string, []types.Tag)) error {
		out, err := a.ec2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: filters(a.own())})
		if err != nil {
			return err
		}
		for _, x := range out.Addresses {
			found(x.AllocationId, x.Tags)
		}
		return nil
	},
	"instance": func(ctx context.Context, a *Account, found func(*string, []types.Tag)) error {
		all, err := a.instances(ctx, a.own())
		for _, i := range all {
			found(i.InstanceId, i.Tags)
		}
		return err
	},
	"natgateway": func(ctx context.Context, a *Account, found func(*string, []types.Tag)) error {
		pages := ec2.NewDescribeNatGatewaysPaginator(a.ec2, &ec2.DescribeNatGatewaysInput{Filter: filters(a.own())})
		return each(ctx, pages, func(out *ec2.DescribeNatGatewaysOutput) {
			for _, n := range out.NatGateways {
				if n.State != types.NatGatewayStateDeleted { // known for an hour
					found(n.NatGatewayId, n.Tags)
				}
			}
		})
	},
	"network-interface": func(ctx context.Context, a *Account, found func(*string, []types.Tag)) error {
		pages := ec2.NewDescribeNetworkInterfacesPaginator(a.ec2, &ec2.DescribeNetworkInterfacesInput{Filters: filters(a.own())})
		return each(ctx, pages, func(out *ec2.DescribeNetworkInterfacesOutput) {
			for _, n := range out.NetworkInterfaces {
				found(n.NetworkInterfaceId, n.TagSet)
			}
		})
	},
	"volume": func(ctx context.Context, a *Account, found func(*string, []types.Tag)) error {
		pages := ec2.NewDescribeVolumesPaginator(a.ec2, &ec2.DescribeVolumesInput{Filters: filters(a.own())})
		return each(ctx, pages, func(out *ec2.DescribeVolumesOutput) {
			for _, v := range out.Volumes {
				found(v.VolumeId, v.Tags)
			}
		})
	},
}

// each visits all pages of a list.
func each[O any](ctx context.Context, pages interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*ec2.Options)) (O, error)
}, visit func(O),
) error {
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		visit(page)
	}
	return nil
}

// inEC2 is what there is of these kinds.
func (a *Account) inEC2(ctx context.Context, there map[string]string) error {
	for kind, list := range kinds {
		err := list(ctx, a, func(id *string, tags []types.Tag) {
			if carries(tags, a.own()) {
				there[kind+"/"+aws.ToString(id)] = nameIn(tags)
			}
		})
		if err != nil {
			return fmt.Errorf("list each %s of the environment: %w", kind, err)
		}
	}
	return nil
}

// nameIn is the tag that people know something by.
func nameIn(tags []types.Tag) string {
	for _, t := range tags {
		if aws.ToString(t.Key) == "Name" {
			return aws.ToString(t.Value)
		}
	}
	return ""
}

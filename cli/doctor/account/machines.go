package account

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
)

// Type describes an instance type.
func (a *Account) Type(ctx context.Context, name string) (doctor.Type, error) {
	out, err := a.ec2.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{types.InstanceType(name)}})
	if err != nil {
		return doctor.Type{}, explain("ec2:DescribeInstanceTypes", err)
	}
	for _, t := range out.InstanceTypes {
		for _, architecture := range t.ProcessorInfo.SupportedArchitectures {
			if architecture == types.ArchitectureTypeX8664 || architecture == types.ArchitectureTypeArm64 {
				return doctor.Type{Architecture: string(architecture), VCPUs: int(aws.ToInt32(t.VCpuInfo.DefaultVCpus))}, nil
			}
		}
	}
	return doctor.Type{}, fmt.Errorf("%s is neither x86_64 nor arm64: %w", name, doctor.ErrMissing)
}

// Offers are the zones that offer types.
func (a *Account) Offers(ctx context.Context, names []string) (map[string][]string, error) {
	offers := map[string][]string{}
	pages := ec2.NewDescribeInstanceTypeOfferingsPaginator(a.ec2, &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: types.LocationTypeAvailabilityZone,
		Filters:      []types.Filter{{Name: aws.String("instance-type"), Values: names}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, explain("ec2:DescribeInstanceTypeOfferings", err)
		}
		for _, o := range page.InstanceTypeOfferings {
			offers[string(o.InstanceType)] = append(offers[string(o.InstanceType)], aws.ToString(o.Location))
		}
	}
	return offers, nil
}

// SubnetZones are the zones of subnets.
func (a *Account) SubnetZones(ctx context.Context, ids []string) ([]string, error) {
	out, err := a.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: ids})
	if err != nil {
		return nil, explain("ec2:DescribeSubnets", err)
	}
	zoneOf := map[string]string{}
	for _, s := range out.Subnets {
		zoneOf[aws.ToString(s.SubnetId)] = aws.ToString(s.AvailabilityZone)
	}
	var zones []string
	for _, id := range ids {
		zones = append(zones, zoneOf[id])
	}
	return zones, nil
}

// Image is an image's architecture.
func (a *Account) Image(ctx context.Context, id string) (string, error) {
	out, err := a.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{id}})
	if err != nil {
		return "", explain("ec2:DescribeImages", err)
	}
	if len(out.Images) == 0 || out.Images[0].State != types.ImageStateAvailable {
		return "", doctor.ErrMissing
	}
	return string(out.Images[0].Architecture), nil
}

// Parameter is what an SSM parameter holds.
func (a *Account) Parameter(ctx context.Context, name string) (string, error) {
	out, err := a.ssm.GetParameter(ctx, &ssm.GetParameterInput{Name: &name})
	if err != nil {
		return "", explain("ssm:GetParameter", err)
	}
	return aws.ToString(out.Parameter.Value), nil
}

// Newest is the newest image of this account that a pipeline has built and tested.
func (a *Account) Newest(ctx context.Context, pipeline string) (string, error) {
	out, err := a.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{
		Owners: []string{"self"}, // anybody can publish an image with any tag
		Filters: []types.Filter{
			{Name: aws.String("tag:lablink:pipeline"), Values: []string{pipeline}}, {Name: aws.String("state"), Values: []string{"available"}},
		},
	})
	if err != nil || len(out.Images) == 0 {
		return "", explain("ec2:DescribeImages", err)
	}
	newest := slices.MaxFunc(out.Images, func(x, y types.Image) int {
		return strings.Compare(aws.ToString(x.CreationDate), aws.ToString(y.CreationDate))
	})
	return aws.ToString(newest.ImageId), nil
}

// Quota is the value of a quota of EC2's.
func (a *Account) Quota(ctx context.Context, code string) (float64, error) {
	out, err := a.quotas.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: &code})
	if err != nil {
		return 0, explain("servicequotas:GetServiceQuota", err)
	}
	return aws.ToFloat64(out.Quota.Value), nil
}

// Addresses are the tags of each elastic address.
func (a *Account) Addresses(ctx context.Context) ([]map[string]string, error) {
	out, err := a.ec2.DescribeAddresses(ctx, nil)
	if err != nil {
		return nil, explain("ec2:DescribeAddresses", err)
	}
	var all []map[string]string
	for _, address := range out.Addresses {
		tags := map[string]string{}
		for _, tag := range address.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
		all = append(all, tags)
	}
	return all, nil
}

package preview

import (
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// free are the beginnings of types that cost nothing while they are there.
var free = []string{
	"aws:acm/", "aws:budgets/", "aws:iam/", "aws:imagebuilder/", "aws:kms/alias:", "aws:route53/record:", "aws:s3/", "aws:sns/", "aws:ssm/parameter:", "aws:vpc/securityGroup",
	"aws:ec2/eipAssociation:", "aws:ec2/internetGateway:", "aws:ec2/launchTemplate:", "aws:ec2/networkInterface:", "aws:ec2/route", "aws:ec2/securityGroup", "aws:ec2/subnet:",
	"aws:ec2/volumeAttachment:", "aws:ec2/vpc:", "aws:lb/listener:", "aws:lb/targetGroup", "aws:rds/parameterGroup:", "aws:rds/subnetGroup:",
}

// unpriced is nothing for a type that is free, or that is not AWS's. Of any other
// it is a thing that no source knows, so that the comment names it.
func unpriced(typ string) []part {
	if !strings.HasPrefix(typ, "aws:") || slices.ContainsFunc(free, func(begin string) bool { return strings.HasPrefix(typ, begin) }) {
		return nil
	}
	return []part{{price.Thing(short(typ)), 1}}
}

package ec2

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// meanings say what EC2's error codes mean to somebody who wants machines.
var meanings = map[string]struct {
	code api.Code
	why  string
}{
	"InsufficientInstanceCapacity":                      {api.Capacity, "AWS has no such machine free at the moment"},
	"InsufficientHostCapacity":                          {api.Capacity, "AWS has no such machine free at the moment"},
	"UnfulfillableCapacity":                             {api.Capacity, "AWS cannot give such a machine at the moment"},
	"InsufficientFreeAddressesInSubnet":                 {api.Capacity, "the subnet has no free address left"},
	"Unsupported":                                       {api.Capacity, "this type is not offered there"},
	"InvalidFleetConfiguration":                         {api.Capacity, "this type is not offered there"},
	"VcpuLimitExceeded":                                 {api.Quota, "the account's quota for this kind of machine is used up; ask AWS to raise the vCPU quota for G and VT instances (L-DB2E81BA)"},
	"MaxSpotInstanceCountExceeded":                      {api.Quota, "the account's quota for spot machines is used up; ask AWS to raise the vCPU quota for G and VT spot requests (L-3819A6DF)"},
	"InstanceLimitExceeded":                             {api.Quota, "the account may not run more instances"},
	"UnauthorizedOperation":                             {api.Forbidden, "the allocator's role does not allow it; deploy the stack again, and look at its role policy"},
	"AuthFailure":                                       {api.Forbidden, "AWS does not accept the allocator's credentials"},
	"AuthFailure.ServiceLinkedRoleCreationNotPermitted": {api.Forbidden, "the account has no role for EC2 Spot yet; deploy the account's stack, or run aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"},
	"OptInRequired":                                     {api.Forbidden, "the account has not signed up for what the machines need, as for a machine image of AWS Marketplace"},
	"PendingVerification":                               {api.Forbidden, "AWS is checking the account still, which may take hours"},
	"InvalidFleetConfig":                                {api.Invalid, "the pool's types and subnets do not go together; look at them in the stack's settings, and deploy"},
	"InvalidLaunchTemplateName.NotFoundException":       {api.Invalid, "the pool's launch template does not exist any more; deploy the stack again"},
	"InvalidAMIID.NotFound":                             {api.Invalid, "the pool's machine image does not exist any more; set image.id in the stack's settings and deploy"},
	"InvalidSubnetID.NotFound":                          {api.Invalid, "a subnet of the pool does not exist any more; deploy the stack again"},
	"InvalidGroup.NotFound":                             {api.Invalid, "the machines' security group does not exist any more; deploy the stack again"},
	"InvalidLaunchTemplateId.NotFound":                  {api.Invalid, "the pool's launch template does not exist any more; deploy the stack again"},
	"InvalidLaunchTemplateId.VersionNotFound":           {api.Invalid, "the pool's launch template has changed; deploy the stack again"},
	"IdempotentParameterMismatch":                       {api.Invalid, "the launch was asked for before, in other words"},
	"SpotMaxPriceTooLow":                                {api.Capacity, "AWS asks more for a spot machine at the moment than it may cost: its price on demand, or pools[].maxHourlyUsd"},
	"RequestLimitExceeded":                              {api.Unavailable, "AWS asks to go slower"},
}

// aboutSubnet are the codes after which somebody looks at the subnet itself.
var aboutSubnet = []string{"InsufficientFreeAddressesInSubnet", "InvalidSubnetID.NotFound"}

// refusal words one of CreateFleet's errors. It says the zone, where the settings or EC2
// tell it, as people know subnets by nothing else.
func (c *Compute) refusal(e types.CreateFleetError) allocator.Refusal {
	r := allocator.Refusal{Code: api.Internal, Why: aws.ToString(e.ErrorMessage), Spot: e.Lifecycle == types.InstanceLifecycleSpot}
	if m, ok := meanings[aws.ToString(e.ErrorCode)]; ok {
		r.Code, r.Why = m.code, m.why
	}
	if o := e.LaunchTemplateAndOverrides; o != nil && o.Overrides != nil {
		r.Type = string(o.Overrides.InstanceType)
		subnet := aws.ToString(o.Overrides.SubnetId)
		r.Where = cmp.Or(aws.ToString(o.Overrides.AvailabilityZone), c.settings.ZoneOf(subnet))
		if subnet != "" && slices.Contains(aboutSubnet, aws.ToString(e.ErrorCode)) {
			r.Why += " (" + subnet + ")"
		}
	}
	return r
}

// hopeless is the error for refusals that asking again does not help, where all
// of them are of that kind.
func hopeless(all []allocator.Refusal) error {
	for _, code := range []api.Code{api.Forbidden, api.Invalid, api.Quota} {
		if len(all) > 0 && !slices.ContainsFunc(all, func(r allocator.Refusal) bool { return r.Code != code }) {
			return api.Problemf(code, "No machine could be launched", "%s.", all[0].Why)
		}
	}
	return nil
}

// refusalOf is the refusal that an error of a whole call amounts to, where asking for the
// other market makes sense after it, as what is not known may be of spot machines alone, or
// where that has launched machines.
func refusalOf(err error, spot bool, launched int) (r allocator.Refusal, ok bool) {
	code := api.CodeOf(err)
	var unknown unknownRefusal
	other := launched > 0 || spot && errors.As(err, &unknown)
	if code != api.Capacity && code != api.Quota && code != api.Forbidden && (code != api.Invalid || !other) {
		return r, false
	}
	return allocator.Refusal{Code: code, Why: err.Error(), Spot: spot}, true
}

// explain words an error of a whole call. One that is not known stays as it is.
func explain(err error) error {
	var e smithy.APIError
	if !errors.As(err, &e) {
		return fmt.Errorf("call EC2: %w", err)
	}
	if m, ok := meanings[e.ErrorCode()]; ok {
		return api.Problemf(m.code, "AWS refuses", "%s (%s: %s).", m.why, e.ErrorCode(), e.ErrorMessage())
	}
	return fmt.Errorf("call EC2: %w", err)
}

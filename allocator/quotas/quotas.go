package quotas

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/smithy-go"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/quota"
)

const (
	// fresh is how long an answer is good: people ask while they fill a form.
	fresh = time.Minute
	// patience is how long AWS may take to answer.
	patience = 5 * time.Second
)

// Quotas asks one account. It holds the calls that are used; see allocator/ec2 for why.
type Quotas struct {
	now       func() time.Time
	quota     func(context.Context, *servicequotas.GetServiceQuotaInput, ...func(*servicequotas.Options)) (*servicequotas.GetServiceQuotaOutput, error)
	types     func(context.Context, *ec2.DescribeInstanceTypesInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error)
	instances listing

	mu    sync.Mutex
	known map[string]answer // by the quota's code
	sizes map[string]int    // vCPUs of each type that was asked for
}

var _ allocator.Quotas = (*Quotas)(nil)

// answer is what was told of a quota, and when.
type answer struct {
	at          time.Time
	limit, used int
	err         error
}

// New asks as whom c says. By now it forgets what it was told.
func New(c aws.Config, now func() time.Time) *Quotas {
	machines := ec2.NewFromConfig(c)
	return &Quotas{
		now: now, quota: servicequotas.NewFromConfig(c).GetServiceQuota, types: machines.DescribeInstanceTypes, instances: machines.DescribeInstances,
		known: map[string]answer{}, sizes: map[string]int{},
	}
}

// Quota is what counts machines of a kind.
func (q *Quotas) Quota(ctx context.Context, kind string, spot bool) (allocator.Quota, error) {
	class := quota.ClassOf(kind)
	if class == nil {
		return allocator.Quota{}, api.Problemf(api.Unavailable, "Nobody knows the quota", "LabLink does not know which of AWS's quotas counts %s. Look at Service Quotas in AWS's console.", kind)
	}
	out := allocator.Quota{Name: class.Name, Code: class.OnDemand}
	if spot {
		out.Name, out.Code = class.Name+", spot", class.Spot
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	q.mu.Lock()
	defer q.mu.Unlock() // of many who ask at once, one does
	said, known := q.known[out.Code]
	if !known || q.now().Sub(said.at).Abs() >= fresh {
		said = answer{at: q.now()}
		said.limit, said.used, said.err = q.ask(bounded, class, out.Code, spot, kind)
		if ctx.Err() == nil { // who asked may have gone away, which says nothing of AWS
			q.known[out.Code] = said
		}
	}
	if said.err == nil && q.sizes[kind] == 0 { // another type than the one that was asked for first
		said.err = q.size(bounded, []string{kind})
	}
	out.VCPUs, out.Used, out.Each = said.limit, said.used, q.sizes[kind]
	return out, said.err
}

// ask asks AWS for a quota, and for the instances that it counts.
func (q *Quotas) ask(ctx context.Context, class *quota.Class, code string, spot bool, kind string) (limit, used int, err error) {
	said, err := q.quota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: &code})
	if err != nil {
		return 0, 0, explain("servicequotas:GetServiceQuota", err)
	}
	running, err := q.running(ctx, class, spot)
	if err != nil {
		return 0, 0, explain("ec2:DescribeInstances", err)
	}
	if err := q.size(ctx, append([]string{kind}, running...)); err != nil {
		return 0, 0, err
	}
	for _, one := range running {
		used += q.sizes[one]
	}
	return int(aws.ToFloat64(said.Quota.Value)), used, nil
}

// running are the types of the account's instances that a quota counts, whoever's they
// are, one for each instance.
func (q *Quotas) running(ctx context.Context, class *quota.Class, spot bool) (out []string, err error) {
	pages := ec2.NewDescribeInstancesPaginator(q.instances, &ec2.DescribeInstancesInput{
		MaxResults: aws.Int32(1000), Filters: []types.Filter{{Name: aws.String("instance-state-name"), Values: []string{"pending", "running"}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				if of := quota.ClassOf(string(i.InstanceType)); of == class && spot == (i.InstanceLifecycle == types.InstanceLifecycleTypeSpot) {
					out = append(out, string(i.InstanceType))
				}
			}
		}
	}
	return out, nil
}

// size asks how many processors types have of which that is not known.
func (q *Quotas) size(ctx context.Context, kinds []string) error {
	kinds = slices.Compact(slices.Sorted(slices.Values(kinds)))
	kinds = slices.DeleteFunc(kinds, func(kind string) bool { return q.sizes[kind] > 0 })
	for some := range slices.Chunk(kinds, 100) { // as many as EC2 takes
		in := &ec2.DescribeInstanceTypesInput{}
		for _, kind := range some {
			in.InstanceTypes = append(in.InstanceTypes, types.InstanceType(kind))
		}
		out, err := q.types(ctx, in)
		if err != nil {
			return explain("ec2:DescribeInstanceTypes", err)
		}
		for _, t := range out.InstanceTypes {
			q.sizes[string(t.InstanceType)] = int(aws.ToInt32(t.VCpuInfo.DefaultVCpus))
		}
	}
	return nil
}

// listing is EC2's call DescribeInstances, and nothing else of the SDK's client.
type listing func(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)

// DescribeInstances calls it.
func (l listing) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput, opts ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	return l(ctx, in, opts...)
}

// denied are the codes by which AWS refuses a role.
var denied = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}

// explain words what went wrong with a call.
func explain(action string, err error) error {
	var said smithy.APIError
	if errors.As(err, &said) && slices.Contains(denied, said.ErrorCode()) {
		return api.Problemf(api.Forbidden, "The quota is not known", "The allocator's role may not ask for it (%s): deploy the account's stack and this one again.", action)
	}
	why := "it did not answer"
	if said != nil { // without the number of the request, and whose it was
		why = said.ErrorCode() + ", " + said.ErrorMessage()
	}
	return api.Problemf(api.Unavailable, "The quota is not known", "AWS did not tell it: %s. It is asked again in a minute.", strings.TrimSuffix(why, "."))
}

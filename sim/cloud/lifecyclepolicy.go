package cloud

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// LifecyclePolicy is aws:dlm/lifecyclePolicy:LifecyclePolicy, for snapshots. It
// is a record: nothing here takes snapshots.
type LifecyclePolicy struct {
	ID               string                 `json:"id"`
	Description      string                 `json:"description"`
	ExecutionRoleARN string                 `json:"executionRoleArn"`
	State            string                 `json:"state"`
	PolicyDetails    LifecyclePolicyDetails `json:"policyDetails"`
	Tagged
	lifecyclePolicyComputed
}

// LifecyclePolicyDetails say of what snapshots are taken, and when.
type LifecyclePolicyDetails struct {
	PolicyType    string              `json:"policyType"`
	ResourceTypes []string            `json:"resourceTypes"`
	TargetTags    map[string]string   `json:"targetTags"`
	Schedules     []LifecycleSchedule `json:"schedules"`
}

// LifecycleSchedule is one of a policy's schedules.
type LifecycleSchedule struct {
	Name       string            `json:"name"`
	CreateRule LifecycleCreate   `json:"createRule"`
	RetainRule LifecycleRetain   `json:"retainRule"`
	CopyTags   bool              `json:"copyTags"`
	TagsToAdd  map[string]string `json:"tagsToAdd,omitempty"`
}

// LifecycleCreate says how often.
type LifecycleCreate struct {
	Interval     int    `json:"interval"`
	IntervalUnit string `json:"intervalUnit"`
	Times        string `json:"times"`
}

// LifecycleRetain says how many, or for how long.
type LifecycleRetain struct {
	Count        int    `json:"count,omitempty"`
	Interval     int    `json:"interval,omitempty"`
	IntervalUnit string `json:"intervalUnit,omitempty"`
}

type lifecyclePolicyComputed struct {
	ARN string `json:"arn"`
}

var (
	dlmDescription = regexp.MustCompile(`^[0-9A-Za-z _-]{1,500}$`)
	dlmTime        = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	dlmHours       = []int{1, 2, 3, 4, 6, 8, 12, 24}
	dlmUnits       = []string{"DAYS", "WEEKS", "MONTHS", "YEARS"}
)

// CreateLifecyclePolicy makes a policy; none is ever refused for what another is.
func (a *Account) CreateLifecyclePolicy(p *LifecyclePolicy) error {
	return a.change(func(m *model) error {
		if len(m.LifecyclePolicies) >= 100 {
			return refuseStatus(429, "LimitExceededException", "The maximum number of policies in a Region is 100")
		}
		p.ID = newID("policy")
		p.ARN = a.arn("dlm", "policy/"+p.ID)
		if err := p.check(a, m); err != nil {
			p.ID = ""
			return err
		}
		m.LifecyclePolicies.keep(p.ID, p)
		return nil
	})
}

func (p *LifecyclePolicy) check(a *Account, m *model) error {
	p.State = cmp.Or(p.State, "ENABLED")
	switch {
	case !dlmDescription.MatchString(p.Description):
		return refuse("InvalidRequestException", "invalid value for description: must match %s", dlmDescription)
	case p.State != "ENABLED" && p.State != "DISABLED":
		return refuse("InvalidRequestException", "Invalid state %s", p.State)
	}
	if err := p.checkRole(a, m); err != nil {
		return err
	}
	if err := p.PolicyDetails.check(); err != nil {
		return err
	}
	return p.settle()
}

// checkRole wants a role that Data Lifecycle Manager may act under for this
// policy.
func (p *LifecyclePolicy) checkRole(a *Account, m *model) error {
	role := m.Roles[p.ExecutionRoleARN[strings.LastIndex(p.ExecutionRoleARN, "/")+1:]]
	if role == nil || role.ARN != p.ExecutionRoleARN {
		return refuse("InvalidRequestException", "The role %s does not exist", p.ExecutionRoleARN)
	}
	trust, err := iam.Parse(role.AssumeRolePolicy, iam.Trust)
	if err != nil {
		return refuse("InvalidRequestException", "The trust policy of %s: %s", p.ExecutionRoleARN, err)
	}
	request := iam.Request{PrincipalType: "Service", Principal: "dlm.amazonaws.com", Action: "sts:AssumeRole", Context: map[string][]string{
		"aws:SourceAccount": {a.opts.AccountID}, "aws:SourceArn": {p.ARN},
	}}
	if iam.Evaluate(request, trust) != iam.Allowed {
		return refuse("InvalidRequestException", "The role %s cannot be assumed by dlm.amazonaws.com", p.ExecutionRoleARN)
	}
	return nil
}

func (d *LifecyclePolicyDetails) check() error {
	d.PolicyType = cmp.Or(d.PolicyType, "EBS_SNAPSHOT_MANAGEMENT")
	switch {
	case d.PolicyType != "EBS_SNAPSHOT_MANAGEMENT" || !slices.Equal(d.ResourceTypes, []string{"VOLUME"}):
		return refuse("InvalidRequestException", "The simulator models policies that take snapshots of volumes, not %s of %v.", d.PolicyType, d.ResourceTypes)
	case len(d.TargetTags) == 0:
		return refuse("InvalidRequestException", "The following required parameter(s) are missing: {TargetTags}")
	case len(d.Schedules) == 0 || len(d.Schedules) > 4:
		return refuse("InvalidRequestException", "A policy has 1 to 4 schedules, not %d", len(d.Schedules))
	}
	d.Schedules = slices.Clone(d.Schedules) // what was given is the caller's
	for i := range d.Schedules {
		if err := d.Schedules[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (s *LifecycleSchedule) check() error {
	c, r := &s.CreateRule, s.RetainRule
	c.IntervalUnit, c.Times = cmp.Or(c.IntervalUnit, "HOURS"), cmp.Or(c.Times, "00:00")
	switch {
	case s.Name == "" || len(s.Name) > 120:
		return refuse("InvalidRequestException", "The name of a schedule has 1 to 120 characters")
	case !slices.Contains(dlmHours, c.Interval) || c.IntervalUnit != "HOURS":
		return refuse("InvalidRequestException", "Invalid interval: %d %s. Allowed are %v HOURS", c.Interval, c.IntervalUnit, dlmHours)
	case !dlmTime.MatchString(c.Times):
		return refuse("InvalidRequestException", "Invalid time: %s", c.Times)
	case (r.Count > 0) == (r.Interval > 0) || r.Count < 0 || r.Count > 1000:
		return refuse("InvalidRequestException", "A retain rule has either a count of 1 to 1000 or an interval")
	case r.Interval > 0 && !slices.Contains(dlmUnits, r.IntervalUnit):
		return refuse("InvalidRequestException", "Invalid interval unit: %s", r.IntervalUnit)
	}
	return nil
}

// LifecyclePolicy returns one policy.
func (a *Account) LifecyclePolicy(id string) (*LifecyclePolicy, error) {
	return lifecyclePolicies.lookup(a, id)
}

// UpdateLifecyclePolicy changes a policy, but not its type.
func (a *Account) UpdateLifecyclePolicy(id string, p *LifecyclePolicy) error {
	return lifecyclePolicies.update(a, id, p, func(m *model, cur *LifecyclePolicy) error {
		p.ID, p.lifecyclePolicyComputed = id, cur.lifecyclePolicyComputed
		return p.check(a, m)
	})
}

// DeleteLifecyclePolicy removes a policy; what it took stays.
func (a *Account) DeleteLifecyclePolicy(id string) error {
	return lifecyclePolicies.remove(a, id, nil)
}

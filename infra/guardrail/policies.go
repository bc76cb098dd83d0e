package guardrail

import (
	"fmt"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// policiesAreNarrow refuses what would let a role do anything, or something to
// anything. Only looking takes any resource: AWS gives it none.
func policiesAreNarrow(s Stack) []string {
	boundary, err := identity.Boundary(s.Namer.AccountID).JSON()
	if err != nil {
		return []string{err.Error()}
	}
	read := func(p recording.Record) string {
		if p.Type == managedPolicy && p.Text("policy") == boundary {
			return "" // which gives nothing: it says what roles may be given
		}
		rules, wrong := rulesOf(p, "policy")
		for _, r := range rules {
			if r.Effect == "Allow" && !narrow(r) {
				return fmt.Sprintf("allows %v on %v", r.Action, r.Resource)
			}
		}
		return wrong
	}
	return slices.Concat(
		s.each(rolePolicy, read), s.each(managedPolicy, read),
		s.each(key, func(k recording.Record) string {
			if k.Get("policy") != nil {
				return "has a policy that this rule does not read"
			}
			return ""
		}),
		s.each(role, func(p recording.Record) string {
			if p.Get("managedPolicyArns") != nil || p.Get("inlinePolicies") != nil {
				return "has policies that this rule does not read"
			}
			return ""
		}),
		s.each(roleAttachment, func(a recording.Record) string {
			for _, p := range s.Of(managedPolicy) {
				if strings.HasSuffix(a.Text("policyArn"), "/"+p.Text("name")) {
					return ""
				}
			}
			return "attaches a policy that this rule does not read"
		}),
		topicsAreForAlarms(s),
	)
}

// rulesOf reads a policy, and tells when there is none.
func rulesOf(r recording.Record, input string) (rules []policy.Rule, wrong string) {
	rules, err := policy.Parse(r.Text(input))
	switch {
	case err != nil:
		return nil, err.Error()
	case len(rules) == 0:
		return nil, "has a policy that says nothing"
	}
	return rules, ""
}

// unbound are actions that AWS gives no resource, beside those that look: the
// Service Authorization Reference lists none for ec2messages, ssmmessages and the
// tagging API, which tells what carries tags, and none for the price list nor for reading
// a quota.
var unbound = []string{"ec2messages:", "pricing:GetProducts", "servicequotas:GetServiceQuota", "ssmmessages:", "tag:GetResources"}

// narrow wants actions and resources that are named. What stands for several
// actions, or for everything of a service, needs a condition that says whose; of
// IAM and S3 it is refused.
func narrow(r policy.Rule) bool {
	if len(r.Action) == 0 || len(r.Resource) == 0 || len(r.NotAction) > 0 || len(r.NotResource) > 0 {
		return false
	}
	changes := false
	for _, action := range r.Action {
		service, verb, _ := strings.Cut(action, ":")
		looks := strings.HasPrefix(verb, "Describe") || strings.HasPrefix(verb, "List") || verb == "GetCallerIdentity" ||
			slices.ContainsFunc(unbound, func(service string) bool { return strings.HasPrefix(action, service) })
		gets := looks || strings.HasPrefix(verb, "Get") || strings.HasPrefix(verb, "View")
		several := strings.Contains(verb, "*") && !gets
		if verb == "" || verb == "*" || slices.Contains(r.Resource, "*") && !looks || several && (service == "iam" || len(r.Condition) == 0) {
			return false
		}
		changes = changes || !gets
	}
	return !slices.ContainsFunc(r.Resource, func(arn string) bool { return wide(arn, changes, len(r.Condition) > 0) })
}

// wide reports whether an ARN stands for all of a service that is changed, or for
// all roles or buckets.
func wide(arn string, changes, conditional bool) bool {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return false // "*", which is for what looks
	}
	service, tail := parts[2], parts[5]
	kind, of, _ := strings.Cut(tail, "/")
	switch {
	case service == "s3":
		return strings.HasPrefix(tail, "*")
	case service == "iam" && changes:
		return tail == "*" || kind != "" && of == "*"
	}
	return tail == "*" && changes && !conditional
}

// topicsAreForAlarms refuses a topic that somebody else than this account's
// services writes to.
func topicsAreForAlarms(s Stack) []string {
	covered := map[string]bool{} // by the last part of the ARN, which is the topic's
	wrong := s.each(topicPolicy, func(p recording.Record) string {
		arn := p.Text("arn")
		covered[arn[strings.LastIndex(arn, ":")+1:]] = true
		rules, wrong := rulesOf(p, "policy")
		for _, r := range rules {
			if len(r.Principal) != 1 || len(r.Principal["Service"]) != 1 || !s.forThisAccount(r) || !slices.Equal(r.Action, []string{"sns:Publish"}) {
				return fmt.Sprintf("lets %v do %v", r.Principal, r.Action)
			}
		}
		return wrong
	})
	return append(wrong, s.each(topic, func(t recording.Record) string {
		if !covered[t.Name] {
			return "has no policy of its own"
		}
		return ""
	})...)
}

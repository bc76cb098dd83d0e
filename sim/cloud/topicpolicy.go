package cloud

import (
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// TopicPolicy is aws:sns/topicPolicy:TopicPolicy.
type TopicPolicy struct {
	ID     string `json:"id"` // the topic's ARN
	ARN    string `json:"arn"`
	Policy string `json:"policy"`
	topicPolicyComputed
}

type topicPolicyComputed struct {
	Owner string `json:"owner"`
}

// PutTopicPolicy sets a topic's policy, whatever it was.
func (a *Account) PutTopicPolicy(p *TopicPolicy) error {
	return a.change(func(m *model) error {
		if _, err := topics.get(m, p.ARN); err != nil {
			return err
		}
		document, err := iam.Parse(p.Policy, iam.Resource)
		if err != nil {
			return refuse("InvalidParameter", "Invalid parameter: Policy Error: %s", err)
		}
		for _, s := range document.Statement {
			for _, action := range slices.Concat(s.Action, s.NotAction) {
				if !strings.HasPrefix(strings.ToLower(action), "sns:") {
					return refuse("InvalidParameter", "Invalid parameter: Policy statement action out of service scope!")
				}
			}
			for _, r := range slices.Concat(s.Resource, s.NotResource) {
				if r != p.ARN && r != "*" {
					return refuse("InvalidParameter", "Invalid parameter: Policy Error: the resource %s is not this topic", r)
				}
			}
		}
		p.ID, p.Owner = p.ARN, a.opts.AccountID
		m.TopicPolicies.keep(p.ID, p)
		return nil
	})
}

// TopicPolicy returns the policy that was set on a topic.
func (a *Account) TopicPolicy(arn string) (*TopicPolicy, error) { return topicPolicies.lookup(a, arn) }

// DeleteTopicPolicy leaves the topic to its owner alone, as it was born.
func (a *Account) DeleteTopicPolicy(arn string) error { return topicPolicies.remove(a, arn, nil) }

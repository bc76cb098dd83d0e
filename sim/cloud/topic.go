package cloud

import (
	"maps"
	"regexp"
)

// Topic is aws:sns/topic:Topic, for people rather than for queues.
type Topic struct {
	ID          string `json:"id"` // its ARN
	Name        string `json:"name"`
	DisplayName string `json:"displayName,omitempty"`
	Tagged
	topicComputed
}

type topicComputed struct {
	ARN   string `json:"arn"`
	Owner string `json:"owner"`
}

var topicName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,256}$`)

// CreateTopic makes a topic, or takes over one of that name that is the same.
func (a *Account) CreateTopic(t *Topic) error {
	return a.change(func(m *model) error {
		if !topicName.MatchString(t.Name) {
			return refuse("InvalidParameter", "Invalid parameter: Topic Name")
		}
		t.ARN = a.arn("sns", t.Name)
		if err := t.check(); err != nil {
			return err
		}
		if there := m.Topics[t.ARN]; there != nil {
			switch {
			case !maps.Equal(there.Tags, t.Tags):
				return refuse("InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags")
			case there.DisplayName != t.DisplayName:
				return refuse("InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes")
			}
		}
		t.ID, t.Owner = t.ARN, a.opts.AccountID
		m.Topics.keep(t.ID, t)
		return nil
	})
}

func (t *Topic) check() error {
	if len(t.DisplayName) > 100 {
		return refuse("InvalidParameter", "Invalid parameter: Attributes Reason: Display name too long")
	}
	return t.settle()
}

// Topic returns one topic.
func (a *Account) Topic(arn string) (*Topic, error) { return topics.lookup(a, arn) }

// UpdateTopic changes everything but the name.
func (a *Account) UpdateTopic(arn string, t *Topic) error {
	return topics.update(a, arn, t, func(_ *model, cur *Topic) error {
		t.ID, t.Name, t.topicComputed = cur.ID, cur.Name, cur.topicComputed
		return t.check()
	})
}

// DeleteTopic removes a topic with its policy and its subscriptions.
func (a *Account) DeleteTopic(arn string) error {
	return topics.remove(a, arn, func(m *model, _ *Topic) error {
		delete(m.TopicPolicies, arn)
		for id, s := range m.Subscriptions {
			if s.Topic == arn {
				delete(m.Subscriptions, id)
			}
		}
		return nil
	})
}

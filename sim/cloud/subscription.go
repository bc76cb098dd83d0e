package cloud

import (
	"net/mail"
	"strings"

	"github.com/google/uuid"
)

// Subscription is aws:sns/topicSubscription:TopicSubscription, by e-mail. Nobody
// confirms it: no mail is sent.
type Subscription struct {
	ID       string `json:"id"` // its ARN
	Topic    string `json:"topic"`
	Protocol string `json:"protocol"`
	Endpoint string `json:"endpoint"`
	subscriptionComputed
}

type subscriptionComputed struct {
	ARN                 string `json:"arn"`
	OwnerID             string `json:"ownerId"`
	PendingConfirmation bool   `json:"pendingConfirmation"`
}

// CreateSubscription subscribes an address, or finds that it is subscribed.
func (a *Account) CreateSubscription(s *Subscription) error {
	return a.change(func(m *model) error {
		if _, err := topics.get(m, s.Topic); err != nil {
			return err
		}
		switch address, err := mail.ParseAddress(s.Endpoint); {
		case s.Protocol != "email":
			return refuse("InvalidParameter", "The simulator models subscriptions by email, not by %q.", s.Protocol)
		case err != nil || address.Address != s.Endpoint:
			return refuse("InvalidParameter", "Invalid parameter: Email address")
		}
		for _, other := range m.Subscriptions {
			if other.Topic == s.Topic && strings.EqualFold(other.Endpoint, s.Endpoint) {
				*s = *other
				return nil
			}
		}
		s.ID = s.Topic + ":" + uuid.NewString()
		s.subscriptionComputed = subscriptionComputed{ARN: s.ID, OwnerID: a.opts.AccountID, PendingConfirmation: true}
		m.Subscriptions.keep(s.ID, s)
		return nil
	})
}

// Subscription returns one subscription.
func (a *Account) Subscription(arn string) (*Subscription, error) {
	return subscriptions.lookup(a, arn)
}

// DeleteSubscription removes a subscription. AWS keeps one that nobody confirmed
// for two more days, and the provider does not say so.
func (a *Account) DeleteSubscription(arn string) error { return subscriptions.remove(a, arn, nil) }

package watch

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// declareTopic declares the topic, who may write to it and who reads it. It is
// not encrypted: CloudWatch cannot write to a topic under SNS's own key, and an
// alarm tells nothing secret.
func (w *Watch) declareTopic(ctx *pulumi.Context, name string, args *WatchArgs) error {
	n, parent := args.Namer, pulumi.Parent(w)
	topicName := n.Name("alarms", naming.MaxTopic)
	topic, err := sns.NewTopic(ctx, name+"-topic", &sns.TopicArgs{
		Name: pulumi.String(topicName), Tags: n.Tags(component, topicName),
	}, parent)
	if err != nil {
		return err
	}
	allowed, err := sns.NewTopicPolicy(ctx, name+"-topic-policy", &sns.TopicPolicyArgs{
		Arn: topic.Arn, Policy: policy.Render(func(values []string) policy.Document { return mayPublish(n, values[0]) }, topic.Arn),
	}, parent)
	if err != nil {
		return err
	}
	for _, email := range args.Emails {
		// Named by the address, so that another one in the list moves no subscription.
		_, err := sns.NewTopicSubscription(ctx, fmt.Sprintf("%s-email-%s", name, email), &sns.TopicSubscriptionArgs{
			Topic: topic.Arn, Protocol: pulumi.String("email"), Endpoint: pulumi.String(email),
		}, parent)
		if err != nil {
			return err
		}
	}
	// Alarms get the topic only when they may write to it.
	w.TopicARN = pulumi.All(topic.Arn, allowed.Arn).ApplyT(func(all []any) string { return all[0].(string) }).(pulumi.StringOutput)
	return nil
}

// mayPublish lets the alarms of this account and Region write to a topic. What
// an account's own roles may do stays with them.
func mayPublish(n naming.Namer, topic string) policy.Document {
	return policy.Document{{
		Sid: "Alarms", Principal: map[string]string{"Service": "cloudwatch.amazonaws.com"},
		Action: []string{"sns:Publish"}, Resource: []string{topic},
		Condition: policy.Condition{
			"StringEquals": {"aws:SourceAccount": {n.AccountID}},
			"ArnLike":      {"aws:SourceArn": {n.ARN("cloudwatch", "alarm:*")}},
		},
	}}
}

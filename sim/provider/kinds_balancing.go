package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// balancingKinds are the types about load balancers, groups of machines, and
// certificates.
var balancingKinds = map[string]kind{
	"aws:lb/loadBalancer:LoadBalancer": define(lb.LoadBalancerArgs{}, lb.LoadBalancer{},
		traits{Replace: []string{"name", "internal", "loadBalancerType"}, Name: autoname{Property: "name", Max: 32}},
		operations[cloud.LoadBalancer]{(*account).CreateLoadBalancer, (*account).LoadBalancer, (*account).UpdateLoadBalancer, (*account).DeleteLoadBalancer}),
	"aws:lb/targetGroup:TargetGroup": define(lb.TargetGroupArgs{}, lb.TargetGroup{},
		traits{Replace: []string{"name", "port", "protocol", "targetType", "vpcId"}, Name: autoname{Property: "name", Max: 32}},
		operations[cloud.TargetGroup]{(*account).CreateTargetGroup, (*account).TargetGroup, (*account).UpdateTargetGroup, (*account).DeleteTargetGroup}),
	"aws:lb/targetGroupAttachment:TargetGroupAttachment": define(lb.TargetGroupAttachmentArgs{}, lb.TargetGroupAttachment{}, traits{},
		operations[cloud.TargetGroupAttachment]{(*account).CreateTarget, (*account).Target, nil, (*account).DeleteTarget}),
	"aws:lb/listener:Listener": define(lb.ListenerArgs{}, lb.Listener{}, traits{Replace: []string{"loadBalancerArn"}},
		operations[cloud.Listener]{(*account).CreateListener, (*account).Listener, (*account).UpdateListener, (*account).DeleteListener}),
	"aws:autoscaling/group:Group": define(autoscaling.GroupArgs{}, autoscaling.Group{}, traits{Replace: []string{"name"}, Name: autoname{Property: "name"}},
		operations[cloud.ScalingGroup]{(*account).CreateScalingGroup, (*account).ScalingGroup, (*account).UpdateScalingGroup, endGroup}),
	"aws:acm/certificate:Certificate": define(acm.CertificateArgs{}, acm.Certificate{},
		traits{Replace: []string{"domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm"}, Secret: []string{"privateKey"}},
		operations[cloud.Certificate]{(*account).CreateCertificate, (*account).Certificate, (*account).UpdateCertificate, (*account).DeleteCertificate}),
	"aws:acm/certificateValidation:CertificateValidation": define(acm.CertificateValidationArgs{}, acm.CertificateValidation{}, traits{},
		operations[cloud.CertificateValidation]{(*account).AwaitCertificate, (*account).Validation, nil, nothingToDelete}),
}

// nothingToDelete is for what is no thing of its own.
func nothingToDelete(*account, string) error { return nil }

// endGroup ends a group's instances, waits until they are gone, and deletes the
// group, as the provider does.
func endGroup(a *account, name string) error {
	if err := a.EmptyScalingGroup(name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		left := false
		for _, i := range a.Instances() {
			left = left || i.ScalingGroup == name && i.InstanceState != "terminated"
		}
		if !left {
			return a.DeleteScalingGroup(name)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the instances of Auto Scaling Group (%s) to end: %w", name, ctx.Err())
		case <-tick.C:
		}
	}
}

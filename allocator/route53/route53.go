package route53

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// region is the one that Route 53 signs for, wherever its zones are used.
const region = "us-east-1"

const (
	// ttl is how long the record may be remembered, in seconds.
	ttl = 60
	// pollInterval is how often it is asked whether a change is everywhere. Route
	// 53 takes up to a minute for it.
	pollInterval = 2 * time.Second
	// patience is how long that may take at most.
	patience = 10 * time.Minute
)

// Zone is a hosted zone.
type Zone struct {
	id string
	// The calls that are used; see allocator/ec2 for why.
	changed func(context.Context, *route53.GetChangeInput, ...func(*route53.Options)) (*route53.GetChangeOutput, error)
	records func(context.Context, *route53.ChangeResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
	// Poll is how often it is asked whether a change has come to all servers.
	Poll time.Duration
}

// New is the zone of an id.
func New(c aws.Config, id string) *Zone {
	client := route53.NewFromConfig(c, func(o *route53.Options) { o.Region = region })
	return &Zone{changed: client.GetChange, records: client.ChangeResourceRecordSets, id: id, Poll: pollInterval}
}

// SetTXT makes value the only value of a TXT record, and waits until all of the
// zone's servers answer it.
func (z *Zone) SetTXT(ctx context.Context, name, value string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := z.change(ctx, types.ChangeActionUpsert, name, value)
	if err != nil {
		return fmt.Errorf("set the TXT record %s in zone %s: %w", name, z.id, err)
	}
	info := out.ChangeInfo
	tick := time.NewTicker(z.Poll)
	defer tick.Stop()
	for info.Status != types.ChangeStatusInsync {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until the TXT record %s is on all servers of zone %s: %w", name, z.id, ctx.Err())
		case <-tick.C:
		}
		got, err := z.changed(ctx, &route53.GetChangeInput{Id: info.Id})
		if err != nil {
			return fmt.Errorf("wait until the TXT record %s is on all servers of zone %s: %w", name, z.id, err)
		}
		info = got.ChangeInfo
	}
	return nil
}

// RemoveTXT removes the record that SetTXT made.
func (z *Zone) RemoveTXT(ctx context.Context, name, value string) error {
	if _, err := z.change(ctx, types.ChangeActionDelete, name, value); err != nil {
		return fmt.Errorf("remove the TXT record %s from zone %s: %w", name, z.id, err)
	}
	return nil
}

func (z *Zone) change(ctx context.Context, action types.ChangeAction, name, value string) (*route53.ChangeResourceRecordSetsOutput, error) {
	return z.records(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(z.id),
		ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{Action: action, ResourceRecordSet: &types.ResourceRecordSet{
			Name: aws.String(name), Type: types.RRTypeTxt, TTL: aws.Int64(ttl),
			ResourceRecords: []types.ResourceRecord{{Value: aws.String(`"` + value + `"`)}},
		}}}},
	})
}

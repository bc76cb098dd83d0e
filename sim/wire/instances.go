package wire

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// stateCodes are the codes of instance states.
var stateCodes = map[string]int{"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}

type stateXML struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

func state(name string) stateXML { return stateXML{stateCodes[name], name} }

type tagXML struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

type instanceXML struct {
	InstanceID string     `xml:"instanceId"`
	ImageID    string     `xml:"imageId"`
	State      stateXML   `xml:"instanceState"`
	PrivateDNS string     `xml:"privateDnsName"`
	Type       string     `xml:"instanceType"`
	LaunchTime string     `xml:"launchTime"`
	Zone       string     `xml:"placement>availabilityZone"`
	SubnetID   string     `xml:"subnetId,omitempty"`
	PrivateIP  string     `xml:"privateIpAddress,omitempty"`
	PublicIP   string     `xml:"ipAddress,omitempty"`
	Reason     string     `xml:"reason"`
	Because    *reasonXML `xml:"stateReason"`
	Lifecycle  string     `xml:"instanceLifecycle,omitempty"` // absent on demand
	SpotID     string     `xml:"spotInstanceRequestId,omitempty"`
	Tags       []tagXML   `xml:"tagSet>item"`
}

type reasonXML struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

func toXML(i cloud.Instance) instanceXML {
	out := instanceXML{
		InstanceID: i.ID, ImageID: i.AMI, State: state(i.InstanceState), PrivateDNS: i.PrivateDNS, Type: i.InstanceType,
		LaunchTime: i.LaunchTime.Format(time.RFC3339), Zone: i.AvailabilityZone, SubnetID: i.SubnetID,
		PrivateIP: i.PrivateIP, PublicIP: i.PublicIP, Reason: i.StateReason,
		Lifecycle: i.InstanceLifecycle, SpotID: i.SpotInstanceRequestID,
	}
	if i.StateReason != "" {
		out.Because = &reasonXML{i.StateReason, i.StateReason + ": " + ended[i.StateReason]}
	}
	for _, k := range slices.Sorted(maps.Keys(i.Tags)) {
		out.Tags = append(out.Tags, tagXML{k, i.Tags[k]})
	}
	return out
}

// ended is how EC2 words why an instance has ended.
var ended = map[string]string{
	"Client.UserInitiatedShutdown":   "User initiated shutdown",
	"Server.SpotInstanceTermination": "Instance terminated by the service",
}

type reservationXML struct {
	ID        string        `xml:"reservationId"`
	Owner     string        `xml:"ownerId"`
	Instances []instanceXML `xml:"instancesSet>item"`
}

// describeInstances lists by ids or filters, in one page.
func (s *Server) describeInstances(c call, q *query) (any, error) {
	if err := s.authorize(c, "ec2:DescribeInstances", nil, "*"); err != nil {
		return nil, err
	}
	ids := q.list("InstanceId")
	filters, err := q.filters(filterable)
	if err != nil {
		return nil, err
	}
	if limit, err := q.number("MaxResults"); err != nil || limit != 0 && len(ids) > 0 {
		return nil, &cloud.Error{Code: "InvalidParameterCombination", Message: "The parameter instancesSet cannot be used with the parameter maxResults", Status: 400}
	}
	if err := q.rest(); err != nil {
		return nil, err
	}
	all := s.account.Seen()
	if err := known(all, ids); err != nil {
		return nil, err
	}
	out := struct {
		response
		Reservations []reservationXML `xml:"reservationSet>item"`
	}{response: newResponse()}
	for _, i := range all {
		if (len(ids) == 0 || slices.Contains(ids, i.ID)) && matches(i, filters) {
			out.Reservations = append(out.Reservations, reservationXML{
				ID: "r-" + strings.TrimPrefix(i.ID, "i-"), Owner: s.account.ID(), Instances: []instanceXML{toXML(i)},
			})
		}
	}
	return out, nil
}

var instanceID = regexp.MustCompile(`^i-[0-9a-f]{17}$`)

// known refuses the whole call when an id is malformed or unknown.
func known(all []cloud.Instance, ids []string) error {
	for _, id := range ids {
		if !instanceID.MatchString(id) {
			return &cloud.Error{Code: "InvalidInstanceID.Malformed", Message: fmt.Sprintf("Invalid id: %q", id), Status: 400}
		}
		if !slices.ContainsFunc(all, func(i cloud.Instance) bool { return i.ID == id }) {
			return &cloud.Error{Code: "InvalidInstanceID.NotFound", Message: fmt.Sprintf("The instance ID '%s' does not exist", id), Status: 400}
		}
	}
	return nil
}

func filterable(name string) bool {
	return strings.HasPrefix(name, "tag:") || name == "instance-state-name" || name == "instance-id"
}

func matches(i cloud.Instance, filters map[string][]string) bool {
	for name, want := range filters {
		have := i.InstanceState
		if key, ok := strings.CutPrefix(name, "tag:"); ok {
			have = i.Tags[key]
		} else if name == "instance-id" {
			have = i.ID
		}
		if !anyFits(want, have) {
			return false
		}
	}
	return true
}

// terminateInstances ends instances that the caller may end, all or none.
func (s *Server) terminateInstances(c call, q *query) (any, error) {
	ids := q.list("InstanceId")
	if err := q.rest(); err != nil {
		return nil, err
	}
	all := s.account.Seen()
	if err := known(all, ids); err != nil {
		return nil, err
	}
	type change struct {
		InstanceID string   `xml:"instanceId"`
		Current    stateXML `xml:"currentState"`
		Previous   stateXML `xml:"previousState"`
	}
	out := struct {
		response
		Changes []change `xml:"instancesSet>item"`
	}{response: newResponse()}
	for _, i := range all {
		if !slices.Contains(ids, i.ID) {
			continue
		}
		if err := s.authorize(c, "ec2:TerminateInstances", tagContext("aws:ResourceTag/", i.Tags), s.arn("instance/"+i.ID)); err != nil {
			return nil, err
		}
		next := "shutting-down"
		if i.InstanceState == "terminated" {
			next = "terminated"
		}
		out.Changes = append(out.Changes, change{i.ID, state(next), state(i.InstanceState)})
	}
	return out, s.account.Terminate(ids, false)
}

// createTags tags instances, or one security group, that the caller may tag.
func (s *Server) createTags(c call, q *query) (any, error) {
	ids, tags := q.list("ResourceId"), q.tags("Tag")
	if err := q.rest(); err != nil {
		return nil, err
	}
	if len(ids) == 1 && strings.HasPrefix(ids[0], "sg-") {
		return done{newResponse(), true}, s.tagGroup(c, ids[0], tags)
	}
	all := s.account.Seen()
	if err := known(all, ids); err != nil {
		return nil, err
	}
	for _, i := range all {
		if !slices.Contains(ids, i.ID) {
			continue
		}
		context := tagContext("aws:ResourceTag/", i.Tags)
		maps.Copy(context, tagContext("aws:RequestTag/", tags))
		if err := s.authorize(c, "ec2:CreateTags", context, s.arn("instance/"+i.ID)); err != nil {
			return nil, err
		}
	}
	return done{newResponse(), true}, s.account.TagInstances(ids, tags)
}

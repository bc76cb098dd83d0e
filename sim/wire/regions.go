package wire

import (
	"fmt"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

type regionXML struct {
	Name     string `xml:"regionName"`
	Endpoint string `xml:"regionEndpoint"`
	OptIn    string `xml:"optInStatus"`
}

// describeRegions describes the one Region there is.
func (s *Server) describeRegions(c call, q *query) (any, error) {
	if err := s.authorize(c, "ec2:DescribeRegions", nil, "*"); err != nil {
		return nil, err
	}
	names := q.list("RegionName")
	q.get("AllRegions") // those that are switched off, too, of which there are none
	if err := q.rest(); err != nil {
		return nil, err
	}
	own := s.account.Region()
	for _, name := range names {
		if name != own {
			return nil, &cloud.Error{Code: "InvalidParameterValue", Message: fmt.Sprintf("Invalid region provided: {%s}", name), Status: 400}
		}
	}
	return struct {
		response
		Regions []regionXML `xml:"regionInfo>item"`
	}{newResponse(), []regionXML{{own, "ec2." + own + ".amazonaws.com", "opt-in-not-required"}}}, nil
}

type offeringXML struct {
	Type         string `xml:"instanceType"`
	LocationType string `xml:"locationType"`
	Location     string `xml:"location"`
}

// describeOfferings says which zones offer types.
func (s *Server) describeOfferings(c call, q *query) (any, error) {
	if err := s.authorize(c, "ec2:DescribeInstanceTypeOfferings", nil, "*"); err != nil {
		return nil, err
	}
	by, filter, types := q.get("LocationType"), q.get("Filter.1.Name"), q.list("Filter.1.Value")
	if err := q.rest(); err != nil {
		return nil, err
	}
	if by != "availability-zone" || filter != "instance-type" || len(types) == 0 {
		return nil, &cloud.Error{Code: "InvalidParameterValue", Message: "The simulator says which zones offer the types that the filter instance-type names", Status: 400}
	}
	out := struct {
		response
		Offerings []offeringXML `xml:"instanceTypeOfferingSet>item"`
	}{response: newResponse()}
	for _, o := range s.account.Offerings(types) {
		out.Offerings = append(out.Offerings, offeringXML{o.InstanceType, by, o.Zone})
	}
	return out, nil
}

type subnetXML struct {
	ID   string `xml:"subnetId"`
	VPC  string `xml:"vpcId"`
	Zone string `xml:"availabilityZone"`
	Cidr string `xml:"cidrBlock"`
}

// describeSubnets describes the subnets that are named.
func (s *Server) describeSubnets(c call, q *query) (any, error) {
	if err := s.authorize(c, "ec2:DescribeSubnets", nil, "*"); err != nil {
		return nil, err
	}
	ids := q.list("SubnetId")
	if err := q.rest(); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, &cloud.Error{Code: "InvalidParameterValue", Message: "The simulator describes the subnets that are named", Status: 400}
	}
	out := struct {
		response
		Subnets []subnetXML `xml:"subnetSet>item"`
	}{response: newResponse()}
	for _, id := range ids {
		n, err := s.account.Subnet(id)
		if err != nil {
			return nil, err
		}
		out.Subnets = append(out.Subnets, subnetXML{n.ID, n.VPCID, n.AvailabilityZone, n.CidrBlock})
	}
	return out, nil
}

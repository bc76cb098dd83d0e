package wire

import (
	"fmt"
	"maps"
	"slices"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

type imageXML struct {
	ID           string   `xml:"imageId"`
	Name         string   `xml:"name"`
	Owner        string   `xml:"imageOwnerId"`
	State        string   `xml:"imageState"`
	Architecture string   `xml:"architecture"`
	CreationDate string   `xml:"creationDate"`
	Tags         []tagXML `xml:"tagSet>item"`
}

// describeImages lists images by ids, owner and filters, in one page.
func (s *Server) describeImages(c call, q *query) (any, error) {
	if err := s.authorize(c, "ec2:DescribeImages", nil, "*"); err != nil {
		return nil, err
	}
	ids, owners := q.list("ImageId"), q.list("Owner")
	filters, err := q.filters(cloud.ImageFilter)
	if err != nil {
		return nil, err
	}
	if err := q.rest(); err != nil {
		return nil, err
	}
	all := s.account.Images()
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(i cloud.Image) bool { return i.ID == id }) {
			return nil, &cloud.Error{Code: "InvalidAMIID.NotFound", Message: fmt.Sprintf("The image id '[%s]' does not exist", id), Status: 400}
		}
	}
	for _, o := range owners {
		if o != "self" {
			return nil, &cloud.Error{Code: "InvalidUserID.Malformed", Message: "The simulator models the owner self, not " + o, Status: 400}
		}
	}
	out := struct {
		response
		Images []imageXML `xml:"imagesSet>item"`
	}{response: newResponse()}
	for _, i := range all {
		if len(ids) > 0 && !slices.Contains(ids, i.ID) || len(owners) > 0 && i.OwnerID != s.account.ID() || !imageMatches(i, filters) {
			continue
		}
		x := imageXML{ID: i.ID, Name: i.Name, Owner: i.OwnerID, State: "available", Architecture: i.Architecture, CreationDate: i.CreationDate}
		for _, k := range slices.Sorted(maps.Keys(i.Tags)) {
			x.Tags = append(x.Tags, tagXML{k, i.Tags[k]})
		}
		out.Images = append(out.Images, x)
	}
	return out, nil
}

func imageMatches(i cloud.Image, filters map[string][]string) bool {
	for name, wanted := range filters {
		if !slices.ContainsFunc(wanted, func(v string) bool { return i.Matches(name, v) }) {
			return false
		}
	}
	return true
}

// deregisterImage takes an image of the account away.
func (s *Server) deregisterImage(c call, q *query) (any, error) {
	id := q.get("ImageId")
	if err := q.rest(); err != nil {
		return nil, err
	}
	if err := s.authorize(c, "ec2:DeregisterImage", nil, "arn:aws:ec2:"+s.account.Region()+"::image/"+id); err != nil {
		return nil, err
	}
	return done{newResponse(), true}, s.account.DeregisterImage(id)
}

type instanceTypeXML struct {
	Name          string   `xml:"instanceType"`
	Architectures []string `xml:"processorInfo>supportedArchitectures>item"`
	VCPUs         int      `xml:"vCpuInfo>defaultVCpus"`
}

// describeInstanceTypes describes the types that are named.
func (s *Server) describeInstanceTypes(c call, q *query) (any, error) {
	if err := s.authorize(c, "ec2:DescribeInstanceTypes", nil, "*"); err != nil {
		return nil, err
	}
	names := q.list("InstanceType")
	if err := q.rest(); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, &cloud.Error{Code: "InvalidParameterValue", Message: "The simulator describes the types that are named", Status: 400}
	}
	out := struct {
		response
		Types []instanceTypeXML `xml:"instanceTypeSet>item"`
	}{response: newResponse()}
	for _, name := range names {
		t, err := s.account.InstanceType(name)
		if err != nil {
			return nil, err
		}
		out.Types = append(out.Types, instanceTypeXML{name, []string{t.Architecture}, t.VCPUs})
	}
	return out, nil
}

package program_test

import (
	"fmt"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/edge"
	"github.com/talmolab/lablink-infrastructure/infra/image"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// accountFor is an AWS account in which everything is there that settings name.
func accountFor(s *settings.Settings) recording.Account {
	a := recording.Account{
		ID: "123456789012", Region: s.Region, Zones: []string{s.Region + "a", s.Region + "b", s.Region + "c"},
		LocalZones: []string{s.Region + "-lax-1a"}, InstanceTypes: map[string]recording.InstanceType{}, Images: map[string]recording.Image{},
		Parameters: map[string]string{}, HostedZones: map[string][]string{}, CloudflareZones: map[string][]string{}, CloudflareRanges: edge.Ranges(),
		OIDCProvider: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
	}
	if _, parent, ok := strings.Cut(s.DNS.Domain, "."); ok {
		a.HostedZones[parent] = []string{"Z0123456789"}
		a.CloudflareZones[parent] = []string{cloudflareZone}
	}
	add := func(types []string, id, parameter string) {
		if id == "" {
			id = "ami-of" + parameter
			a.Parameters[parameter] = id
		}
		for _, t := range types {
			a.InstanceTypes[t] = recording.InstanceType{Architectures: []string{architecture(t)}}
		}
		a.Images[id] = recording.Image{Name: "image", Architecture: architecture(types[0])}
	}
	for _, p := range s.Pools {
		id := p.Image.ID
		if id == "" && p.Image.SSMParameter == "" {
			id = "ami-of-" + p.Image.Pipeline
			a.Built = map[string][]string{p.Image.Pipeline: {id}}
		}
		add(p.InstanceTypes, id, p.Image.SSMParameter)
	}
	if s.Network.VPCID != "" {
		there := map[string]recording.Subnet{}
		for i, id := range s.Network.SubnetIDs {
			there[id] = recording.Subnet{Zone: a.Zones[i%len(a.Zones)], Cidr: fmt.Sprintf("10.0.%d.0/24", i)}
		}
		a.VPCs = map[string]map[string]recording.Subnet{s.Network.VPCID: there}
	}
	host := s.Allocator
	add([]string{host.InstanceType}, host.AMI, image.DebianParameter(architecture(host.InstanceType)))
	return a
}

// architecture is that of an instance type.
func architecture(instanceType string) string {
	if strings.HasPrefix(instanceType, "t4g.") || strings.HasPrefix(instanceType, "g5g.") {
		return "arm64"
	}
	return "x86_64"
}

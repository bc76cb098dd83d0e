package cloud

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// SeededVPC and SeededSubnets are the ids of what exists already, the subnets in
// the order of the zones.
const SeededVPC = "vpc-05170000000000001"

var SeededSubnets = []string{"subnet-0517000000000000a", "subnet-0517000000000000b", "subnet-0517000000000000c"}

// seed puts into a new account what the options say exists already.
func (a *Account) seed() error {
	for n, name := range a.opts.Zones {
		id := "Z" + strings.ToUpper(hexDigits(20))
		z := &Zone{ID: id, Name: trimDot(name)}
		for _, top := range []string{"co.uk", "com", "net", "org"} {
			z.NameServers = append(z.NameServers, fmt.Sprintf("ns-%d.awsdns-00.%s", n+1, top))
		}
		a.m.Zones[id] = z
	}
	for _, url := range a.opts.OIDCProviders {
		p := &OIDCProvider{ClientIDLists: []string{"sts.amazonaws.com"}}
		host := strings.TrimPrefix(url, "https://")
		_ = p.settleAs(a.iamARN("oidc-provider/"+host), host) // has no tags to refuse
		a.m.OIDCProviders[p.ID] = p
	}
	if a.opts.VPC == "" {
		return nil
	}
	return a.seedVPC()
}

// seedVPC makes a network as people have it before LabLink: its subnets follow
// the main route table, and give machines public addresses.
func (a *Account) seedVPC() error {
	whole, ok := network(a.opts.VPC)
	if !ok || whole.Bits() < 16 || whole.Bits() > 24 {
		return fmt.Errorf("the VPC that exists cannot have the range %q: want an IPv4 network of /16 to /24", a.opts.VPC)
	}
	v := &VPC{ID: SeededVPC, CidrBlock: whole.String()}
	if err := a.CreateVPC(v); err != nil {
		return err
	}
	g := &InternetGateway{VPCID: v.ID}
	if err := a.CreateInternetGateway(g); err != nil {
		return err
	}
	if err := a.CreateRoute(&Route{RouteTableID: v.MainRouteTableID, DestinationCidrBlock: "0.0.0.0/0", GatewayID: g.ID}); err != nil {
		return err
	}
	yes, first, bits := true, binary.BigEndian.Uint32(whole.Addr().AsSlice()), whole.Bits()+4
	for i, zone := range a.AvailabilityZones() {
		at := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, first+uint32(i)<<(32-bits))))
		s := &Subnet{ID: SeededSubnets[i], VPCID: v.ID, CidrBlock: netip.PrefixFrom(at, bits).String(), AvailabilityZone: zone, MapPublicIPOnLaunch: &yes}
		if err := a.CreateSubnet(s); err != nil {
			return err
		}
	}
	return nil
}

package cloud

import (
	"fmt"
	"strings"
)

// Seed is what an account has beside what every account here has. The kinds and
// images are not kept in the model: an account is opened with them each time.
type Seed struct {
	InstanceTypes []InstanceType `json:"instanceTypes"`
	Images        []Image        `json:"images"`
	VPCs          []VPC          `json:"vpcs"`
	Subnets       []Subnet       `json:"subnets"`
	// NoDefaultVPC is an account that has deleted the default VPC of its Region.
	NoDefaultVPC bool `json:"noDefaultVpc"`
}

// seed puts into a new account what the options say exists already.
func (a *Account) seed() error {
	if !a.opts.Seed.NoDefaultVPC {
		if err := a.seedDefaultVPC(); err != nil {
			return err
		}
	}
	for _, v := range a.opts.Seed.VPCs {
		if err := a.seedVPC(&v); err != nil {
			return err
		}
	}
	for _, s := range a.opts.Seed.Subnets {
		if err := a.CreateSubnet(&s); err != nil {
			return err
		}
	}
	a.seedCloudflare()
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
	return a.save()
}

// seedDefaultVPC makes what every account has in a Region: a VPC with a public
// subnet in each zone.
func (a *Account) seedDefaultVPC() error {
	v := &VPC{CidrBlock: "172.31.0.0/16", EnableDNSHostnames: new(true), Default: true}
	if err := a.seedVPC(v); err != nil {
		return err
	}
	for i, zone := range a.AvailabilityZones() {
		s := &Subnet{VPCID: v.ID, CidrBlock: fmt.Sprintf("172.31.%d.0/20", 16*i), AvailabilityZone: zone, MapPublicIPOnLaunch: new(true)}
		if err := a.CreateSubnet(s); err != nil {
			return err
		}
	}
	return nil
}

// seedVPC makes a VPC as people have it: subnets that do not say otherwise lead
// to the internet.
func (a *Account) seedVPC(v *VPC) error {
	if err := a.CreateVPC(v); err != nil {
		return err
	}
	g := &InternetGateway{VPCID: v.ID}
	if err := a.CreateInternetGateway(g); err != nil {
		return err
	}
	return a.CreateRoute(&Route{RouteTableID: v.MainRouteTableID, DestinationCidrBlock: "0.0.0.0/0", GatewayID: g.ID})
}

package cloud

// InternetGateway is aws:ec2/internetGateway:InternetGateway.
type InternetGateway struct {
	ID    string `json:"id"`
	VPCID string `json:"vpcId,omitempty"`
	Tagged
	gatewayComputed
}

type gatewayComputed struct {
	ARN     string `json:"arn"`
	OwnerID string `json:"ownerId"`
}

// CreateInternetGateway makes a gateway and attaches it to its VPC.
func (a *Account) CreateInternetGateway(g *InternetGateway) error {
	return a.change(func(m *model) error {
		if err := m.checkAttach(g.VPCID, ""); err != nil {
			return err
		}
		if err := g.settle(); err != nil {
			return err
		}
		g.ID = newID("igw")
		g.gatewayComputed = gatewayComputed{ARN: a.arn("ec2", "internet-gateway/"+g.ID), OwnerID: a.opts.AccountID}
		m.InternetGateways.keep(g.ID, g)
		return nil
	})
}

func (m *model) checkAttach(vpc, self string) error {
	if vpc == "" {
		return nil
	}
	if _, err := vpcs.get(m, vpc); err != nil {
		return err
	}
	for _, other := range m.InternetGateways {
		if other.VPCID == vpc && other.ID != self {
			return refuse("InvalidParameterValue", "Network %s already has an internet gateway attached", vpc)
		}
	}
	return nil
}

// InternetGateway returns one gateway.
func (a *Account) InternetGateway(id string) (*InternetGateway, error) {
	return gateways.lookup(a, id)
}

// UpdateInternetGateway changes tags and the VPC it is attached to.
func (a *Account) UpdateInternetGateway(id string, g *InternetGateway) error {
	return gateways.update(a, id, g, func(m *model, cur *InternetGateway) error {
		if g.VPCID == "" { // left out: stays where it is
			g.VPCID = cur.VPCID
		}
		if g.VPCID != cur.VPCID {
			if err := m.checkDetach(cur.VPCID); err != nil {
				return err
			}
		}
		if err := m.checkAttach(g.VPCID, id); err != nil {
			return err
		}
		g.ID, g.gatewayComputed = id, cur.gatewayComputed
		return g.settle()
	})
}

// DeleteInternetGateway refuses while the VPC holds public addresses.
func (a *Account) DeleteInternetGateway(id string) error {
	return gateways.remove(a, id, func(m *model, g *InternetGateway) error { return m.checkDetach(g.VPCID) })
}

func (m *model) checkDetach(vpc string) error {
	if m.balancerIsPublicIn(vpc) {
		return mapped(vpc)
	}
	for _, i := range m.Instances {
		if i.PublicIP != "" && m.vpcOf(i) == vpc { // also while it ends
			return mapped(vpc)
		}
	}
	for _, n := range m.Interfaces {
		if m.elastic(n.ID) != nil && m.Subnets[n.SubnetID].VPCID == vpc {
			return mapped(vpc)
		}
	}
	for _, n := range m.NATGateways {
		if m.Subnets[n.SubnetID].VPCID == vpc {
			return mapped(vpc)
		}
	}
	return nil
}

func mapped(vpc string) error {
	return refuse("DependencyViolation", "Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", vpc)
}

// attached reports whether a VPC has an internet gateway.
func (m *model) attached(vpc string) bool {
	for _, g := range m.InternetGateways {
		if g.VPCID == vpc {
			return true
		}
	}
	return false
}

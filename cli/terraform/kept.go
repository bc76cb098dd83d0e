package terraform

// findAddress finds the address that leads to the allocator: the one that is
// associated with it, whether Terraform made it or looked it up.
func (p *Plan) findAddress() error {
	type eip struct {
		ID   string
		IP   string `json:"public_ip"`
		Tags map[string]string
	}
	associated, err := only[struct {
		Allocation string `json:"allocation_id"`
	}](p.State.managed("aws_eip_association"), "association of an address with the allocator")
	if err != nil {
		return err
	}
	p.Forget = append(p.Forget, associated.Address) // which ends when the address moves
	for _, mode := range []string{"managed", "data"} {
		for _, o := range p.State.objects(mode, "aws_eip") {
			a, err := read[eip](o)
			if err != nil {
				return err
			}
			if a.ID != associated.attributes.Allocation {
				continue
			}
			p.Address = Address{ID: a.ID, IP: a.IP, Managed: mode == "managed", At: o.Address, Tags: a.Tags}
			if p.Address.Managed {
				p.Forget = append(p.Forget, o.Address)
			}
			return nil
		}
	}
	return incomplete("its address " + associated.attributes.Allocation)
}

// findRecord finds the record, where Terraform made one.
func (p *Plan) findRecord() error {
	objects := p.State.managed("aws_route53_record")
	if len(objects) == 0 {
		return nil
	}
	record, err := only[struct {
		ID, Name, FQDN, Type string
		ZoneID               string `json:"zone_id"`
		Alias                []struct{ Name string }
	}](objects, "record in Route 53")
	if err != nil {
		return err
	}
	a := record.attributes
	if a.Type != "A" {
		return incomplete("its record is of type " + a.Type + ", not A")
	}
	p.Record = &Record{ID: a.ID, Name: a.FQDN, ZoneID: a.ZoneID, At: record.Address, Alias: len(a.Alias) > 0}
	p.Forget = append(p.Forget, record.Address)
	return nil
}

// findZone finds the zone, whether Terraform made it or looked it up.
func (p *Plan) findZone() error {
	if p.Record != nil {
		p.Zone.ID = p.Record.ZoneID
	}
	for _, mode := range []string{"data", "managed"} {
		for _, o := range p.State.objects(mode, "aws_route53_zone") {
			a, err := read[struct {
				Name string
				ID   string `json:"zone_id"`
			}](o)
			if err != nil {
				return err
			}
			if mode == "managed" {
				p.Forget = append(p.Forget, o.Address)
			}
			if p.Record == nil || p.Record.ZoneID == a.ID {
				p.Zone = Zone{ID: a.ID, Name: a.Name, At: o.Address, Managed: mode == "managed"}
			}
		}
	}
	return nil
}

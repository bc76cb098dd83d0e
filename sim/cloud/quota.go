package cloud

import "slices"

// Quota is what an account may have of something, as Service Quotas tells it.
type Quota struct {
	Service, Code, Name string
	Value               float64
}

// addressQuota is the code of the quota for elastic addresses.
const addressQuota = "L-0263D0A3"

// quotas are what an account here may have: AWS's own value for addresses, and for
// vCPUs what an account has that was raised once.
var quotas = []Quota{
	{"ec2", addressQuota, "EC2-VPC Elastic IPs", 5},
	{"ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 256},
	{"ec2", "L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 256},
	{"ec2", "L-DB2E81BA", "Running On-Demand G and VT instances", 256},
	{"ec2", "L-3819A6DF", "All G and VT Spot Instance Requests", 256},
	{"ec2", "L-417A185B", "Running On-Demand P instances", 0},
	{"ec2", "L-7212CCBC", "All P Spot Instance Requests", 0},
}

// Quota is one of a service's, by its code.
func (a *Account) Quota(service, code string) (Quota, error) {
	var out Quota
	err := a.view(func(m *model) (err error) { out, err = m.quota(service, code); return err })
	return out, err
}

func (m *model) quota(service, code string) (Quota, error) {
	i := slices.IndexFunc(quotas, func(q Quota) bool { return q.Service == service && q.Code == code })
	if i < 0 {
		return Quota{}, refuse("NoSuchResourceException", "The request failed because the specified quota %s of %s does not exist.", code, service)
	}
	q := quotas[i]
	if value, ok := m.Faults.Quotas[code]; ok {
		q.Value = value
	}
	return q, nil
}

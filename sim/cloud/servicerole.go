package cloud

import "strings"

// serviceRolePath is where IAM keeps the roles of AWS's services.
const serviceRolePath = "/aws-service-role/"

// serviceRoles are the roles that services act under, by the service's name.
var serviceRoles = map[string]string{
	"spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
}

// ServiceLinkedRole is aws:iam/serviceLinkedRole:ServiceLinkedRole.
type ServiceLinkedRole struct {
	ID             string `json:"id"` // its ARN
	AWSServiceName string `json:"awsServiceName"`
	Description    string `json:"description,omitempty"`
	Tagged
	serviceRoleComputed
}

type serviceRoleComputed struct {
	ARN        string `json:"arn"`
	Name       string `json:"name"`
	Path       string `json:"path"`
	UniqueID   string `json:"uniqueId"`
	CreateDate string `json:"createDate"`
}

// CreateServiceLinkedRole makes the role of a service, of which there is one.
func (a *Account) CreateServiceLinkedRole(s *ServiceLinkedRole) error {
	name, known := serviceRoles[s.AWSServiceName]
	if !known {
		return refuse("InvalidInput", "The simulator knows no service-linked role for %s", s.AWSServiceName)
	}
	if _, err := a.Role(name); err == nil {
		return refuse("InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", name)
	}
	r := &Role{
		Name: name, Path: serviceRolePath + s.AWSServiceName + "/", Description: s.Description, Tagged: s.Tagged,
		AssumeRolePolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + s.AWSServiceName + `"},"Action":"sts:AssumeRole"}]}`,
	}
	if err := a.CreateRole(r); err != nil {
		return err
	}
	s.show(r)
	return nil
}

func (s *ServiceLinkedRole) show(r *Role) {
	s.ID, s.AWSServiceName = r.ARN, strings.Split(r.Path, "/")[2]
	s.Description, s.Tagged = r.Description, r.Tagged
	s.serviceRoleComputed = serviceRoleComputed{ARN: r.ARN, Name: r.Name, Path: r.Path, UniqueID: r.UniqueID, CreateDate: r.CreateDate}
}

// ServiceLinkedRole returns the role of a service by its ARN.
func (a *Account) ServiceLinkedRole(arn string) (*ServiceLinkedRole, error) {
	r, err := a.Role(arn[strings.LastIndex(arn, "/")+1:])
	if err == nil && (r.ARN != arn || !strings.HasPrefix(r.Path, serviceRolePath)) {
		err = refuseStatus(404, "NoSuchEntity", "The role with name %s cannot be found.", arn)
	}
	if err != nil {
		return nil, err
	}
	s := &ServiceLinkedRole{}
	s.show(r)
	return s, nil
}

// UpdateServiceLinkedRole changes description and tags.
func (a *Account) UpdateServiceLinkedRole(arn string, s *ServiceLinkedRole) error {
	cur, err := a.ServiceLinkedRole(arn)
	if err != nil {
		return err
	}
	r, err := a.Role(cur.Name)
	if err != nil {
		return err
	}
	r.Description, r.Tagged = s.Description, s.Tagged
	return a.UpdateRole(cur.Name, r)
}

// DeleteServiceLinkedRole asks the service, which agrees.
func (a *Account) DeleteServiceLinkedRole(arn string) error {
	cur, err := a.ServiceLinkedRole(arn)
	if err != nil {
		return err
	}
	return roles.remove(a, cur.Name, nil)
}

// RolesAt are the roles below a path.
func (a *Account) RolesAt(path string) []Role {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []Role
	for _, r := range a.m.Roles {
		if strings.HasPrefix(r.Path, path) {
			out = append(out, *r)
		}
	}
	return out
}

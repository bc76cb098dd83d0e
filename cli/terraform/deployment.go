package terraform

import (
	"regexp"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Deployment is which deployment a state is of.
type Deployment struct {
	// Older is set for the generation before the template.
	Older bool
	// Name and Environment are what its resources are named by.
	Name, Environment string
	Account, Region   string
	// Tool is the program that it was made with, and Variables what that is given.
	Tool      string
	Variables []string
}

// Key pairs of both generations. An older deployment has no name of its own.
var (
	templates = regexp.MustCompile(`^(.+)-keypair-([a-z-]+)$`)
	olders    = regexp.MustCompile(`^lablink-key-(.+)$`)
)

// Generation says which one it is.
func (d Deployment) Generation() string {
	if d.Older {
		return "the older generation, made from LabLink's own repository"
	}
	return "the newer generation, made from the template"
}

// recognise finds out which deployment a state is of.
func recognise(s *State) (Deployment, error) {
	if len(s.managed("aws_instance")) > 0 && len(s.managed("aws_eip_association")) == 0 {
		return Deployment{}, api.Problemf(api.Invalid, "This is not the allocator's state", "It has instances and no address, as the state of client machines has, which the allocator keeps itself. %s of the allocator.", strings.ToUpper(how[:1])+how[1:])
	}
	pair, err := only[struct {
		ARN  string
		Name string `json:"key_name"`
	}](s.managed("aws_key_pair"), "key pair")
	if err != nil {
		return Deployment{}, err
	}
	name, arn := pair.attributes.Name, strings.Split(pair.attributes.ARN, ":")
	if len(arn) != 6 {
		return Deployment{}, incomplete("the ARN of key pair " + name)
	}
	d := Deployment{Region: arn[3], Account: arn[4]}
	if m := templates.FindStringSubmatch(name); m != nil {
		d.Name, d.Environment, d.Tool = m[1], m[2], "tofu"
		d.Variables = []string{"deployment_name=" + m[1], "environment=" + m[2]}
		return d, nil
	}
	if m := olders.FindStringSubmatch(name); m != nil {
		d.Older, d.Name, d.Environment, d.Tool = true, "lablink", m[1], "terraform"
		d.Variables = []string{"resource_suffix=" + m[1]}
		return d, nil
	}
	return d, api.Problemf(api.Invalid, "This is no state of LabLink's", "Its key pair is called %s. LabLink's are called DEPLOYMENT-keypair-ENVIRONMENT, or lablink-key-ENVIRONMENT where they are older.", name)
}

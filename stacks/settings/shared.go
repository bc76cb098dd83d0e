package settings

import (
	"github.com/talmolab/lablink-infrastructure/infra/dns/zonename"
	"github.com/talmolab/lablink-infrastructure/infra/identity/subject"
)

// Subjects are the runs of workflows that the roles of an environment trust, as
// GitHub names them, by role. There are none without a repository.
func (s *Settings) Subjects() map[string][]string {
	r := subject.Repository{Name: s.GitHub.Repository, ID: s.GitHub.RepositoryID, OwnerID: s.GitHub.OwnerID}
	if r.Name == "" {
		return nil
	}
	in := subject.In(s.GitHub.Environment, s.InProduction())
	return map[string][]string{"preview": subject.Of(r, in.Preview), "drift": subject.Of(r, in.Drift), "deploy": subject.Of(r, in.Deploy)}
}

// ZoneNames are the names that the zone of the domain may have, the longest first.
func (s *Settings) ZoneNames() []string { return zonename.Of(s.DNS.Domain) }

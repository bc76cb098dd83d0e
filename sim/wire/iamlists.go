package wire

import (
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// roleAt and profileAt are what a list shows of a role and of an instance profile.
type roleAt struct{ RoleName, Path, Arn string }

type profileAt struct{ InstanceProfileName, Path, Arn string }

// listRoles lists the roles below a path, in one page.
func (s *Server) listRoles(c call, q *query) (any, error) {
	path, err := s.below(c, q, "iam:ListRoles")
	if err != nil {
		return nil, err
	}
	var out struct {
		IsTruncated bool
		Roles       []roleAt `xml:"Roles>member"`
	}
	for _, r := range s.account.RolesAt(path) {
		out.Roles = append(out.Roles, roleAt{r.Name, r.Path, r.ARN})
	}
	return out, nil
}

// listProfiles lists the instance profiles below a path, in one page.
func (s *Server) listProfiles(c call, q *query) (any, error) {
	path, err := s.below(c, q, "iam:ListInstanceProfiles")
	if err != nil {
		return nil, err
	}
	var out struct {
		IsTruncated bool
		Profiles    []profileAt `xml:"InstanceProfiles>member"`
	}
	for _, p := range s.account.InstanceProfilesAt(path) {
		out.Profiles = append(out.Profiles, profileAt{p.Name, p.Path, p.ARN})
	}
	return out, nil
}

// below is the path that a list is to begin with, for who may list.
func (s *Server) below(c call, q *query, action string) (string, error) {
	path := q.get("PathPrefix")
	if err := q.rest(); err != nil {
		return "", err
	}
	if path != "" && !strings.HasPrefix(path, "/") {
		return "", &cloud.Error{Code: "ValidationError", Message: "The specified value for pathPrefix is invalid. It must begin with /", Status: 400}
	}
	return path, s.account.Authorize(c.who, action, "*", nil)
}

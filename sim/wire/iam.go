package wire

import (
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// iamNamespace is that of the one version of the IAM API there is.
const iamNamespace = "https://iam.amazonaws.com/doc/2010-05-08/"

// inIAM is a role or an instance profile. Its name is called as its kind is.
type inIAM struct {
	RoleName            string `xml:",omitempty"`
	InstanceProfileName string `xml:",omitempty"`
	Path, Arn           string
}

// iamCalls list what is below a path: the action, and what its members are called.
var iamCalls = map[string]struct {
	member string
	list   func(a *cloud.Account, path string) []inIAM
}{
	"ListRoles": {"Roles", func(a *cloud.Account, path string) (out []inIAM) {
		for _, r := range a.RolesAt(path) {
			out = append(out, inIAM{RoleName: r.Name, Path: r.Path, Arn: r.ARN})
		}
		return out
	}},
	"ListInstanceProfiles": {"InstanceProfiles", func(a *cloud.Account, path string) (out []inIAM) {
		for _, p := range a.InstanceProfilesAt(path) {
			out = append(out, inIAM{InstanceProfileName: p.Name, Path: p.Path, Arn: p.ARN})
		}
		return out
	}},
}

// iam answers in one page.
func (s *Server) iam(w http.ResponseWriter, c call) {
	q, err := parseQuery(c.body)
	if err != nil {
		fail(w, c.service, err)
		return
	}
	action := q.values.Get("Action")
	do, ok := iamCalls[action]
	if !ok {
		fail(w, c.service, &cloud.Error{Code: "InvalidAction", Message: "The simulator does not have the action " + action, Status: 400})
		return
	}
	path := q.get("PathPrefix")
	if err := q.rest(); err != nil {
		fail(w, c.service, err)
		return
	}
	if path != "" && !strings.HasPrefix(path, "/") {
		fail(w, c.service, &cloud.Error{Code: "ValidationError", Message: "The specified value for pathPrefix is invalid. It must begin with /", Status: 400})
		return
	}
	if err := s.account.Authorize(c.who, "iam:"+action, "*", nil); err != nil {
		fail(w, c.service, err)
		return
	}
	type members struct {
		XMLName xml.Name
		All     []inIAM `xml:"member"`
	}
	type result struct {
		XMLName     xml.Name
		IsTruncated bool
		Members     members
	}
	answer(w, http.StatusOK, struct {
		XMLName   xml.Name
		Result    result
		RequestID string `xml:"ResponseMetadata>RequestId"`
	}{
		xml.Name{Space: iamNamespace, Local: action + "Response"},
		result{xml.Name{Local: action + "Result"}, false, members{xml.Name{Local: do.member}, do.list(s.account, path)}},
		uuid.NewString(),
	})
}

package wire

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// iamCalls are the calls that IAM answers.
var iamCalls = map[string]func(*Server, call, *query) (any, error){
	"GetOpenIDConnectProvider": (*Server).getOIDCProvider,
	"GetRole":                  (*Server).getRole,
	"ListInstanceProfiles":     (*Server).listProfiles,
	"ListRoles":                (*Server).listRoles,
	"UpdateAssumeRolePolicy":   (*Server).updateTrust,
}

// iam answers a call of the Query API, with the result below an element that is
// named for it.
func (s *Server) iam(w http.ResponseWriter, c call) {
	out, err := s.iamCall(c)
	if err != nil {
		fail(w, c.service, err)
		return
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	_, _ = w.Write(append([]byte(xml.Header), out...))
}

func (s *Server) iamCall(c call) ([]byte, error) {
	q, err := parseQuery(c.body)
	if err != nil {
		return nil, err
	}
	name := q.values.Get("Action")
	do, ok := iamCalls[name]
	if !ok {
		return nil, &cloud.Error{Code: "InvalidAction", Message: "The simulator does not have the action " + name, Status: 400}
	}
	out, err := do(s, c, q)
	if err != nil {
		return nil, err
	}
	var body strings.Builder
	enc := xml.NewEncoder(&body)
	root := xml.StartElement{Name: xml.Name{Space: "https://iam.amazonaws.com/doc/2010-05-08/", Local: name + "Response"}}
	result := xml.StartElement{Name: xml.Name{Local: name + "Result"}}
	for _, step := range []func() error{
		func() error { return enc.EncodeToken(root) },
		func() error { return enc.EncodeElement(out, result) },
		func() error {
			return enc.EncodeElement(uuid.NewString(), xml.StartElement{Name: xml.Name{Local: "RequestId"}})
		},
		func() error { return enc.EncodeToken(root.End()) },
		enc.Close,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return []byte(body.String()), nil
}

type roleXML struct {
	Path       string
	RoleName   string
	RoleID     string `xml:"RoleId"`
	Arn        string
	CreateDate string
	Trust      string `xml:"AssumeRolePolicyDocument"` // percent-encoded
}

// role is a role by its name, for a caller who may do an action with it.
func (s *Server) role(c call, action, name string) (*cloud.Role, error) {
	r, err := s.account.Role(name)
	arn := "arn:aws:iam::" + s.account.ID() + ":role/" + name
	if err == nil {
		arn = r.ARN
	}
	if err := s.account.Authorize(c.who, action, arn, nil); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, &cloud.Error{Code: "NoSuchEntity", Message: "The role with name " + name + " cannot be found.", Status: 404}
	}
	return r, nil
}

func (s *Server) getRole(c call, q *query) (any, error) {
	name := q.get("RoleName")
	if err := q.rest(); err != nil {
		return nil, err
	}
	r, err := s.role(c, "iam:GetRole", name)
	if err != nil {
		return nil, err
	}
	return struct {
		Role roleXML
	}{roleXML{r.Path, r.Name, r.UniqueID, r.ARN, r.CreateDate, url.QueryEscape(r.AssumeRolePolicy)}}, nil
}

// updateTrust changes whom a role trusts.
func (s *Server) updateTrust(c call, q *query) (any, error) {
	name, document := q.get("RoleName"), q.get("PolicyDocument")
	if err := q.rest(); err != nil {
		return nil, err
	}
	r, err := s.role(c, "iam:UpdateAssumeRolePolicy", name)
	if err != nil {
		return nil, err
	}
	r.AssumeRolePolicy = document
	return struct{}{}, s.account.UpdateRole(name, r)
}

func (s *Server) getOIDCProvider(c call, q *query) (any, error) {
	arn := q.get("OpenIDConnectProviderArn")
	if err := q.rest(); err != nil {
		return nil, err
	}
	if err := s.account.Authorize(c.who, "iam:GetOpenIDConnectProvider", arn, nil); err != nil {
		return nil, err
	}
	p, err := s.account.OIDCProvider(arn)
	if err != nil {
		return nil, &cloud.Error{Code: "NoSuchEntity", Message: "OpenIDConnect Provider not found for arn " + arn, Status: 404}
	}
	return struct {
		URL         string   `xml:"Url"`
		Clients     []string `xml:"ClientIDList>member"`
		Thumbprints []string `xml:"ThumbprintList>member"`
	}{p.URL, p.ClientIDLists, p.ThumbprintLists}, nil
}

package wire

import (
	"bytes"
	"encoding/xml"
	"net/http"

	"github.com/google/uuid"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// namespace is that of the one version of the EC2 API there is.
const namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"

// actions are the calls that EC2 answers.
var actions = map[string]func(*Server, call, *query) (any, error){
	"CreateFleet":                   (*Server).createFleet,
	"CreateSnapshot":                (*Server).createSnapshot,
	"CreateTags":                    (*Server).createTags,
	"DeregisterImage":               (*Server).deregisterImage,
	"DescribeImages":                (*Server).describeImages,
	"DescribeInstanceTypeOfferings": (*Server).describeOfferings,
	"DescribeInstanceTypes":         (*Server).describeInstanceTypes,
	"DescribeInstances":             (*Server).describeInstances,
	"DescribeRegions":               (*Server).describeRegions,
	"DescribeSpotPriceHistory":      (*Server).describeSpotPriceHistory,
	"DescribeSubnets":               (*Server).describeSubnets,
	"RebootInstances":               (*Server).rebootInstances,
	"RevokeSecurityGroupIngress":    (*Server).revokeIngress,
	"TerminateInstances":            (*Server).terminateInstances,
}

func (s *Server) ec2(w http.ResponseWriter, c call) {
	q, err := parseQuery(c.body)
	if err != nil {
		fail(w, c.service, err)
		return
	}
	name := q.values.Get("Action")
	action, ok := actions[name]
	if !ok {
		fail(w, c.service, &cloud.Error{Code: "InvalidAction", Message: "The simulator does not have the action " + name, Status: 400})
		return
	}
	if err := s.throttle(name, q.values); err != nil {
		fail(w, c.service, err)
		return
	}
	out, err := action(s, c, q)
	if err != nil {
		fail(w, c.service, err)
		return
	}
	var body bytes.Buffer
	enc := xml.NewEncoder(&body)
	root := xml.StartElement{Name: xml.Name{Space: namespace, Local: name + "Response"}}
	if err := enc.EncodeElement(out, root); err != nil {
		fail(w, c.service, err)
		return
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	_, _ = w.Write(append([]byte(xml.Header), body.Bytes()...))
}

// response is what every answer holds.
type response struct {
	RequestID string `xml:"requestId"`
}

func newResponse() response { return response{uuid.NewString()} }

// authorize asks for one action on several resources.
func (s *Server) authorize(c call, action string, context map[string][]string, resources ...string) error {
	for _, r := range resources {
		if err := s.account.Authorize(c.who, action, r, context); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) arn(resource string) string {
	return "arn:aws:ec2:" + s.account.Region() + ":" + s.account.ID() + ":" + resource
}

// tagContext is what conditions on the tags of a resource see.
func tagContext(prefix string, tags map[string]string) map[string][]string {
	out := map[string][]string{}
	for k, v := range tags {
		out[prefix+k] = []string{v}
	}
	return out
}

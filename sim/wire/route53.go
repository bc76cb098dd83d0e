package wire

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// globalRegion is where the requests of services are signed for that have no Region.
const globalRegion = "us-east-1"

// route53Calls are the calls that Route 53 answers, by method and path below the
// version. {id} stands for one segment.
var route53Calls = map[string]struct {
	pattern string
	answer  func(*Server, call, string) (any, error)
}{
	"ChangeResourceRecordSets": {"POST /hostedzone/{id}/rrset", (*Server).changeRecords},
	"GetChange":                {"GET /change/{id}", (*Server).getChange},
	"GetHostedZone":            {"GET /hostedzone/{id}", (*Server).getZone},
	"ListHostedZonesByName":    {"GET /hostedzonesbyname", (*Server).listZones},
}

func (s *Server) route53(w http.ResponseWriter, c call) {
	path, versioned := strings.CutPrefix(strings.TrimSuffix(c.URL.Path, "/"), "/2013-04-01")
	asked := strings.Split(c.Method+" "+path, "/")
	for _, known := range route53Calls {
		pattern := strings.Split(known.pattern, "/")
		at := slices.Index(pattern, "{id}")
		if !versioned || len(asked) != len(pattern) {
			continue
		}
		id := ""
		if at >= 0 {
			id = asked[at]
			pattern[at] = id
		}
		if !slices.Equal(asked, pattern) {
			continue
		}
		out, err := known.answer(s, c, id)
		if err != nil {
			fail(w, c.service, err)
			return
		}
		answer(w, http.StatusOK, out)
		return
	}
	fail(w, c.service, &cloud.Error{Code: "InvalidAction", Message: "The simulator does not have " + c.Method + " " + c.URL.Path, Status: 400})
}

// changeInfo is what Route 53 says of a change.
type changeInfo struct {
	ID          string `xml:"Id"`
	Status      string
	SubmittedAt string
}

// changeBatch is the body of ChangeResourceRecordSets.
type changeBatch struct {
	Changes []struct {
		Action string
		Record struct {
			Name   string
			Type   string
			TTL    *int
			Values []string `xml:"ResourceRecords>ResourceRecord>Value"`
			Others []other  `xml:",any"`
		} `xml:"ResourceRecordSet"`
		Others []other `xml:",any"`
	} `xml:"ChangeBatch>Changes>Change"`
}

// other is an element that the simulator does not model.
type other struct{ XMLName xml.Name }

// changeRecords answers ChangeResourceRecordSets. What it changes is everywhere
// at once, but, as on AWS, it says so only when it is asked again.
func (s *Server) changeRecords(c call, zone string) (any, error) {
	var in changeBatch
	if err := xml.NewDecoder(bytes.NewReader(c.body)).Decode(&in); err != nil {
		return nil, &cloud.Error{Code: "InvalidInput", Message: err.Error(), Status: 400}
	}
	var changes []cloud.RecordChange
	var names, types, actions []string
	for _, change := range in.Changes {
		r := change.Record
		for _, o := range slices.Concat(change.Others, r.Others) {
			return nil, &cloud.Error{Code: "InvalidInput", Message: "The simulator does not model " + o.XMLName.Local + " of a change", Status: 400}
		}
		changes = append(changes, cloud.RecordChange{Action: change.Action, Record: cloud.Record{Name: r.Name, Type: r.Type, TTL: r.TTL, Records: r.Values}})
		names = append(names, strings.ToLower(strings.TrimSuffix(r.Name, ".")))
		types, actions = append(types, r.Type), append(actions, change.Action)
	}
	if len(changes) == 0 {
		return nil, &cloud.Error{Code: "InvalidInput", Message: "1 validation error detected: 'changeBatch.changes' must have length greater than or equal to 1", Status: 400}
	}
	if err := s.account.Authorize(c.who, "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/"+zone, map[string][]string{
		"route53:ChangeResourceRecordSetsNormalizedRecordNames": names,
		"route53:ChangeResourceRecordSetsRecordTypes":           types,
		"route53:ChangeResourceRecordSetsActions":               actions,
	}); err != nil {
		return nil, err
	}
	if err := s.account.ChangeRecords(zone, changes); err != nil {
		return nil, err
	}
	id := "C" + strings.ToUpper(strings.ReplaceAll(uuid.NewString(), "-", ""))
	s.recordChanges.Store(id, s.now())
	return struct {
		XMLName xml.Name   `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ChangeResourceRecordSetsResponse"`
		Info    changeInfo `xml:"ChangeInfo"`
	}{Info: infoOf(id, "PENDING", s.now())}, nil
}

// getChange answers GetChange.
func (s *Server) getChange(c call, id string) (any, error) {
	if err := s.account.Authorize(c.who, "route53:GetChange", "arn:aws:route53:::change/"+id, nil); err != nil {
		return nil, err
	}
	submitted, ok := s.recordChanges.Load(id)
	if !ok {
		return nil, &cloud.Error{Code: "NoSuchChange", Message: "Could not find resource with ID: " + id, Status: 404}
	}
	return struct {
		XMLName xml.Name   `xml:"https://route53.amazonaws.com/doc/2013-04-01/ GetChangeResponse"`
		Info    changeInfo `xml:"ChangeInfo"`
	}{Info: infoOf(id, "INSYNC", submitted.(time.Time))}, nil
}

func infoOf(id, status string, submitted time.Time) changeInfo {
	return changeInfo{ID: "/change/" + id, Status: status, SubmittedAt: submitted.UTC().Format(time.RFC3339)}
}

package wire

import (
	"encoding/xml"
	"net/http"

	"github.com/google/uuid"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// sts answers GetCallerIdentity, which needs no permission.
func (s *Server) sts(w http.ResponseWriter, c call) {
	q, err := parseQuery(c.body)
	if err != nil {
		fail(w, c.service, err)
		return
	}
	if action := q.values.Get("Action"); action != "GetCallerIdentity" {
		fail(w, c.service, &cloud.Error{Code: "InvalidAction", Message: "The simulator does not have the action " + action, Status: 400})
		return
	}
	if err := q.rest(); err != nil {
		fail(w, c.service, err)
		return
	}
	answer(w, http.StatusOK, struct {
		XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
		Arn       string   `xml:"GetCallerIdentityResult>Arn"`
		UserID    string   `xml:"GetCallerIdentityResult>UserId"`
		Account   string   `xml:"GetCallerIdentityResult>Account"`
		RequestID string   `xml:"ResponseMetadata>RequestId"`
	}{Arn: c.who.ARN, UserID: c.who.UserID, Account: s.account.ID(), RequestID: uuid.NewString()})
}

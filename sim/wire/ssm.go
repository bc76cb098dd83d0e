package wire

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// ssm answers GetParameter.
func (s *Server) ssm(w http.ResponseWriter, c call) {
	target := c.Header.Get("X-Amz-Target")
	if target != "AmazonSSM.GetParameter" {
		fail(w, c.service, &cloud.Error{Code: "UnknownOperationException", Message: "the simulator does not have " + target, Status: 400})
		return
	}
	var in struct {
		Name           string
		WithDecryption bool
	}
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		fail(w, c.service, &cloud.Error{Code: "SerializationException", Message: err.Error(), Status: 400})
		return
	}
	arn := "arn:aws:ssm:" + s.account.Region() + ":" + s.account.ID() + ":parameter/" + strings.TrimPrefix(in.Name, "/")
	if err := s.account.Authorize(c.who, "ssm:GetParameter", arn, nil); err != nil {
		fail(w, c.service, err)
		return
	}
	p, err := s.account.Parameter(in.Name)
	if err != nil {
		fail(w, c.service, &cloud.Error{Code: "ParameterNotFound", Status: 400})
		return
	}
	value := p.Value
	if p.Type == "SecureString" && !in.WithDecryption {
		value = "AQICAHencrypted"
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(map[string]any{"Parameter": map[string]any{
		"Name": p.Name, "Type": p.Type, "Value": value, "Version": p.Version, "ARN": p.ARN, "DataType": p.DataType,
	}})
}

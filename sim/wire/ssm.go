package wire

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// ssm answers GetParameter, PutParameter and DeleteParameter.
func (s *Server) ssm(w http.ResponseWriter, c call) {
	var out map[string]any
	var err error
	switch target := c.Header.Get("X-Amz-Target"); target {
	case "AmazonSSM.GetParameter":
		out, err = s.getParameter(c)
	case "AmazonSSM.PutParameter":
		out, err = s.putParameter(c)
	case "AmazonSSM.DeleteParameter":
		out, err = s.deleteParameter(c)
	default:
		err = &cloud.Error{Code: "UnknownOperationException", Message: "the simulator does not have " + target, Status: 400}
	}
	if err != nil {
		fail(w, c.service, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

// parameterCall reads what a call says, and nothing else, and asks whether who
// signed it may make it.
func (s *Server) parameterCall(c call, action string, in any, name *string) error {
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(in); err != nil {
		return &cloud.Error{Code: "SerializationException", Message: err.Error(), Status: 400}
	}
	arn := "arn:aws:ssm:" + s.account.Region() + ":" + s.account.ID() + ":parameter/" + strings.TrimPrefix(*name, "/")
	return s.account.Authorize(c.who, action, arn, nil)
}

func (s *Server) getParameter(c call) (map[string]any, error) {
	var in struct {
		Name           string
		WithDecryption bool
	}
	if err := s.parameterCall(c, "ssm:GetParameter", &in, &in.Name); err != nil {
		return nil, err
	}
	p, err := s.account.Parameter(in.Name)
	if err != nil {
		return nil, &cloud.Error{Code: "ParameterNotFound", Status: 400}
	}
	value := p.Value
	if p.Type == "SecureString" && !in.WithDecryption {
		value = "AQICAHencrypted"
	}
	return map[string]any{"Parameter": map[string]any{
		"Name": p.Name, "Type": p.Type, "Value": value, "Version": p.Version, "ARN": p.ARN, "DataType": p.DataType,
	}}, nil
}

func (s *Server) putParameter(c call) (map[string]any, error) {
	var in struct {
		Name, Type, Value string
		Overwrite         bool
	}
	if err := s.parameterCall(c, "ssm:PutParameter", &in, &in.Name); err != nil {
		return nil, err
	}
	version, err := s.account.PutParameter(in.Name, in.Type, in.Value, in.Overwrite)
	return map[string]any{"Version": version, "Tier": "Standard"}, err
}

func (s *Server) deleteParameter(c call) (map[string]any, error) {
	var in struct{ Name string }
	if err := s.parameterCall(c, "ssm:DeleteParameter", &in, &in.Name); err != nil {
		return nil, err
	}
	return map[string]any{}, s.account.DeleteParameter(in.Name)
}

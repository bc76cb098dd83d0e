package wire

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// secrets answers GetSecretValue, of the secrets that RDS keeps.
func (s *Server) secrets(w http.ResponseWriter, c call) {
	out, err := s.secretValue(c)
	if err != nil {
		fail(w, c.service, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

func (s *Server) secretValue(c call) (map[string]any, error) {
	if target := c.Header.Get("X-Amz-Target"); target != "secretsmanager.GetSecretValue" {
		return nil, &cloud.Error{Code: "UnknownOperationException", Message: "the simulator does not have " + target, Status: 400}
	}
	var in struct{ SecretId string }
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, &cloud.Error{Code: "SerializationException", Message: err.Error(), Status: 400}
	}
	if err := s.account.Authorize(c.who, "secretsmanager:GetSecretValue", in.SecretId, nil); err != nil {
		return nil, err
	}
	d, err := s.account.DatabaseSecret(in.SecretId)
	if err != nil {
		return nil, err
	}
	value, err := json.Marshal(map[string]string{"username": d.User, "password": d.Password})
	if err != nil {
		return nil, err
	}
	return map[string]any{"ARN": in.SecretId, "Name": path.Base(in.SecretId), "SecretString": string(value), "VersionStages": []string{"AWSCURRENT"}}, nil
}

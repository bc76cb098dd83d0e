package wire

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// quotas answers GetServiceQuota of Service Quotas.
func (s *Server) quotas(w http.ResponseWriter, c call) {
	out, err := s.getQuota(c)
	if err != nil {
		fail(w, c.service, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

func (s *Server) getQuota(c call) (map[string]any, error) {
	if target := c.Header.Get("X-Amz-Target"); target != "ServiceQuotasV20190624.GetServiceQuota" {
		return nil, &cloud.Error{Code: "UnknownOperationException", Message: "the simulator does not have " + target, Status: 400}
	}
	var in struct{ ServiceCode, QuotaCode string }
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, &cloud.Error{Code: "SerializationException", Message: err.Error(), Status: 400}
	}
	arn := "arn:aws:servicequotas:" + s.account.Region() + ":" + s.account.ID() + ":" + in.ServiceCode + "/" + in.QuotaCode
	if err := s.account.Authorize(c.who, "servicequotas:GetServiceQuota", arn, nil); err != nil {
		return nil, err
	}
	q, err := s.account.Quota(in.ServiceCode, in.QuotaCode)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Quota": map[string]any{
		"ServiceCode": q.Service, "QuotaCode": q.Code, "QuotaName": q.Name, "QuotaArn": arn, "Value": q.Value, "Unit": "None",
		"Adjustable": true, "GlobalQuota": false,
	}}, nil
}

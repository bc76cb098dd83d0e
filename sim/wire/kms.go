package wire

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// kmsInput are the parameters that the calls below take, together.
type kmsInput struct {
	KeyID             string `json:"KeyId"`
	Plaintext         []byte
	CiphertextBlob    []byte
	EncryptionContext map[string]string
	KeySpec           string
	NumberOfBytes     int
}

// kmsCalls are the calls of KMS that there are.
var kmsCalls = map[string]func(*cloud.Account, kmsInput, cloud.KeyUse) (any, error){
	"Encrypt": func(a *cloud.Account, in kmsInput, u cloud.KeyUse) (any, error) {
		blob, key, err := a.Encrypt(in.KeyID, in.Plaintext, u)
		return kmsOutput(key, map[string]any{"CiphertextBlob": blob, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}), err
	},
	"Decrypt": func(a *cloud.Account, in kmsInput, u cloud.KeyUse) (any, error) {
		plain, key, err := a.Decrypt(in.KeyID, in.CiphertextBlob, u)
		return kmsOutput(key, map[string]any{"Plaintext": plain, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}), err
	},
	"GenerateDataKey": func(a *cloud.Account, in kmsInput, u cloud.KeyUse) (any, error) {
		if in.KeySpec != "AES_256" && in.NumberOfBytes != 32 || in.KeySpec != "" && in.NumberOfBytes != 0 {
			return nil, &cloud.Error{Code: "ValidationException", Message: "the simulator makes data keys of AES_256, or of 32 bytes", Status: 400}
		}
		plain, blob, key, err := a.GenerateDataKey(in.KeyID, u)
		return kmsOutput(key, map[string]any{"Plaintext": plain, "CiphertextBlob": blob}), err
	},
}

func kmsOutput(key *cloud.Key, out map[string]any) map[string]any {
	if key != nil {
		out["KeyId"] = key.ARN
	}
	return out
}

// kmsTakes are the parameters of each call.
var kmsTakes = map[string][]string{
	"Encrypt":         {"KeyId", "Plaintext", "EncryptionContext"},
	"Decrypt":         {"KeyId", "CiphertextBlob", "EncryptionContext"},
	"GenerateDataKey": {"KeyId", "KeySpec", "NumberOfBytes", "EncryptionContext"},
}

// kms answers a call, with the caller's rights to the key.
func (s *Server) kms(w http.ResponseWriter, c call) {
	out, err := s.kmsCall(c)
	if err != nil {
		fail(w, c.service, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

func (s *Server) kmsCall(c call) (any, error) {
	name := strings.TrimPrefix(c.Header.Get("X-Amz-Target"), "TrentService.")
	do, ok := kmsCalls[name]
	if !ok {
		return nil, &cloud.Error{Code: "UnknownOperationException", Message: "the simulator does not have " + c.Header.Get("X-Amz-Target"), Status: 400}
	}
	var given map[string]json.RawMessage
	var in kmsInput
	if err := json.Unmarshal(c.body, &given); err != nil {
		return nil, &cloud.Error{Code: "SerializationException", Message: err.Error(), Status: 400}
	}
	for parameter := range given {
		if !slices.Contains(kmsTakes[name], parameter) {
			return nil, &cloud.Error{Code: "SerializationException", Message: "the simulator does not model the parameter " + parameter, Status: 400}
		}
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return nil, &cloud.Error{Code: "SerializationException", Message: err.Error(), Status: 400}
	}
	return do(s.account, in, cloud.KeyUse{By: c.who, Context: in.EncryptionContext})
}

package wire_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// key is what KMS answers, or the code of its refusal.
type key struct {
	KeyID          string `json:"KeyId"`
	Plaintext      []byte
	CiphertextBlob []byte
	Code           string `json:"__type"`
}

// kms makes one call, as the AWS SDK does.
func (w *world) kms(t *testing.T, as aws.Config, action string, in map[string]any) key {
	t.Helper()
	body, err := json.Marshal(in)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/", bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "TrentService."+action)
	who, err := as.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	sum := sha256.Sum256(body)
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), who, req, hex.EncodeToString(sum[:]), "kms", "us-west-2", w.now))
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var out key
	require.NoError(t, json.Unmarshal(raw, &out), string(raw))
	require.Equal(t, res.StatusCode == http.StatusOK, out.Code == "", string(raw))
	return out
}

func TestWhatAKeyEncryptedItDecryptsInTheSameContext(t *testing.T) {
	w := newWorld(t)
	one, other := &cloud.Key{}, &cloud.Key{}
	require.NoError(t, w.CreateKey(one))
	require.NoError(t, w.CreateKey(other))
	require.NoError(t, w.CreateAlias(&cloud.Alias{Name: "alias/state", TargetKeyID: one.ID}))
	dev, stack := w.developer(), map[string]any{"stack": "test"}
	for _, name := range []string{one.ID, one.ARN, "alias/state", "arn:aws:kms:us-west-2:123456789012:alias/state"} {
		made := w.kms(t, dev, "Encrypt", map[string]any{"KeyId": name, "Plaintext": []byte("secret"), "EncryptionContext": stack})
		require.Equal(t, one.ARN, made.KeyID, name)
		require.NotContains(t, string(made.CiphertextBlob), "secret")
		read := w.kms(t, dev, "Decrypt", map[string]any{"CiphertextBlob": made.CiphertextBlob, "EncryptionContext": stack})
		require.Equal(t, "secret", string(read.Plaintext))

		tampered := bytes.Clone(made.CiphertextBlob)
		tampered[len(tampered)-1] ^= 1
		for _, c := range []struct {
			why  string
			in   map[string]any
			code string
		}{
			{"another context", map[string]any{"CiphertextBlob": made.CiphertextBlob, "EncryptionContext": map[string]any{"stack": "prod"}}, "InvalidCiphertextException"},
			{"no context", map[string]any{"CiphertextBlob": made.CiphertextBlob}, "InvalidCiphertextException"},
			{"other bytes", map[string]any{"CiphertextBlob": tampered, "EncryptionContext": stack}, "InvalidCiphertextException"},
			{"another key", map[string]any{"CiphertextBlob": made.CiphertextBlob, "EncryptionContext": stack, "KeyId": other.ID}, "IncorrectKeyException"},
			{"nothing of KMS's", map[string]any{"CiphertextBlob": []byte("x")}, "InvalidCiphertextException"},
			{"a parameter that is not modelled", map[string]any{"CiphertextBlob": made.CiphertextBlob, "DryRun": true}, "SerializationException"},
		} {
			require.Equal(t, c.code, w.kms(t, dev, "Decrypt", c.in).Code, c.why)
		}
	}
	data := w.kms(t, dev, "GenerateDataKey", map[string]any{"KeyId": one.ID, "KeySpec": "AES_256"})
	require.Len(t, data.Plaintext, 32)
	require.Equal(t, data.Plaintext, w.kms(t, dev, "Decrypt", map[string]any{"CiphertextBlob": data.CiphertextBlob}).Plaintext)

	require.Equal(t, "NotFoundException", w.kms(t, dev, "Encrypt", map[string]any{"KeyId": "alias/none", "Plaintext": []byte("x")}).Code)
	require.Equal(t, "UnknownOperationException", w.kms(t, dev, "ReEncrypt", nil).Code)
	require.NoError(t, w.DeleteKey(one.ID))
	require.Equal(t, "KMSInvalidStateException", w.kms(t, dev, "Decrypt", map[string]any{"CiphertextBlob": data.CiphertextBlob}).Code)
}

// The default policy of a key leaves it to the account's policies who may use it;
// another one may not.
func TestAKeyIsUsedByWhomItsPolicyAndTheRolesAllow(t *testing.T) {
	const account, client = "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/client"
	statement := func(action, principal string) string {
		return `{"Effect":"Allow","Action":"` + action + `","Resource":"*","Principal":{"AWS":"` + principal + `"}}`
	}
	forTest := `{"Effect":"Allow","Action":"kms:Decrypt","Resource":"KEY","Condition":{"StringEquals":{"kms:EncryptionContext:stack":"test"}}}`
	for _, c := range []struct{ why, policy, role, context, code string }{
		{"the account may, the role's policies say nothing", "", "", "test", "AccessDeniedException"},
		{"the account may, and the role's policies allow it", "", forTest, "test", ""},
		{"in another context", "", forTest, "prod", "AccessDeniedException"},
		{"the key's policy names the role", statement("kms:*", account) + "," + statement("kms:Decrypt", client), "", "test", ""},
		{"the key's policy leaves nothing to the account", statement("kms:PutKeyPolicy", account) + "," + statement("kms:Encrypt", "arn:aws:iam::123456789012:user/developer"), forTest, "test", "AccessDeniedException"},
	} {
		w := newWorld(t)
		_, credential := w.machine(t)
		k := &cloud.Key{}
		require.NoError(t, w.CreateKey(k))
		blob := w.kms(t, w.developer(), "Encrypt", map[string]any{"KeyId": k.ID, "Plaintext": []byte("secret"), "EncryptionContext": map[string]any{"stack": c.context}}).CiphertextBlob
		if c.policy != "" {
			require.NoError(t, w.UpdateKey(k.ID, &cloud.Key{Policy: `{"Version":"2012-10-17","Statement":[` + c.policy + `]}`}), c.why)
		}
		if c.role != "" {
			w.allow(t, string(bytes.ReplaceAll([]byte(c.role), []byte("KEY"), []byte(k.ARN))))
		}
		as := w.config(credential.AccessKey, credential.Secret, credential.Token)
		got := w.kms(t, as, "Decrypt", map[string]any{"CiphertextBlob": blob, "EncryptionContext": map[string]any{"stack": c.context}})
		require.Equal(t, c.code, got.Code, c.why)
	}
}

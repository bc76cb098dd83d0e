package machine_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// metadata asks a machine's metadata service; headers come in pairs.
func metadata(t *testing.T, method, url string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(raw)
}

const (
	ttl   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	token = "X-Aws-Ec2-Metadata-Token"
)

func TestMetadataSaysThatASpotMachineIsTakenBack(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	_, err := w.Interrupt(w.launch("exit 0").ID)
	require.ErrorContains(t, err, "no running spot instance")
	i := w.launch("echo $AWS_EC2_METADATA_SERVICE_ENDPOINT > "+box.path, func(i *cloud.Instance) { i.InstanceLifecycle = "spot" })
	at := box.next() + "/latest/meta-data/"
	status, _ := metadata(t, "GET", at+"spot/instance-action")
	require.Equal(t, 404, status)
	when, err := w.Interrupt(i.ID)
	require.NoError(t, err)
	again, err := w.Interrupt(i.ID)
	require.NoError(t, err)
	require.Equal(t, when, again)
	_, said := metadata(t, "GET", at+"spot/instance-action")
	require.Equal(t, `{"action": "terminate", "time": "`+when.Format("2006-01-02T15:04:05Z07:00")+`"}`, said)
	_, said = metadata(t, "GET", at+"events/recommendations/rebalance")
	require.Contains(t, said, "noticeTime")
	require.NoError(t, w.TakeBack(i.ID))
	got, err := w.Instance(i.ID)
	require.NoError(t, err)
	require.Equal(t, "Server.SpotInstanceTermination", got.StateReason)
	require.NoError(t, w.TakeBack(i.ID), "it has ended")
}

func TestMetadataNeedsATokenWhereTheInstanceSaysSo(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	i := w.launch("echo $AWS_EC2_METADATA_SERVICE_ENDPOINT > "+box.path, func(i *cloud.Instance) {
		i.MetadataOptions = &cloud.MetadataOptions{HTTPTokens: "required"}
	})
	at := box.next()
	id := at + "/latest/meta-data/instance-id"
	for _, c := range []struct {
		name, method, path string
		headers            []string
		want               int
	}{
		{"no token", "GET", "/latest/meta-data/instance-id", nil, 401},
		{"a wrong token", "GET", "/latest/meta-data/instance-id", []string{token, "wrong"}, 401},
		{"no time to live", "PUT", "/latest/api/token", nil, 400},
		{"a time to live that is too long", "PUT", "/latest/api/token", []string{ttl, "21601"}, 400},
		{"a token by GET", "GET", "/latest/api/token", []string{ttl, "60"}, 405},
		{"a token for somebody behind a proxy", "PUT", "/latest/api/token", []string{ttl, "60", "X-Forwarded-For", "192.0.2.1"}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, _ := metadata(t, c.method, at+c.path, c.headers...)
			require.Equal(t, c.want, status)
		})
	}
	status, session := metadata(t, "PUT", at+"/latest/api/token", ttl, "60")
	require.Equal(t, 200, status)
	_, body := metadata(t, "GET", id, token, session)
	require.Equal(t, i.ID, body)
	_, body = metadata(t, "GET", at+"/latest/dynamic/instance-identity/document", token, session)
	var document struct{ AccountID, InstanceID, Region, PrivateIP string }
	require.NoError(t, json.Unmarshal([]byte(body), &document))
	require.Equal(t, i.ID, document.InstanceID)
	require.Equal(t, i.PrivateIP, document.PrivateIP)
	status, _ = metadata(t, "GET", at+"/latest/meta-data/hostname", token, session)
	require.Equal(t, 404, status)
	status, _ = metadata(t, "GET", at+"/latest/meta-data/iam/security-credentials/", token, session)
	require.Equal(t, 404, status, "it has no role")

	require.NoError(t, w.UpdateInstance(i.ID, &cloud.Instance{InstanceType: i.InstanceType, MetadataOptions: &cloud.MetadataOptions{HTTPEndpoint: "disabled"}}))
	status, _ = metadata(t, "GET", id, token, session)
	require.Equal(t, 403, status)
}

func TestMetadataHandsOutTheCredentialsOfTheRole(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "client", AssumeRolePolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`}))
	require.NoError(t, w.CreateInstanceProfile(&cloud.InstanceProfile{Name: "p", Role: "client"}))
	i := w.launch("echo $AWS_EC2_METADATA_SERVICE_ENDPOINT > "+box.path, func(i *cloud.Instance) { i.IAMInstanceProfile = "p" })
	at := box.next() + "/latest/meta-data/iam/security-credentials/"
	_, role := metadata(t, "GET", at)
	require.Equal(t, "client", role)
	status, _ := metadata(t, "GET", at+"other")
	require.Equal(t, 404, status)
	_, body := metadata(t, "GET", at+role)
	var out struct{ Code, AccessKeyID, SecretAccessKey, Token string }
	require.NoError(t, json.Unmarshal([]byte(body), &out))
	c, ok := w.Credential(out.AccessKeyID)
	require.True(t, ok)
	require.Equal(t, c.Secret, out.SecretAccessKey)
	require.Equal(t, c.Token, out.Token)
	require.Equal(t, i.ID, c.Principal.Instance)
}

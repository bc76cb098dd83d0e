package machine

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tokens are a machine's session tokens for metadata, version 2.
type tokens struct {
	mu     sync.Mutex
	expiry map[string]time.Time
}

func (t *tokens) issue(ttl time.Duration) string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	token := hex.EncodeToString(raw)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.expiry == nil {
		t.expiry = map[string]time.Time{}
	}
	maps.DeleteFunc(t.expiry, func(_ string, end time.Time) bool { return time.Now().After(end) })
	t.expiry[token] = time.Now().Add(ttl)
	return token
}

func (t *tokens) valid(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Now().Before(t.expiry[token])
}

// metadata answers instance metadata. Version 1, without a token, is refused
// where the instance requires tokens.
func (m *Machine) metadata(w http.ResponseWriter, r *http.Request) {
	i, err := m.host.account.Instance(m.instance.ID)
	if err != nil || i.MetadataOptions.HTTPEndpoint == "disabled" {
		http.Error(w, "metadata is disabled", http.StatusForbidden)
		return
	}
	if r.URL.Path == "/latest/api/token" {
		m.issueToken(w, r)
		return
	}
	if r.Method != http.MethodGet {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	token := r.Header.Get("X-Aws-Ec2-Metadata-Token")
	if !m.tokens.valid(token) && (token != "" || i.MetadataOptions.HTTPTokens == "required") {
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/latest/")
	if role, ok := strings.CutPrefix(path, "meta-data/iam/security-credentials/"); ok {
		m.credentials(w, role)
		return
	}
	value, ok := map[string]string{
		"meta-data/instance-id":                 i.ID,
		"meta-data/instance-type":               i.InstanceType,
		"meta-data/ami-id":                      i.AMI,
		"meta-data/local-ipv4":                  i.PrivateIP,
		"meta-data/public-ipv4":                 i.PublicIP,
		"meta-data/placement/availability-zone": i.AvailabilityZone,
		"meta-data/placement/region":            m.host.account.Region(),
		"user-data":                             i.Script,
	}[path]
	if path == "dynamic/instance-identity/document" {
		raw, err := json.Marshal(map[string]string{
			"accountId": m.host.account.ID(), "instanceId": i.ID, "region": m.host.account.Region(),
			"availabilityZone": i.AvailabilityZone, "imageId": i.AMI, "instanceType": i.InstanceType,
			"privateIp": i.PrivateIP, "version": "2017-09-30",
		})
		value, ok = string(raw), err == nil
	}
	if !i.TakenBackAt.IsZero() {
		switch path {
		case "meta-data/spot/instance-action":
			value, ok = fmt.Sprintf(`{"action": "terminate", "time": %q}`, i.TakenBackAt.Format(time.RFC3339)), true
		case "meta-data/events/recommendations/rebalance":
			value, ok = fmt.Sprintf(`{"noticeTime": %q}`, i.TakenBackAt.Format(time.RFC3339)), true
		}
	}
	if !ok || value == "" {
		http.NotFound(w, r)
		return
	}
	fmt.Fprint(w, value)
}

func (m *Machine) issueToken(w http.ResponseWriter, r *http.Request) {
	const header = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	ttl, err := strconv.Atoi(r.Header.Get(header))
	switch {
	case r.Method != http.MethodPut:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	case r.Header.Get("X-Forwarded-For") != "":
		http.Error(w, "forwarded", http.StatusForbidden)
	case err != nil || ttl < 1 || ttl > 21600:
		http.Error(w, "bad time to live", http.StatusBadRequest)
	default:
		w.Header().Set(header, strconv.Itoa(ttl))
		fmt.Fprint(w, m.tokens.issue(time.Duration(ttl)*time.Second))
	}
}

// credentials hands out those of the instance's role.
func (m *Machine) credentials(w http.ResponseWriter, asked string) {
	role, c, err := m.host.account.InstanceCredentials(m.instance.ID)
	switch {
	case err != nil || asked != "" && asked != role:
		http.Error(w, "no such role", http.StatusNotFound)
	case asked == "":
		fmt.Fprint(w, role)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{
			"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": time.Now().UTC().Format(time.RFC3339),
			"AccessKeyId": c.AccessKey, "SecretAccessKey": c.Secret, "Token": c.Token,
			"Expiration": c.Expires.UTC().Format(time.RFC3339),
		})
	}
}

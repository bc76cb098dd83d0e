package wire

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// CloudflarePath is where Cloudflare's API is, beside AWS's.
const CloudflarePath = "/client/v4/"

// cloudflareError is one of Cloudflare's.
type cloudflareError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// cloudflareAnswer is what each answer is.
type cloudflareAnswer struct {
	Success bool              `json:"success"`
	Errors  []cloudflareError `json:"errors"`
	Result  any               `json:"result"`
}

// cloudflareRecord is a record as it is shown.
type cloudflareRecord struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Content string `json:"content"`
	TTL     int    `json:"ttl"`
	Proxied bool   `json:"proxied"`
}

// cloudflareCall is a call, with the parameters that it takes.
type cloudflareCall struct {
	parameters []string
	do         func(*cloud.Account, *http.Request) (any, error)
}

// cloudflareCalls are those that the simulated Cloudflare answers.
var cloudflareCalls = map[string]cloudflareCall{
	"GET " + CloudflarePath + "zones": {[]string{"name"}, func(a *cloud.Account, r *http.Request) (any, error) {
		return append([]cloud.CloudflareZone{}, a.CloudflareZonesNamed(r.URL.Query().Get("name"))...), nil
	}},
	"GET " + CloudflarePath + "zones/{id}": {nil, func(a *cloud.Account, r *http.Request) (any, error) {
		return a.CloudflareZone(r.PathValue("id"))
	}},
	"GET " + CloudflarePath + "zones/{id}/dns_records": {[]string{"per_page"}, func(a *cloud.Account, r *http.Request) (any, error) {
		limit, err := strconv.Atoi(r.URL.Query().Get("per_page"))
		if err != nil {
			limit = 100
		}
		records, err := a.CloudflareRecords(r.PathValue("id"))
		out := []cloudflareRecord{}
		for _, r := range records[:min(limit, len(records))] {
			out = append(out, cloudflareRecord{r.ID, r.Hostname, r.Type, r.Content, r.TTL, r.Proxied})
		}
		return out, err
	}},
}

// NewCloudflare answers Cloudflare's API, to its one token.
func NewCloudflare(a *cloud.Account) http.Handler {
	mux := http.NewServeMux()
	for pattern, call := range cloudflareCalls {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+cloud.CloudflareToken {
				refuseCloudflare(w, http.StatusForbidden, 9109, "Invalid access token")
				return
			}
			for name := range r.URL.Query() {
				if !slices.Contains(call.parameters, name) {
					refuseCloudflare(w, http.StatusBadRequest, 1001, "The simulator does not model the parameter "+name)
					return
				}
			}
			out, err := call.do(a, r)
			if err != nil {
				refuseCloudflare(w, http.StatusNotFound, 7003, "Could not route to "+r.URL.Path+", perhaps your object identifier is invalid?")
				return
			}
			answerCloudflare(w, http.StatusOK, cloudflareAnswer{Success: true, Errors: []cloudflareError{}, Result: out})
		})
	}
	mux.HandleFunc(CloudflarePath, func(w http.ResponseWriter, r *http.Request) {
		refuseCloudflare(w, http.StatusNotFound, 7000, "The simulator does not have "+r.Method+" "+r.URL.Path)
	})
	return mux
}

func refuseCloudflare(w http.ResponseWriter, status, code int, message string) {
	answerCloudflare(w, status, cloudflareAnswer{Errors: []cloudflareError{{code, message}}})
}

func answerCloudflare(w http.ResponseWriter, status int, a cloudflareAnswer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a)
}

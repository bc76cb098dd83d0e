package cloudflare

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
)

// Zones is doctor.Zones.
type Zones struct {
	// URL is that of the API, with its version.
	URL   string
	Token string
}

var _ doctor.Zones = Zones{}

// Open asks Cloudflare, or what its own tools are led to by CLOUDFLARE_BASE_URL.
func Open(token string) doctor.Zones {
	return Zones{URL: cmp.Or(os.Getenv("CLOUDFLARE_BASE_URL"), "https://api.cloudflare.com/client/v4"), Token: token}
}

// zone is a zone as Cloudflare shows it.
type zone struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ZonesNamed are the zones of a name that the token shows.
func (z Zones) ZonesNamed(ctx context.Context, name string) ([]string, error) {
	var found []zone
	if err := z.get(ctx, "/zones?name="+url.QueryEscape(name), &found); err != nil {
		return nil, err
	}
	var ids []string
	for _, f := range found {
		ids = append(ids, f.ID)
	}
	return ids, nil
}

// Zone is the name of a zone. It asks for one record, too: who may edit them may
// read them.
func (z Zones) Zone(ctx context.Context, id string) (string, error) {
	var found zone
	at := "/zones/" + url.PathEscape(id)
	if err := z.get(ctx, at, &found); err != nil {
		return "", err
	}
	var records []json.RawMessage
	return found.Name, z.get(ctx, at+"/dns_records?per_page=1", &records)
}

// get asks the API. What the token may not see is not there, or refused.
func (z Zones) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, z.URL+path, nil)
	if err != nil {
		return fmt.Errorf("ask Cloudflare: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+z.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask Cloudflare: %w", err)
	}
	defer res.Body.Close()
	var out struct {
		Result json.RawMessage `json:"result"`
		Errors []struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		return fmt.Errorf("read Cloudflare's answer (%s): %w", res.Status, err)
	}
	said := res.Status
	for _, e := range out.Errors {
		said += fmt.Sprintf("; %d: %s", e.Code, e.Message)
	}
	switch res.StatusCode {
	case http.StatusOK:
		return json.Unmarshal(out.Result, into)
	case http.StatusNotFound:
		return doctor.ErrMissing
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return &doctor.Refused{Err: errors.New("the token is not taken by Cloudflare for this: " + said)}
	}
	return errors.New("answered by Cloudflare: " + said)
}

package provider

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-cloudflare/sdk/v5/go/cloudflare"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/talmolab/lablink-infrastructure/api/edge"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// Cloudflare is the provider "cloudflare". It answers whoever has the one token
// that there is.
func Cloudflare() Provider {
	return Provider{
		version: "5.49.1", kinds: cloudflareKinds, functions: cloudflareFunctions, understands: cloudflareSetting, configure: checkToken,
		word: func(e *cloud.Error) error { return fmt.Errorf("%s (%s)", e.Message, e.Code) },
	}
}

// cloudflareKinds are the types of Cloudflare's.
var cloudflareKinds = map[string]kind{
	"cloudflare:index/record:Record": define(cloudflare.RecordArgs{}, cloudflare.Record{}, traits{
		Replace: []string{"zoneId", "name", "type"}, DeleteFirst: true, Changes: []string{"modifiedOn"}, ImportID: recordID,
	}, operations[cloud.CloudflareRecord]{
		(*account).CreateCloudflareRecord, (*account).CloudflareRecord, (*account).UpdateCloudflareRecord, (*account).DeleteCloudflareRecord,
	}),
	"cloudflare:index/originCaCertificate:OriginCaCertificate": define(cloudflare.OriginCaCertificateArgs{}, cloudflare.OriginCaCertificate{}, traits{
		Replace: []string{"csr", "hostnames", "requestType", "requestedValidity"},
	}, operations[cloud.OriginCertificate]{
		(*account).CreateOriginCertificate, (*account).OriginCertificate, (*account).UpdateOriginCertificate, (*account).DeleteOriginCertificate,
	}),
}

// recordID reads zone/record.
func recordID(_ *account, id string) string {
	if _, record, ok := strings.Cut(id, "/"); ok {
		return record
	}
	return id
}

// cloudflareFunctions are the look-ups of Cloudflare's.
var cloudflareFunctions = map[string]func(*account, values) (values, error){
	"cloudflare:index/getZones:getZones": func(a *account, in values) (values, error) {
		filter, _ := in["filter"].(values)
		for key, v := range filter {
			if key != "name" && (key != "lookupType" || v != "exact") {
				return nil, fmt.Errorf("the simulator models the filter by an exact name, not %s = %v", key, v)
			}
		}
		name, _ := filter["name"].(string)
		if name == "" {
			return nil, errors.New("the simulator lists the zones of a name, which is not given")
		}
		found := []values{}
		for _, z := range a.CloudflareZonesNamed(name) {
			found = append(found, values{"id": z.ID, "name": z.Name})
		}
		return values{"id": name, "filter": filter, "zones": found}, nil
	},
	"cloudflare:index/getIpRanges:getIpRanges": func(*account, values) (values, error) {
		ranges := edge.Ranges()
		slices.Sort(ranges)
		return values{
			"id": "ranges", "cidrBlocks": ranges, "ipv4CidrBlocks": ranges, "ipv6CidrBlocks": []string{},
			"chinaIpv4CidrBlocks": []string{}, "chinaIpv6CidrBlocks": []string{},
		}, nil
	},
}

func cloudflareSetting(_ *account, key, _ string) string {
	if key != "apiToken" && key != "version" {
		return unknownSetting
	}
	return ""
}

// tokenForm is how Cloudflare's tokens look.
var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{40}$`)

// checkToken refuses another token than the one that there is, at once: the
// provider itself notices at its first call.
func checkToken(args resource.PropertyMap) error {
	var token string
	if v := args["apiToken"]; v.IsString() {
		token = v.StringValue()
	}
	switch {
	case token == "":
		return errors.New(`must provide exactly one of "api_key", "api_token" or "api_user_service_key"`)
	case !tokenForm.MatchString(token):
		return errors.New(`invalid value for api_token (API tokens must be 40 characters long and only contain characters a-z, A-Z, 0-9, hyphens and underscores)`)
	case token != cloud.CloudflareToken:
		return errors.New("Authentication error (10000): the simulator knows one token, which its README names")
	}
	return nil
}

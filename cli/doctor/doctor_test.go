package doctor_test

import (
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
)

const (
	nat       = `{"nat": true}`
	twoPools  = `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"ssmParameter": "/gpu"}, "maxMachines": 10}, {"name": "big", "instanceTypes": ["g5.xlarge", "g4dn.2xlarge"], "market": "spot-then-on-demand", "image": {"pipeline": "gpu"}, "maxMachines": 5}]`
	spotPool  = `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "market": "spot", "image": {"id": "ami-00000001"}, "maxMachines": 20}]`
	vpc       = `{"vpcId": "vpc-00000001", "subnetIds": ["subnet-00000001", "subnet-00000002"]}`
	byZone    = `{"provider": "route53", "domain": "test.lab.example.org", "zoneId": "Z1"}`
	atFlare   = `{"provider": "cloudflare", "domain": "test.lab.example.org"}`
	withID    = `{"repository": "talmolab/lablink", "repositoryId": "42", "ownerId": "7"}`
	published = `{"version": "v1.2.0", "releaseSha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}`
)

func TestWhatLacksNothingIsFoundSo(t *testing.T) {
	for name, change := range map[string]map[string]string{
		"as usual":                 nil,
		"two pools, and a gateway": {"lablink:pools": twoPools, "lablink:network": nat},
		"spot machines":            {"lablink:pools": spotPool},
		"an existing network":      {"lablink:network": vpc},
		"a zone that is named":     {"lablink:dns": byZone},
		"Cloudflare's zone":        {"lablink:dns": atFlare},
		"no name":                  {"lablink:dns": "", "lablink:tls": ""},
		"no workflows":             {"lablink:github": ""},
		"a published release":      {"lablink:allocator": published},
		"an account":               {"lablink:kind": "account", "lablink:pools": `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-00000001", "pipeline": "new"}}]`, "lablink:dns": "", "lablink:tls": ""},
	} {
		t.Run(name, func(t *testing.T) {
			for check, f := range examine(t, healthy(), stack(t, change)) {
				assert.Equal(t, doctor.OK, f.Status, "%s: %+v", check, f)
			}
		})
	}
	found := examine(t, healthy(), nil)
	require.ElementsMatch(t, []string{"go", "git", "make", "npm", "C compiler for " + runtime.GOARCH, "pulumi", "pulumi-language-go", "disk", "credentials"}, slices.Collect(maps.Keys(found)), "without a stack no account is looked at")
}

// One thing is broken, and one is found, with its fix; all others stay as they were.
func TestEachThingThatIsMissingIsFoundAlone(t *testing.T) {
	for name, c := range map[string]struct {
		spoil             func(*world)
		change            map[string]string
		check, found, fix string
	}{
		"no Go":            {spoil: func(w *world) { delete(w.programs, "go") }, check: "go", found: "not on the PATH", fix: "https://go.dev/dl/"},
		"an old Go":        {spoil: func(w *world) { w.programs["go env GOVERSION"] = "go1.25.4" }, check: "go", found: "v1.25.4", fix: "Go 1.26 or newer"},
		"no git":           {spoil: func(w *world) { delete(w.programs, "git") }, check: "git", found: "not on the PATH", fix: "apt-get install git"},
		"no make":          {spoil: func(w *world) { delete(w.programs, "make") }, check: "make", found: "not on the PATH", fix: "apt-get install make"},
		"no pulumi":        {spoil: func(w *world) { delete(w.programs, "pulumi") }, check: "pulumi", found: "neither on the PATH", fix: "https://www.pulumi.com/docs/install/"},
		"an old pulumi":    {spoil: func(w *world) { w.programs["pulumi version"] = "v3.199.9" }, check: "pulumi", found: "v3.199.9", fix: "3.200 or newer"},
		"no language host": {spoil: func(w *world) { delete(w.programs, "pulumi-language-go") }, check: "pulumi-language-go", found: "beside /bin/pulumi", fix: "install the Pulumi CLI"},
		"a full disk":      {spoil: func(w *world) { w.free["/cache"] = 1 }, check: "disk", found: "GOCACHE (/cache) has 1 GiB", fix: "point GOCACHE elsewhere"},
		"another account": {spoil: func(w *world) {
			w.who.Account = "210987654321"
			w.clients[strings.ReplaceAll(provider, "123456789012", "210987654321")] = []string{"sts.amazonaws.com"}
			w.retrust("123456789012", "210987654321")
		}, check: "account", found: "of account 210987654321, and lablink:account.id is 123456789012", fix: "AWS_PROFILE"},
		"a Region that is off":        {spoil: func(w *world) { w.optIn = "not-opted-in" }, check: "Region", found: "switched off", fix: "aws account enable-region --region-name us-west-2"},
		"a Region that is none":       {spoil: func(w *world) { w.optIn = "" }, check: "Region", found: "no Region us-west-2", fix: "aws:region"},
		"an image that is gone":       {spoil: func(w *world) { delete(w.images, "ami-00000001") }, check: "image of pool gpu", found: "us-west-2 has no image ami-00000001", fix: "lablink image pin test"},
		"an image of another kind":    {spoil: func(w *world) { w.images["ami-00000001"] = "arm64" }, check: "image of pool gpu", found: "is for arm64", fix: "choose an image for x86_64"},
		"a host's image that is gone": {spoil: func(w *world) { delete(w.params, "/aws/service/debian/release/12/latest/arm64") }, check: "image of the host", found: "no parameter /aws/service/debian", fix: "lablink:allocator"},
		"a pipeline without an image": {spoil: func(w *world) { delete(w.newest, "gpu") }, change: map[string]string{"lablink:pools": twoPools}, check: "image of pool big", found: "pipeline gpu has built none", fix: "start-image-pipeline-execution"},
		"a zone without the host":     {change: map[string]string{"lablink:network": `{"zones": ["us-west-2c", "us-west-2b"]}`}, check: "zones", found: "does not offer t4g.small", fix: "put one of [us-west-2a us-west-2b] first"},
		"zones without a GPU":         {spoil: func(w *world) { w.offers["g5.xlarge"] = []string{region + "c"} }, change: map[string]string{"lablink:network": vpc}, check: "zones", found: "the types of pool gpu", fix: "add one of the zones [us-west-2c]"},
		"a subnet that is gone":       {spoil: func(w *world) { delete(w.subnets, "subnet-00000002") }, change: map[string]string{"lablink:network": vpc}, check: "zones", found: "one of the subnets is not there", fix: "aws ec2 describe-subnets"},
		"a small quota":               {spoil: func(w *world) { w.quotas["L-DB2E81BA"] = 64 }, check: "quota G and VT", found: "64 vCPUs, and 80 are needed for 20 machines of pool gpu", fix: "request-service-quota-increase --region us-west-2 --service-code ec2 --quota-code L-DB2E81BA --desired-value 80"},
		"a small quota for spot":      {spoil: func(w *world) { w.quotas["L-3819A6DF"] = 39 }, change: map[string]string{"lablink:pools": twoPools}, check: "quota G and VT, spot", found: "39 vCPUs, and 40 are needed for 5 machines of pool big", fix: "--quota-code L-3819A6DF --desired-value 40"},
		"no quota for the host":       {spoil: func(w *world) { w.quotas["L-1216C47A"] = 1 }, check: "quota standard", found: "2 are needed for the host", fix: "--quota-code L-1216C47A --desired-value 2"},
		"addresses that are taken":    {spoil: func(w *world) { w.tags = make([]map[string]string, 4) }, change: map[string]string{"lablink:network": nat}, check: "quota elastic IPs", found: "4 are taken, and the stack makes 2 more", fix: "--quota-code L-0263D0A3 --desired-value 6"},
		"no zone":                     {spoil: func(w *world) { w.zones = nil }, check: "zone", found: "looked for test.lab.example.org, lab.example.org, example.org", fix: "aws route53 create-hosted-zone --name test.lab.example.org"},
		"two zones of a name":         {spoil: func(w *world) { w.zones["Z2"] = "example.org" }, check: "zone", found: "several zones example.org: Z1, Z2", fix: "lablink:dns.zoneId"},
		"a zone of another name":      {spoil: func(w *world) { w.zones["Z1"] = "other.org" }, change: map[string]string{"lablink:dns": byZone}, check: "zone", found: "Z1 is other.org", fix: "leave lablink:dns.zoneId out"},
		"a zone by a wrong id":        {spoil: func(w *world) { w.zones = nil }, change: map[string]string{"lablink:dns": byZone}, check: "zone", found: "no public zone Z1", fix: "leave lablink:dns.zoneId out"},
		"a token that is no good":     {spoil: func(w *world) { w.errs["ZonesNamed"] = &doctor.Refused{Err: errors.New("9109: Invalid access token")} }, change: map[string]string{"lablink:dns": atFlare}, check: "zone", found: "Invalid access token", fix: "pulumi config set --secret cloudflare:apiToken --stack test"},
		"a bucket that is gone":       {spoil: func(w *world) { w.buckets = nil }, check: "state", found: "no bucket the-state", fix: "PULUMI_BACKEND_URL"},
		"a bucket elsewhere":          {spoil: func(w *world) { w.errs["Versioning"] = &doctor.Refused{Err: errors.New("PermanentRedirect")} }, check: "state", found: "cannot be asked in us-west-2", fix: "?region="},
		"a bucket without versions":   {spoil: func(w *world) { w.buckets["the-state"] = "Suspended" }, check: "state", found: "keeps no versions", fix: "aws s3api put-bucket-versioning --bucket the-state"},
		"a bucket behind a dead key":  {spoil: func(w *world) { w.errs["Object"] = &doctor.Refused{Err: errors.New("KMS.DisabledException")} }, check: "state", found: "cannot be read", fix: "aws kms describe-key"},
		"a key of another stack":      {spoil: func(w *world) { w.keys[key]["stack"] = "prod" }, check: "key of secrets", found: "does not decrypt", fix: "aws kms describe-key --key-id " + key},
		"no identity provider":        {spoil: func(w *world) { w.clients = nil }, check: "identity provider", found: "does not know token.actions.githubusercontent.com", fix: "make bootstrap"},
		"a provider for others":       {spoil: func(w *world) { w.clients[provider] = []string{"other"} }, check: "identity provider", found: "takes tokens for other", fix: "aws iam add-client-id-to-open-id-connect-provider"},
		"a role that is gone":         {spoil: func(w *world) { delete(w.roles, "lab-deploy") }, check: "role deploy", found: "is gone", fix: "pulumi up --refresh --stack test"},
		"no role for spot":            {spoil: func(w *world) { delete(w.roles, "AWSServiceRoleForEC2Spot") }, change: map[string]string{"lablink:pools": spotPool}, check: "role of EC2 Spot", found: "AWSServiceRoleForEC2Spot", fix: "aws iam create-service-linked-role"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := healthy(), stack(t, c.change)
			if c.spoil != nil {
				c.spoil(w)
			}
			found := examine(t, w, s)
			require.Contains(t, found, c.check)
			assert.Equal(t, doctor.Wrong, found[c.check].Status, "%+v", found[c.check])
			assert.Contains(t, found[c.check].Found, c.found)
			assert.Contains(t, found[c.check].Fix, c.fix)
			for check, f := range found {
				assert.Equal(t, check == c.check, f.Status != doctor.OK && !follows(c.check, check), "%+v", f)
			}
		})
	}
}

// follows are checks that cannot be made without what another one misses.
func follows(missing, check string) bool {
	return missing == "go" && (check == "disk" || strings.HasPrefix(check, "C compiler"))
}

// retrust makes every role trust the provider of another account.
func (w *world) retrust(from, to string) {
	for name, document := range w.roles {
		w.roles[name] = strings.ReplaceAll(document, from, to)
	}
}

func TestWhatMayNotBeAskedIsUnknownAndHidesNothing(t *testing.T) {
	for call, c := range map[string]struct{ right, check string }{
		"OptIn":      {"ec2:DescribeRegions", "Region"},
		"Image":      {"ec2:DescribeImages", "image of pool gpu"},
		"Offers":     {"ec2:DescribeInstanceTypeOfferings", "zones"},
		"Quota":      {"servicequotas:GetServiceQuota", "quota G and VT"},
		"Addresses":  {"ec2:DescribeAddresses", "quota elastic IPs"},
		"ZonesNamed": {"route53:ListHostedZonesByName", "zone"},
		"Versioning": {"s3:GetBucketVersioning", "state"},
		"Object":     {"s3:GetObject", "state"},
		"Decrypt":    {"kms:Decrypt", "key of secrets"},
		"Trust":      {"iam:GetRole", "role preview"},
		"Clients":    {"iam:GetOpenIDConnectProvider", "identity provider"},
	} {
		w := healthy()
		w.errs[call] = &doctor.Denied{Right: c.right}
		found := examine(t, w, stack(t, nil))
		assert.Equal(t, doctor.Unknown, found[c.check].Status, call)
		assert.Contains(t, found[c.check].Found, "need the right "+c.right)
		assert.Contains(t, found[c.check].Fix, c.right)
		assert.Equal(t, doctor.OK, found["account"].Status)
		assert.Len(t, found, len(examine(t, healthy(), stack(t, nil))), "no check is left out")
	}
}

func TestACheckThatGetsNoAnswerEndsAndTheOthersGoOn(t *testing.T) {
	w := healthy()
	w.hangs = "Versioning"
	found := examine(t, w, stack(t, nil))
	require.Equal(t, doctor.Unknown, found["state"].Status)
	require.Contains(t, found["state"].Found, "no answer in time")
	require.Equal(t, doctor.OK, found["zone"].Status)
}

func TestCredentialsAreToldApartAndNothingIsAskedWithoutThem(t *testing.T) {
	for name, c := range map[string]struct {
		err        error
		status     doctor.Status
		found, fix string
	}{
		"expired": {&doctor.Refused{Expired: true, Err: errors.New("AWS answers ExpiredToken")}, doctor.Wrong, "they have expired", "aws sso login"},
		"none":    {&doctor.Refused{Err: errors.New("there are no AWS credentials here")}, doctor.Wrong, "no AWS credentials", "AWS_PROFILE"},
		"no net":  {errors.New("dial tcp: no route to host"), doctor.Unknown, "no route to host", "call this again"},
	} {
		w := healthy()
		w.errs["Identity"] = c.err
		found := examine(t, w, stack(t, nil))
		assert.Equal(t, c.status, found["credentials"].Status, name)
		assert.Contains(t, found["credentials"].Found, c.found)
		assert.Contains(t, found["credentials"].Fix, c.fix)
		assert.Equal(t, doctor.Unknown, found["account"].Status)
		assert.NotContains(t, found, "zone")
		assert.Equal(t, doctor.OK, found["git"].Status)
		assert.Equal(t, doctor.OK, examine(t, w, stack(t, map[string]string{"lablink:dns": atFlare}))["zone"].Status, "Cloudflare has credentials of its own")
	}
}

func TestWhatWasNotMadeYetIsNothingWrong(t *testing.T) {
	w, s := healthy(), stack(t, nil)
	s.Roles, s.SecretsProvider, s.EncryptedKey, s.Backend = nil, "", "", ""
	w.objects = nil
	for check, f := range examine(t, w, s) {
		assert.Equal(t, doctor.OK, f.Status, "%s: %+v", check, f)
	}
	s.RolesErr = errors.New("pulumi is not on the PATH")
	require.Equal(t, doctor.Unknown, examine(t, w, s)["roles"].Status)
	w.tags = []map[string]string{{}, {}, {}, {}, {"lablink:deployment": "lab", "lablink:environment": "test"}}
	require.Equal(t, doctor.OK, examine(t, w, s)["quota elastic IPs"].Status, "its own address is there already")
}

func TestTheCompilerIsThatOfThePoolsArchitecture(t *testing.T) {
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	w := healthy()
	w.types["g5.xlarge"] = doctor.Type{Architecture: map[string]string{"amd64": "x86_64", "arm64": "arm64"}[other], VCPUs: 4}
	delete(w.programs, "x86_64-linux-gnu-gcc")
	delete(w.programs, "aarch64-linux-gnu-gcc")
	f := examine(t, w, stack(t, nil))["C compiler for "+other]
	require.Equal(t, doctor.Wrong, f.Status)
	require.Regexp(t, `apt-get install gcc-(x86-64|aarch64)-linux-gnu\)`, f.Fix)
	require.NotContains(t, examine(t, w, stack(t, map[string]string{"lablink:allocator": published})), "C compiler for "+other, "nothing is built")
}

// Whoever a role lets in beside its workflows is found, and so is a workflow that it
// keeps out.
func TestATrustThatWasChangedIsFoundHoweverItWasChanged(t *testing.T) {
	const sub = `"token.actions.githubusercontent.com:sub":"repo:talmolab/lablink:environment:test"`
	for from, to := range map[string]string{
		sub:                             strings.ReplaceAll(sub, "talmolab", "somebody"),
		`"StringEquals"`:                `"StringLike"`,
		`:aud":"sts.amazonaws.com"`:     `:aud":"other"`,
		`"Federated":"`:                 `"AWS":"arn:aws:iam::1:root","Federated":"`,
		`:oidc-provider/`:               `:oidc-provider/other.`,
		`"Statement":[`:                 `"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"},`,
		`"Effect":"Allow"`:              `"Effect":"Deny"`,
		`sts:AssumeRoleWithWebIdentity`: `sts:AssumeRole`,
		`,` + sub:                       ``,
		`{"Version"`:                    `{"Version`,
	} {
		w := healthy()
		require.Contains(t, w.roles["lab-deploy"], from)
		w.roles["lab-deploy"] = strings.Replace(w.roles["lab-deploy"], from, to, 1)
		found := examine(t, w, stack(t, nil))
		assert.Equal(t, doctor.Wrong, found["role deploy"].Status, "%s → %s", from, to)
		assert.Equal(t, doctor.OK, found["role drift"].Status)
	}
	found := examine(t, healthy(), stack(t, map[string]string{"lablink:github": withID}))
	require.Equal(t, doctor.Wrong, found["role deploy"].Status, "settings that were not deployed are a difference, too")
}

func TestOneThatIsWrongCountsBeforeAnyThatIsUnknown(t *testing.T) {
	of := func(all ...doctor.Status) (out []doctor.Finding) {
		for _, s := range all {
			out = append(out, doctor.Finding{Status: s})
		}
		return out
	}
	require.Equal(t, doctor.OK, doctor.Worst(of(doctor.OK, doctor.OK)))
	require.Equal(t, doctor.Unknown, doctor.Worst(of(doctor.OK, doctor.Unknown, doctor.OK)))
	require.Equal(t, doctor.Wrong, doctor.Worst(of(doctor.Unknown, doctor.Wrong, doctor.Unknown)))
}

package wire_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func names(c aws.Config) *route53.Client {
	return route53.NewFromConfig(c, func(o *route53.Options) { o.Region = "us-east-1" })
}

func (w *world) zone() string { return w.ZonesNamed("example.org")[0].ID }

func text(action types.ChangeAction, name, value string) types.Change {
	return types.Change{Action: action, ResourceRecordSet: &types.ResourceRecordSet{
		Name: aws.String(name), Type: types.RRTypeTxt, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: aws.String(value)}},
	}}
}

func changes(zone string, all ...types.Change) *route53.ChangeResourceRecordSetsInput {
	return &route53.ChangeResourceRecordSetsInput{HostedZoneId: aws.String(zone), ChangeBatch: &types.ChangeBatch{Changes: all}}
}

func TestRecordsAreChangedTogetherOrNotAtAll(t *testing.T) {
	w := newWorld(t)
	client := names(w.developer())
	out, err := client.ChangeResourceRecordSets(t.Context(), changes(w.zone(),
		text("CREATE", "a.example.org.", `"one"`), text("UPSERT", "b.example.org", `"two"`)))
	require.NoError(t, err)
	require.Equal(t, types.ChangeStatusPending, out.ChangeInfo.Status)
	later, err := client.GetChange(t.Context(), &route53.GetChangeInput{Id: out.ChangeInfo.Id})
	require.NoError(t, err)
	require.Equal(t, types.ChangeStatusInsync, later.ChangeInfo.Status)
	require.Equal(t, []string{"one"}, w.Answer("a.example.org", "TXT"))
	require.Empty(t, w.Answer("a.example.org", "A"))

	_, err = client.ChangeResourceRecordSets(t.Context(), changes(w.zone(),
		text("UPSERT", "b.example.org", `"three"`), text("DELETE", "a.example.org", `"one"`), text("CREATE", "c.other.org", `"x"`)))
	require.Equal(t, "InvalidChangeBatch", code(t, err))
	require.Equal(t, []string{"two"}, w.Answer("b.example.org", "TXT"), "nothing of a refused batch happens")
	require.Equal(t, []string{"one"}, w.Answer("a.example.org.", "TXT"))

	_, err = client.ChangeResourceRecordSets(t.Context(), changes(w.zone(), text("UPSERT", "b.example.org", `"three"`), text("DELETE", "a.example.org", `"one"`)))
	require.NoError(t, err)
	require.Equal(t, []string{"three"}, w.Answer("b.example.org", "TXT"))
	require.Empty(t, w.Answer("a.example.org", "TXT"))
}

func TestChangesThatRoute53DoesNotTakeAreRefused(t *testing.T) {
	w := newWorld(t)
	client := names(w.developer())
	_, err := client.ChangeResourceRecordSets(t.Context(), changes(w.zone(), text("CREATE", "a.example.org", `"one"`)))
	require.NoError(t, err)
	weighted := text("CREATE", "w.example.org", `"one"`)
	weighted.ResourceRecordSet.Weight = aws.Int64(1)
	for name, c := range map[string]struct {
		zone, code string
		change     types.Change
	}{
		"one that is there":               {w.zone(), "InvalidChangeBatch", text("CREATE", "a.example.org", `"one"`)},
		"one that is not there":           {w.zone(), "InvalidChangeBatch", text("DELETE", "b.example.org", `"one"`)},
		"another value than there is":     {w.zone(), "InvalidChangeBatch", text("DELETE", "a.example.org", `"two"`)},
		"a name of another zone":          {w.zone(), "InvalidChangeBatch", text("CREATE", "a.example.com", `"one"`)},
		"a name that ends like it":        {w.zone(), "InvalidChangeBatch", text("CREATE", "a.badexample.org", `"one"`)},
		"text without quotation marks":    {w.zone(), "InvalidChangeBatch", text("CREATE", "b.example.org", "one")},
		"a zone that is not there":        {"Z0000", "NoSuchHostedZone", text("CREATE", "b.example.org", `"one"`)},
		"an action that is none":          {w.zone(), "InvalidInput", text("REPLACE", "b.example.org", `"one"`)},
		"a property that is not modelled": {w.zone(), "InvalidInput", weighted},
	} {
		_, err := client.ChangeResourceRecordSets(t.Context(), changes(c.zone, c.change))
		require.Equal(t, c.code, code(t, err), name)
	}
	_, err = client.ListHostedZones(t.Context(), nil)
	require.Equal(t, "InvalidAction", code(t, err))
	_, err = client.GetChange(t.Context(), &route53.GetChangeInput{Id: aws.String("C123")})
	require.Equal(t, "NoSuchChange", code(t, err))
}

func TestRoute53SignsForOneRegion(t *testing.T) {
	w := newWorld(t)
	_, err := route53.NewFromConfig(w.developer()).GetChange(t.Context(), &route53.GetChangeInput{Id: aws.String("C123")})
	require.Equal(t, "SignatureDoesNotMatch", code(t, err))
}

func TestARoleChangesTheRecordsThatItMay(t *testing.T) {
	w := newWorld(t)
	id := w.zone()
	_, c := w.machine(t)
	client := names(w.config(c.AccessKey, c.Secret, c.Token))
	_, err := client.ChangeResourceRecordSets(t.Context(), changes(id, text("UPSERT", "_acme-challenge.lab.example.org", `"x"`)))
	require.Equal(t, "AccessDenied", code(t, err))
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "names", Role: "client", Policy: `{"Version":"2012-10-17","Statement":[{
		"Effect": "Allow", "Action": "route53:ChangeResourceRecordSets", "Resource": "arn:aws:route53:::hostedzone/` + id + `",
		"Condition": {"ForAllValues:StringEquals": {
			"route53:ChangeResourceRecordSetsNormalizedRecordNames": ["_acme-challenge.lab.example.org"],
			"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"],
			"route53:ChangeResourceRecordSetsActions": ["UPSERT"]
		}}}]}`}))
	out, err := client.ChangeResourceRecordSets(t.Context(), changes(id, text("UPSERT", "_ACME-challenge.lab.example.org.", `"x"`)))
	require.NoError(t, err, "names are compared in lower case and without the last dot")
	for name, change := range map[string]types.Change{
		"another name":   text("UPSERT", "lab.example.org", `"x"`),
		"another action": text("DELETE", "_acme-challenge.lab.example.org", `"x"`),
		"another type": {Action: "UPSERT", ResourceRecordSet: &types.ResourceRecordSet{
			Name: aws.String("_acme-challenge.lab.example.org"), Type: "CNAME", TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: aws.String("x")}},
		}},
	} {
		_, err := client.ChangeResourceRecordSets(t.Context(), changes(id, text("UPSERT", "_acme-challenge.lab.example.org", `"x"`), change))
		require.Equal(t, "AccessDenied", code(t, err), name)
	}
	_, err = client.GetChange(t.Context(), &route53.GetChangeInput{Id: out.ChangeInfo.Id})
	require.Equal(t, "AccessDenied", code(t, err))
}

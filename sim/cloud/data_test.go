package cloud_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestParametersAreSSMs(t *testing.T) {
	for _, c := range []struct {
		name string
		p    cloud.Parameter
		code string
	}{
		{"a path", cloud.Parameter{Name: "/lablink/d/e/release", Type: "String", Value: "v"}, ""},
		{"a secret", cloud.Parameter{Name: "/s", Type: "SecureString", Value: "v"}, ""},
		{"a path that is not full", cloud.Parameter{Name: "a/b", Type: "String", Value: "v"}, "ValidationException"},
		{"a name with a space", cloud.Parameter{Name: "/a b", Type: "String", Value: "v"}, "ValidationException"},
		{"AWS's own name", cloud.Parameter{Name: "/aws/x", Type: "String", Value: "v"}, "AccessDeniedException"},
		{"another of AWS's", cloud.Parameter{Name: "/SSMx", Type: "String", Value: "v"}, "AccessDeniedException"},
		{"no type", cloud.Parameter{Name: "/a", Value: "v"}, "ValidationException"},
		{"no value", cloud.Parameter{Name: "/a", Type: "String"}, "ValidationException"},
		{"a reference", cloud.Parameter{Name: "/a", Type: "String", Value: "{{ssm:x}}"}, "ValidationException"},
		{"too long", cloud.Parameter{Name: "/a", Type: "String", Value: strings.Repeat("x", 4097)}, "ValidationException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			err := w.CreateParameter(&c.p)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			refused(t, c.code, err)
		})
	}
}

func TestAParametersVersionCountsWhatWasPut(t *testing.T) {
	w := newWorld(t)
	p := cloud.Parameter{Name: "/p", Type: "String", Value: "1"}
	require.NoError(t, w.CreateParameter(&p))
	for _, step := range []struct {
		value string
		tags  map[string]string
		want  int
	}{{"1", map[string]string{"a": "b"}, 1}, {"2", nil, 2}, {"2", nil, 2}} {
		require.NoError(t, w.UpdateParameter("/p", &cloud.Parameter{Type: "String", Value: step.value, Tagged: cloud.Tagged{Tags: step.tags}}))
		got, err := w.Parameter("/p")
		require.NoError(t, err)
		require.Equal(t, step.want, got.Version)
	}
}

func TestAWSsPublicParametersPointAtImages(t *testing.T) {
	w := newWorld(t)
	p, err := w.Parameter("/aws/service/debian/release/12/latest/arm64")
	require.NoError(t, err)
	i, err := w.Image(p.Value)
	require.NoError(t, err)
	require.Equal(t, "arm64", i.Architecture)
}

func TestAKeyIsGoneOnceItsDeletionIsScheduled(t *testing.T) {
	w := newWorld(t)
	k := &cloud.Key{DeletionWindowInDays: 7}
	require.NoError(t, w.CreateKey(k))
	require.NoError(t, w.CreateAlias(&cloud.Alias{Name: "alias/state", TargetKeyID: k.ARN}))
	require.NoError(t, w.DeleteKey(k.ID))
	_, err := w.Key(k.ID)
	require.True(t, cloud.IsNotFound(err))
	refused(t, "KMSInvalidStateException", w.UpdateKey(k.ID, &cloud.Key{}))
	refused(t, "KMSInvalidStateException", w.CreateAlias(&cloud.Alias{Name: "alias/other", TargetKeyID: k.ID}))
	_, err = w.Alias("alias/state")
	require.NoError(t, err, "aliases stay")
	refused(t, "ValidationException", w.CreateKey(&cloud.Key{DeletionWindowInDays: 6}))
	refused(t, "MalformedPolicyDocumentException", w.CreateKey(&cloud.Key{Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:Decrypt","Resource":"*"}]}`}))
	refused(t, "InvalidAliasNameException", w.CreateAlias(&cloud.Alias{Name: "state", TargetKeyID: k.ID}))
}

func TestRecordsAreRoute53s(t *testing.T) {
	w := newWorld(t)
	zone := w.ZonesNamed("EXAMPLE.org.")[0].ID
	ttl, below := 300, -1
	require.NoError(t, w.CreateRecord(&cloud.Record{ZoneID: zone, Name: "lab", Type: "A", TTL: &ttl, Records: []string{"192.0.2.1"}}))
	got, err := w.Record(zone + "_lab_A")
	require.NoError(t, err)
	require.Equal(t, "lab.example.org", got.FQDN)
	for _, c := range []struct {
		name, code string
		r          cloud.Record
	}{
		{"a value that is no address", "InvalidChangeBatch", cloud.Record{Name: "a", Type: "A", TTL: &ttl, Records: []string{"host"}}},
		{"an address of the other family", "InvalidChangeBatch", cloud.Record{Name: "a", Type: "AAAA", TTL: &ttl, Records: []string{"192.0.2.1"}}},
		{"no values", "InvalidInput", cloud.Record{Name: "a", Type: "A", TTL: &ttl}},
		{"no time to live", "InvalidInput", cloud.Record{Name: "a", Type: "A", Records: []string{"192.0.2.1"}}},
		{"a time to live below nothing", "InvalidInput", cloud.Record{Name: "a", Type: "A", TTL: &below, Records: []string{"192.0.2.1"}}},
		{"a type that is none", "InvalidInput", cloud.Record{Name: "a", Type: "ALIAS", TTL: &ttl, Records: []string{"x"}}},
		{"a CNAME at the apex", "InvalidChangeBatch", cloud.Record{Name: "example.org", Type: "CNAME", TTL: &ttl, Records: []string{"x"}}},
		{"a CNAME beside another", "InvalidChangeBatch", cloud.Record{Name: "lab.example.org", Type: "CNAME", TTL: &ttl, Records: []string{"x"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.r.ZoneID = zone
			refused(t, c.code, w.CreateRecord(&c.r))
		})
	}
}

func TestVolumesOnlyGrow(t *testing.T) {
	w := newWorld(t)
	v := &cloud.Volume{AvailabilityZone: w.AvailabilityZones()[0], Size: 100}
	require.NoError(t, w.CreateVolume(v))
	require.Equal(t, 300, v.IOPS)
	require.NoError(t, w.UpdateVolume(v.ID, &cloud.Volume{Size: 200, Type: "gp3"}))
	got, err := w.Volume(v.ID)
	require.NoError(t, err)
	require.Equal(t, 3000, got.IOPS)
	refused(t, "InvalidParameterValue", w.UpdateVolume(v.ID, &cloud.Volume{Size: 100}))
	refused(t, "InvalidZone.NotFound", w.CreateVolume(&cloud.Volume{AvailabilityZone: "us-west-2z", Size: 1}))
	refused(t, "InvalidParameterDependency", w.CreateVolume(&cloud.Volume{AvailabilityZone: w.AvailabilityZones()[0], Size: 1, KMSKeyID: "k"}))
	other := w.instance(t, w.subnets[1])
	refused(t, "InvalidVolume.ZoneMismatch", w.CreateVolumeAttachment(&cloud.VolumeAttachment{DeviceName: "/dev/sdf", InstanceID: other.ID, VolumeID: v.ID}))
}

func TestAVolumeIsMadeOfASnapshotThatFits(t *testing.T) {
	w := newWorld(t)
	zone := w.AvailabilityZones()[0]
	v := &cloud.Volume{AvailabilityZone: zone, Size: 10, Encrypted: true}
	require.NoError(t, w.CreateVolume(v))
	s := &cloud.Snapshot{VolumeID: v.ID, Tagged: cloud.Tagged{Tags: map[string]string{"of": "data"}}}
	require.NoError(t, w.CreateSnapshot(s))
	require.Regexp(t, `^snap-[0-9a-f]{17}$`, s.ID)
	restored := &cloud.Volume{AvailabilityZone: zone, SnapshotID: s.ID}
	require.NoError(t, w.CreateVolume(restored))
	require.Equal(t, []any{10, true}, []any{restored.Size, restored.Encrypted}, "as the snapshot is")
	require.NoError(t, w.UpdateVolume(restored.ID, &cloud.Volume{Size: 12, FinalSnapshot: true, Tagged: cloud.Tagged{Tags: map[string]string{"of": "restored"}}}))
	got, err := w.Volume(restored.ID)
	require.NoError(t, err)
	require.Equal(t, s.ID, got.SnapshotID, "what it was made of")

	refused(t, "InvalidParameterValue", w.CreateVolume(&cloud.Volume{AvailabilityZone: zone, SnapshotID: s.ID, Size: 9}))
	refused(t, "InvalidSnapshot.NotFound", w.CreateVolume(&cloud.Volume{AvailabilityZone: zone, SnapshotID: "snap-0"}))
	refused(t, "InvalidVolume.NotFound", w.CreateSnapshot(&cloud.Snapshot{VolumeID: "vol-0"}))
	refused(t, "InvalidParameterValue", w.CreateSnapshot(&cloud.Snapshot{VolumeID: v.ID, Tagged: cloud.Tagged{Tags: map[string]string{"aws:x": ""}}}))
	_, err = w.Snapshot("snap-0")
	refused(t, "InvalidSnapshot.NotFound", err)

	require.NoError(t, w.DeleteVolume(v.ID))
	require.Len(t, w.Snapshots(), 1, "nothing is kept that was not asked for")
	require.NoError(t, w.DeleteVolume(restored.ID))
	all := w.Snapshots()
	require.Len(t, all, 2)
	require.True(t, slices.ContainsFunc(all, func(x cloud.Snapshot) bool {
		return x.VolumeID == restored.ID && x.VolumeSize == 12 && x.Encrypted && x.Tags["of"] == "restored"
	}), "a final snapshot with the volume's tags: %v", all)
}

func TestTagsAreSetOnAllInstancesOrNone(t *testing.T) {
	w := newWorld(t)
	a, b := w.instance(t, w.subnets[0]), w.instance(t, w.subnets[0])
	require.NoError(t, w.TagInstances([]string{a.ID, b.ID}, map[string]string{"k": "1", "l": "1"}))
	require.NoError(t, w.TagInstances([]string{a.ID}, map[string]string{"k": "2"}))
	refused(t, "InvalidInstanceID.NotFound", w.TagInstances([]string{a.ID, "i-0"}, map[string]string{"k": "3"}))
	refused(t, "InvalidParameterValue", w.TagInstances([]string{a.ID}, map[string]string{"aws:k": "3"}))
	got, err := w.Instance(a.ID)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"k": "2", "l": "1"}, got.Tags)
}

func TestZonesHaveTheIdsOfTheirRegion(t *testing.T) {
	for region, want := range map[string]string{"us-west-2": "usw2-az1", "eu-central-1": "euc1-az1", "ap-northeast-1": "apne1-az1", "us-east-1": "use1-az1"} {
		a, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Region: region, Architecture: "x86_64"})
		require.NoError(t, err)
		require.Equal(t, want, a.ZoneID(region+"a"))
	}
}

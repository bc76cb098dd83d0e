package program

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/dns"
	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/image"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/network"
	"github.com/talmolab/lablink-infrastructure/infra/release"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// lookups are what is found out before anything is declared, so that a mistake
// is told while nothing has happened yet.
type lookups struct {
	network         *network.Existing // nil for an own VPC
	cidr            string            // of an own VPC
	zones           []string          // availability zones of an own VPC, the host's first
	hostImage       image.Image
	hostPlatform    string
	clientImages    []image.Image // in the order of the pools
	clientPlatforms []string      // each once
	zoneID          string        // of DNS; empty without a record
	release         *release.Existing
}

// lookUp asks for all of it at once, as far as one answer does not need another.
func lookUp(ctx *pulumi.Context, s *settings.Settings, n naming.Namer, bucket string) (lookups, error) {
	var l lookups
	looks := []look{func(said *remarks) error { return l.findHostImage(ctx, s, said) }}
	l.clientImages = make([]image.Image, len(s.Pools))
	platforms := make([]string, len(s.Pools))
	for i, p := range s.Pools {
		looks = append(looks, func(said *remarks) (err error) {
			l.clientImages[i], platforms[i], err = findPoolImage(ctx, fmt.Sprintf("lablink:pools[%d]", i), p, image.Reference(p.Image), said)
			return err
		})
	}
	looks = append(looks,
		func(said *remarks) error {
			if err := l.findNetwork(ctx, s, said); err != nil {
				return err
			}
			return l.checkVolume(ctx, s, n)
		},
		func(said *remarks) error { return findSnapshot(ctx, s, n, said) },
		func(said *remarks) error { return checkEdge(ctx, s, said) },
		func(*remarks) (err error) { l.zoneID, err = findZone(ctx, s); return err },
	)
	if err := together(ctx, looks...); err != nil {
		return l, err
	}
	slices.Sort(platforms)
	l.clientPlatforms = slices.Compact(platforms)
	err := l.findRelease(ctx, s, bucket)
	return l, err
}

// findPoolImage finds an image for a pool, whose setting is given, and the platform
// of its machines.
func findPoolImage(ctx *pulumi.Context, setting string, p settings.Pool, r image.Reference, said *remarks) (found image.Image, platform string, err error) {
	architecture, err := image.Architecture(ctx, setting+".instanceTypes", p.InstanceTypes)
	if err != nil {
		return found, "", err
	}
	found, err = find(ctx, setting+".image", r, architecture, said)
	if err != nil {
		return found, "", err
	}
	if p.RootVolumeGiB < found.SnapshotGiB {
		return found, "", fmt.Errorf("%s.rootVolumeGiB is %d, but image %s needs %d: set that or more", setting, p.RootVolumeGiB, found.ID, found.SnapshotGiB)
	}
	return found, image.Platform(architecture), nil
}

// findSnapshot looks up what the data volume is to be made of, and says in every plan
// that it is: a volume that is replaced later, for another reason, would be made of
// it once more.
func findSnapshot(ctx *pulumi.Context, s *settings.Settings, n naming.Namer, said *remarks) error {
	id := s.Database.RestoreSnapshot
	if id == "" {
		return nil
	}
	said.warn(fmt.Sprintf("lablink:database.restoreSnapshot is set: the data volume, host-data, is made of %s, unless it was made of it before; take the setting out once it is, which changes nothing", id))
	return host.FindSnapshot(ctx, n, id, s.Allocator.DataVolumeGiB)
}

// checkVolume keeps the one host where its data is.
func (l *lookups) checkVolume(ctx *pulumi.Context, s *settings.Settings, n naming.Namer) error {
	if s.Database.Engine != settings.SQLite || s.Allocator.Replicas > 1 {
		return nil
	}
	setting, zones := zonesSetting, l.zones
	if l.network != nil {
		setting, zones = network.SubnetsSetting, l.network.Zones()
	}
	return host.CheckZone(ctx, n, setting, zones[0], s.Database.RestoreSnapshot)
}

// findZone is the zone in which records are made, or "" where none are. One that is
// set is not looked up.
func findZone(ctx *pulumi.Context, s *settings.Settings) (string, error) {
	switch {
	case !s.UsesZone():
		return "", nil
	case s.DNS.ZoneID != "":
		return s.DNS.ZoneID, nil
	case s.DNS.Provider == settings.Cloudflare:
		return dns.FindCloudflareZone(ctx, s.DNS.Domain)
	}
	return dns.FindZone(ctx, s.DNS.Domain)
}

// findNetwork finds out where the environment stands: in a VPC that is there, or
// in zones for one of its own.
func (l *lookups) findNetwork(ctx *pulumi.Context, s *settings.Settings, said *remarks) (err error) {
	if s.OwnVPC() {
		l.cidr = s.Network.Cidr
		l.zones, err = findZones(ctx, s, said)
		return err
	}
	if l.network, err = network.Find(ctx, s.Network.VPCID, s.Network.SubnetIDs); err != nil {
		return err
	}
	switch {
	case s.Balanced():
		err = l.network.CheckZones("a load balancer (tls.mode: acm, or allocator.replicas above 1)")
	case s.Database.Engine == settings.Postgres:
		err = l.network.CheckZones("RDS (database.engine: postgres)")
	}
	if err != nil {
		return err
	}
	o, err := findOffers(ctx, s)
	if err != nil {
		return err
	}
	return o.check(s, network.SubnetsSetting, l.network.Zones())
}

func (l *lookups) findHostImage(ctx *pulumi.Context, s *settings.Settings, said *remarks) error {
	architecture, err := image.NitroArchitecture(ctx, "lablink:allocator.instanceType", s.Allocator.InstanceType)
	if err != nil {
		return err
	}
	l.hostPlatform = image.Platform(architecture)
	reference := image.Reference{ID: s.Allocator.AMI}
	if reference.ID == "" {
		reference.SSMParameter = image.DebianParameter(architecture)
	}
	l.hostImage, err = find(ctx, "lablink:allocator.ami", reference, architecture, said)
	if err == nil && l.hostImage.SnapshotGiB > host.RootVolumeGiB {
		return fmt.Errorf("lablink:allocator.ami: image %s needs a root volume of %d GiB, but the host's has %d: choose a smaller image, for example Debian's", l.hostImage.ID, l.hostImage.SnapshotGiB, host.RootVolumeGiB)
	}
	return err
}

// find resolves an image and says in the plan when it is not pinned.
func find(ctx *pulumi.Context, setting string, r image.Reference, architecture string, said *remarks) (image.Image, error) {
	found, err := image.Find(ctx, setting, r, architecture)
	if err == nil && !r.Pinned() {
		said.warn(fmt.Sprintf("%s is not pinned: %s means %s today, and may mean a newer image at the next update (lablink image pin %s writes the id)", setting, r, found.ID, ctx.Stack()))
	}
	return found, err
}

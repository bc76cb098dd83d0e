package launcher

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strings"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// encrypted is how the engine's encrypted values begin.
const encrypted = "v1:"

// seedFor makes the simulated account one in which there is what a stack's file
// names: the account's number, zone, images, types and network. Settings that are
// wrong name nothing; the program tells what is wrong with them.
func (w *Workspace) seedFor(stack, file string) error {
	config, err := recording.ReadStackFile(w.Root, file)
	if err != nil {
		return err
	}
	s, err := settings.Load(stack, config)
	if err != nil {
		return nil //nolint:nilerr // the preview reports it, with all the rest
	}
	raw, err := json.Marshal(seedOf(s))
	if err != nil {
		return fmt.Errorf("describe the simulated account: %w", err)
	}
	name := w.own("seed.json")
	if err := os.WriteFile(name, raw, 0o644); err != nil {
		return fmt.Errorf("describe the simulated account: %w", err)
	}
	w.Region = s.Region
	w.Seed = append(w.Seed[:len(w.Seed):len(w.Seed)], "--seed", name, "--region", s.Region)
	if s.Account.ID != "" {
		w.Seed = append(w.Seed, "--account", s.Account.ID)
	}
	if _, zone, ok := strings.Cut(s.DNS.Domain, "."); ok && s.ManagesRecord() && s.DNS.ZoneID == "" && !strings.HasSuffix(s.DNS.Domain, ".example.org") {
		flag := "--zone"
		if s.DNS.Provider == settings.Cloudflare {
			flag = "--cloudflare-zone"
		}
		w.Seed = append(w.Seed, flag, zone)
	}
	// One in plain text stays: the program says what is wrong with that.
	token := config["cloudflare:apiToken"]
	w.needsToken = s.CallsCloudflare() && (token == "" || strings.HasPrefix(token, encrypted))
	return nil
}

// seedOf is what an account holds beside what each simulated account has.
func seedOf(s *settings.Settings) cloud.Seed {
	var seed cloud.Seed
	image := func(id string, types []string, tags map[string]string) {
		if id == "" || len(types) == 0 {
			return
		}
		seed.Images = append(seed.Images, cloud.Image{
			ID: id, Name: "image of the stack file", Architecture: architecture(types[0]), OwnerID: s.Account.ID,
			CreationDate: "2026-01-01T00:00:00.000Z", RootGiB: 8, Tags: tags,
		})
	}
	kinds := func(types []string) {
		for _, t := range types {
			seed.InstanceTypes = append(seed.InstanceTypes, cloud.InstanceType{Name: t, Architecture: architecture(t), VCPUs: 4, MemoryMiB: 16384})
		}
	}
	image(s.Allocator.AMI, []string{s.Allocator.InstanceType}, nil)
	kinds([]string{s.Allocator.InstanceType})
	for i, p := range s.Pools {
		image(p.Image.ID, p.InstanceTypes, nil)
		if built := p.Image.Pipeline; built != "" && s.Kind == settings.KindEnvironment {
			image(fmt.Sprintf("ami-0ba8ed%011x", i), p.InstanceTypes, map[string]string{"lablink:pipeline": built})
		}
		kinds(p.InstanceTypes)
	}
	if id := s.Network.VPCID; id != "" {
		seed.VPCs = append(seed.VPCs, cloud.VPC{ID: id, CidrBlock: "10.0.0.0/16"})
		for i, subnet := range s.Network.SubnetIDs {
			seed.Subnets = append(seed.Subnets, cloud.Subnet{
				ID: subnet, VPCID: id, AvailabilityZone: s.Region + string(rune('a'+i%3)),
				CidrBlock: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i), 0}), 24).String(),
			})
		}
	}
	return seed
}

// onARM tells the families of AWS's own processors: a g after the generation.
var onARM = regexp.MustCompile(`^[a-z]+[0-9]+g[a-z]*\.`)

// architecture is what the name of an instance type says of it.
func architecture(instanceType string) string {
	if onARM.MatchString(instanceType) {
		return "arm64"
	}
	return "x86_64"
}

package cloud

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// InstanceType is what the account's Region offers.
type InstanceType struct {
	Name         string
	Architecture string // "x86_64" or "arm64"
	VCPUs        int
	MemoryMiB    int
	GPU          string // the GPU's model, or ""
	GPUs         int
	GPUMemoryMiB int
	HourlyUSD    float64 // decides the order of CreateFleet's lowest-price strategy
	Profile      string  // the agent's simulated GPU: --nvml=simulated:<profile>
	Hypervisor   string  // "nitro" or "xen"; left out: nitro
	Letters      string  // of the zones that offer it; left out: all
}

// instanceTypes: sizes from DescribeInstanceTypes, on-demand Linux prices of
// us-west-2 as of 2026-06. The "sim." types exist only here and have the
// architecture of the machine that the simulator runs on. Which zones offer a
// type differs from account to account; one type is scarce here.
var instanceTypes = []InstanceType{
	{Name: "t4g.small", Architecture: "arm64", VCPUs: 2, MemoryMiB: 2048, HourlyUSD: 0.0168},
	{Name: "t4g.medium", Architecture: "arm64", VCPUs: 2, MemoryMiB: 4096, HourlyUSD: 0.0336},
	{Name: "t3.small", Architecture: "x86_64", VCPUs: 2, MemoryMiB: 2048, HourlyUSD: 0.0208},
	{Name: "t3.medium", Architecture: "x86_64", VCPUs: 2, MemoryMiB: 4096, HourlyUSD: 0.0416},
	{Name: "g4dn.xlarge", Architecture: "x86_64", VCPUs: 4, MemoryMiB: 16384, GPU: "T4", GPUs: 1, GPUMemoryMiB: 16384, HourlyUSD: 0.526, Profile: "a100"},
	{Name: "g5.xlarge", Architecture: "x86_64", VCPUs: 4, MemoryMiB: 16384, GPU: "A10G", GPUs: 1, GPUMemoryMiB: 22888, HourlyUSD: 1.006, Profile: "a100"},
	{Name: "g6.xlarge", Architecture: "x86_64", VCPUs: 4, MemoryMiB: 16384, GPU: "L4", GPUs: 1, GPUMemoryMiB: 22888, HourlyUSD: 0.8048, Profile: "a100"},
	{Name: "g5g.xlarge", Architecture: "arm64", VCPUs: 4, MemoryMiB: 8192, GPU: "T4g", GPUs: 1, GPUMemoryMiB: 16384, HourlyUSD: 0.42, Profile: "a100", Letters: "c"},
	{Name: "t2.small", Architecture: "x86_64", VCPUs: 1, MemoryMiB: 2048, HourlyUSD: 0.023, Hypervisor: "xen"},
	{Name: "sim.small", VCPUs: 2, MemoryMiB: 2048, HourlyUSD: 0.01},
	{Name: "sim.gpu", VCPUs: 4, MemoryMiB: 16384, GPU: "A100", GPUs: 1, GPUMemoryMiB: 40960, HourlyUSD: 0.5, Profile: "a100"},
	{Name: "sim.gpu.large", VCPUs: 8, MemoryMiB: 32768, GPU: "H100", GPUs: 1, GPUMemoryMiB: 81920, HourlyUSD: 1, Profile: "h100"},
}

// InstanceType describes one type.
func (a *Account) InstanceType(name string) (InstanceType, error) {
	known := slices.Concat(instanceTypes, a.opts.Seed.InstanceTypes)
	i := slices.IndexFunc(known, func(t InstanceType) bool { return t.Name == name })
	if i < 0 {
		return InstanceType{}, refuse("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", name)
	}
	t := known[i]
	if strings.HasPrefix(name, "sim.") {
		t.Architecture = a.opts.Architecture
	}
	t.Hypervisor = cmp.Or(t.Hypervisor, "nitro")
	return t, nil
}

// Offering is a type in a zone that offers it.
type Offering struct{ InstanceType, Zone string }

// Offerings are the zones that offer types, by type and zone. A name that is no
// type's is left out.
func (a *Account) Offerings(types []string) []Offering {
	var out []Offering
	for _, name := range slices.Compact(slices.Sorted(slices.Values(types))) {
		for _, zone := range a.AvailabilityZones() {
			if t, err := a.InstanceType(name); err == nil && t.offeredIn(zone) {
				out = append(out, Offering{name, zone})
			}
		}
	}
	return out
}

func (t InstanceType) offeredIn(zone string) bool {
	return t.Letters == "" || strings.Contains(t.Letters, zone[len(zone)-1:])
}

// rootDevice is the root volume's device name in every image there is.
const rootDevice = "/dev/xvda"

// Image is a machine image.
type Image struct {
	ID           string
	Name         string
	Architecture string
	OwnerID      string
	CreationDate string
	RootGiB      int
	Parameter    string // the public SSM parameter that points at it, or ""
	Tags         map[string]string
}

// Images are all that there are: those of others and the account's own.
func (a *Account) Images() []Image {
	var out []Image
	_ = a.view(func(m *model) error { out = a.images(m); return nil })
	return out
}

// images are all that there are, those that were built here at the end.
func (a *Account) images(m *model) []Image {
	out := a.given()
	for _, id := range slices.Sorted(maps.Keys(m.BuiltImages)) {
		out = append(out, *m.BuiltImages[id])
	}
	return slices.DeleteFunc(out, func(i Image) bool { return m.Deregistered[i.ID] })
}

// given are the images that every account here has.
func (a *Account) given() []Image {
	native := a.opts.Architecture
	images := []Image{
		{ID: "ami-0d12a364000000001", Name: "debian-12-arm64-20260928-2249", Architecture: "arm64", OwnerID: "136693071363", CreationDate: "2026-09-28T00:00:00.000Z", RootGiB: 8, Parameter: "/aws/service/debian/release/12/latest/arm64"},
		{ID: "ami-0d12a064000000002", Name: "debian-12-amd64-20260928-2249", Architecture: "x86_64", OwnerID: "136693071363", CreationDate: "2026-09-28T00:00:00.000Z", RootGiB: 8, Parameter: "/aws/service/debian/release/12/latest/amd64"},
		{ID: "ami-0d1a6000000000003", Name: "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04) 20260925", Architecture: "x86_64", OwnerID: "898082745236", CreationDate: "2026-09-25T00:00:00.000Z", RootGiB: 65, Parameter: "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id"},
		{ID: "ami-0d1a6000000000004", Name: "Deep Learning ARM64 Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04) 20260925", Architecture: "arm64", OwnerID: "898082745236", CreationDate: "2026-09-25T00:00:00.000Z", RootGiB: 65, Parameter: "/aws/service/deeplearning/ami/arm64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id"},
		{ID: "ami-051700000000000a1", Name: "simulated machine", Architecture: native, OwnerID: a.opts.AccountID, CreationDate: "2026-01-01T00:00:00.000Z", RootGiB: 8},
		{ID: "ami-051700000000000a2", Name: "simulated GPU machine", Architecture: native, OwnerID: a.opts.AccountID, CreationDate: "2026-01-01T00:00:00.000Z", RootGiB: 8},
	}
	for _, seeded := range a.opts.Seed.Images {
		seeded.OwnerID = cmp.Or(seeded.OwnerID, a.opts.AccountID)
		if !slices.ContainsFunc(images, func(i Image) bool { return i.ID == seeded.ID }) {
			images = append(images, seeded)
		}
	}
	return images
}

// Image finds an image by its id.
func (a *Account) Image(id string) (Image, error) {
	var out Image
	err := a.view(func(m *model) (err error) { out, err = a.image(m, id); return err })
	return out, err
}

// image finds an image by its id.
func (a *Account) image(m *model, id string) (Image, error) {
	images := a.images(m)
	if i := slices.IndexFunc(images, func(i Image) bool { return i.ID == id }); i >= 0 {
		return images[i], nil
	}
	return Image{}, refuse("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
}

// DeregisterImage takes one of the account's own images away. What runs from it
// goes on.
func (a *Account) DeregisterImage(id string) error {
	return a.change(func(m *model) error {
		i, err := a.image(m, id)
		if err != nil {
			return err
		}
		if i.OwnerID != a.opts.AccountID {
			return refuse("AuthFailure", "Not authorized for image:%s", id)
		}
		m.Deregistered[id] = true
		return nil
	})
}

// ImageFilter reports whether images can be filtered by what a filter names.
func ImageFilter(name string) bool {
	return name == "image-id" || name == "state" || strings.HasPrefix(name, "tag:")
}

// Matches reports whether a filter lets the image through.
func (i Image) Matches(name, value string) bool {
	switch name {
	case "image-id":
		return i.ID == value
	case "state":
		return value == "available" // no other state is modelled
	}
	have, ok := i.Tags[strings.TrimPrefix(name, "tag:")]
	return ok && have == value
}

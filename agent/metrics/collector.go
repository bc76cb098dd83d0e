package metrics

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Machine is whose GPUs are told of. An *agent.Machine is one.
type Machine interface {
	// Last is what the last look found, and whether there was one.
	Last() (api.Status, bool)
	// Counts are the events of the GPUs since the agent began.
	Counts() []gpu.Counted
}

// collector makes metrics of a machine at each scrape.
type collector struct{ machine Machine }

// labels tell GPUs apart, as NVIDIA's exporter does it: by place, UUID and model.
var labels = []string{"gpu", "uuid", "model"}

func describe(name, help string, more ...string) *prometheus.Desc {
	return prometheus.NewDesc("lablink_gpu_"+name, help, append(labels[:len(labels):len(labels)], more...), nil)
}

var (
	health = prometheus.NewDesc("lablink_agent_health", "How the machine is: 1 for the health that it has, 0 for the others.", []string{"health"}, nil)
	looked = prometheus.NewDesc("lablink_agent_last_look_timestamp_seconds", "When the GPUs were looked at last.", nil, nil)
	xids   = describe("xid_errors_total", "XIDs that the driver reported since the agent began.", "xid")
	eccs   = describe("ecc_errors_total", "Errors of memory since the driver was loaded.", "kind")
	total  = describe("memory_size_bytes", "The GPU's memory.")
)

// gauge is a reading that is told as it is.
type gauge struct {
	desc *prometheus.Desc
	of   func(api.Reading) (float64, bool)
}

var gauges = []gauge{
	{describe("utilization_ratio", "Share of the last sample in which a kernel ran, 0–1."), func(r api.Reading) (float64, bool) {
		v, ok := number(r.Utilisation)
		return v / 100, ok
	}},
	{describe("memory_used_bytes", "How much of the GPU's memory is in use."), func(r api.Reading) (float64, bool) { return number(r.MemoryUsed) }},
	{describe("temperature_celsius", "The GPU's temperature."), func(r api.Reading) (float64, bool) { return number(r.Temperature) }},
	{describe("power_watts", "What the GPU draws."), func(r api.Reading) (float64, bool) { return number(r.Power) }},
	{describe("pcie_link_generation", "The generation of the PCIe link at this moment."), func(r api.Reading) (float64, bool) { return number(r.PCIeGeneration) }},
	{describe("pcie_link_width", "How many lanes the PCIe link has."), func(r api.Reading) (float64, bool) { return number(r.PCIeWidth) }},
}

// number is what a reading says, and whether it does.
func number[T uint32 | uint64 | float64](v *T) (float64, bool) {
	if v == nil {
		return 0, false
	}
	return float64(*v), true
}

// Describe names no metrics: which there are depends on the GPUs.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect tells the last look.
func (c collector) Collect(out chan<- prometheus.Metric) {
	status, ok := c.machine.Last()
	if !ok {
		return
	}
	tell := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	for _, h := range []api.Health{api.Healthy, api.Degraded, api.Unhealthy} {
		is := 0.0
		if h == status.Health {
			is = 1
		}
		tell(health, prometheus.GaugeValue, is, string(h))
	}
	tell(looked, prometheus.GaugeValue, float64(status.At.UnixMilli())/1000)
	who := map[string][]string{}
	for i, g := range status.Inventory.GPUs {
		who[g.UUID] = []string{strconv.Itoa(i), g.UUID, g.Model}
		if g.Memory > 0 {
			tell(total, prometheus.GaugeValue, float64(g.Memory), who[g.UUID]...)
		}
	}
	for _, r := range status.Readings {
		c.reading(r, who[r.UUID], tell)
	}
	for _, n := range c.machine.Counts() {
		if is := who[n.UUID]; is != nil && n.XID < gpu.ECCUncorrected {
			tell(xids, prometheus.CounterValue, float64(n.Count), append(is[:len(is):len(is)], strconv.FormatUint(n.XID, 10))...)
		}
	}
}

// reading tells what one GPU says; what it does not say is absent.
func (collector) reading(r api.Reading, who []string, tell func(*prometheus.Desc, prometheus.ValueType, float64, ...string)) {
	for _, g := range gauges {
		if value, ok := g.of(r); ok {
			tell(g.desc, prometheus.GaugeValue, value, who...)
		}
	}
	for kind, count := range map[string]*uint64{"corrected": r.ECCCorrected, "uncorrected": r.ECCUncorrected} {
		if value, ok := number(count); ok {
			tell(eccs, prometheus.CounterValue, value, append(who[:len(who):len(who)], kind)...)
		}
	}
}

package nvml

import "github.com/NVIDIA/go-nvml/pkg/nvml"

// device is agent.Device. Closed says why there is no handle to ask.
type device struct {
	nvml   nvml.Device
	closed error
}

func (d device) UUID() (string, error) {
	return ask(d, "ask for the UUID", nvml.Device.GetUUID)
}

func (d device) Model() (string, error) {
	return ask(d, "ask for the model", nvml.Device.GetName)
}

func (d device) MemoryTotal() (uint64, error) {
	m, err := ask(d, "ask for the memory's size", nvml.Device.GetMemoryInfo)
	return m.Total, err
}

func (d device) MemoryUsed() (uint64, error) {
	m, err := ask(d, "ask for the memory in use", nvml.Device.GetMemoryInfo)
	return m.Used, err
}

func (d device) Utilisation() (uint32, error) {
	u, err := ask(d, "ask for the utilisation", nvml.Device.GetUtilizationRates)
	return u.Gpu, err
}

func (d device) Temperature() (uint32, error) {
	return ask(d, "ask for the temperature", func(d nvml.Device) (uint32, nvml.Return) {
		return d.GetTemperature(nvml.TEMPERATURE_GPU)
	})
}

// Power converts NVML's milliwatts to watts.
func (d device) Power() (float64, error) {
	milliwatts, err := ask(d, "ask for the power", nvml.Device.GetPowerUsage)
	return float64(milliwatts) / 1000, err
}

func ask[T any](d device, what string, question func(nvml.Device) (T, nvml.Return)) (T, error) {
	if d.closed != nil {
		var none T
		return none, d.closed
	}
	answer, ret := question(d.nvml)
	return answer, check(what, ret)
}

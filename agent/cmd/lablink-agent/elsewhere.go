package main

// refusal is what this program says on systems that it cannot serve.
func refusal(system string) string {
	return "lablink-agent: this computer runs " + system + ", and LabLink serves desktops of computers with Linux and, for GPUs, NVIDIA's driver. " +
		"Run it on one of those; participants and staff need a browser only, on any system."
}

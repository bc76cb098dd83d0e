package release

// CrossCompilers are the C compilers that build the agent, which calls NVML, by
// architecture, where it is not the computer's own.
var CrossCompilers = map[string]string{"amd64": "x86_64-linux-gnu-gcc", "arm64": "aarch64-linux-gnu-gcc"}

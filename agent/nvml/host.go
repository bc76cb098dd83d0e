package nvml

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// linux is what Linux tells of the driver, in sysfs.
type linux struct{ sys string }

// DriverStart is the inode of the module's folder in sysfs: each load of a module makes
// a new one, with the next number (kernfs).
func (l linux) DriverStart() string {
	info, err := os.Stat(filepath.Join(l.sys, "module/nvidia"))
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return strconv.FormatUint(stat.Ino, 10)
}

// nvidia is NVIDIA's number among the makers of PCI devices.
const nvidia = "0x10de"

// NoGPU reports whether the PCI devices can be listed, and none of them is NVIDIA's.
func (l linux) NoGPU() bool {
	vendors, err := filepath.Glob(filepath.Join(l.sys, "bus/pci/devices/*/vendor"))
	if err != nil || len(vendors) == 0 {
		return false
	}
	for _, file := range vendors {
		vendor, err := os.ReadFile(file)
		if err != nil || strings.TrimSpace(string(vendor)) == nvidia {
			return false
		}
	}
	return true
}

// silent is a machine that tells nothing.
type silent struct{}

func (silent) DriverStart() string { return "" }
func (silent) NoGPU() bool         { return false }

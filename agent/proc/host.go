package proc

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Host is agent.Host.
type Host struct {
	// Dir is where the kernel tells of itself. Empty: /proc.
	Dir string
	// Disk is a folder on the file system that counts. It need not be there yet.
	Disk string
}

var _ agent.Host = Host{}

// Facts are those of this moment.
func (h Host) Facts() api.Host {
	out := api.Host{CPUs: runtime.NumCPU()}
	h.disk(&out)
	fs, err := open(h.Dir)
	if err != nil {
		return out
	}
	if m, err := fs.Meminfo(); err == nil {
		out.MemoryTotal, out.MemoryAvailable = m.MemTotalBytes, m.MemAvailableBytes
	}
	if load, err := fs.LoadAvg(); err == nil {
		out.Load = &load.Load1
	}
	out.OutOfMemory = h.kills()
	return out
}

// disk looks at the file system that holds the folder, or what will hold it.
func (h Host) disk(out *api.Host) {
	dir := h.Disk
	for {
		var at syscall.Statfs_t
		err := syscall.Statfs(dir, &at)
		if err == nil {
			size := uint64(at.Bsize) //nolint:gosec // a block's size
			free, total := at.Bavail*size, (at.Blocks-at.Bfree+at.Bavail)*size
			out.DiskFree, out.DiskTotal = &free, &total
			return
		}
		above := filepath.Dir(dir)
		if above == dir {
			return
		}
		dir = above
	}
}

// kills counts the programs that Linux ended as memory was exhausted.
func (h Host) kills() *uint64 {
	dir := h.Dir
	if dir == "" {
		dir = "/proc"
	}
	f, err := os.Open(filepath.Join(dir, "vmstat"))
	if err != nil {
		return nil
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "oom_kill "); ok {
			if n, err := strconv.ParseUint(text, 10, 64); err == nil {
				return &n
			}
		}
	}
	return nil
}

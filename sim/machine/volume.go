package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/sim/control"
)

func (h *Host) volume(id string) string { return filepath.Join(h.opts.Dir, "volumes", id) }

func (h *Host) snapshot(id string) string { return filepath.Join(h.opts.Dir, "snapshots", id) }

// Save keeps what is on a volume at this moment. Machines that have it stand still
// meanwhile, so that what they write is there as far as they came, as on a disk
// whose power fails.
func (h *Host) Save(volume, snapshot string) {
	h.mu.Lock()
	var held []int
	for id := range h.machines {
		for _, x := range h.account.AttachmentsOf(id) {
			if x.VolumeID == volume {
				held = append(held, control.Processes(rootVariable+"="+filepath.Join(h.folder(id), "root"))...)
			}
		}
	}
	h.mu.Unlock()
	for _, pid := range held {
		_ = syscall.Kill(pid, syscall.SIGSTOP) // gone meanwhile is as good
		for runsOn(pid) {
			runtime.Gosched()
		}
	}
	defer func() {
		for _, pid := range held {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}()
	h.copyData("save", h.volume(volume), h.snapshot(snapshot))
}

// runsOn reports whether a process that was told to stop has not yet. Its state
// follows its name in brackets.
func runsOn(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(raw), ") ")
	return err == nil && state != "" && strings.ContainsAny(state[:1], "RSD")
}

// Fill puts what a snapshot holds on a new volume.
func (h *Host) Fill(volume, snapshot string) {
	h.copyData("fill", h.snapshot(snapshot), h.volume(volume))
}

func (h *Host) copyData(doing, from, to string) {
	var err error
	if h.opts.Base == "" {
		err = copyFolder(from, to)
	} else {
		err = errors.New("there are no snapshots where machines are containers")
	}
	if err != nil {
		h.opts.Log.Error(doing+" a volume", "from", from, "to", to, "error", err)
	}
}

// copyFolder copies folders and files with their modes. A folder that is not there
// is a volume that nothing was written on. What else there is, such as a socket,
// is nothing that lies on a disk.
func copyFolder(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", to, err)
	}
	if _, err := os.Stat(from); os.IsNotExist(err) {
		return nil
	}
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, path[len(from):])
		info, err := entry.Info()
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return os.MkdirAll(target, info.Mode().Perm())
		case !info.Mode().IsRegular():
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, raw, info.Mode().Perm())
	})
}

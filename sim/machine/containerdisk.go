package machine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
)

// disk is a volume that a container has.
type disk struct {
	device string // of this computer; "" until the machine sees it
}

// disks is the folder of the files that hold volumes, as many bytes as they are
// large. Their names are those that udev gives the devices.
func (h *Host) disks() string { return filepath.Join(h.opts.Dir, "volumes") }

// openDisks makes the volumes that the machine has devices of this computer.
func (c *container) openDisks() (devices []string, err error) {
	c.closeDisks()
	for _, x := range c.host.account.AttachmentsOf(c.instance.ID) {
		device, err := c.openDisk(x.VolumeID)
		if err != nil {
			return nil, err
		}
		devices = append(devices, device)
		c.mu.Lock()
		c.disks[x.VolumeID] = disk{device}
		c.mu.Unlock()
	}
	return devices, nil
}

func (c *container) openDisk(volume string) (string, error) {
	v, err := c.host.account.Volume(volume)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(c.host.disks(), 0o700); err != nil {
		return "", fmt.Errorf("attach %s: %w", volume, err)
	}
	return nspawn.OpenDisk(c.ctx, filepath.Join(c.host.disks(), deviceName(volume)), int64(v.Size)<<30)
}

// attach makes a volume visible, at once or as soon as the machine runs.
func (c *container) attach(volume string) error {
	c.host.starting.Go(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if _, has := c.disks[volume]; !has {
			c.disks[volume] = disk{}
		}
		if err := c.plugAll(); err != nil && c.ctx.Err() == nil {
			c.log.Error("attach volume", "volume", volume, "error", err)
		}
	})
	return nil
}

// plugAll makes visible what the machine has and does not see yet. It is called with
// the lock held.
func (c *container) plugAll() error {
	if c.pid == 0 {
		return nil
	}
	for volume, d := range c.disks {
		if d.device != "" {
			continue
		}
		device, err := c.openDisk(volume)
		if err != nil {
			return err
		}
		c.disks[volume] = disk{device}
		if err := nspawn.Plug(c.ctx, c.pid, device); err != nil {
			return err
		}
	}
	return nil
}

// detach takes a volume away. What the machine uses of it goes when it is off.
func (c *container) detach(volume string) {
	c.host.starting.Go(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.closeDisk(volume)
	})
}

// closeDisk is called with the lock held.
func (c *container) closeDisk(volume string) {
	if device := c.disks[volume].device; device != "" {
		if err := nspawn.CloseDisk(context.Background(), device); err != nil {
			c.log.Error("detach volume", "volume", volume, "error", err)
		}
	}
	delete(c.disks, volume)
}

func (c *container) closeDisks() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for volume := range c.disks {
		c.closeDisk(volume)
	}
}

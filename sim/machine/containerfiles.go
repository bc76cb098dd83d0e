package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
)

// seedDir is where cloud-init finds what an instance was launched with.
const seedDir = "/var/lib/cloud/seed/nocloud/"

// certificates are what a Debian trusts.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// files are what the image of a machine has beside the base system: who it is, whom
// it asks and whom it trusts.
func (c *container) files(kind cloud.InstanceType) (map[string]string, error) {
	trusted, err := os.ReadFile(filepath.Join(c.host.opts.Base, certificates))
	if err != nil {
		return nil, fmt.Errorf("read what machines trust: %w", err)
	}
	own, err := os.ReadFile(c.host.opts.Roots)
	if err != nil {
		return nil, fmt.Errorf("read what machines trust: %w", err)
	}
	environment := c.host.opts.Environment
	if kind.Profile != "" {
		environment = append(environment[:len(environment):len(environment)], "LABLINK_NVML=simulated:"+kind.Profile)
	}
	return map[string]string{
		seedDir + "user-data": c.instance.Script,
		seedDir + "meta-data": fmt.Sprintf("instance-id: %s\nlocal-hostname: ip-%s\n", c.instance.ID, strings.ReplaceAll(c.instance.PrivateIP, ".", "-")),
		certificates:          string(trusted) + string(own),
		"/etc/resolv.conf":    "nameserver " + resolverAddress + "\n",
		"/etc/udev/rules.d/61-simulated-volumes.rules": nspawn.NameDisks(c.host.disks()),
		"/etc/systemd/system.conf.d/50-simulated.conf": "[Manager]\nDefaultEnvironment=" + strings.Join(environment, " ") + "\n",
	}, nil
}

package boot

import (
	"path/filepath"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// configFile is what the user data told, kept for later.
const configFile = host.ConfigDir + "/host.json"

// Config says where the host finds its releases.
type Config struct {
	Region  string `json:"region"`
	Pointer string `json:"pointer"` // the SSM parameter that names the release
	Bucket  string `json:"bucket"`  // the artifact bucket
}

// ReadConfig reads what the first boot kept.
func ReadConfig() (Config, error) {
	var c Config
	err := host.ReadJSON(configFile, &c)
	return c, err
}

// DataDir is where the data volume is mounted.
const DataDir = "/var/lib/lablink"

// SettingsFile is where the settings of a release are.
func SettingsFile(sum string) string { return filepath.Join(host.ReleaseDir(sum), "settings.json") }

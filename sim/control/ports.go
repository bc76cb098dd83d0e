package control

import (
	"encoding/json"
	"fmt"
	"os"
)

// Ports are where a simulator listens on loopback: for the AWS API, and for the
// Pulumi engine, which asks for each provider elsewhere.
type Ports struct {
	API        int `json:"api"`
	Provider   int `json:"provider"`
	Cloudflare int `json:"cloudflare"`
}

// ReadPorts reads the file that a simulator keeps its ports in.
func ReadPorts(file string) (Ports, error) {
	var p Ports
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		return Ports{}, fmt.Errorf("read the simulator's ports: %w", err)
	}
	return p, nil
}

// Write puts the file into place as a whole: others read it at any time.
func (p Ports) Write(file string) error {
	raw, err := json.Marshal(p)
	if err == nil {
		err = os.WriteFile(file+".new", raw, 0o644)
	}
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		return fmt.Errorf("keep the simulator's ports: %w", err)
	}
	return nil
}

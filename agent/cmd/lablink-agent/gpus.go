//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/agent/nvml"
	"github.com/talmolab/lablink-infrastructure/agent/simulated"
)

// metadataTimeout bounds how long the machine is asked for its instance id. A
// machine outside of EC2 does not answer.
const metadataTimeout = 3 * time.Second

// source is where GPUs are found: the driver, or a simulation when profile
// names one.
type source struct{ profile *simulated.Profile }

// parseSource reads "real" or "simulated:PROFILE".
func parseSource(text string) (source, error) {
	if text == "real" {
		return source{}, nil
	}
	profile, ok := strings.CutPrefix(text, "simulated:")
	if !ok {
		return source{}, fmt.Errorf("--nvml %q: give real or simulated:PROFILE, for example simulated:h100", text)
	}
	p, err := simulated.ParseProfile(profile)
	if err != nil {
		return source{}, fmt.Errorf("--nvml %q: %w", text, err)
	}
	return source{&p}, nil
}

func (s source) open(ctx context.Context) (gpu.NVML, error) {
	if s.profile == nil {
		return nvml.Real(), nil
	}
	seed, err := machineName(ctx)
	if err != nil {
		return nil, err
	}
	library, err := simulated.New(*s.profile, seed, time.Now)
	if err != nil {
		return nil, err
	}
	return nvml.New(library), nil
}

// machineName is the instance id on EC2, and the host's name elsewhere. It
// tells simulated GPUs of different machines apart.
func machineName(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	if id, err := identity.InstanceID(ctx); err == nil {
		return id, nil
	}
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("find a name for this machine: %w", err)
	}
	return name, nil
}

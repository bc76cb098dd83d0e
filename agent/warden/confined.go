package warden

import (
	"context"
	"errors"
	"slices"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// StartUnit is what a command runs in that connects a session.
const StartUnit = "lablink-remote-start.service"

// confinement is what RemoteUnit confines the session's user with.
var confinement = []string{
	"User=" + User, "Group=" + User, "UMask=0027",
	"TimeoutStopSec=5",
	"NoNewPrivileges=yes", "CapabilityBoundingSet=",
	"InaccessiblePaths=-/var/lib/lablink-agent -/var/lib/lablink-warden -/var/lib/lablink-prepared -/etc/lablink -/run/lablink-warden -/run/docker.sock",
	"IPAddressDeny=169.254.169.254 fd00:ec2::254",
	"PrivateTmp=yes",
	"ProtectControlGroups=yes", "ProtectHostname=yes", "ProtectKernelLogs=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes",
	"ProtectProc=invisible", "ProtectSystem=full",
	"RemoveIPC=yes", "RestrictRealtime=yes", "LockPersonality=yes",
}

// Confinement is what commands of the session's user are confined with, as a unit's file says
// it.
func Confinement() []string { return slices.Clone(confinement) }

// Confined runs commands as the session's user: they may begin what that user left in their
// home. Each runs in a unit of its own, confined as the session is, and what it leaves running
// ends with it.
type Confined struct {
	// Root runs commands as root.
	Root agent.Runner
	// Units ends the unit.
	Units Units
}

var _ agent.Runner = Confined{}

// Run runs a command, one at a time. The unit's description is not the command's line, which
// would be in the machine's log.
func (c Confined) Run(ctx context.Context, in agent.Command, said func(line string)) error {
	args := []string{
		"systemd-run", "--quiet", "--pipe", "--wait", "--collect", "--unit=" + StartUnit, "--description=Connect a participant's desktop",
		"--working-directory=" + host.Path(Home), "--setenv=LANG=C.UTF-8",
	}
	for _, property := range confinement {
		args = append(args, "--property="+property)
	}
	for _, env := range in.Env {
		args = append(args, "--setenv="+env)
	}
	args = append(append(args, "--"), in.Args...)
	err := c.Root.Run(ctx, agent.Command{Args: args, Input: in.Input, Root: true, Limit: in.Limit}, said)
	return errors.Join(err, c.Units.Stop(context.WithoutCancel(ctx), StartUnit))
}

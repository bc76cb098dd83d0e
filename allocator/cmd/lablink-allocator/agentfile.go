package main

import (
	"context"

	"github.com/talmolab/lablink-infrastructure/allocator/web"
)

// agentFile opens the agent's program of the release that runs here.
func (a *app) agentFile(ctx context.Context, platform string) (web.AgentFile, error) {
	body, file, err := a.programs.Open(ctx, platform)
	return web.AgentFile{Body: body, Bytes: file.Bytes, SHA256: file.SHA256}, err
}

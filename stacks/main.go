// Command stacks is the Pulumi program of LabLink.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/release/build"
	"github.com/talmolab/lablink-infrastructure/infra/release/published"
	"github.com/talmolab/lablink-infrastructure/stacks/program"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		config := map[string]string{}
		if raw := os.Getenv(pulumi.EnvConfig); raw != "" {
			if err := json.Unmarshal([]byte(raw), &config); err != nil {
				return fmt.Errorf("read the stack's configuration: %w", err)
			}
		}
		root, err := workingCopy()
		if err != nil {
			return err
		}
		return program.Program{Builder: &source{root: root}, Config: config}.Run(ctx)
	})
}

// workingCopy is the folder above this one that holds the module.
func workingCopy() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the working copy: %w", err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("find the working copy: there is no go.mod above this folder")
}

// source gets the release from this working copy, or into it.
type source struct {
	root  string
	find  func() (build.Source, error)
	begin sync.Once
}

func (s *source) Begin(ctx context.Context) {
	s.begin.Do(func() {
		s.find = sync.OnceValues(func() (build.Source, error) { return build.FindSource(ctx, s.root) })
		go func() { _, _ = s.find() }() // Build asks for both again
	})
}

func (s *source) Build(ctx context.Context, allocator, agent []string) (build.Binaries, error) {
	s.Begin(ctx)
	found, err := s.find()
	if err != nil {
		return build.Binaries{}, err
	}
	return build.Build(ctx, found, filepath.Join(s.root, ".lablink", "build"), allocator, agent)
}

func (s *source) Fetch(ctx context.Context, from published.Source, allocator, agent []string) (build.Binaries, error) {
	client := &http.Client{Timeout: 10 * time.Minute} // for one file
	return published.Fetch(ctx, client, from, filepath.Join(s.root, ".lablink", "build", "published"), allocator, agent)
}

func (s *source) Commit(ctx context.Context) (build.Commit, error) {
	return build.FindCommit(ctx, s.root)
}

package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Kinds of what an image consists of (OCI image specification).
const (
	manifestKind = "application/vnd.oci.image.manifest.v1+json"
	configKind   = "application/vnd.oci.image.config.v1+json"
	layerKind    = "application/vnd.oci.image.layer.v1.tar"
)

// Runs says what an image runs.
type Runs struct {
	User       string   `json:"User,omitempty"`
	Entrypoint []string `json:"Entrypoint,omitempty"`
	Env        []string `json:"Env,omitempty"`
	// Volumes are folders whose content podman keeps apart.
	Volumes map[string]struct{} `json:"Volumes,omitempty"`
}

// Image is an image that can be pulled.
type Image struct {
	// Digest names it for ever: sha256:….
	Digest string
	// Held holds the layers up halfway until it is closed. Optional.
	Held <-chan struct{}

	manifest, config []byte
	of               string            // the configuration's digest
	layers           map[string]string // their files, by their digests
}

// descriptor names a part of an image.
type descriptor struct {
	Kind   string `json:"mediaType"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

// New makes an image of folders, each of them a layer over those before, which are kept in
// another folder. What is left out are patterns, as tar takes them.
func New(ctx context.Context, kept string, runs Runs, leftOut []string, folders ...string) (*Image, error) {
	i := &Image{layers: map[string]string{}}
	var layers []descriptor
	var digests []string
	for n, dir := range folders {
		file := filepath.Join(kept, fmt.Sprintf("layer%d.tar", n))
		if err := pack(ctx, file, leftOut, dir); err != nil {
			return nil, err
		}
		layer, err := describe(file)
		if err != nil {
			return nil, err
		}
		i.layers[layer.Digest], layers, digests = file, append(layers, layer), append(digests, layer.Digest)
	}
	return i, i.assemble(runs, layers, digests)
}

// assemble writes what an image of layers consists of beside them.
func (i *Image) assemble(runs Runs, layers []descriptor, digests []string) (err error) {
	i.config, err = json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "config": runs,
		"rootfs": map[string]any{"type": "layers", "diff_ids": digests},
	})
	if err != nil {
		return fmt.Errorf("write the image's configuration: %w", err)
	}
	config := descriptor{configKind, digest(i.config), int64(len(i.config))}
	i.manifest, err = json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestKind, "config": config, "layers": layers,
	})
	i.Digest, i.of = digest(i.manifest), config.Digest
	return err
}

// pack puts a folder into an archive.
func pack(ctx context.Context, file string, leftOut []string, dir string) error {
	args := []string{"--create", "--file=" + file, "--numeric-owner", "--one-file-system"}
	for _, pattern := range leftOut {
		args = append(args, "--exclude="+pattern)
	}
	args = append(args, "--directory="+dir, ".")
	if out, err := exec.CommandContext(ctx, "tar", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("make the image's layer: %w: %s", err, out)
	}
	return nil
}

func describe(layer string) (descriptor, error) {
	f, err := os.Open(layer)
	if err != nil {
		return descriptor{}, err
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	return descriptor{layerKind, "sha256:" + hex.EncodeToString(sum.Sum(nil)), size}, err
}

func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

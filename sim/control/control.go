package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// The paths of the control API. The AWS API has none like them.
const (
	PathState    = "/_simulator/state"
	PathDoors    = "/_simulator/doors"
	PathFaults   = "/_simulator/faults"
	PathCreated  = "/_simulator/created"
	PathMachines = "/_simulator/machines"
	PathImages   = "/_simulator/images"

	PathInterruptions = "/_simulator/interruptions"
)

// Mark is the environment variable by which every process of a simulator's
// machines names the simulator's folder.
const Mark = "LABLINK_SIMULATOR"

// Interruption names a spot instance that AWS takes back.
type Interruption struct {
	Instance string `json:"instance"`
}

// State is what a simulator says of itself.
type State struct {
	PID        int              `json:"pid"`
	Dir        string           `json:"dir"`
	Program    string           `json:"program"`  // the sum of its executable
	API        string           `json:"api"`      // the URL of the AWS API
	Provider   int              `json:"provider"` // the port of the provider aws
	Cloudflare int              `json:"cloudflare"`
	Doors      []Door           `json:"doors"`
	Faults     cloud.Faults     `json:"faults"`
	Instances  []cloud.Instance `json:"instances"`
	Authority  *Authority       `json:"authority,omitempty"` // where machines boot
	DNS        string           `json:"dns,omitempty"`       // the address of the internet's DNS, over TCP; where machines boot
}

// Authority is the certificate authority of the simulated internet.
type Authority struct {
	Roots  string `json:"roots"`  // the file with what its clients trust
	Orders int    `json:"orders"` // how many certificates were ordered from it
}

// Door is an address on this computer that leads to a port of a public address
// of the account, or of a load balancer by its DNS name.
type Door struct {
	Listen  string `json:"listen"` // 127.0.0.1:8080
	Address string `json:"address"`
	Port    int    `json:"port"`
	// From is the address on the internet from which people come through this
	// door, which security groups see. Optional: one that is nobody's.
	From string `json:"from,omitempty"`
}

// Client speaks to the simulator whose AWS API is at URL.
type Client struct {
	URL  string
	HTTP *http.Client
}

// State asks what the simulator holds.
func (c *Client) State(ctx context.Context) (State, error) {
	var s State
	err := c.call(ctx, http.MethodGet, PathState, nil, &s)
	return s, err
}

// OpenDoor opens a door, or points an open one elsewhere.
func (c *Client) OpenDoor(ctx context.Context, d Door) error {
	return c.call(ctx, http.MethodPost, PathDoors, d, nil)
}

// SetFaults replaces the faults that are in force.
func (c *Client) SetFaults(ctx context.Context, f cloud.Faults) error {
	return c.call(ctx, http.MethodPut, PathFaults, f, nil)
}

// Created is the id of what a deployment's URN became, or "".
func (c *Client) Created(ctx context.Context, urn string) (string, error) {
	var out struct{ ID string }
	err := c.call(ctx, http.MethodGet, PathCreated+"?urn="+url.QueryEscape(urn), nil, &out)
	return out.ID, err
}

// BuildImage says that an Image Builder pipeline, by its name, has built an
// image, and returns the image's id.
func (c *Client) BuildImage(ctx context.Context, pipeline string) (string, error) {
	var out struct{ ID string }
	err := c.call(ctx, http.MethodPost, PathImages, map[string]string{"pipeline": pipeline}, &out)
	return out.ID, err
}

// Interrupt lets AWS take a spot instance back in two minutes, and say so.
func (c *Client) Interrupt(ctx context.Context, instance string) error {
	return c.call(ctx, http.MethodPost, PathInterruptions, Interruption{instance}, nil)
}

// EndMachines ends the machines that an allocator launched and waits until they
// are gone, as they must be before their network can go.
func (c *Client) EndMachines(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, PathMachines, nil, nil)
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, body)
	if err != nil {
		return fmt.Errorf("ask the simulator: %w", err)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("ask the simulator: %w", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("ask the simulator: %w", err)
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("the simulator refuses: %s", strings.TrimSpace(string(raw)))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("read the simulator's answer: %w", err)
	}
	return nil
}

package podman

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// serving is how long podman may take to answer its API.
const serving = 20 * time.Second

// pull fetches an image and says how far that is. Of podman's ways to fetch, its API alone
// tells that.
func pull(ctx context.Context, reference string, said func(line string)) error {
	dir, err := os.MkdirTemp(host.Path("/run"), "lablink-pull-")
	if err != nil {
		return fmt.Errorf("make a folder for podman's socket: %w", err)
	}
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	socket := filepath.Join(dir, "api")
	service := command(ctx, "system", "service", "--time=0", "unix://"+socket)
	if err := service.Start(); err != nil {
		return fmt.Errorf("start podman's API: %w", err)
	}
	defer func() { stop(); _ = service.Wait() }()
	if err := awaitSocket(ctx, socket); err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://podman/v1.40/images/create?"+url.Values{"fromImage": {reference}}.Encode(), nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("ask podman for the image: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return refused(answer)
	}
	return follow(answer.Body, said)
}

// maxRefusal is how much of a refusal is read, in bytes.
const maxRefusal = 64 << 10

// refused is why podman's API does not begin to fetch an image.
func refused(answer *http.Response) error {
	var said struct {
		Message string `json:"message"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxRefusal)).Decode(&said); err != nil || said.Message == "" {
		return fmt.Errorf("podman refused to fetch the image: %s", answer.Status)
	}
	return fmt.Errorf("podman refused to fetch the image: %s", gpu.Clip(said.Message))
}

// awaitSocket waits until podman listens.
func awaitSocket(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeout(ctx, serving)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket); err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return errors.New("podman's API does not start")
		case <-tick.C:
		}
	}
}

// step is what podman's API says of a layer, or why it gives up.
type step struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Error    string `json:"error"`
	Progress struct {
		Current int64 `json:"current"`
		Total   int64 `json:"total"`
	} `json:"progressDetail"`
}

// follow reads what podman says until it has ended.
func follow(from io.Reader, said func(line string)) error {
	p := progress{layers: map[string]layer{}}
	for steps := json.NewDecoder(from); ; {
		var s step
		err := steps.Decode(&s)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("podman stopped fetching the image: %w", err)
		}
		if s.Error != "" {
			return errors.New(gpu.Clip(s.Error))
		}
		if line := p.add(s); line != "" {
			said(line)
		}
	}
}

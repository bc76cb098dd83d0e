package uplink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Keeper is agent.Keeper: the allocator names places in S3, which the machine itself
// has no right to write to.
type Keeper struct {
	Allocator *Allocator
	// Identity is who the agent is.
	Identity func() (agent.Identity, error)
	// HTTP puts files. It may take as long as a file needs.
	HTTP *http.Client
}

// Places asks the allocator.
func (k *Keeper) Places(ctx context.Context, n api.NewUploads) (api.Uploads, error) {
	var out api.Uploads
	id, err := k.Identity()
	if err != nil {
		return out, err
	}
	err = k.Allocator.client(id.Secret).Do(ctx, http.MethodPost, "/api/v1/agents/"+id.AgentID+"/uploads", n, &out)
	if err != nil && api.CodeOf(err) == "" {
		err = &agent.Away{Err: err}
	}
	return out, err
}

// Put puts one file.
func (k *Keeper) Put(ctx context.Context, place string, headers map[string]string, content io.Reader, bytes int64) error {
	if bytes == 0 {
		content = http.NoBody
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, place, content)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	req.ContentLength = bytes
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := k.HTTP.Do(req)
	if said := (*url.Error)(nil); errors.As(err, &said) {
		err = said.Err // without the address, which lets whoever reads it put the file
	}
	if err != nil {
		return &agent.Away{Err: fmt.Errorf("put the file: %w", err)}
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 1<<12))
	if err != nil {
		return &agent.Away{Err: fmt.Errorf("read the bucket's answer: %w", err)}
	}
	if res.StatusCode == http.StatusPreconditionFailed && len(headers) > 0 {
		return nil // a try before, whose answer was lost, has put it
	}
	if res.StatusCode == http.StatusOK {
		return nil
	}
	err = fmt.Errorf("the bucket answers %s: %s", res.Status, strings.TrimSpace(string(said)))
	if passes(res.StatusCode, string(said)) {
		return &agent.Away{Err: err}
	}
	return err
}

// passes reports whether S3 may take a file the next time: not what it refuses, but what came
// too slowly, or at the same time as another one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
func passes(status int, said string) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return true
	case http.StatusBadRequest:
		return strings.Contains(said, "<Code>RequestTimeout</Code>")
	}
	return status >= 500
}

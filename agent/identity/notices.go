package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Notices is agent.Notices: what instance metadata says of spot machines.
type Notices struct{ client *imds.Client }

var _ agent.Notices = (*Notices)(nil)

// NewNotices asks instance metadata, with a token that it keeps.
func NewNotices() *Notices { return &Notices{metadata()} }

// Next is what AWS will do with the machine, or that it may do something soon.
func (n *Notices) Next(ctx context.Context) (*api.Interruption, error) {
	var action struct {
		Action string    `json:"action"`
		Time   time.Time `json:"time"`
	}
	said, err := n.read(ctx, "spot/instance-action", &action)
	if err != nil {
		return nil, err
	}
	if said {
		return &api.Interruption{Action: action.Action, At: action.Time}, nil
	}
	var advice struct {
		NoticeTime time.Time `json:"noticeTime"`
	}
	if said, err = n.read(ctx, "events/recommendations/rebalance", &advice); err != nil || !said {
		return nil, err
	}
	return &api.Interruption{Action: api.Rebalance, At: advice.NoticeTime}, nil
}

// read reads one notice. There is none where metadata has no such page.
func (n *Notices) read(ctx context.Context, path string, into any) (said bool, err error) {
	out, err := n.client.GetMetadata(ctx, &imds.GetMetadataInput{Path: path})
	var refused *smithyhttp.ResponseError
	if errors.As(err, &refused) && refused.HTTPStatusCode() == http.StatusNotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask instance metadata for %s: %w", path, err)
	}
	defer out.Content.Close()
	raw, err := io.ReadAll(io.LimitReader(out.Content, 1<<12))
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		return false, fmt.Errorf("read %s from instance metadata: %w", path, err)
	}
	return true, nil
}

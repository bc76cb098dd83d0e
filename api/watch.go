package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// WatchSeat hears of the machine whose seat the caller holds, every two seconds,
// until tell returns false. It is an error when the answer ends before that, as
// when the caller holds no seat any more.
func (c *Client) WatchSeat(ctx context.Context, tell func(Live) bool) error {
	const path = "/api/v1/seats/current/events"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(c.URL, "/")+path, nil)
	if err != nil {
		return fmt.Errorf("make request to %s: %w", path, err)
	}
	c.prepare(req, false)
	req.Header.Set("Accept", "text/event-stream")
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
		client.Timeout = 0 // the answer goes on; ctx ends it
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("watch the seat: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		return errors.Join(problemOf(res, raw), err)
	}
	return readEvents(bufio.NewScanner(res.Body), tell)
}

// readEvents reads server-sent events: what is told of a machine, or a problem that
// says why there is no more of it.
func readEvents(lines *bufio.Scanner, tell func(Live) bool) error {
	event := ""
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			event = name
		}
		raw, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		if event == "gone" {
			p := &Problem{}
			if err := json.Unmarshal([]byte(raw), p); err != nil {
				return fmt.Errorf("watch the seat: %w", err)
			}
			return p
		}
		var live Live
		if err := json.Unmarshal([]byte(raw), &live); err != nil {
			return fmt.Errorf("watch the seat: %w", err)
		}
		if !tell(live) {
			return nil
		}
	}
	return errors.Join(errors.New("watch the seat: the answer ended"), lines.Err())
}

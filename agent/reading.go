package agent

import (
	"errors"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/api"
)

// ask asks one GPU everything. What it does not support stays absent. The
// error is the first answer that failed otherwise, or a lost GPU if any answer
// said so.
func ask(uuid string, d Device) (api.GPU, api.Reading, error) {
	var q questions
	gpu := api.GPU{UUID: uuid}
	if model := answer(&q, "model", d.Model); model != nil {
		gpu.Model = *model
	}
	if total := answer(&q, "memory size", d.MemoryTotal); total != nil {
		gpu.Memory = *total
	}
	reading := api.Reading{
		UUID:        uuid,
		Utilisation: answer(&q, "utilisation", d.Utilisation),
		MemoryUsed:  answer(&q, "memory in use", d.MemoryUsed),
		Temperature: answer(&q, "temperature", d.Temperature),
		Power:       answer(&q, "power", d.Power),
	}
	return gpu, reading, q.failed
}

// questions remembers which of several questions to a GPU failed.
type questions struct{ failed error }

// answer is nil where the GPU does not tell.
func answer[T any](q *questions, what string, ask func() (T, error)) *T {
	value, err := ask()
	switch {
	case err == nil:
		return &value
	case errors.Is(err, ErrNotSupported):
	case q.failed == nil, errors.Is(err, ErrLost):
		q.failed = fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

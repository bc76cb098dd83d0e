package gpu

import (
	"errors"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/api"
)

// answers are what one GPU says of itself. What it does not support is absent.
type answers struct {
	gpu     api.GPU
	reading api.Reading
	signs   signs
	// failed is the first answer that failed otherwise, or a lost GPU if any answer
	// said so.
	failed error
}

// signs are what may be wrong with a GPU.
type signs struct {
	slowsAt   *uint32
	slowed    *Slowed
	link      *Link
	remapping *Remapping
	pages     *bool
	recovery  *Recovery
}

// Capability is a CUDA compute capability.
type Capability struct{ Major, Minor int }

func (c Capability) String() string { return fmt.Sprintf("%d.%d", c.Major, c.Minor) }

// ampere is the compute capability from which on memory has spare rows; before, pages
// of bad memory are retired.
const ampere = 8

// ask asks one GPU everything.
func ask(uuid string, d Device) answers {
	var q questions
	a := answers{gpu: api.GPU{
		UUID: uuid, Model: or(answer(&q, "model", d.Model)), Memory: or(answer(&q, "memory size", d.MemoryTotal)),
	}}
	capability := answer(&q, "compute capability", d.Capability)
	if capability != nil {
		a.gpu.Capability = capability.String()
	}
	most := or(answer(&q, "PCIe link's maximum", d.LinkMax))
	a.gpu.PCIeGeneration, a.gpu.PCIeWidth = most.Generation, most.Width
	a.gpu.Instances = or(answer(&q, "MIG instances", d.Instances))
	a.reading = api.Reading{
		UUID:        uuid,
		Utilisation: answer(&q, "utilisation", d.Utilisation),
		MemoryUsed:  answer(&q, "memory in use", d.MemoryUsed),
		Temperature: answer(&q, "temperature", d.Temperature),
		Power:       answer(&q, "power", d.Power),
	}
	if a.reading.Utilisation == nil {
		a.reading.Programs = answer(&q, "programs on it", d.Programs)
	}
	a.signs = signs{
		slowsAt:  answer(&q, "limit of its temperature", d.SlowsAt),
		slowed:   answer(&q, "clocks", d.Slowed),
		link:     answer(&q, "PCIe link", d.Link),
		recovery: answer(&q, "recovery action", d.Recovery),
	}
	if capability != nil && capability.Major >= ampere {
		a.signs.remapping = answer(&q, "row remapping", d.Remapping)
	} else if capability != nil {
		a.signs.pages = answer(&q, "retired pages", d.PagesPending)
	}
	if link := a.signs.link; link != nil {
		a.reading.PCIeGeneration, a.reading.PCIeWidth = &link.Generation, &link.Width
	}
	if ecc := answer(&q, "ECC errors", d.ECC); ecc != nil {
		a.reading.ECCCorrected, a.reading.ECCUncorrected = &ecc.Corrected, &ecc.Uncorrected
	}
	a.failed = q.failed
	return a
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

// or is what is pointed to, or nothing.
func or[T any](value *T) T {
	if value == nil {
		var none T
		return none
	}
	return *value
}

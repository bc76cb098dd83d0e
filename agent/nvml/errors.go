package nvml

import (
	"errors"
	"fmt"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
)

var (
	errNotLoaded = errors.New("the kernel has not loaded the NVIDIA driver")
	// errUpdated stays until the agent starts anew: a library that was used is not let go.
	errUpdated = errors.New("the NVIDIA driver was updated while it was in use")
)

// meanings are the codes that mean something to the agent. The others are
// failures in NVML's own words. The codes are explained in NVIDIA's NVML API
// reference, "nvmlReturn_t".
var meanings = map[nvml.Return]error{
	nvml.ERROR_LIBRARY_NOT_FOUND: gpu.ErrNoDriver,

	nvml.ERROR_NOT_SUPPORTED:      gpu.ErrNotSupported,
	nvml.ERROR_FUNCTION_NOT_FOUND: gpu.ErrNotSupported, // the driver is older than the question
	nvml.ERROR_NO_PERMISSION:      gpu.ErrNotSupported, // the agent is not root
	nvml.ERROR_NO_DATA:            gpu.ErrNotSupported, // nothing was sampled yet

	nvml.ERROR_GPU_IS_LOST:   gpu.ErrLost,
	nvml.ERROR_GPU_NOT_FOUND: gpu.ErrLost,

	nvml.ERROR_DRIVER_NOT_LOADED:       errNotLoaded,
	nvml.ERROR_LIB_RM_VERSION_MISMATCH: errUpdated,
}

// check is nil for success, and says otherwise what failed at doing what.
func check(doing string, ret nvml.Return) error {
	if ret == nvml.SUCCESS {
		return nil
	}
	if meaning, ok := meanings[ret]; ok {
		return fmt.Errorf("%s: %w", doing, meaning)
	}
	return fmt.Errorf("%s: %w", doing, ret)
}

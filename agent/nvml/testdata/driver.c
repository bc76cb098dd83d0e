// A driver's library for one T4, as old as R470: it has no names that came later. A file
// that NVML_STUB names makes it a driver that is not loaded.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nvml.h"

static nvmlDevice_t gpu = {(void *)0x1000};

static nvmlReturn_t loaded(void) {
	const char *gone = getenv("NVML_STUB");
	return gone && access(gone, F_OK) == 0 ? NVML_ERROR_DRIVER_NOT_LOADED : NVML_SUCCESS;
}

static nvmlReturn_t text(char *to, unsigned int room, const char *said) {
	strncpy(to, said, room);
	return loaded();
}

nvmlReturn_t nvmlInit_v2(void) { return loaded(); }
nvmlReturn_t nvmlShutdown(void) { return NVML_SUCCESS; }
const char *nvmlErrorString(nvmlReturn_t r) { return r == NVML_ERROR_DRIVER_NOT_LOADED ? "Driver Not Loaded" : "?"; }
nvmlReturn_t nvmlSystemGetDriverVersion(char *to, unsigned int room) { return text(to, room, "470.256.02"); }
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *n) { *n = 1; return loaded(); }
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int i, nvmlDevice_t *d) { *d = gpu; return loaded(); }
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t d, char *to, unsigned int room) { return text(to, room, "GPU-stub"); }
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t d, char *to, unsigned int room) { return text(to, room, "Tesla T4"); }
nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t d, int *major, int *minor) { *major = 7; *minor = 5; return loaded(); }
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t d, nvmlMemory_t *m) { m->total = 15ull << 30; m->used = 1ull << 30; m->free = 14ull << 30; return loaded(); }
nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t d, nvmlUtilization_t *u) { u->gpu = 12; u->memory = 3; return loaded(); }
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t d, nvmlTemperatureSensors_t s, unsigned int *t) { *t = 44; return loaded(); }
nvmlReturn_t nvmlDeviceGetTemperatureThreshold(nvmlDevice_t d, nvmlTemperatureThresholds_t s, unsigned int *t) { *t = 93; return loaded(); }
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t d, unsigned int *mw) { *mw = 27500; return loaded(); }
nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t d, unsigned long long *why) { *why = nvmlClocksThrottleReasonGpuIdle; return loaded(); }
nvmlReturn_t nvmlDeviceGetCurrPcieLinkGeneration(nvmlDevice_t d, unsigned int *n) { *n = 1; return loaded(); }
nvmlReturn_t nvmlDeviceGetCurrPcieLinkWidth(nvmlDevice_t d, unsigned int *n) { *n = 8; return loaded(); }
nvmlReturn_t nvmlDeviceGetMaxPcieLinkGeneration(nvmlDevice_t d, unsigned int *n) { *n = 3; return loaded(); }
nvmlReturn_t nvmlDeviceGetMaxPcieLinkWidth(nvmlDevice_t d, unsigned int *n) { *n = 16; return loaded(); }
nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t d, unsigned int *now, unsigned int *later) { return NVML_ERROR_NOT_SUPPORTED; }
nvmlReturn_t nvmlDeviceGetRetiredPagesPendingStatus(nvmlDevice_t d, nvmlEnableState_t *s) { *s = NVML_FEATURE_DISABLED; return loaded(); }
nvmlReturn_t nvmlDeviceGetTotalEccErrors(nvmlDevice_t d, nvmlMemoryErrorType_t e, nvmlEccCounterType_t c, unsigned long long *n) { *n = 0; return loaded(); }

nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t d, int n, nvmlFieldValue_t *fields) {
	for (int i = 0; i < n; i++) fields[i].nvmlReturn = NVML_ERROR_NOT_SUPPORTED;
	return loaded();
}

// Each set tells one XID, and nothing more.
static int told;
nvmlReturn_t nvmlEventSetCreate(nvmlEventSet_t *set) { set->handle = (void *)0x2000; told = 0; return loaded(); }
nvmlReturn_t nvmlEventSetFree(nvmlEventSet_t set) { return NVML_SUCCESS; }
nvmlReturn_t nvmlDeviceGetSupportedEventTypes(nvmlDevice_t d, unsigned long long *t) { *t = nvmlEventTypeXidCriticalError; return loaded(); }
nvmlReturn_t nvmlDeviceRegisterEvents(nvmlDevice_t d, unsigned long long t, nvmlEventSet_t set) { return loaded(); }
nvmlReturn_t nvmlEventSetWait_v2(nvmlEventSet_t set, nvmlEventData_t *e, unsigned int ms) {
	if (told++) {
		usleep(ms * 10); // a hundredth of what is asked for
		return NVML_ERROR_TIMEOUT;
	}
	e->device = gpu;
	e->eventType = nvmlEventTypeXidCriticalError;
	e->eventData = 43;
	e->gpuInstanceId = e->computeInstanceId = 0xFFFFFFFF;
	return NVML_SUCCESS;
}

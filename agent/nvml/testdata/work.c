// A program that takes so many MiB of a GPU's memory and computes on it until its input ends.
// It says "works" once it does. Of CUDA it needs the driver's library alone.
#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

typedef int (*function)();

// spin computes for about a second.
static const char spin[] =
    ".version 6.0\n.target sm_50\n.address_size 64\n"
    ".visible .entry spin() {\n"
    "  .reg .pred %p1;\n  .reg .u64 %begin, %now, %since;\n"
    "  mov.u64 %begin, %clock64;\n"
    "again:\n"
    "  mov.u64 %now, %clock64;\n"
    "  sub.u64 %since, %now, %begin;\n"
    "  setp.lt.u64 %p1, %since, 1000000000;\n"
    "  @%p1 bra again;\n"
    "  ret;\n}\n";

static void *cuda;

static function named(const char *name) {
  function f = (function)dlsym(cuda, name);
  if (!f) {
    printf("libcuda.so.1 has no %s\n", name);
    exit(1);
  }
  return f;
}

static void check(const char *what, int failed) {
  if (failed) {
    printf("%s: CUresult %d\n", what, failed);
    exit(1);
  }
}

int main(int argc, char **argv) {
  size_t bytes = (size_t)atol(argv[argc - 1]) << 20;
  void *context, *module, *entry;
  unsigned long long memory;
  int device;
  struct pollfd input = {0, POLLIN, 0};
  if (!(cuda = dlopen("libcuda.so.1", RTLD_NOW))) {
    printf("%s\n", dlerror());
    return 1;
  }
  check("cuInit", named("cuInit")(0u));
  check("cuDeviceGet", named("cuDeviceGet")(&device, 0));
  check("cuCtxCreate", named("cuCtxCreate_v2")(&context, 0u, device));
  check("cuMemAlloc", named("cuMemAlloc_v2")(&memory, bytes));
  check("cuModuleLoadData", named("cuModuleLoadData")(&module, spin));
  check("cuModuleGetFunction", named("cuModuleGetFunction")(&entry, module, "spin"));
  puts("works");
  fflush(stdout);
  while (poll(&input, 1, 0) == 0) {
    check("cuLaunchKernel", named("cuLaunchKernel")(entry, 1u, 1u, 1u, 1u, 1u, 1u, 0u, (void *)0, (void **)0, (void **)0));
    check("cuCtxSynchronize", named("cuCtxSynchronize")());
  }
  return 0;
}

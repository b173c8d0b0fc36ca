#include "pin_library.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace mprof {

void PinLibrary() {
  // Something whose address is inside this library.
  static const char inside = 0;
#ifdef _WIN32
  HMODULE module;
  GetModuleHandleExA(
      GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, &inside,
      &module);
#else
  Dl_info library;
  if (dladdr(&inside, &library) == 0) return;
  dlopen(library.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}

}  // namespace mprof

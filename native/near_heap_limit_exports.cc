// What binding.ts can have done near this thread's heap limit.

#include <napi.h>

#include "environment.h"
#include "exports.h"
#include "near_heap_limit.h"

namespace mprof {

namespace {

// (prefix, suffix, program, isWorker)
void DumpNearHeapLimit(const Napi::CallbackInfo& info) {
  Environment::Of(info).near_heap_limit().Start(
      {info[0].As<Napi::String>().Utf8Value(), info[1].As<Napi::String>().Utf8Value(),
       info[2].As<Napi::String>().Utf8Value(),
       info[3].As<Napi::Boolean>().Value()});
}

void StopNearHeapLimit(const Napi::CallbackInfo& info) {
  Environment::Of(info).near_heap_limit().Stop();
}

}  // namespace

void AddNearHeapLimitExports(Exports* exports) {
  exports->Add("dumpNearHeapLimit", DumpNearHeapLimit);
  exports->Add("stopNearHeapLimit", StopNearHeapLimit);
}

}  // namespace mprof

// Where Node enters the addon.

#include <napi.h>
#include <node_version.h>

#include "environment.h"
#include "exports.h"
#include "pin_library.h"

namespace mprof {

namespace {

// (number of this thread) -> everything else, and an object for state that all copies
// of the JavaScript part in this thread share. binding.ts calls it once it has found
// that this binary was built for the running Node.
Napi::Value Attach(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& environment =
      Environment::Attach(env, info[0].As<Napi::Number>().Uint32Value());
  if (!environment.exports().IsEmpty()) return environment.exports().Value();
  Exports exports(env);
  AddHeapExports(&exports);
  AddNearHeapLimitExports(&exports);
  AddCpuExports(&exports);
  AddTableExports(&exports);
  AddCopyExports(&exports);
  AddEncodeExports(&exports);
  AddPromiseExports(&exports);
  AddAtomicsExports(&exports);
  AddPendingExports(&exports);
  AddThreadExports(&exports);
  environment.cpu_profiler().SetOwnNames(exports.names());
  environment.exports() = Napi::Persistent(exports.object());
  return exports.object();
}

}  // namespace

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  PinLibrary();
  exports["abi"] = Napi::Number::New(env, NODE_MODULE_VERSION);
  exports["attach"] = Napi::Function::New(env, Attach, "attach");
  return exports;
}

NODE_API_MODULE(mprof, Init)

}  // namespace mprof

// Where Node enters the addon.

#include <napi.h>
#include <node_version.h>

#include "environment.h"
#include "exports.h"
#include "pin_library.h"

namespace mprof {

namespace {

// Everything but `abi` is exported by attach(), which binding.ts calls once it
// has found that this binary was built for the running Node.
Napi::Value Attach(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (env.GetInstanceData<Environment>() == nullptr) {
    env.SetInstanceData(new Environment(env));
  }
  Exports exports(env);
  AddHeapExports(&exports);
  AddCpuExports(&exports);
  AddTableExports(&exports);
  AddCopyExports(&exports);
  AddPromiseExports(&exports);
  AddAtomicsExports(&exports);
  AddPendingExports(&exports);
  env.GetInstanceData<Environment>()->cpu_profiler().SetOwnNames(exports.names());
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

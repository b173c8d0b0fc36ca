// What binding.ts can find out about awaits that are under way.

#include <napi.h>

#include <vector>

#include "environment.h"
#include "exports.h"
#include "pending_awaits.h"
#include "to_js.h"
#include "v8-array-buffer.h"
#include "v8-container.h"
#include "v8-object.h"
#include "v8-profiler.h"
#include "v8-promise.h"
#include "v8-typed-array.h"

namespace mprof {

namespace {

class WaitedForPromises : public v8::QueryObjectPredicate {
 public:
  bool Filter(v8::Local<v8::Object> object) override {
    if (!object->IsPromise()) return false;
    const auto promise = object.As<v8::Promise>();
    return promise->State() == v8::Promise::kPending && promise->HasHandler();
  }
};

// -> every pending promise that somebody waits for or has. Runs a full garbage
// collection, looks at every object, and makes V8 forget the types it has met.
Napi::Value ListWaitedForPromises(const Napi::CallbackInfo& info) {
  v8::Isolate* const isolate = Environment::Of(info).isolate();
  WaitedForPromises predicate;
  std::vector<v8::Global<v8::Object>> promises;
  {
    // V8 makes a handle for every object there is.
    const v8::HandleScope handles(isolate);
    isolate->GetHeapProfiler()->QueryObjects(isolate->GetCurrentContext(), &predicate,
                                             &promises);
  }
  const Napi::Array result = Napi::Array::New(info.Env(), promises.size());
  for (uint32_t i = 0; i < promises.size(); i++) {
    const v8::HandleScope handles(isolate);
    result.Set(i, FromV8(info.Env(), promises[i].Get(isolate)));
  }
  return result;
}

// -> number of a new sample
Napi::Value NewPendingAwaits(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(),
                           static_cast<double>(Environment::Of(info).AddPendingAwaits()));
}

PendingAwaits& AwaitsOf(const Napi::CallbackInfo& info) {
  return Environment::Of(info).pending_awaits(info[0].As<Napi::Number>().Uint32Value());
}

// (sample, list, labels, cell)
void StartPendingAwaits(const Napi::CallbackInfo& info) {
  const auto cell = ToV8(info[3]).As<v8::Float64Array>();
  AwaitsOf(info).Start(ToV8(info[1]).As<v8::Array>(), ToV8(info[2]).As<v8::Array>(),
                       cell->Buffer()->GetBackingStore());
}

void StopPendingAwaits(const Napi::CallbackInfo& info) { AwaitsOf(info).Stop(); }

void CollectPendingAwaits(const Napi::CallbackInfo& info) { AwaitsOf(info).Collect(); }

// (sample) -> what is in it, as columns
Napi::Value TakePendingAwaits(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::vector<PendingAwaits::Await> awaits = AwaitsOf(info).Take();
  const Napi::Array promises = Napi::Array::New(env, awaits.size());
  const Napi::Array labels = Napi::Array::New(env, awaits.size());
  std::vector<double> weights;
  for (uint32_t i = 0; i < awaits.size(); i++) {
    promises.Set(i, FromV8(env, awaits[i].promise));
    labels.Set(i, FromV8(env, awaits[i].labels));
    weights.push_back(awaits[i].weight);
  }
  Napi::Object result = Napi::Object::New(env);
  result["promises"] = promises;
  result["labels"] = labels;
  result["weights"] = ToArray(env, weights);
  return result;
}

}  // namespace

void AddPendingExports(Exports* exports) {
  exports->Add("listWaitedForPromises", ListWaitedForPromises);
  exports->Add("newPendingAwaits", NewPendingAwaits);
  exports->Add("startPendingAwaits", StartPendingAwaits);
  exports->Add("stopPendingAwaits", StopPendingAwaits);
  exports->Add("collectPendingAwaits", CollectPendingAwaits);
  exports->Add("takePendingAwaits", TakePendingAwaits);
}

}  // namespace mprof

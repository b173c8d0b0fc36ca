// What binding.ts can find out about promises.

#include <napi.h>

#include "environment.h"
#include "exports.h"
#include "promise_probe.h"
#include "to_js.h"
#include "turn_tracker.h"
#include "v8-array-buffer.h"
#include "v8-function.h"
#include "v8-object.h"
#include "v8-primitive.h"
#include "v8-promise.h"
#include "v8-template.h"
#include "v8-typed-array.h"
#include "wrap_call.h"

namespace mprof {

namespace {

// -> the names of an object's properties that nobody else can see: properties of
// the result whose values are V8 private symbols, to be used as obj[key]
Napi::Value NewPrivateKeys(const Napi::CallbackInfo& info) {
  v8::Isolate* const isolate = Environment::Of(info).isolate();
  const v8::Local<v8::ObjectTemplate> keys = v8::ObjectTemplate::New(isolate);
  for (size_t i = 0; i < info.Length(); i++) {
    const v8::Local<v8::String> name = ToV8(info[i]).As<v8::String>();
    keys->Set(name, v8::Private::New(isolate, name));
  }
  v8::Local<v8::Object> object;
  if (!keys->NewInstance(isolate->GetCurrentContext()).ToLocal(&object)) {
    return info.Env().Undefined();
  }
  return FromV8(info.Env(), object);
}

// (promise) -> whether it is pending
Napi::Value IsPromisePending(const Napi::CallbackInfo& info) {
  const auto promise = ToV8(info[0]).As<v8::Promise>();
  return Napi::Boolean::New(info.Env(), promise->State() == v8::Promise::kPending);
}

// -> (promise, job) => undefined, which arms the probe for runProbe()
Napi::Value ArmProbe(const Napi::CallbackInfo& info) {
  v8::Local<v8::Function> arm;
  if (!Environment::Of(info).probe().Arm().ToLocal(&arm)) return info.Env().Undefined();
  return FromV8(info.Env(), arm);
}

void RunProbe(const Napi::CallbackInfo& info) { Environment::Of(info).probe().Run(); }

// -> number of a new tracker
Napi::Value NewTurnTracker(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(),
                           static_cast<double>(Environment::Of(info).AddTurnTracker()));
}

TurnTracker& TurnsOf(const Napi::CallbackInfo& info) {
  return Environment::Of(info).turns(info[0].As<Napi::Number>().Uint32Value());
}

// (tracker, cell, remembered)
void TrackTurns(const Napi::CallbackInfo& info) {
  const auto array = ToV8(info[1]).As<v8::Float64Array>();
  TurnsOf(info).Start(array->Buffer()->GetBackingStore(),
                      ToV8(info[2]).As<v8::Object>());
}

void StopTrackingTurns(const Napi::CallbackInfo& info) { TurnsOf(info).Stop(); }

void MarkMicrotasks(const Napi::CallbackInfo& info) { TurnsOf(info).Mark(); }

// (before, callback, after) -> the function that does all three
Napi::Value Wrap(const Napi::CallbackInfo& info) {
  const auto function = [&](size_t i) { return ToV8(info[i]).As<v8::Function>(); };
  v8::Local<v8::Function> wrapped;
  if (!WrapCall(Environment::Of(info).isolate(), function(0), function(1), function(2))
           .ToLocal(&wrapped)) {
    return info.Env().Undefined();
  }
  return FromV8(info.Env(), wrapped);
}

}  // namespace

void AddPromiseExports(Exports* exports) {
  exports->Add("newPrivateKeys", NewPrivateKeys);
  exports->Add("isPending", IsPromisePending);
  exports->Add("armProbe", ArmProbe);
  exports->Add("runProbe", RunProbe);
  exports->Add("newTurnTracker", NewTurnTracker);
  exports->Add("trackTurns", TrackTurns);
  exports->Add("stopTrackingTurns", StopTrackingTurns);
  exports->Add("markMicrotasks", MarkMicrotasks);
  exports->Add("wrapCall", Wrap);
}

}  // namespace mprof

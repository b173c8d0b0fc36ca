#include "promise_probe.h"

#include "v8-exception.h"
#include "v8-function.h"
#include "v8-primitive.h"
#include "v8-script.h"

namespace mprof {

namespace {

// `bridge` is a promise whose only reaction leads to `promise`: then() asks the
// species constructor for the promise to return, and gets that one.
constexpr char kSource[] = R"js(
(function () {
  'use strict';
  const { then } = Promise.prototype;
  const { defineProperty } = Object;
  const { species } = Symbol;
  const resolved = Promise.resolve();
  const ignore = () => {};
  return function arm(promise, job) {
    const bridge = then.call(resolved, () => { job(); });
    function Species(executor) {
      executor(ignore, ignore);
      return promise;
    }
    defineProperty(bridge, 'constructor', { value: { [species]: Species } });
    then.call(bridge, ignore);
  };
})()
)js";

}  // namespace

v8::MaybeLocal<v8::Function> PromiseProbe::Arm() {
  v8::EscapableHandleScope handles(isolate_);
  // Two copies of the JavaScript part share it: the queue must outlive its use.
  if (!arm_.IsEmpty()) return handles.Escape(arm_.Get(isolate_));
  const v8::Local<v8::Context> current = isolate_->GetCurrentContext();
  queue_ = v8::MicrotaskQueue::New(isolate_, v8::MicrotasksPolicy::kExplicit);
  const v8::Local<v8::Context> context =
      v8::Context::New(isolate_, nullptr, v8::MaybeLocal<v8::ObjectTemplate>(),
                       v8::MaybeLocal<v8::Value>(),
                       v8::DeserializeInternalFieldsCallback(), queue_.get());
  if (context.IsEmpty()) return {};
  context->SetSecurityToken(current->GetSecurityToken());
  context_.Reset(isolate_, context);
  const v8::Context::Scope scope(context);
  const v8::TryCatch try_catch(isolate_);
  const auto source = v8::String::NewFromUtf8Literal(isolate_, kSource);
  v8::Local<v8::Script> script;
  v8::Local<v8::Value> arm;
  if (!v8::Script::Compile(context, source).ToLocal(&script) ||
      !script->Run(context).ToLocal(&arm)) {
    if (try_catch.HasTerminated()) isolate_->TerminateExecution();
    return {};
  }
  arm_.Reset(isolate_, arm.As<v8::Function>());
  return handles.Escape(arm.As<v8::Function>());
}

void PromiseProbe::Run() {
  if (queue_ != nullptr) queue_->PerformCheckpoint(isolate_);
}

}  // namespace mprof

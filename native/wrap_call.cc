#include "wrap_call.h"

#include <cstdint>
#include <vector>

#include "atomics_waiters.h"
#include "v8-container.h"
#include "v8-context.h"
#include "v8-exception.h"
#include "v8-function-callback.h"
#include "v8-object.h"
#include "v8-primitive.h"

namespace mprof {

namespace {

using Arguments = std::vector<v8::Local<v8::Value>>;

// What has caught the termination of a thread would have ended it: it goes on. False
// where there is none.
bool GoOnTerminating(v8::Isolate* isolate, const v8::TryCatch& try_catch) {
  if (!try_catch.HasTerminated()) return false;
  isolate->TerminateExecution();
  return true;
}

// The result, or an empty handle if the call has thrown, which is forgotten.
v8::MaybeLocal<v8::Value> CallQuietly(v8::Isolate* isolate,
                                      v8::Local<v8::Value> function, int count,
                                      v8::Local<v8::Value>* arguments,
                                      bool* is_terminating) {
  const v8::TryCatch try_catch(isolate);
  const v8::MaybeLocal<v8::Value> result = function.As<v8::Function>()->Call(
      isolate->GetCurrentContext(), v8::Undefined(isolate), count, arguments);
  *is_terminating = GoOnTerminating(isolate, try_catch);
  return result;
}

// What `before` wants the arguments to be, if it does.
bool ReadArguments(v8::Isolate* isolate, v8::Local<v8::Object> call,
                   Arguments* arguments) {
  const v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::Local<v8::Value> value;
  const auto key = v8::String::NewFromUtf8Literal(isolate, "args");
  if (!call->Get(context, key).ToLocal(&value)) return false;
  if (!value->IsArray()) return true;
  const auto array = value.As<v8::Array>();
  arguments->resize(array->Length());
  for (uint32_t i = 0; i < array->Length(); i++) {
    if (!array->Get(context, i).ToLocal(&(*arguments)[i])) return false;
  }
  return true;
}

// The functions are the elements of the data, so that they live as long as it does.
void Call(const v8::FunctionCallbackInfo<v8::Value>& info) {
  v8::Isolate* const isolate = info.GetIsolate();
  const v8::Local<v8::Context> context = isolate->GetCurrentContext();
  const auto functions = info.Data().As<v8::Array>();
  v8::Local<v8::Value> before, callback, after;
  if (!functions->Get(context, 0).ToLocal(&before) ||
      !functions->Get(context, 1).ToLocal(&callback) ||
      !functions->Get(context, 2).ToLocal(&after)) {
    return;
  }
  Arguments arguments;
  for (int i = 0; i < info.Length(); i++) arguments.push_back(info[i]);
  v8::Local<v8::Value> call;
  bool is_terminating;
  const bool has_begun =
      CallQuietly(isolate, before, info.Length(), arguments.data(), &is_terminating)
          .ToLocal(&call);
  const bool is_observed = has_begun && call->IsObject();
  if (is_terminating ||
      (is_observed && !ReadArguments(isolate, call.As<v8::Object>(), &arguments))) {
    AtomicsWaiters::Process().EndBlocking();
    return;
  }
  // Called without a receiver, functions of the API see the global object.
  v8::Local<v8::Value> receiver = info.This();
  if (receiver->StrictEquals(context->Global())) receiver = v8::Undefined(isolate);
  v8::TryCatch try_catch(isolate);
  v8::Local<v8::Value> result;
  const bool has_returned =
      callback.As<v8::Function>()
          ->Call(context, receiver, static_cast<int>(arguments.size()),
                 arguments.data())
          .ToLocal(&result);
  is_terminating = GoOnTerminating(isolate, try_catch);
  bool has_ended = has_begun && !is_terminating;
  if (is_observed && !is_terminating) {
    v8::Local<v8::Value> outcome[] = {call, v8::Undefined(isolate)};
    if (has_returned) outcome[1] = result;
    has_ended =
        !CallQuietly(isolate, after, 2, outcome, &is_terminating).IsEmpty();
  }
  if (!has_ended) AtomicsWaiters::Process().EndBlocking();
  if (is_terminating) return;
  if (has_returned) {
    info.GetReturnValue().Set(result);
  } else {
    try_catch.ReThrow();
  }
}

}  // namespace

v8::MaybeLocal<v8::Function> WrapCall(v8::Isolate* isolate,
                                      v8::Local<v8::Function> before,
                                      v8::Local<v8::Function> callback,
                                      v8::Local<v8::Function> after) {
  v8::Local<v8::Value> functions[] = {before, callback, after};
  v8::Local<v8::Function> wrapped;
  if (!v8::Function::New(isolate->GetCurrentContext(), Call,
                         v8::Array::New(isolate, functions, 3), 0,
                         v8::ConstructorBehavior::kThrow)
           .ToLocal(&wrapped)) {
    return {};
  }
  const v8::Local<v8::Value> name = callback->GetName();
  if (name->IsString()) wrapped->SetName(name.As<v8::String>());
  return wrapped;
}

}  // namespace mprof

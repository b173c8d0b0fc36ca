// What binding.ts has in this thread, and knows of the others.

#include <napi.h>

#include "environment.h"
#include "exports.h"
#include "threads.h"
#include "to_js.h"
#include "v8-context.h"
#include "v8-object.h"
#include "v8-primitive.h"

namespace mprof {

namespace {

// (version) -> the version of the package that was the first to claim this thread.
// Other versions have an addon of their own: what is found under the name must stay
// what it is.
Napi::Value ClaimThread(const Napi::CallbackInfo& info) {
  v8::Isolate* const isolate = Environment::Of(info).isolate();
  const v8::Local<v8::Context> context = isolate->GetCurrentContext();
  const v8::Local<v8::Private> key = v8::Private::ForApi(
      isolate, v8::String::NewFromUtf8Literal(isolate, "mprof version"));
  const v8::Local<v8::Object> global = context->Global();
  v8::Local<v8::Value> owner;
  if (global->GetPrivate(context, key).ToLocal(&owner) && owner->IsString()) {
    return FromV8(info.Env(), owner);
  }
  const bool claimed = global->SetPrivate(context, key, ToV8(info[0])).FromMaybe(false);
  return claimed ? info[0] : info.Env().Undefined();
}

// -> numbers of the threads that have loaded the addon
Napi::Value ListThreads(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), Threads::Process().Ids());
}

void NoteAnswers(const Napi::CallbackInfo& info) {
  Threads::Process().Note(Environment::Of(info).thread(), Threads::Trait::kAnswers);
}

void NoteLabels(const Napi::CallbackInfo& info) {
  Threads::Process().Note(Environment::Of(info).thread(), Threads::Trait::kHasLabels);
}

// -> numbers of the threads that have noted that
Napi::Value ListAnswering(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), Threads::Process().IdsWith(Threads::Trait::kAnswers));
}

Napi::Value ListLabelled(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), Threads::Process().IdsWith(Threads::Trait::kHasLabels));
}

// -> whether any thread has used labels, also one that has ended
Napi::Value AreLabelsUsed(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(
      info.Env(), Threads::Process().HasBeenNoted(Threads::Trait::kHasLabels));
}

}  // namespace

void AddThreadExports(Exports* exports) {
  exports->Add("claimThread", ClaimThread);
  exports->Add("listThreads", ListThreads);
  exports->Add("noteAnswers", NoteAnswers);
  exports->Add("noteLabels", NoteLabels);
  exports->Add("listAnswering", ListAnswering);
  exports->Add("listLabelled", ListLabelled);
  exports->Add("areLabelsUsed", AreLabelsUsed);
  exports->AddObject("threadState");
}

}  // namespace mprof

// What binding.ts has in this thread, and knows of the others.

#include <napi.h>

#include <cstdint>
#include <string>
#include <utility>

#include "environment.h"
#include "exports.h"
#include "mailboxes.h"
#include "shared_settings.h"
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

// (function) has it called when there are messages for this thread.
void OpenMailbox(const Napi::CallbackInfo& info) {
  Mailboxes::Process().Open(Environment::Of(info).thread(), info.Env(),
                            info[0].As<Napi::Function>());
}

std::string BytesOf(const Napi::Value& value) {
  auto bytes = value.As<Napi::Uint8Array>();
  return {reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength()};
}

// (number of a thread, bytes) -> whether it will get them
Napi::Value Post(const Napi::CallbackInfo& info) {
  const ThreadId to = info[0].As<Napi::Number>().Uint32Value();
  return Napi::Boolean::New(info.Env(), Mailboxes::Process().Post(to, BytesOf(info[1])));
}

// -> messages for this thread, as bytes
Napi::Value TakeMail(const Napi::CallbackInfo& info) {
  Napi::Array mail = Napi::Array::New(info.Env());
  uint32_t count = 0;
  for (const std::string& message :
       Mailboxes::Process().Take(Environment::Of(info).thread())) {
    mail[count++] = ToArray(info.Env(), message);
  }
  return mail;
}

// -> numbers of the threads that have a mailbox
Napi::Value ListMailboxes(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), Mailboxes::Process().Ids());
}

// (name, bytes)
void PublishSetting(const Napi::CallbackInfo& info) {
  SharedSettings::Process().Publish(info[0].As<Napi::String>(), BytesOf(info[1]));
}

// (version) -> [{ version, name, value }] of those that have changed since
Napi::Value SettingsSince(const Napi::CallbackInfo& info) {
  const auto version = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  Napi::Array settings = Napi::Array::New(info.Env());
  uint32_t count = 0;
  for (const auto& setting : SharedSettings::Process().Since(version)) {
    Napi::Object row = Napi::Object::New(info.Env());
    row["version"] = Napi::Number::New(info.Env(), static_cast<double>(setting.version));
    row["name"] = Napi::String::New(info.Env(), setting.name);
    row["value"] = ToArray(info.Env(), setting.value);
    settings[count++] = row;
  }
  return settings;
}

}  // namespace

void AddThreadExports(Exports* exports) {
  exports->Add("claimThread", ClaimThread);
  exports->Add("listThreads", ListThreads);
  exports->Add("openMailbox", OpenMailbox);
  exports->Add("post", Post);
  exports->Add("takeMail", TakeMail);
  exports->Add("listMailboxes", ListMailboxes);
  exports->Add("publishSetting", PublishSetting);
  exports->Add("settingsSince", SettingsSince);
  exports->AddObject("threadState");
}

}  // namespace mprof

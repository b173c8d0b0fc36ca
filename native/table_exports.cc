// What binding.ts can read from the process's tables, and add to them.

#include <napi.h>

#include <optional>
#include <string>
#include <vector>

#include "environment.h"
#include "exports.h"
#include "profile_table.h"

namespace mprof {

namespace {

BucketType TypeOf(const Napi::Value& value) {
  return static_cast<BucketType>(value.As<Napi::Number>().Uint32Value());
}

// (type) -> number of its buckets, up to date for this isolate
Napi::Value CountBuckets(const Napi::CallbackInfo& info) {
  const BucketType type = TypeOf(info[0]);
  if (type == BucketType::kHeap) Environment::Of(info).sampler().Refresh();
  const size_t count = [&] {
    ProfileTable::Lock table(ProfileTable::Process());
    return table.buckets().count(type);
  }();
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

// (name, file, line, column, startLine) -> its number, or -1 when the table is full
Napi::Value InternFrame(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  const std::string file = info[1].As<Napi::String>().Utf8Value();
  const Position position = {info[2].As<Napi::Number>().Uint32Value(),
                             info[3].As<Napi::Number>().Uint32Value(),
                             info[4].As<Napi::Number>().Uint32Value()};
  const std::optional<FrameId> frame = [&] {
    ProfileTable::Lock table(ProfileTable::Process());
    return table.stacks().InternFrame(name, file, position);
  }();
  return Napi::Number::New(info.Env(), frame ? static_cast<double>(*frame) : -1);
}

// The stack of these frames, leaf first, -1 for those the table had no room for.
StackId Intern(ProfileTable::Lock& table, const int32_t* frames, size_t length) {
  std::optional<StackId> stack = StackTable::kRoot;
  for (size_t i = length; i-- > 0 && stack;) {
    stack = frames[i] < 0
                ? std::nullopt
                : table.stacks().Extend(*stack, static_cast<FrameId>(frames[i]));
  }
  return stack.value_or(table.overflow_stack());
}

// (text) -> number of a set of labels, or -1 when the table is full
Napi::Value InternLabels(const Napi::CallbackInfo& info) {
  const std::string text = info[0].As<Napi::String>().Utf8Value();
  const std::optional<StringId> labels = [&] {
    ProfileTable::Lock table(ProfileTable::Process());
    return table.stacks().InternLabels(text);
  }();
  return Napi::Number::New(info.Env(), labels ? static_cast<double>(*labels) : -1);
}

// (type, frames as above, number of the labels, count, delay in ns)
void RecordWait(const Napi::CallbackInfo& info) {
  const BucketType type = TypeOf(info[0]);
  const auto frames = info[1].As<Napi::Int32Array>();
  const StringId labels = info[2].As<Napi::Number>().Uint32Value();
  const Waits waits = {info[3].As<Napi::Number>().DoubleValue(),
                       info[4].As<Napi::Number>().DoubleValue()};
  const int32_t* const ids = frames.Data();
  const size_t length = frames.ElementLength();
  const ThreadId thread = Environment::Of(info).thread();
  ProfileTable::Lock table(ProfileTable::Process());
  const BucketId id =
      table.buckets().CountWait(type, Intern(table, ids, length), labels, waits,
                                table.overflow_stack());
  if (thread == kMainThread) return;
  table.parts().Add(thread, id, WaitsIn(table.buckets().buckets()[id], waits));
}

// (frames as above) -> number of the stack
Napi::Value InternStack(const Napi::CallbackInfo& info) {
  const auto frames = info[0].As<Napi::Int32Array>();
  const int32_t* const ids = frames.Data();
  const size_t length = frames.ElementLength();
  const StackId stack = [&] {
    ProfileTable::Lock table(ProfileTable::Process());
    return Intern(table, ids, length);
  }();
  return Napi::Number::New(info.Env(), stack);
}

}  // namespace

void AddTableExports(Exports* exports) {
  exports->Add("countBuckets", CountBuckets);
  exports->Add("internFrame", InternFrame);
  exports->Add("internLabels", InternLabels);
  exports->Add("recordWait", RecordWait);
  exports->Add("internStack", InternStack);
}

}  // namespace mprof

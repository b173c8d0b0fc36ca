// What binding.ts can say of threads that wait for each other.

#include <napi.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <thread>

#include "atomics_waiters.h"
#include "clocks.h"
#include "environment.h"
#include "exports.h"
#include "to_js.h"
#include "v8-array-buffer.h"
#include "v8-typed-array.h"

namespace mprof {

namespace {

// Of the element of a typed array on shared memory; nullptr where it is none.
const char* SharedAddress(const Napi::Value& array, const Napi::Value& index) {
  const v8::Local<v8::Value> value = ToV8(array);
  const size_t bytes = value->IsInt32Array() ? 4 : value->IsBigInt64Array() ? 8 : 0;
  if (bytes == 0 || !index.IsNumber()) return nullptr;
  const auto view = value.As<v8::TypedArray>();
  const v8::Local<v8::Value> buffer = view->Buffer();
  const double element = index.As<Napi::Number>().DoubleValue();
  if (!buffer->IsSharedArrayBuffer() || !(element >= 0) ||
      element >= static_cast<double>(view->Length())) {
    return nullptr;
  }
  const auto* data = static_cast<const char*>(
      buffer.As<v8::SharedArrayBuffer>()->GetBackingStore()->Data());
  return data + view->ByteOffset() + static_cast<size_t>(element) * bytes;
}

// (array, index, timeout in ms, whether it blocks this thread) -> what to end the wait
// with, 0 if it is none, -1 if there are too many
Napi::Value BeginAtomicsWait(const Napi::CallbackInfo& info) {
  const char* const address = SharedAddress(info[0], info[1]);
  if (address == nullptr) return Napi::Number::New(info.Env(), 0);
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  const int64_t now = MonotonicNanos();
  const double timeout = info[2].As<Napi::Number>().DoubleValue() * 1e6;
  const int64_t expires =
      timeout < 1e18 ? now + static_cast<int64_t>(std::max(0.0, timeout)) : kNever;
  const bool blocks = info[3].As<Napi::Boolean>().Value();
  const uint64_t ticket = AtomicsWaiters::Process().Begin(
      address, {now, expires, &Environment::Of(info),
                blocks ? std::this_thread::get_id() : std::thread::id()});
  return Napi::Number::New(info.Env(), ticket == 0 ? -1 : static_cast<double>(ticket));
}

void EndAtomicsWait(const Napi::CallbackInfo& info) {
  const char* const address = SharedAddress(info[0], info[1]);
  const auto ticket = static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value());
  if (address != nullptr) AtomicsWaiters::Process().End(address, ticket);
}

void EndAllAtomicsWaits(const Napi::CallbackInfo& info) {
  AtomicsWaiters::Process().EndAllOf(&Environment::Of(info));
}

// (array, index, how many at most) -> nanoseconds that the waits about to be ended
// have lasted
Napi::Value NotifyAtomicsWaiters(const Napi::CallbackInfo& info) {
  const char* const address = SharedAddress(info[0], info[1]);
  if (address == nullptr) return Napi::Number::New(info.Env(), 0);
  const double most = info[2].As<Napi::Number>().DoubleValue();
  const uint32_t count = !(most > 0)             ? 0
                         : most < UINT32_MAX ? static_cast<uint32_t>(most)
                                                 : UINT32_MAX;
  const int64_t nanos =
      AtomicsWaiters::Process().Notify(address, count, MonotonicNanos());
  return Napi::Number::New(info.Env(), static_cast<double>(nanos));
}

}  // namespace

void AddAtomicsExports(Exports* exports) {
  exports->Add("beginAtomicsWait", BeginAtomicsWait);
  exports->Add("endAtomicsWait", EndAtomicsWait);
  exports->Add("endAllAtomicsWaits", EndAllAtomicsWaits);
  exports->Add("notifyAtomicsWaiters", NotifyAtomicsWaiters);
}

}  // namespace mprof

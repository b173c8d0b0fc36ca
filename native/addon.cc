// The module's exports and the state of one environment: the main thread's or a
// worker's. Arguments come from binding.ts and are valid.

#include <napi.h>
#include <node_version.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "atomics_waiters.h"
#include "clocks.h"
#include "heap_sampler.h"
#include "pin_library.h"
#include "profile_table.h"
#include "promise_probe.h"
#include "snapshot.h"
#include "to_js.h"
#include "turn_tracker.h"
#include "v8-array-buffer.h"
#include "v8-function.h"
#include "v8-object.h"
#include "v8-promise.h"
#include "v8-template.h"
#include "v8-typed-array.h"

namespace mprof {

namespace {

class Environment {
 public:
  explicit Environment(Napi::Env env)
      : isolate_(v8::Isolate::GetCurrent()),
        sampler_(isolate_, ProfileTable::Process()) {
    // A sampler still running when the isolate goes away crashes V8 13.6. This
    // runs on normal exit, on a worker's exit and on its termination.
    // process.exit() on the main thread leaves the isolate as it is.
    env.AddCleanupHook([this] {
      sampler_.Stop();
      for (const auto& turns : turns_) turns->Stop();
      probe_.reset();
      // A thread that is terminated while it waits does not say that it has ended.
      AtomicsWaiters::Process().EndAllOf(this);
    });
  }

  v8::Isolate* isolate() { return isolate_; }
  HeapSampler& sampler() { return sampler_; }
  // Each copy of the JavaScript part has a tracker of its own.
  size_t AddTurnTracker() {
    turns_.push_back(std::make_unique<TurnTracker>(isolate_));
    return turns_.size() - 1;
  }
  TurnTracker& turns(size_t number) { return *turns_[number]; }
  // Made when it is first needed.
  PromiseProbe& probe() {
    if (probe_ == nullptr) probe_ = std::make_unique<PromiseProbe>(isolate_);
    return *probe_;
  }

 private:
  v8::Isolate* const isolate_;
  HeapSampler sampler_;
  std::vector<std::unique_ptr<TurnTracker>> turns_;
  std::unique_ptr<PromiseProbe> probe_;
};

Environment& EnvironmentOf(const Napi::CallbackInfo& info) {
  return *info.Env().GetInstanceData<Environment>();
}

HeapSampler& SamplerOf(const Napi::CallbackInfo& info) {
  return EnvironmentOf(info).sampler();
}

// (rate, stackDepth, budget) -> whether the sampler could be started
Napi::Value StartHeapSampler(const Napi::CallbackInfo& info) {
  const HeapSampler::Options options = {info[0].As<Napi::Number>().DoubleValue(),
                                        info[1].As<Napi::Number>().Int32Value(),
                                        info[2].As<Napi::Number>().DoubleValue()};
  return Napi::Boolean::New(info.Env(), SamplerOf(info).Start(options));
}

void StopHeapSampler(const Napi::CallbackInfo& info) { SamplerOf(info).Stop(); }

void CollectGarbage(const Napi::CallbackInfo& info) {
  SamplerOf(info).CollectGarbage();
}

// The heap's buckets, up to date for this isolate.
Napi::Value GetHeapBuckets(const Napi::CallbackInfo& info) {
  SamplerOf(info).Refresh();
  const HeapColumns columns = [] {
    ProfileTable::Lock table(ProfileTable::Process());
    return TakeHeapBuckets(table);
  }();
  Napi::Env env = info.Env();
  Napi::Object result = Napi::Object::New(env);
  result["symbols"] = ToObject(env, columns.symbols);
  result["bucket"] = ToArray(env, columns.bucket);
  result["stack"] = ToArray(env, columns.stack);
  result["size"] = ToArray(env, columns.size);
  result["rate"] = ToArray(env, columns.rate);
  result["allocs"] = ToArray(env, columns.allocs);
  result["frees"] = ToArray(env, columns.frees);
  result["allocBytes"] = ToArray(env, columns.alloc_bytes);
  result["freeBytes"] = ToArray(env, columns.free_bytes);
  result["unseen"] = ToArray(env, columns.unseen);
  result["unseenBytes"] = ToArray(env, columns.unseen_bytes);
  result["variance"] = ToArray(env, columns.variance);
  return result;
}

Napi::Value GetAllFrames(const Napi::CallbackInfo& info) {
  const SymbolColumns columns = [] {
    ProfileTable::Lock table(ProfileTable::Process());
    return TakeFrames(table);
  }();
  return ToObject(info.Env(), columns);
}

BucketType TypeOf(const Napi::Value& value) {
  return static_cast<BucketType>(value.As<Napi::Number>().Uint32Value());
}

// (type) -> number of its buckets, up to date for this isolate
Napi::Value CountBuckets(const Napi::CallbackInfo& info) {
  const BucketType type = TypeOf(info[0]);
  if (type == BucketType::kHeap) SamplerOf(info).Refresh();
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

// (type, frames leaf first, -1 for those the table had no room for, count, delay in ns)
void RecordWait(const Napi::CallbackInfo& info) {
  const BucketType type = TypeOf(info[0]);
  const auto frames = info[1].As<Napi::Int32Array>();
  const double count = info[2].As<Napi::Number>().DoubleValue();
  const double delay = info[3].As<Napi::Number>().DoubleValue();
  const int32_t* const ids = frames.Data();
  ProfileTable::Lock table(ProfileTable::Process());
  std::optional<StackId> stack = StackTable::kRoot;
  for (size_t i = frames.ElementLength(); i-- > 0 && stack;) {
    stack = ids[i] < 0 ? std::nullopt
                       : table.stacks().Extend(*stack, static_cast<FrameId>(ids[i]));
  }
  table.buckets().CountWait(type, stack.value_or(table.overflow_stack()), count, delay,
                            table.overflow_stack());
}

// (type) -> its buckets
Napi::Value GetWaitBuckets(const Napi::CallbackInfo& info) {
  const BucketType type = TypeOf(info[0]);
  const WaitColumns columns = [&] {
    ProfileTable::Lock table(ProfileTable::Process());
    return TakeWaitBuckets(table, type);
  }();
  Napi::Env env = info.Env();
  Napi::Object result = Napi::Object::New(env);
  result["symbols"] = ToObject(env, columns.symbols);
  result["bucket"] = ToArray(env, columns.bucket);
  result["stack"] = ToArray(env, columns.stack);
  result["count"] = ToArray(env, columns.count);
  result["delay"] = ToArray(env, columns.delay);
  return result;
}

// -> the names of an object's properties that nobody else can see: properties of
// the result whose values are V8 private symbols, to be used as obj[key]
Napi::Value NewPrivateKeys(const Napi::CallbackInfo& info) {
  v8::Isolate* const isolate = EnvironmentOf(info).isolate();
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
Napi::Value IsPending(const Napi::CallbackInfo& info) {
  const auto promise = ToV8(info[0]).As<v8::Promise>();
  return Napi::Boolean::New(info.Env(), promise->State() == v8::Promise::kPending);
}

// -> (promise, job) => undefined, which arms the probe for runProbe()
Napi::Value ArmProbe(const Napi::CallbackInfo& info) {
  v8::Local<v8::Function> arm;
  if (!EnvironmentOf(info).probe().Arm().ToLocal(&arm)) return info.Env().Undefined();
  return FromV8(info.Env(), arm);
}

void RunProbe(const Napi::CallbackInfo& info) { EnvironmentOf(info).probe().Run(); }

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

// (array, index, timeout in ms) -> what to end the wait with, 0 if it is none
Napi::Value BeginAtomicsWait(const Napi::CallbackInfo& info) {
  const char* const address = SharedAddress(info[0], info[1]);
  if (address == nullptr) return Napi::Number::New(info.Env(), 0);
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  const int64_t now = MonotonicNanos();
  const double timeout = info[2].As<Napi::Number>().DoubleValue() * 1e6;
  const int64_t expires =
      timeout < 1e18 ? now + static_cast<int64_t>(std::max(0.0, timeout)) : kNever;
  const uint64_t ticket = AtomicsWaiters::Process().Begin(
      address, {now, expires, &EnvironmentOf(info)});
  return Napi::Number::New(info.Env(), static_cast<double>(ticket));
}

void EndAtomicsWait(const Napi::CallbackInfo& info) {
  const char* const address = SharedAddress(info[0], info[1]);
  const auto ticket = static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value());
  if (address != nullptr) AtomicsWaiters::Process().End(address, ticket);
}

// (array, index, how many or undefined for all) -> nanoseconds that the waits
// about to be ended have lasted
Napi::Value NotifyAtomicsWaiters(const Napi::CallbackInfo& info) {
  const char* const address = SharedAddress(info[0], info[1]);
  uint32_t count = UINT32_MAX;
  if (info[2].IsNumber()) {
    const double number = info[2].As<Napi::Number>().DoubleValue();
    if (number < UINT32_MAX) count = number > 0 ? static_cast<uint32_t>(number) : 0;
  }
  int64_t nanos = 0;
  if (address != nullptr) {
    nanos = AtomicsWaiters::Process().Notify(address, count, MonotonicNanos());
  }
  return Napi::Number::New(info.Env(), static_cast<double>(nanos));
}

// (before, callback, after) -> a function that calls before(its arguments), then
// `callback` as it is called itself, or with the array of arguments that before()
// has returned, then after(the result, if it has not thrown). It is no frame of
// a JavaScript stack.
Napi::Value WrapCall(const Napi::CallbackInfo& info) {
  struct Calls {
    Napi::FunctionReference before, callback, after;
  };
  const auto calls = std::make_shared<Calls>(
      Calls{Napi::Persistent(info[0].As<Napi::Function>()),
            Napi::Persistent(info[1].As<Napi::Function>()),
            Napi::Persistent(info[2].As<Napi::Function>())});
  return Napi::Function::New(
      info.Env(), [calls](const Napi::CallbackInfo& call) -> Napi::Value {
        std::vector<napi_value> args(call.Length());
        for (size_t i = 0; i < call.Length(); i++) args[i] = call[i];
        // What fails in ours is not the program's.
        const auto drop_exception = [&] {
          if (call.Env().IsExceptionPending()) call.Env().GetAndClearPendingException();
        };
        const Napi::Value changed = calls->before.Call(args);
        drop_exception();
        if (!changed.IsEmpty() && changed.IsArray()) {
          const auto array = changed.As<Napi::Array>();
          args.resize(array.Length());
          for (uint32_t i = 0; i < array.Length(); i++) args[i] = array.Get(i);
        }
        // Called without a receiver, functions of Node-API see the global object.
        const bool has_receiver = !call.This().StrictEquals(call.Env().Global());
        const Napi::Value result = calls->callback.Call(
            has_receiver ? call.This() : call.Env().Undefined(), args);
        if (!call.Env().IsExceptionPending()) {
          calls->after.Call({result});
          drop_exception();
          return result;
        }
        const Napi::Error error = call.Env().GetAndClearPendingException();
        calls->after.Call({});
        drop_exception();
        error.ThrowAsJavaScriptException();
        return result;
      });
}

Napi::Value GetStats(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object result = Napi::Object::New(env);
  const HeapSampler::Stats sampler = SamplerOf(info).GetStats();
  result["running"] = sampler.running;
  result["lost"] = sampler.lost;
  result["liveSamples"] = static_cast<double>(sampler.live_samples);
  result["samples"] = static_cast<double>(sampler.samples);
  result["unseenSamples"] = sampler.unseen;
  result["attributedSamples"] = sampler.attributed;
  result["collections"] = static_cast<double>(sampler.collections);
  result["harvests"] = static_cast<double>(sampler.harvests);
  result["skippedHarvests"] = static_cast<double>(sampler.skipped);
  result["harvestNanos"] = static_cast<double>(sampler.harvest_nanos);
  result["longestHarvestNanos"] = static_cast<double>(sampler.longest_harvest_nanos);
  result["harvestChance"] = sampler.harvest_chance;

  double buckets, overflowed, strings, frames, nodes;
  {
    ProfileTable::Lock table(ProfileTable::Process());
    buckets = static_cast<double>(table.buckets().buckets().size());
    overflowed = static_cast<double>(table.buckets().overflowed());
    strings = static_cast<double>(table.stacks().string_count());
    frames = static_cast<double>(table.stacks().frame_count());
    nodes = static_cast<double>(table.stacks().node_count());
  }
  result["buckets"] = buckets;
  result["overflowedSamples"] = overflowed;
  result["strings"] = strings;
  result["frames"] = frames;
  result["stackNodes"] = nodes;
  return result;
}

Napi::Value GetGcLog(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  // A copy: what is created here can run a collection, which goes on logging.
  const GcLog log = SamplerOf(info).gc_log();
  std::vector<double> pause_nanos(log.pause_nanos().begin(), log.pause_nanos().end());
  Napi::Array pause_end = Napi::Array::New(env, GcLog::kPauses);
  for (uint32_t i = 0; i < GcLog::kPauses; i++) {
    // Nanoseconds since 1970 do not fit a double.
    pause_end[i] = Napi::BigInt::New(env, log.pause_end()[i]);
  }
  Napi::Object result = Napi::Object::New(env);
  result["collections"] = static_cast<double>(log.collections());
  result["forced"] = static_cast<double>(log.forced());
  result["totalPauseNanos"] = static_cast<double>(log.total_pause_nanos());
  result["pauseNanos"] = ToArray(env, pause_nanos);
  result["pauseEnd"] = pause_end;
  return result;
}

// (Float64Array, array)
// -> number of a new tracker
Napi::Value NewTurnTracker(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(),
                           static_cast<double>(EnvironmentOf(info).AddTurnTracker()));
}

TurnTracker& TurnsOf(const Napi::CallbackInfo& info) {
  return EnvironmentOf(info).turns(info[0].As<Napi::Number>().Uint32Value());
}

// (tracker, cell, remembered)
void TrackTurns(const Napi::CallbackInfo& info) {
  const auto array = ToV8(info[1]).As<v8::Float64Array>();
  TurnsOf(info).Start(array->Buffer()->GetBackingStore(),
                      ToV8(info[2]).As<v8::Object>());
}

void StopTrackingTurns(const Napi::CallbackInfo& info) { TurnsOf(info).Stop(); }

void MarkMicrotasks(const Napi::CallbackInfo& info) { TurnsOf(info).Mark(); }

// Everything but `abi` is exported by attach(), which binding.ts calls once it
// has found that this binary was built for the running Node.
Napi::Value Attach(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (env.GetInstanceData<Environment>() == nullptr) {
    env.SetInstanceData(new Environment(env));
  }
  Napi::Object exports = Napi::Object::New(env);
  const auto add = [&](const char* name, auto function) {
    exports[name] = Napi::Function::New(env, function, name);
  };
  add("startHeapSampler", StartHeapSampler);
  add("stopHeapSampler", StopHeapSampler);
  add("collectGarbage", CollectGarbage);
  add("takeHeapBuckets", GetHeapBuckets);
  add("takeAllFrames", GetAllFrames);
  add("countBuckets", CountBuckets);
  add("internFrame", InternFrame);
  add("recordWait", RecordWait);
  add("takeWaitBuckets", GetWaitBuckets);
  add("newPrivateKeys", NewPrivateKeys);
  add("isPending", IsPending);
  add("armProbe", ArmProbe);
  add("runProbe", RunProbe);
  add("newTurnTracker", NewTurnTracker);
  add("trackTurns", TrackTurns);
  add("stopTrackingTurns", StopTrackingTurns);
  add("markMicrotasks", MarkMicrotasks);
  add("wrapCall", WrapCall);
  add("beginAtomicsWait", BeginAtomicsWait);
  add("endAtomicsWait", EndAtomicsWait);
  add("notifyAtomicsWaiters", NotifyAtomicsWaiters);
  add("getStats", GetStats);
  add("getGcLog", GetGcLog);
  return exports;
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

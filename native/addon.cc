// The module's exports and the state of one environment: the main thread's or a
// worker's. Arguments come from binding.ts and are valid.

#include <napi.h>
#include <node_version.h>

#include <cstring>
#include <string>
#include <vector>

#include "heap_sampler.h"
#include "pin_library.h"
#include "profile_table.h"
#include "snapshot.h"

namespace mprof {

namespace {

class Environment {
 public:
  explicit Environment(Napi::Env env)
      : sampler_(v8::Isolate::GetCurrent(), ProfileTable::Process()) {
    // A sampler still running when the isolate goes away crashes V8 13.6. This
    // runs on normal exit, on a worker's exit and on its termination.
    // process.exit() on the main thread leaves the isolate as it is.
    env.AddCleanupHook([this] { sampler_.Stop(); });
  }

  HeapSampler& sampler() { return sampler_; }

 private:
  HeapSampler sampler_;
};

HeapSampler& SamplerOf(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<Environment>()->sampler();
}

// The values as a typed array, or an empty handle: a worker can be terminated,
// and memory run out, between any two calls, and then Node-API creates nothing.
template <typename Array, typename Values>
Array ToTypedArray(Napi::Env env, const Values& values) {
  Array array = Array::New(env, values.size());
  if (!array.IsEmpty() && !values.empty()) {
    std::memcpy(array.Data(), values.data(), values.size() * sizeof(values[0]));
  }
  return array;
}

Napi::Uint32Array ToArray(Napi::Env env, const std::vector<uint32_t>& values) {
  return ToTypedArray<Napi::Uint32Array>(env, values);
}

Napi::Float64Array ToArray(Napi::Env env, const std::vector<double>& values) {
  return ToTypedArray<Napi::Float64Array>(env, values);
}

Napi::Uint8Array ToArray(Napi::Env env, const std::string& bytes) {
  return ToTypedArray<Napi::Uint8Array>(env, bytes);
}

Napi::Object ToObject(Napi::Env env, const SymbolColumns& columns) {
  Napi::Object strings = Napi::Object::New(env);
  strings["bytes"] = ToArray(env, columns.string_bytes);
  strings["start"] = ToArray(env, columns.string_start);
  Napi::Object frames = Napi::Object::New(env);
  frames["name"] = ToArray(env, columns.frame_name);
  frames["file"] = ToArray(env, columns.frame_file);
  frames["line"] = ToArray(env, columns.frame_line);
  frames["column"] = ToArray(env, columns.frame_column);
  frames["address"] = ToArray(env, columns.frame_address);
  Napi::Object stacks = Napi::Object::New(env);
  stacks["frames"] = ToArray(env, columns.stack_frames);
  stacks["start"] = ToArray(env, columns.stack_start);
  Napi::Object symbols = Napi::Object::New(env);
  symbols["strings"] = strings;
  symbols["frames"] = frames;
  symbols["stacks"] = stacks;
  return symbols;
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
Napi::Value TakeHeapBuckets(const Napi::CallbackInfo& info) {
  SamplerOf(info).Refresh();
  const BucketColumns columns = [] {
    ProfileTable::Lock table(ProfileTable::Process());
    return TakeBuckets(table, BucketType::kHeap);
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

Napi::Value TakeAllFrames(const Napi::CallbackInfo& info) {
  const SymbolColumns columns = [] {
    ProfileTable::Lock table(ProfileTable::Process());
    return TakeFrames(table);
  }();
  return ToObject(info.Env(), columns);
}

Napi::Value CountHeapBuckets(const Napi::CallbackInfo& info) {
  SamplerOf(info).Refresh();
  const size_t count = [] {
    ProfileTable::Lock table(ProfileTable::Process());
    return table.buckets().Count(BucketType::kHeap);
  }();
  return Napi::Number::New(info.Env(), static_cast<double>(count));
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
  add("takeHeapBuckets", TakeHeapBuckets);
  add("takeAllFrames", TakeAllFrames);
  add("countHeapBuckets", CountHeapBuckets);
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

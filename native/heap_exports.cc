// What binding.ts can do with this thread's heap sampler.

#include <napi.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "environment.h"
#include "exports.h"
#include "garbage_requests.h"
#include "heap_sampler.h"
#include "profile_table.h"
#include "threads.h"
#include "to_js.h"

namespace mprof {

namespace {

HeapSampler& SamplerOf(const Napi::CallbackInfo& info) {
  return Environment::Of(info).sampler();
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

// (number of a thread, undefined for all) -> whether these, but not this one, have
// collected their garbage or ended, as a function
Napi::Value CollectOtherGarbage(const Napi::CallbackInfo& info) {
  std::vector<std::pair<ThreadId, GarbageRequests::Number>> requests;
  for (const ThreadId thread : Threads::Process().Ids()) {
    const bool is_asked =
        !info[0].IsNumber() || info[0].As<Napi::Number>().Uint32Value() == thread;
    if (!is_asked || thread == Environment::Of(info).thread()) continue;
    requests.emplace_back(thread, GarbageRequests::Process().Ask(thread));
  }
  return Napi::Function::New(
      info.Env(), [requests = std::move(requests)](const Napi::CallbackInfo& call) {
        const bool are_done =
            std::all_of(requests.begin(), requests.end(), [](const auto& request) {
              return GarbageRequests::Process().IsDone(request.first, request.second);
            });
        return Napi::Boolean::New(call.Env(), are_done);
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
  result["harvestCopyNanos"] = static_cast<double>(sampler.harvest_copy_nanos);
  result["longestHarvestNanos"] = static_cast<double>(sampler.longest_harvest_nanos);
  result["p99HarvestNanos"] = static_cast<double>(sampler.p99_harvest_nanos);
  result["harvestChance"] = sampler.harvest_chance;
  result["samplerBytes"] = static_cast<double>(sampler.bytes);
  const NearHeapLimit::Stats& near_limit = Environment::Of(info).near_heap_limit().stats();
  result["heapLimitDumps"] = static_cast<double>(near_limit.written);
  result["failedHeapLimitDumps"] = static_cast<double>(near_limit.failed);

  double buckets, overflowed, strings, frames, nodes, thread_rows, lost_by_thread, bytes;
  {
    ProfileTable::Lock table(ProfileTable::Process());
    buckets = static_cast<double>(table.buckets().buckets().size());
    overflowed = static_cast<double>(table.buckets().overflowed());
    strings = static_cast<double>(table.stacks().string_count());
    frames = static_cast<double>(table.stacks().frame_count());
    nodes = static_cast<double>(table.stacks().node_count());
    thread_rows = static_cast<double>(table.parts().rows());
    bytes = static_cast<double>(table.bytes());
    lost_by_thread = static_cast<double>(table.parts().lost());
  }
  result["buckets"] = buckets;
  result["overflowedSamples"] = overflowed;
  result["strings"] = strings;
  result["frames"] = frames;
  result["stackNodes"] = nodes;
  result["threadRows"] = thread_rows;
  result["lostByThread"] = lost_by_thread;
  result["tableBytes"] = bytes;
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

}  // namespace

void AddHeapExports(Exports* exports) {
  exports->Add("startHeapSampler", StartHeapSampler);
  exports->Add("stopHeapSampler", StopHeapSampler);
  exports->Add("collectGarbage", CollectGarbage);
  exports->Add("collectOtherGarbage", CollectOtherGarbage);
  exports->Add("getStats", GetStats);
  exports->Add("getGcLog", GetGcLog);
}

}  // namespace mprof

#ifndef MPROF_ENVIRONMENT_H_
#define MPROF_ENVIRONMENT_H_

#include <napi.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "cpu_profiler.h"
#include "heap_sampler.h"
#include "near_heap_limit.h"
#include "pending_awaits.h"
#include "promise_probe.h"
#include "threads.h"
#include "turn_tracker.h"
#include "v8-isolate.h"

namespace mprof {

// What the addon has in one thread: the main one or a worker. There is one however
// often the addon is loaded in it, as after the module cache has been cleared.
class Environment {
 public:
  Environment(Napi::Env env, ThreadId thread);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Finds or makes the one of this thread, for calls with this `env`.
  static Environment& Attach(Napi::Env env, ThreadId thread);
  static Environment& Of(const Napi::CallbackInfo& info) {
    return **info.Env().GetInstanceData<std::shared_ptr<Environment>>();
  }

  // Does what other threads want of this one. Does not call JavaScript.
  void Attend();

  v8::Isolate* isolate() { return isolate_; }
  ThreadId thread() const { return thread_; }
  HeapSampler& sampler() { return sampler_; }
  NearHeapLimit& near_heap_limit() { return near_heap_limit_; }
  CpuProfiler& cpu_profiler() { return cpu_profiler_; }
  // Whether code of this thread has used labels.
  bool has_labels() const { return has_labels_; }
  void NoteLabels() { has_labels_ = true; }
  // What binding.ts gets; empty before it is set.
  Napi::ObjectReference& exports() { return exports_; }
  // Made when it is first needed.
  PromiseProbe& probe();
  // Each copy of the JavaScript part has a tracker of its own. Returns its number.
  size_t AddTurnTracker();
  TurnTracker& turns(size_t number) { return *turns_[number]; }
  // So is its sample of awaits.
  size_t AddPendingAwaits();
  PendingAwaits& pending_awaits(size_t number) { return *pending_awaits_[number]; }

 private:
  // Nothing runs in the isolate from here on.
  void Stop();

  v8::Isolate* const isolate_;
  const ThreadId thread_;
  HeapSampler sampler_;
  NearHeapLimit near_heap_limit_;
  CpuProfiler cpu_profiler_;
  std::vector<std::unique_ptr<TurnTracker>> turns_;
  std::vector<std::unique_ptr<PendingAwaits>> pending_awaits_;
  std::unique_ptr<PromiseProbe> probe_;
  Napi::ObjectReference exports_;
  bool has_labels_ = false;
};

}  // namespace mprof

#endif  // MPROF_ENVIRONMENT_H_

#include "environment.h"

#include <node.h>

#include "atomics_waiters.h"
#include "cpu_windows.h"
#include "garbage_requests.h"
#include "profile_table.h"

namespace mprof {

Environment::Environment(Napi::Env env, ThreadId thread)
    : isolate_(v8::Isolate::GetCurrent()),
      thread_(thread),
      sampler_(isolate_, thread, ProfileTable::Process()),
      near_heap_limit_(isolate_, sampler_),
      cpu_profiler_(isolate_) {
  // Runs on normal exit, on a worker's exit and on its termination. process.exit() on
  // the main thread leaves the isolate as it is.
  env.AddCleanupHook([this] { Stop(); });
}

Environment& Environment::Attach(Napi::Env env, ThreadId thread) {
  auto* attached = env.GetInstanceData<std::shared_ptr<Environment>>();
  if (attached != nullptr) return **attached;
  v8::Isolate* const isolate = v8::Isolate::GetCurrent();
  std::shared_ptr<Environment> environment = Threads::Process().Find(isolate);
  if (environment == nullptr) {
    environment = std::make_shared<Environment>(env, thread);
    auto* const node = node::GetCurrentEnvironment(isolate->GetCurrentContext());
    Threads::Process().Add(thread, environment, node);
    // Where it cannot be woken, nobody could close its parts.
    if (node != nullptr) CpuWindows::Process().Join(*environment);
  }
  env.SetInstanceData(new std::shared_ptr<Environment>(environment));
  return *environment;
}

void Environment::Attend() {
  CpuWindows::Process().Attend(*this);
  GarbageRequests::Process().Attend(*this);
}

void Environment::Stop() {
  // Nobody else may ask this thread for anything any more.
  Threads::Process().Remove(thread_);
  near_heap_limit_.Stop();
  // A sampler still running when the isolate goes away crashes V8 13.6.
  sampler_.End();
  // Nor may a profiler be left.
  CpuWindows::Process().Leave(*this);
  cpu_profiler_.Stop();
  GarbageRequests::Process().End(thread_);
  for (const auto& turns : turns_) turns->Stop();
  for (const auto& awaits : pending_awaits_) awaits->Stop();
  probe_.reset();
  // A thread that is terminated while it waits does not say that it has ended.
  AtomicsWaiters::Process().EndAllOf(this);
  exports_.Reset();
  ProfileTable::Lock(ProfileTable::Process()).parts().End(thread_);
}

PromiseProbe& Environment::probe() {
  if (probe_ == nullptr) probe_ = std::make_unique<PromiseProbe>(isolate_);
  return *probe_;
}

size_t Environment::AddTurnTracker() {
  turns_.push_back(std::make_unique<TurnTracker>(isolate_));
  return turns_.size() - 1;
}

size_t Environment::AddPendingAwaits() {
  pending_awaits_.push_back(std::make_unique<PendingAwaits>(isolate_));
  return pending_awaits_.size() - 1;
}

}  // namespace mprof

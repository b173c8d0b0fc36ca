#include "environment.h"

#include "atomics_waiters.h"
#include "profile_table.h"

namespace mprof {

Environment::Environment(Napi::Env env)
    : isolate_(v8::Isolate::GetCurrent()),
      sampler_(isolate_, ProfileTable::Process()),
      cpu_profiler_(isolate_) {
  // Runs on normal exit, on a worker's exit and on its termination. process.exit() on
  // the main thread leaves the isolate as it is.
  env.AddCleanupHook([this] { Stop(); });
}

void Environment::Stop() {
  // A sampler still running when the isolate goes away crashes V8 13.6.
  sampler_.Stop();
  // Nor may a profiler be left.
  cpu_profiler_.Stop();
  for (const auto& turns : turns_) turns->Stop();
  for (const auto& awaits : pending_awaits_) awaits->Stop();
  probe_.reset();
  // A thread that is terminated while it waits does not say that it has ended.
  AtomicsWaiters::Process().EndAllOf(this);
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

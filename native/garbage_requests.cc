#include "garbage_requests.h"

#include "environment.h"
#include "heap_sampler.h"

namespace mprof {

namespace {

using Guard = std::lock_guard<std::mutex>;

}  // namespace

GarbageRequests& GarbageRequests::Process() {
  // Never destroyed, as threads may outlive static objects.
  static auto& requests = *new GarbageRequests();
  return requests;
}

GarbageRequests::Number GarbageRequests::Ask(ThreadId thread) {
  Number number;
  {
    const Guard guard(mutex_);
    number = ++threads_[thread].asked;
  }
  // One that is there now says so when it ends.
  if (!Threads::Process().Wake(thread)) End(thread);
  return number;
}

bool GarbageRequests::IsDone(ThreadId thread, Number number) {
  const Guard guard(mutex_);
  const auto requests = threads_.find(thread);
  return requests == threads_.end() || requests->second.done >= number;
}

void GarbageRequests::Attend(Environment& thread) {
  Number asked;
  {
    const Guard guard(mutex_);
    const auto requests = threads_.find(thread.thread());
    if (requests == threads_.end()) return;
    asked = requests->second.asked;
    if (requests->second.done == asked) return;
  }
  HeapSampler& sampler = thread.sampler();
  if (sampler.GetStats().running) {
    sampler.CollectGarbage();
    sampler.Refresh();
  }
  const Guard guard(mutex_);
  threads_[thread.thread()].done = asked;
}

void GarbageRequests::End(ThreadId thread) {
  const Guard guard(mutex_);
  threads_.erase(thread);
}

}  // namespace mprof

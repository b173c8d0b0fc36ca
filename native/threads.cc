#include "threads.h"

#include <node.h>

#include "environment.h"

namespace mprof {

Threads& Threads::Process() {
  // Never destroyed, as threads may outlive static objects.
  static auto& threads = *new Threads();
  return threads;
}

void Threads::Add(ThreadId id, const std::shared_ptr<Environment>& environment,
                  node::Environment* node) {
  std::lock_guard<std::mutex> guard(mutex_);
  threads_[id] = {environment, node, false};
}

void Threads::Remove(ThreadId id) {
  std::lock_guard<std::mutex> guard(mutex_);
  threads_.erase(id);
}

std::shared_ptr<Environment> Threads::Find(v8::Isolate* isolate) {
  std::lock_guard<std::mutex> guard(mutex_);
  for (const auto& [id, thread] : threads_) {
    auto environment = thread.environment.lock();
    if (environment != nullptr && environment->isolate() == isolate) return environment;
  }
  return nullptr;
}

bool Threads::Has(ThreadId id) {
  std::lock_guard<std::mutex> guard(mutex_);
  return threads_.count(id) != 0;
}

std::vector<ThreadId> Threads::Ids() {
  std::lock_guard<std::mutex> guard(mutex_);
  std::vector<ThreadId> ids;
  for (const auto& thread : threads_) ids.push_back(thread.first);
  return ids;
}

bool Threads::Wake(ThreadId id) {
  // With the lock, the thread cannot go away: it has to remove itself first.
  std::lock_guard<std::mutex> guard(mutex_);
  const auto found = threads_.find(id);
  if (found == threads_.end() || found->second.node == nullptr) return false;
  Thread& thread = found->second;
  if (thread.is_woken) return true;
  thread.is_woken = true;
  node::RequestInterrupt(thread.node, OnInterrupt,
                         reinterpret_cast<void*>(uintptr_t{id}));
  return true;
}

// Node calls this at the latest when the thread ends, and then nobody is found.
void Threads::OnInterrupt(void* id) {
  std::shared_ptr<Environment> environment;
  {
    Threads& threads = Process();
    std::lock_guard<std::mutex> guard(threads.mutex_);
    const auto found =
        threads.threads_.find(static_cast<ThreadId>(reinterpret_cast<uintptr_t>(id)));
    if (found == threads.threads_.end()) return;
    environment = found->second.environment.lock();
    // Whoever wants something from here on has the thread woken again.
    found->second.is_woken = false;
  }
  if (environment == nullptr) return;
  const v8::HandleScope handles(environment->isolate());
  environment->Attend();
}

}  // namespace mprof

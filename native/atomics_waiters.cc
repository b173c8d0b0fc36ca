#include "atomics_waiters.h"

#include <algorithm>
#include <iterator>

namespace mprof {

AtomicsWaiters& AtomicsWaiters::Process() {
  // Never destroyed: process.exit() runs static destructors while other threads
  // may still be waiting.
  static auto& waiters = *new AtomicsWaiters();
  return waiters;
}

template <typename Condition>
void AtomicsWaiters::Drop(Queue* queue, Condition condition) {
  const auto dropped = std::remove_if(
      queue->begin(), queue->end(),
      [&](const Waiter& entry) { return condition(entry.wait); });
  waiters_ -= static_cast<size_t>(queue->end() - dropped);
  queue->erase(dropped, queue->end());
}

template <typename Condition>
void AtomicsWaiters::DropEverywhere(Condition condition) {
  for (auto entry = queues_.begin(); entry != queues_.end();) {
    Drop(&entry->second, condition);
    entry = entry->second.empty() ? queues_.erase(entry) : std::next(entry);
  }
}

uint64_t AtomicsWaiters::Begin(const void* address, const Wait& wait) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (waiters_ >= kMaxWaiters && wait.since >= next_sweep_) {
    next_sweep_ = wait.since + kSweepNanos;
    DropEverywhere([&](const Wait& other) { return other.expires < wait.since; });
  }
  if (waiters_ >= kMaxWaiters) return 0;
  queues_[address].push_back({++last_ticket_, wait});
  waiters_++;
  return last_ticket_;
}

void AtomicsWaiters::EndAllOf(const void* owner) {
  const std::lock_guard<std::mutex> lock(mutex_);
  DropEverywhere([&](const Wait& wait) { return wait.owner == owner; });
}

void AtomicsWaiters::EndBlocking() {
  const std::thread::id thread = std::this_thread::get_id();
  const std::lock_guard<std::mutex> lock(mutex_);
  DropEverywhere([&](const Wait& wait) { return wait.blocked == thread; });
}

void AtomicsWaiters::End(const void* address, uint64_t ticket) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = queues_.find(address);
  if (found == queues_.end()) return;
  Queue& queue = found->second;
  const auto waiter =
      std::find_if(queue.begin(), queue.end(),
                   [ticket](const Waiter& entry) { return entry.ticket == ticket; });
  // Whoever notified it has taken it out.
  if (waiter == queue.end()) return;
  queue.erase(waiter);
  waiters_--;
  if (queue.empty()) queues_.erase(found);
}

int64_t AtomicsWaiters::Notify(const void* address, uint32_t count, int64_t now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = queues_.find(address);
  if (found == queues_.end()) return 0;
  Queue& queue = found->second;
  Drop(&queue, [&](const Wait& wait) { return wait.expires < now; });
  int64_t nanos = 0;
  for (; count > 0 && !queue.empty(); count--) {
    nanos += now - queue.front().wait.since;
    queue.pop_front();
    waiters_--;
  }
  if (queue.empty()) queues_.erase(found);
  return nanos;
}

}  // namespace mprof

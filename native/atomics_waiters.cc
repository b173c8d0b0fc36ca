#include "atomics_waiters.h"

#include <algorithm>

namespace mprof {

AtomicsWaiters& AtomicsWaiters::Process() {
  // Never destroyed: process.exit() runs static destructors while other threads
  // may still be waiting.
  static auto& waiters = *new AtomicsWaiters();
  return waiters;
}

uint64_t AtomicsWaiters::Begin(const void* address, int64_t now, int64_t expires) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (waiters_ >= kMaxWaiters) return 0;
  Queue& queue = queues_[address];
  DropExpired(&queue, now);
  queue.push_back({++last_ticket_, now, expires});
  waiters_++;
  return last_ticket_;
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
  DropExpired(&queue, now);
  int64_t nanos = 0;
  for (; count > 0 && !queue.empty(); count--) {
    nanos += now - queue.front().since;
    queue.pop_front();
    waiters_--;
  }
  if (queue.empty()) queues_.erase(found);
  return nanos;
}

void AtomicsWaiters::DropExpired(Queue* queue, int64_t now) {
  const auto expired =
      std::remove_if(queue->begin(), queue->end(),
                     [now](const Waiter& entry) { return entry.expires < now; });
  waiters_ -= static_cast<size_t>(queue->end() - expired);
  queue->erase(expired, queue->end());
}

}  // namespace mprof

#ifndef MPROF_ATOMICS_WAITERS_H_
#define MPROF_ATOMICS_WAITERS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace mprof {

// Who waits at which address of shared memory, in all threads of the process, so
// that the thread that notifies knows how long it has kept the others waiting.
//
// Thread-safe.
class AtomicsWaiters {
 public:
  static constexpr size_t kMaxWaiters = size_t{1} << 16;

  static AtomicsWaiters& Process();

  AtomicsWaiters() = default;
  AtomicsWaiters(const AtomicsWaiters&) = delete;
  AtomicsWaiters& operator=(const AtomicsWaiters&) = delete;

  struct Wait {
    int64_t since;
    // When it ends by itself.
    int64_t expires;
    // Ends it at the latest with EndAllOf().
    const void* owner;
    // The thread that does nothing else meanwhile; none for a wait for a promise.
    std::thread::id blocked{};
  };

  // A wait at `address` begins. Returns what to end it with; 0 when there are too
  // many.
  uint64_t Begin(const void* address, const Wait& wait);
  // It has ended, for whatever reason.
  void End(const void* address, uint64_t ticket);
  // All waits of this owner have ended.
  void EndAllOf(const void* owner);
  // This thread goes on: none of its waits is under way that block it.
  void EndBlocking();
  // The `count` waits that began first are ended. Returns how many nanoseconds
  // they lasted together, 0 if there are none.
  int64_t Notify(const void* address, uint32_t count, int64_t now);

 private:
  struct Waiter {
    uint64_t ticket;
    Wait wait;
  };
  using Queue = std::deque<Waiter>;

  // Between two searches for waits that have ended by themselves, in a full table.
  static constexpr int64_t kSweepNanos = 1'000'000'000;

  // Takes out those for which it holds.
  template <typename Condition>
  void Drop(Queue* queue, Condition condition);
  template <typename Condition>
  void DropEverywhere(Condition condition);

  std::mutex mutex_;
  std::unordered_map<const void*, Queue> queues_;
  size_t waiters_ = 0;
  uint64_t last_ticket_ = 0;
  int64_t next_sweep_ = 0;
};

}  // namespace mprof

#endif  // MPROF_ATOMICS_WAITERS_H_

#ifndef MPROF_GARBAGE_REQUESTS_H_
#define MPROF_GARBAGE_REQUESTS_H_

#include <cstdint>
#include <map>
#include <mutex>

#include "threads.h"

namespace mprof {

// Which threads are to collect their garbage since others want to see what they have in
// use. To be used on any thread.
class GarbageRequests {
 public:
  // Requests of a thread are numbered.
  using Number = uint64_t;

  static GarbageRequests& Process();

  GarbageRequests() = default;
  GarbageRequests(const GarbageRequests&) = delete;
  GarbageRequests& operator=(const GarbageRequests&) = delete;

  // Has a thread collect soon.
  Number Ask(ThreadId thread);
  // Whether it has collected since it was asked, or ended.
  bool IsDone(ThreadId thread, Number number);

  // On the thread itself. Collects once, however often it has been asked to.
  void Attend(Environment& thread);
  // It does not collect any more.
  void End(ThreadId thread);

 private:
  struct Requests {
    Number asked = 0;
    Number done = 0;
  };

  std::mutex mutex_;
  std::map<ThreadId, Requests> threads_;
};

}  // namespace mprof

#endif  // MPROF_GARBAGE_REQUESTS_H_

#ifndef MPROF_THREADS_H_
#define MPROF_THREADS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace node {
class Environment;
}
namespace v8 {
class Isolate;
}

namespace mprof {

class Environment;

// Node's number of a thread, which no other one gets: 0 is the main thread.
using ThreadId = uint32_t;
constexpr ThreadId kMainThread = 0;

// The threads of the process that have loaded the addon. To be used on any of them.
class Threads {
 public:
  static Threads& Process();

  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  // Called on the thread itself. The environment is removed before it goes away.
  void Add(ThreadId id, const std::shared_ptr<Environment>& environment,
           node::Environment* node);
  void Remove(ThreadId id);

  // The one of an isolate; none if the addon is new to it.
  std::shared_ptr<Environment> Find(v8::Isolate* isolate);
  bool Has(ThreadId id);
  std::vector<ThreadId> Ids();
  // Has that thread attend to what others want of it, as soon as it runs JavaScript or
  // turns to its event loop. False if there is no such thread; it may also end first.
  bool Wake(ThreadId id);

 private:
  struct Thread {
    std::weak_ptr<Environment> environment;
    node::Environment* node;
    bool is_woken;
  };

  static void OnInterrupt(void* id);

  std::mutex mutex_;
  std::map<ThreadId, Thread> threads_;
};

}  // namespace mprof

#endif  // MPROF_THREADS_H_

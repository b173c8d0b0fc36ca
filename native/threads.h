#ifndef MPROF_THREADS_H_
#define MPROF_THREADS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
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

  // What is known of a thread: that it answers others, and that it has used labels.
  enum class Trait { kAnswers, kHasLabels };
  void Note(ThreadId id, Trait trait);
  std::vector<ThreadId> IdsWith(Trait trait);
  // Whether any thread has, also one that has ended.
  bool HasBeenNoted(Trait trait);

  // Has that thread attend to what others want of it, as soon as it runs JavaScript or
  // turns to its event loop. False if there is no such thread; it may also end first.
  bool Wake(ThreadId id);

 private:
  struct Thread {
    std::weak_ptr<Environment> environment;
    node::Environment* node;
    bool is_woken;
    std::set<Trait> traits;
  };

  static void OnInterrupt(void* id);

  std::mutex mutex_;
  std::map<ThreadId, Thread> threads_;
  std::set<Trait> noted_;
};

}  // namespace mprof

#endif  // MPROF_THREADS_H_

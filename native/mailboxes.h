#ifndef MPROF_MAILBOXES_H_
#define MPROF_MAILBOXES_H_

#include <napi.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "threads.h"

namespace mprof {

// What threads have to say to each other: bytes, which their JavaScript understands. A
// thread gets them when it turns to its event loop. Unlike a MessagePort this is nothing
// that the program sees, nor anything that Node.js loads more code for.
class Mailboxes {
 public:
  static Mailboxes& Process();

  Mailboxes() = default;
  Mailboxes(const Mailboxes&) = delete;
  Mailboxes& operator=(const Mailboxes&) = delete;

  // Opens that of this thread, until its environment goes away. `arrived` is called after
  // something has been put into it while it was empty; that does not keep the thread
  // alive. Does nothing where it is open, or cannot be opened.
  void Open(ThreadId thread, Napi::Env env, const Napi::Function& arrived);
  // Threads that have one, in order.
  std::vector<ThreadId> Ids();
  // False where there is none, or no room left in it.
  bool Post(ThreadId to, std::string message);
  // All that is in it, the oldest first.
  std::vector<std::string> Take(ThreadId thread);

 private:
  struct Mailbox {
    Napi::ThreadSafeFunction arrived;
    std::vector<std::string> messages;
    size_t bytes = 0;
  };

  void Close(ThreadId thread);

  std::mutex mutex_;
  std::map<ThreadId, Mailbox> mailboxes_;
};

}  // namespace mprof

#endif  // MPROF_MAILBOXES_H_

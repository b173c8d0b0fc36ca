#ifndef MPROF_CPU_WINDOWS_H_
#define MPROF_CPU_WINDOWS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "cpu_columns.h"
#include "cpu_profiler.h"
#include "threads.h"

namespace mprof {

// Windows of the CPU profiler that several threads have in common.
//
// V8's profiler belongs to its isolate's thread. So each thread opens and closes its
// own part of a window: the one that asks at once, the others as soon as they run
// JavaScript or turn to their event loops, and one that ends meanwhile at its end.
//
// Nothing of V8's is called with the lock.
class CpuWindows {
 public:
  using WindowId = uint32_t;

  // What threads have done, and of how many more that is not known: they have not
  // answered, or V8 or the system has refused it to them; or they have ended, and it
  // was too much to keep.
  struct Samples {
    std::vector<std::pair<ThreadId, CpuColumns>> threads;
    size_t missing;
    size_t dropped;
  };

  static CpuWindows& Process();

  CpuWindows() = default;
  CpuWindows(const CpuWindows&) = delete;
  CpuWindows& operator=(const CpuWindows&) = delete;

  // Opens a window of so many samples of each thread at most: of one thread, or of all
  // there are and those that come. Empty when V8 or the system refuses it to `owner`.
  std::optional<WindowId> Open(Environment& owner, uint32_t max_samples,
                               std::optional<ThreadId> only);
  // Windows that have not been closed and in which the thread takes part, and since when,
  // by the monotonic clock.
  std::vector<std::pair<WindowId, double>> OpenFor(ThreadId thread);
  // Has all threads close their parts. Only its owner may be asked that and what follows.
  void Close(Environment& owner, WindowId id);
  // Whether all have.
  bool IsClosed(WindowId id);
  // What they have done up to now, and the end of the window.
  Samples Take(Environment& owner, WindowId id);
  // Ends a window that nobody wants to know of any more, if there is one.
  void Discard(Environment& owner, WindowId id);

  // Lets go of V8's profilers of all threads but one, where they are not kept.
  void ReleaseAllBut(ThreadId thread);

  // A thread takes part in the windows there are for all.
  void Join(Environment& thread);
  // On a thread that has been woken: does what others have left for it to do.
  void Attend(Environment& thread);
  // Nothing runs in a thread any more.
  void Leave(Environment& thread);

 private:
  struct Part {
    // Until it is opened, and after it is closed.
    std::optional<CpuProfiler::WindowId> open;
    bool is_closed = false;
    CpuColumns columns;

    bool HasColumns() const { return is_closed && !columns.stack_start.empty(); }
  };
  // What only a thread itself can do, but for its parts of windows.
  struct Wishes {
    // Windows of its profiler that nobody wants to know of any more.
    std::vector<CpuProfiler::WindowId> discard;
    bool release = false;
  };
  struct Window {
    ThreadId owner;
    uint32_t max_samples;
    std::optional<ThreadId> only;
    double opened_at;
    bool is_closing = false;
    std::map<ThreadId, Part> parts;
    // What is kept of threads that have ended.
    size_t ended_bytes = 0;
    // As in Samples, of threads that have no part any more.
    size_t missing = 0;
    size_t dropped = 0;
  };

  // On the thread of a part.
  void OpenPart(Environment& thread, WindowId id);
  void ClosePart(Environment& thread, WindowId id);
  // Keeps what a thread that ends has done in a window, within limits.
  void EndPart(ThreadId thread, WindowId id);
  void Want(ThreadId thread, const std::function<void(Wishes*)>& want);
  // With the lock. Null when it has been discarded.
  Part* PartOf(WindowId id, ThreadId thread);

  std::mutex mutex_;
  std::map<WindowId, Window> windows_;
  WindowId last_ = 0;
  std::map<ThreadId, Wishes> wishes_;
  // Of all windows.
  size_t ended_bytes_ = 0;
  // Threads that have opened windows.
  std::set<ThreadId> owners_;
};

}  // namespace mprof

#endif  // MPROF_CPU_WINDOWS_H_

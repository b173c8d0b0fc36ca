#ifndef MPROF_CPU_PROFILER_H_
#define MPROF_CPU_PROFILER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cpu_columns.h"
#include "cpu_time_log.h"
#include "v8-isolate.h"
#include "v8-profiler.h"

namespace mprof {

// The CPU profiler of one isolate. V8 samples the thread's stack a hundred times a
// second while any window is open. Each window has profiles of its own, to which V8
// adds the samples on a thread of its own, so that windows may overlap as they like.
//
// To make V8's profiler takes V8 a walk through the whole heap, in search of code. So it
// is kept when the last window is closed, until it is released: V8 goes on noting new
// code then, but samples nothing.
//
// A window has two of V8's profiles of the same samples: in one, frames say where
// their functions start, in the other, from which line they call.
//
// Belongs to the isolate's thread.
class CpuProfiler {
 public:
  using WindowId = uint32_t;

  explicit CpuProfiler(v8::Isolate* isolate) : isolate_(isolate) {}
  CpuProfiler(const CpuProfiler&) = delete;
  CpuProfiler& operator=(const CpuProfiler&) = delete;
  ~CpuProfiler() { Stop(); }

  // Of the functions of this addon. V8 knows functions of addons by an address that
  // all share, and calls them by the name of one of them.
  void SetOwnNames(std::unordered_set<std::string_view> names) {
    own_names_ = std::move(names);
  }

  // Makes V8's profiler, unless there is one, and keeps it until it is released by the
  // thread itself.
  void Keep();
  // Opens a window of so many samples at most. Empty when V8 or the system refuses.
  std::optional<WindowId> Open(uint32_t max_samples);
  // Closes a window and says what was sampled in it; nothing if it was not open.
  CpuColumns Close(WindowId id);
  // Closes a window that nobody wants to know of any more.
  void Discard(WindowId id);
  // Lets go of V8's profiler unless a window is open.
  void Release();
  // Likewise, unless the thread itself wants to keep it.
  void ReleaseUnlessKept();
  // Discards all windows, and releases the profiler.
  void Stop();

  // The times of the samples taken since the last call, monotonic, in nanoseconds,
  // while a window is open. The first call says nothing and asks for what follows.
  std::vector<double> TakeTimes();
  // Nobody asks for them any more.
  void EndTimes();

 private:
  // Monotonic, in nanoseconds.
  struct Interval {
    int64_t begin;
    int64_t end;
  };
  // One of V8's profiles, and when V8 was told to start it, which is when V8 samples
  // the stack, too.
  struct Profile {
    v8::ProfilerId id;
    Interval start;
  };
  struct Window {
    Profile functions;
    Profile calls;
    CpuTimeLog::Reading began;
  };

  // Makes V8's profiler, unless there is one.
  void Prepare();
  // The first profile of a window, and the log of CPU time. V8 samples on a thread of
  // its own, and ends the process where it gets none; so it is asked only where there
  // are threads to spare.
  std::optional<Profile> StartFirstProfile(v8::CpuProfilingMode mode,
                                           uint32_t max_samples);
  std::optional<Profile> StartProfile(v8::CpuProfilingMode mode, uint32_t max_samples);
  void DropProfile(const Profile& profile);
  void ReadSamples(const v8::CpuProfile& functions, const v8::CpuProfile& calls,
                   const Window& window, CpuColumns* columns);
  // Finds out how V8's clock is related to ours, by when a profile was started.
  void SetClockOffset(const v8::CpuProfile& profile, const Interval& start);
  int64_t ToNanos(int64_t v8_micros) const {
    return v8_micros * 1000 + clock_offset_.value_or(0);
  }
  // Whether a sample is one that V8 has taken because it was told to start a profile,
  // and not because it was time.
  bool IsOwnCall(int64_t time) const;
  // Forgets what is older than every window, or stops where there is none.
  void Trim();

  v8::Isolate* const isolate_;
  std::unordered_set<std::string_view> own_names_;
  // From the first window on until it is released.
  v8::CpuProfiler* profiler_ = nullptr;
  bool kept_ = false;
  CpuTimeLog cpu_time_;
  std::map<WindowId, Window> windows_;
  WindowId last_window_ = 0;
  std::deque<Interval> own_calls_;
  // From V8's clock to the monotonic one, which are the same on most systems.
  std::optional<int64_t> clock_offset_;
  // Of TakeTimes().
  std::optional<Profile> times_;
  int64_t last_time_ = 0;
};

}  // namespace mprof

#endif  // MPROF_CPU_PROFILER_H_

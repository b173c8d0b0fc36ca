#ifndef MPROF_THREAD_CPU_CLOCK_H_
#define MPROF_THREAD_CPU_CLOCK_H_

#include <cstdint>

#if defined(_WIN32)
#include <windows.h>
#elif defined(__APPLE__)
#include <mach/mach.h>
#else
#include <time.h>
#endif

namespace mprof {

// The CPU time that the thread it was made on has used, to be read from any thread
// while that one lives.
class ThreadCpuClock {
 public:
  ThreadCpuClock();
  ThreadCpuClock(const ThreadCpuClock&) = delete;
  ThreadCpuClock& operator=(const ThreadCpuClock&) = delete;
  ~ThreadCpuClock();

  // Nanoseconds; -1 where the system does not tell. macOS counts in microseconds,
  // Windows in ticks of 10 to 16 milliseconds.
  int64_t Nanos() const;

 private:
#if defined(_WIN32)
  HANDLE thread_ = nullptr;
#elif defined(__APPLE__)
  mach_port_t thread_;
#else
  clockid_t clock_;
  bool known_;
#endif
};

}  // namespace mprof

#endif  // MPROF_THREAD_CPU_CLOCK_H_

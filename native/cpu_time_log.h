#ifndef MPROF_CPU_TIME_LOG_H_
#define MPROF_CPU_TIME_LOG_H_

#include <uv.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "thread_cpu_clock.h"

namespace mprof {

// How much CPU time a thread had used at any moment of a while. Another thread reads
// its clock a hundred times a second, since the one that is observed may be blocked,
// or wait for a processor.
//
// Belongs to the thread that is observed.
class CpuTimeLog {
 public:
  // In nanoseconds; the time is monotonic.
  struct Reading {
    int64_t time;
    int64_t cpu;
  };

  CpuTimeLog() = default;
  CpuTimeLog(const CpuTimeLog&) = delete;
  CpuTimeLog& operator=(const CpuTimeLog&) = delete;
  ~CpuTimeLog() { Stop(); }

  // Does nothing while it runs. False when the system lends no thread or no clock.
  bool Start();
  // Forgets everything.
  void Stop();

  // Reads the clock now.
  Reading Read();
  // Forgets what was read before `time`, but for the last reading.
  void Forget(int64_t time);
  // What has been read and not forgotten, in order.
  std::vector<Reading> Readings();

 private:
  static void Run(void* data);
  void ReadUntilStopped();
  // With the lock.
  std::optional<Reading> Add();

  std::optional<ThreadCpuClock> clock_;
  uv_thread_t thread_;
  bool running_ = false;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::deque<Reading> readings_;
};

}  // namespace mprof

#endif  // MPROF_CPU_TIME_LOG_H_

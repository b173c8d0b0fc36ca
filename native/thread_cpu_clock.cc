#include "thread_cpu_clock.h"

#if !defined(_WIN32) && !defined(__APPLE__)
#include <pthread.h>
#endif

namespace mprof {

#if defined(_WIN32)

ThreadCpuClock::ThreadCpuClock() {
  // What GetCurrentThread() returns means another thread on another thread.
  if (!DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(),
                       &thread_, THREAD_QUERY_INFORMATION, FALSE, 0)) {
    thread_ = nullptr;
  }
}

ThreadCpuClock::~ThreadCpuClock() {
  if (thread_ != nullptr) CloseHandle(thread_);
}

int64_t ThreadCpuClock::Nanos() const {
  FILETIME created, exited, kernel, user;
  if (thread_ == nullptr ||
      !GetThreadTimes(thread_, &created, &exited, &kernel, &user)) {
    return -1;
  }
  const auto ticks = [](const FILETIME& time) {
    return (static_cast<int64_t>(time.dwHighDateTime) << 32) | time.dwLowDateTime;
  };
  return (ticks(kernel) + ticks(user)) * 100;
}

#elif defined(__APPLE__)

ThreadCpuClock::ThreadCpuClock() : thread_(mach_thread_self()) {}

ThreadCpuClock::~ThreadCpuClock() {
  mach_port_deallocate(mach_task_self(), thread_);
}

int64_t ThreadCpuClock::Nanos() const {
  thread_basic_info_data_t info;
  mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;
  if (thread_info(thread_, THREAD_BASIC_INFO, reinterpret_cast<thread_info_t>(&info),
                  &count) != KERN_SUCCESS) {
    return -1;
  }
  const auto micros = [](const time_value_t& time) {
    return static_cast<int64_t>(time.seconds) * 1'000'000 + time.microseconds;
  };
  return (micros(info.user_time) + micros(info.system_time)) * 1000;
}

#else

ThreadCpuClock::ThreadCpuClock()
    : known_(pthread_getcpuclockid(pthread_self(), &clock_) == 0) {}

ThreadCpuClock::~ThreadCpuClock() = default;

int64_t ThreadCpuClock::Nanos() const {
  timespec time;
  if (!known_ || clock_gettime(clock_, &time) != 0) return -1;
  return static_cast<int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

#endif

}  // namespace mprof

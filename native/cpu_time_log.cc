#include "cpu_time_log.h"

#include <chrono>

#include "clocks.h"

#ifndef _WIN32
#include <pthread.h>
#include <signal.h>
#endif

namespace mprof {

namespace {

constexpr std::chrono::milliseconds kInterval(10);

// The program's signals are for its own threads.
void BlockSignals() {
#ifndef _WIN32
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
#endif
}

}  // namespace

bool CpuTimeLog::Start() {
  if (running_) return true;
  clock_.emplace();
  stopping_ = false;
  if (clock_->Nanos() < 0) return false;
  running_ = uv_thread_create(&thread_, Run, this) == 0;
  return running_;
}

void CpuTimeLog::Stop() {
  if (!running_) return;
  {
    std::lock_guard<std::mutex> guard(mutex_);
    stopping_ = true;
  }
  stopped_.notify_one();
  uv_thread_join(&thread_);
  running_ = false;
  readings_.clear();
}

CpuTimeLog::Reading CpuTimeLog::Read() {
  std::lock_guard<std::mutex> guard(mutex_);
  const std::optional<Reading> reading = Add();
  return reading ? *reading : readings_.empty() ? Reading{MonotonicNanos(), 0}
                                                : readings_.back();
}

void CpuTimeLog::Forget(int64_t time) {
  std::lock_guard<std::mutex> guard(mutex_);
  while (readings_.size() > 1 && readings_[1].time <= time) readings_.pop_front();
}

std::vector<CpuTimeLog::Reading> CpuTimeLog::Readings() {
  std::lock_guard<std::mutex> guard(mutex_);
  return std::vector<Reading>(readings_.begin(), readings_.end());
}

void CpuTimeLog::Run(void* data) {
  BlockSignals();
  static_cast<CpuTimeLog*>(data)->ReadUntilStopped();
}

void CpuTimeLog::ReadUntilStopped() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    Add();
    stopped_.wait_for(lock, kInterval);
  }
}

std::optional<CpuTimeLog::Reading> CpuTimeLog::Add() {
  const int64_t cpu = clock_->Nanos();
  if (cpu < 0) return std::nullopt;
  const Reading reading = {MonotonicNanos(), cpu};
  // While nothing is used, two readings say as much as many.
  const size_t count = readings_.size();
  if (count >= 2 && readings_[count - 1].cpu == cpu && readings_[count - 2].cpu == cpu) {
    readings_.back() = reading;
  } else {
    readings_.push_back(reading);
  }
  return reading;
}

}  // namespace mprof

#include "cpu_profiler.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "clocks.h"
#include "cpu_profile_reader.h"
#include "spare_threads.h"

namespace mprof {

namespace {

constexpr int kIntervalMicros = 10'000;

struct ProfileDeleter {
  void operator()(v8::CpuProfile* profile) const { profile->Delete(); }
};
using OwnedProfile = std::unique_ptr<v8::CpuProfile, ProfileDeleter>;

// Reads a clock that has been read now and then, at any time in between.
class Interpolation {
 public:
  explicit Interpolation(std::vector<CpuTimeLog::Reading> readings)
      : readings_(std::move(readings)) {}

  // The times asked for must not go backwards by much: the search goes on from the last.
  double At(int64_t time) {
    if (readings_.empty()) return 0;
    while (next_ > 0 && readings_[next_ - 1].time > time) next_--;
    while (next_ < readings_.size() && readings_[next_].time <= time) next_++;
    if (next_ == 0) return static_cast<double>(readings_.front().cpu);
    const CpuTimeLog::Reading& before = readings_[next_ - 1];
    if (next_ == readings_.size()) return static_cast<double>(before.cpu);
    const CpuTimeLog::Reading& after = readings_[next_];
    const double share = static_cast<double>(time - before.time) /
                         static_cast<double>(after.time - before.time);
    return static_cast<double>(before.cpu) +
           share * static_cast<double>(after.cpu - before.cpu);
  }

 private:
  const std::vector<CpuTimeLog::Reading> readings_;
  size_t next_ = 0;
};

}  // namespace

void CpuProfiler::Keep() {
  kept_ = true;
  Prepare();
}

void CpuProfiler::Prepare() {
  if (profiler_ != nullptr) return;
  profiler_ = v8::CpuProfiler::New(isolate_, v8::kDebugNaming, v8::kEagerLogging);
  profiler_->SetSamplingInterval(kIntervalMicros);
}

std::optional<CpuProfiler::WindowId> CpuProfiler::Open(uint32_t max_samples) {
  Prepare();
  const auto functions = StartFirstProfile(v8::kLeafNodeLineNumbers, max_samples);
  const auto calls = functions ? StartProfile(v8::kCallerLineNumbers, max_samples)
                               : std::nullopt;
  if (functions && calls) {
    windows_[++last_window_] = {*functions, *calls, cpu_time_.Read()};
    return last_window_;
  }
  if (functions) DropProfile(*functions);
  Trim();
  return std::nullopt;
}

CpuColumns CpuProfiler::Close(WindowId id) {
  CpuColumns columns;
  const auto entry = windows_.find(id);
  if (entry == windows_.end()) return columns;
  const Window window = entry->second;
  const CpuTimeLog::Reading ended = cpu_time_.Read();
  columns.duration = static_cast<double>(ended.time - window.began.time);
  columns.total_cpu = static_cast<double>(ended.cpu - window.began.cpu);
  {
    const v8::HandleScope handles(isolate_);
    const OwnedProfile functions(profiler_->Stop(window.functions.id));
    const OwnedProfile calls(profiler_->Stop(window.calls.id));
    if (functions != nullptr && calls != nullptr) {
      ReadSamples(*functions, *calls, window, &columns);
    }
  }
  windows_.erase(entry);
  Trim();
  return columns;
}

void CpuProfiler::ReadSamples(const v8::CpuProfile& functions,
                              const v8::CpuProfile& calls, const Window& window,
                              CpuColumns* columns) {
  const auto began = static_cast<double>(window.began.time);
  const double ended = began + columns->duration;
  SetClockOffset(functions, window.functions.start);
  CpuProfileReader reader(own_names_, columns);
  Interpolation cpu(cpu_time_.Readings());
  const int functions_count = functions.GetSamplesCount();
  const int calls_count = calls.GetSamplesCount();
  // The same samples, but for some at both ends that only one of the profiles has.
  for (int i = 0, j = 0; i < functions_count && j < calls_count;) {
    const int64_t stamp = functions.GetSampleTimestamp(i);
    const int64_t other = calls.GetSampleTimestamp(j);
    if (stamp != other) {
      (stamp < other ? i : j)++;
      continue;
    }
    const v8::CpuProfileNode* const function = functions.GetSample(i++);
    const v8::CpuProfileNode* const call = calls.GetSample(j++);
    const int64_t nanos = ToNanos(stamp);
    const auto time = static_cast<double>(nanos);
    if (time < began || time > ended || IsOwnCall(nanos)) continue;
    columns->time.push_back(time);
    columns->cpu.push_back(cpu.At(nanos) - static_cast<double>(window.began.cpu));
    columns->stack.push_back(CpuProfileReader::IsIdle(function)
                                 ? CpuColumns::kIdle
                                 : reader.Read(function, call));
  }
  reader.Finish();
}

void CpuProfiler::SetClockOffset(const v8::CpuProfile& profile, const Interval& start) {
  // Once: what is read of one sample at different times must be the same.
  if (clock_offset_) return;
  const int64_t nanos = profile.GetStartTime() * 1000;
  const bool same_clock = nanos >= start.begin - 1000 && nanos <= start.end;
  clock_offset_ = same_clock ? 0 : start.begin - nanos;
}

bool CpuProfiler::IsOwnCall(int64_t time) const {
  return std::any_of(own_calls_.begin(), own_calls_.end(), [&](const Interval& call) {
    return call.begin <= time && time <= call.end;
  });
}

void CpuProfiler::Discard(WindowId id) {
  const auto window = windows_.find(id);
  if (window == windows_.end()) return;
  DropProfile(window->second.functions);
  DropProfile(window->second.calls);
  windows_.erase(window);
  Trim();
}

void CpuProfiler::ReleaseUnlessKept() {
  if (!kept_) Release();
}

void CpuProfiler::Release() {
  kept_ = false;
  if (!windows_.empty() || profiler_ == nullptr) return;
  profiler_->Dispose();
  profiler_ = nullptr;
}

void CpuProfiler::Stop() {
  while (!windows_.empty()) Discard(windows_.begin()->first);
  Release();
}

std::vector<double> CpuProfiler::TakeTimes() {
  std::vector<double> times;
  if (windows_.empty()) return times;
  const std::optional<Profile> before = times_;
  // The next one is started first, so that no sample is missed.
  times_ = StartProfile(v8::kLeafNodeLineNumbers,
                        v8::CpuProfilingOptions::kNoSampleLimit);
  if (!before) return times;
  const v8::HandleScope handles(isolate_);
  const OwnedProfile profile(profiler_->Stop(before->id));
  if (profile == nullptr) return times;
  SetClockOffset(*profile, before->start);
  for (int i = 0; i < profile->GetSamplesCount(); i++) {
    const int64_t time = ToNanos(profile->GetSampleTimestamp(i));
    if (time <= last_time_) continue;
    times.push_back(static_cast<double>(time));
    last_time_ = time;
  }
  return times;
}

void CpuProfiler::EndTimes() {
  if (times_) DropProfile(*times_);
  times_.reset();
  last_time_ = 0;
}

std::optional<CpuProfiler::Profile> CpuProfiler::StartFirstProfile(
    v8::CpuProfilingMode mode, uint32_t max_samples) {
  // There are the threads it takes.
  if (!windows_.empty()) return StartProfile(mode, max_samples);
  // No other window takes what is spare meanwhile. V8 may be called with this lock, as
  // nothing it calls back opens windows.
  static auto& starting = *new std::mutex();
  const std::lock_guard<std::mutex> guard(starting);
  if (!cpu_time_.Start() || !HasSpareThreads()) return std::nullopt;
  return StartProfile(mode, max_samples);
}

std::optional<CpuProfiler::Profile> CpuProfiler::StartProfile(v8::CpuProfilingMode mode,
                                                              uint32_t max_samples) {
  const int64_t begin = MonotonicNanos();
  const v8::CpuProfilingResult result =
      profiler_->Start(v8::CpuProfilingOptions(mode, max_samples));
  if (result.status != v8::CpuProfilingStatus::kStarted) return std::nullopt;
  own_calls_.push_back({begin, MonotonicNanos()});
  return Profile{result.id, own_calls_.back()};
}

void CpuProfiler::DropProfile(const Profile& profile) {
  const v8::HandleScope handles(isolate_);
  const OwnedProfile dropped(profiler_->Stop(profile.id));
}

void CpuProfiler::Trim() {
  if (windows_.empty()) {
    EndTimes();
    cpu_time_.Stop();
    own_calls_.clear();
    // While the machine sleeps, one of the clocks may go on and the other not.
    clock_offset_.reset();
    return;
  }
  // Windows are in the order in which they were opened.
  const int64_t oldest = windows_.begin()->second.began.time;
  cpu_time_.Forget(oldest);
  while (!own_calls_.empty() && own_calls_.front().end < oldest) own_calls_.pop_front();
}

}  // namespace mprof

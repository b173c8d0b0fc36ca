// cpu-time-log SEED MILLISECONDS: reads the CPU time of a thread that works and then sleeps, each for that long and as
// long again until the log must know of it, and prints how many readings were kept. JSON.

#include "../../native/cpu_time_log.h"

#include <uv.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "../../native/clocks.h"
#include "model.h"

// What the log needs of libuv, which is part of Node.
extern "C" int uv_thread_create(uv_thread_t* thread, uv_thread_cb entry, void* data) {
  struct Call {
    uv_thread_cb entry;
    void* data;
  };
  const auto run = [](void* argument) -> void* {
    const Call call = *static_cast<Call*>(argument);
    delete static_cast<Call*>(argument);
    call.entry(call.data);
    return nullptr;
  };
  return pthread_create(thread, nullptr, run, new Call{entry, data});
}

extern "C" int uv_thread_join(uv_thread_t* thread) { return pthread_join(*thread, nullptr); }

namespace {

using mprof::CpuTimeLog;
using Reading = CpuTimeLog::Reading;

void Burn(int64_t nanos) {
  const int64_t end = mprof::ThreadCpuNanos() + nanos;
  while (mprof::ThreadCpuNanos() < end) {
  }
}

void CheckOrder(const std::vector<Reading>& readings) {
  for (size_t i = 1; i < readings.size(); i++) {
    CHECK(readings[i].time >= readings[i - 1].time && readings[i].cpu >= readings[i - 1].cpu);
    // No thread uses more time than there is; the two clocks are read one after the other, and tick by themselves.
    CHECK(readings[i].cpu - readings[i - 1].cpu <= readings[i].time - readings[i - 1].time + 10'000'000);
  }
}

void CheckForget(CpuTimeLog& log, Random& random) {
  for (std::vector<Reading> before = log.Readings(); before.size() > 1; before = log.Readings()) {
    const int64_t time = before[random.Below(before.size())].time + static_cast<int64_t>(random.Below(3)) - 1;
    log.Forget(time);
    const auto later = std::find_if(before.begin(), before.end(), [&](const Reading& reading) { return reading.time > time; });
    // The one in force at that time is kept.
    const auto first = later == before.begin() ? later : later - 1;
    const std::vector<Reading> after = log.Readings();
    CHECK(!after.empty());
    // The last one may have been replaced meanwhile.
    if (first + 1 != before.end()) CHECK(after.front().time == first->time);
    if (random.Happens(0.1)) break;
  }
}

}  // namespace

int main(int, char** argv) {
  Random random(std::strtoull(argv[1], nullptr, 10));
  const int64_t nanos = 1'000'000 * std::strtoll(argv[2], nullptr, 10);
  CpuTimeLog log;
  log.Stop();
  size_t readings = 0, idle = 0;
  for (int round = 0; round < 3; round++) {
    CHECK(log.Start() && log.Start());
    const Reading begin = log.Read();
    // The thread that reads may have to wait for a processor.
    do Burn(nanos);
    while (log.Readings().size() < 3);
    const Reading end = log.Read();
    CHECK(end.cpu - begin.cpu >= nanos);
    CheckOrder(log.Readings());
    readings = log.Readings().size();
    log.Forget(end.time);
    std::this_thread::sleep_for(std::chrono::nanoseconds(10 * nanos));
    idle = std::max(idle, log.Readings().size());
    CheckForget(log, random);
    log.Stop();
    CHECK(log.Readings().empty());
    log.Stop();
  }
  std::printf("{\"readings\": %zu, \"idle\": %zu}\n", readings, idle);
}

#include "spare_threads.h"

#include <uv.h>

#include <array>
#include <cstddef>

namespace mprof {

namespace {

// Some that have ended count as threads for a moment longer.
constexpr size_t kSpare = 8;

void WaitFor(void* semaphore) { uv_sem_wait(static_cast<uv_sem_t*>(semaphore)); }

}  // namespace

bool HasSpareThreads() {
  uv_sem_t over;
  if (uv_sem_init(&over, 0) != 0) return false;
  std::array<uv_thread_t, kSpare> threads;
  size_t started = 0;
  while (started < kSpare && uv_thread_create(&threads[started], WaitFor, &over) == 0) {
    started++;
  }
  for (size_t i = 0; i < started; i++) uv_sem_post(&over);
  for (size_t i = 0; i < started; i++) uv_thread_join(&threads[i]);
  uv_sem_destroy(&over);
  return started == kSpare;
}

}  // namespace mprof

#include "gc_log.h"

namespace mprof {

void GcLog::Begin(int64_t monotonic_nanos) { begun_ = monotonic_nanos; }

void GcLog::End(int64_t monotonic_nanos, int64_t wall_nanos, bool forced) {
  const int64_t pause = monotonic_nanos - begun_;
  const size_t slot = collections_ % kPauses;
  pause_nanos_[slot] = pause;
  pause_end_[slot] = wall_nanos;
  total_pause_nanos_ += pause;
  collections_++;
  if (forced) forced_++;
}

}  // namespace mprof

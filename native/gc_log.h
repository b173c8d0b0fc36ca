#ifndef MPROF_GC_LOG_H_
#define MPROF_GC_LOG_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace mprof {

// The garbage collections of one isolate, in the shape of Go's MemStats: the
// last 256 pauses, the most recent at index (collections + 255) % 256.
class GcLog {
 public:
  static constexpr size_t kPauses = 256;

  void Begin(int64_t monotonic_nanos);
  void End(int64_t monotonic_nanos, int64_t wall_nanos, bool forced);

  uint64_t collections() const { return collections_; }
  uint64_t forced() const { return forced_; }
  int64_t total_pause_nanos() const { return total_pause_nanos_; }
  const std::array<int64_t, kPauses>& pause_nanos() const { return pause_nanos_; }
  const std::array<int64_t, kPauses>& pause_end() const { return pause_end_; }

 private:
  int64_t begun_ = 0;
  uint64_t collections_ = 0;
  uint64_t forced_ = 0;
  int64_t total_pause_nanos_ = 0;
  std::array<int64_t, kPauses> pause_nanos_ = {};
  std::array<int64_t, kPauses> pause_end_ = {};
};

}  // namespace mprof

#endif  // MPROF_GC_LOG_H_

#ifndef MPROF_DURATION_HISTOGRAM_H_
#define MPROF_DURATION_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace mprof {

// How many durations there were of about which length: in classes at most an eighth
// apart, so that it takes the same memory however many there are.
class DurationHistogram {
 public:
  void Add(int64_t nanos) {
    const auto duration = static_cast<uint64_t>(std::max<int64_t>(nanos, 0));
    counts_[ClassOf(duration)]++;
    count_++;
    longest_ = std::max(longest_, duration);
  }

  // What a share of them did not exceed, or up to an eighth more; 0 if there were none.
  int64_t Quantile(double share) const {
    const double rank = std::ceil(share * static_cast<double>(count_));
    double below = 0;
    for (size_t i = 0; i < counts_.size(); i++) {
      below += static_cast<double>(counts_[i]);
      if (below >= rank && below > 0) {
        return static_cast<int64_t>(std::min(LongestOf(i), longest_));
      }
    }
    return 0;
  }

 private:
  static constexpr size_t kParts = 8;

  // Shorter than 16, each length has a class; then each power of two has eight.
  static size_t ClassOf(uint64_t duration) {
    size_t power = 0;
    while ((duration >> power) >= 2 * kParts) power++;
    return power * kParts + static_cast<size_t>(duration >> power);
  }
  static uint64_t LongestOf(size_t number) {
    const size_t power = number < 2 * kParts ? 0 : number / kParts - 1;
    return ((uint64_t{number - power * kParts} + 1) << power) - 1;
  }

  std::array<uint64_t, 62 * kParts> counts_ = {};
  uint64_t count_ = 0;
  uint64_t longest_ = 0;
};

}  // namespace mprof

#endif  // MPROF_DURATION_HISTOGRAM_H_

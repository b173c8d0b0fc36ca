// duration-histogram SEED COUNT: quantiles of random durations, compared with those of a sorted list. Prints by how much
// one is too long at most. JSON.

#include "../../native/duration_histogram.h"

#include <vector>

#include "model.h"

int main(int, char** argv) {
  Random random(std::strtoull(argv[1], nullptr, 10));
  const uint64_t count = std::strtoull(argv[2], nullptr, 10);
  mprof::DurationHistogram histogram;
  CHECK(histogram.Quantile(0.99) == 0);
  std::vector<int64_t> durations;
  double off = 0;
  for (uint64_t i = 0; i < count; i++) {
    durations.push_back(static_cast<int64_t>(random.Below(uint64_t{1} << random.Below(60))));
    histogram.Add(durations.back());
    if (i % 97 != 0) continue;
    std::vector<int64_t> sorted = durations;
    std::sort(sorted.begin(), sorted.end());
    for (const double share : {0.0, 0.01, 0.5, 0.9, 0.99, 1.0}) {
      const double rank = std::max(1.0, std::ceil(share * static_cast<double>(sorted.size())));
      const int64_t expected = sorted[static_cast<size_t>(rank) - 1];
      const int64_t actual = histogram.Quantile(share);
      CHECK(actual >= expected);
      if (expected > 0) off = std::max(off, static_cast<double>(actual) / static_cast<double>(expected) - 1);
    }
  }
  CHECK(histogram.Quantile(1) == *std::max_element(durations.begin(), durations.end()));
  std::printf("{\"off\": %g}", off);
}

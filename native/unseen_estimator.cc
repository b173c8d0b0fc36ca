#include "unseen_estimator.h"

#include <algorithm>

namespace mprof {

namespace {

// Over how many gaps a difference to the exact total is made good. Fewer would
// let one exceptional window decide the weight of the next.
constexpr double kCorrectionGaps = 20;
constexpr double kMaxCorrection = 4;
constexpr double kNewest = 0.125;

}  // namespace

double UnseenEstimator::WeightOfDeath(double chance) const {
  if (unseen_per_gap_ == 0) return 0;
  const double error = unseen_ - attributed_;
  const double correction = std::clamp(
      1 + error / (kCorrectionGaps * unseen_per_gap_), 0.0, kMaxCorrection);
  return correction * (1 - chance) / chance;
}

void UnseenEstimator::AddUnseen(double count) {
  unseen_ += count;
  unseen_per_gap_ = unseen_per_gap_ == 0
                        ? count
                        : unseen_per_gap_ + kNewest * (count - unseen_per_gap_);
}

}  // namespace mprof

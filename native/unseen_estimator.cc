#include "unseen_estimator.h"

#include <algorithm>

namespace mprof {

namespace {

// Runs over which the means reach back.
constexpr size_t kRunsInMean = 64;
// Runs in which a difference to the exact total is made good, and how many of
// them it may reach. Room for differences is what lets a window with many
// samples weigh more than one with few.
constexpr double kRunsToCorrect = 20;
// In the first runs the total matters more than the shares.
constexpr double kLargestShareAhead = 0.25;

}  // namespace

void UnseenEstimator::AddUnseen(double count) { unseen_ += count; }

double UnseenEstimator::Attribute(double chance, double deaths) {
  const double weight = (1 - chance) / chance;
  runs_++;
  const auto share = 1 / static_cast<double>(std::min(runs_, kRunsInMean));
  mean_gap_ += share * (unseen_ - unseen_at_last_run_ - mean_gap_);
  mean_weight_ += share * (deaths * weight - mean_weight_);
  unseen_at_last_run_ = unseen_;
  if (deaths == 0 || mean_gap_ <= 0) return 0;

  const double owed = unseen_ - attributed_;
  const double largest_ahead = std::min(kRunsToCorrect * mean_gap_,
                                        kLargestShareAhead * unseen_);
  const double correction =
      std::max(0.0, 1 + owed / (kRunsToCorrect * mean_gap_));
  // Without any weight yet, as for the windows before the first choice, there is
  // no ratio to scale by, and 0 / 0 would spoil the counts for good.
  const double scaled =
      mean_weight_ > 0 ? deaths * weight * mean_gap_ / mean_weight_ * correction : owed;
  const double amount = std::clamp(scaled, 0.0, std::max(0.0, owed + largest_ahead));
  attributed_ += amount;
  return amount / deaths;
}

}  // namespace mprof

#include "harvest_scheduler.h"

#include <algorithm>

namespace mprof {

namespace {

// What is there to spend at the start, whose harvests come before there is any
// CPU time to have a share of, and the most that can be saved up later: quiet
// hours must not pay for a long time of harvests that are too dear.
constexpr double kMostSavedNanos = 20e6;
// Weight of the newest value in a moving average.
constexpr double kNewest = 0.125;
// The CPU time in which over- or underspending is to be made good.
constexpr double kRepaymentNanos = 5e9;

double Average(double average, double value) {
  return average == 0 ? value : average + kNewest * (value - average);
}

}  // namespace

HarvestScheduler::HarvestScheduler(double budget, uint64_t seed, int64_t cpu_nanos)
    : budget_(budget),
      random_(seed),
      saved_nanos_(kMostSavedNanos),
      cpu_at_last_(cpu_nanos) {}

bool HarvestScheduler::Next(int64_t cpu_nanos) {
  const double chance = chance_;
  const bool starts = chance >= 1 ||
                      std::uniform_real_distribution<double>()(random_) < chance;
  const bool harvest = starts || second_of_run_;
  if (starts) chance_of_last_run_ = chance;
  second_of_run_ = starts;
  const auto interval = static_cast<double>(cpu_nanos - cpu_at_last_);
  cpu_at_last_ = cpu_nanos;
  interval_nanos_ = Average(interval_nanos_, interval);
  saved_nanos_ = std::min(saved_nanos_ + budget_ * interval, kMostSavedNanos);
  chance_ = NextChance();
  return harvest;
}

void HarvestScheduler::Spent(int64_t cost_nanos) {
  const auto cost = static_cast<double>(cost_nanos);
  saved_nanos_ -= cost;
  cost_nanos_ = Average(cost_nanos_, cost);
}

double HarvestScheduler::NextChance() const {
  const double share = budget_ * interval_nanos_;
  if (saved_nanos_ >= 0 && (chance_ >= 1 || cost_nanos_ < share / 2)) return 1;
  // A run is two harvests, and runs seldom meet.
  const double steady = share / (2 * std::max(cost_nanos_, 1.0));
  const double correction = 1 + saved_nanos_ / (budget_ * kRepaymentNanos);
  return std::clamp(steady * std::clamp(correction, 0.25, 2.0), kLowestChance, 0.5);
}

}  // namespace mprof

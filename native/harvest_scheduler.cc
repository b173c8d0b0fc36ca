#include "harvest_scheduler.h"

#include <algorithm>

namespace mprof {

namespace {

// How far spending may run ahead: the cost of start-up, whose harvests come
// before there is any CPU time to have a share of.
constexpr double kAdvanceNanos = 20e6;
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
      cpu_at_start_(cpu_nanos),
      random_(seed),
      cpu_at_last_(cpu_nanos) {}

bool HarvestScheduler::Next(int64_t cpu_nanos) {
  const double chance = chance_;
  const bool starts = chance >= 1 ||
                      std::uniform_real_distribution<double>()(random_) < chance;
  const bool harvest = starts || second_of_run_;
  if (starts) chance_of_last_run_ = chance;
  second_of_run_ = starts;
  interval_nanos_ =
      Average(interval_nanos_, static_cast<double>(cpu_nanos - cpu_at_last_));
  cpu_at_last_ = cpu_nanos;
  chance_ = NextChance(cpu_nanos);
  return harvest;
}

void HarvestScheduler::Spent(int64_t cost_nanos) {
  spent_nanos_ += cost_nanos;
  cost_nanos_ = Average(cost_nanos_, static_cast<double>(cost_nanos));
}

double HarvestScheduler::NextChance(int64_t cpu_nanos) const {
  const double allowed = budget_ * static_cast<double>(cpu_nanos - cpu_at_start_);
  const double saved = allowed + kAdvanceNanos - static_cast<double>(spent_nanos_);
  const double share = budget_ * interval_nanos_;
  if (saved >= 0 && (chance_ >= 1 || cost_nanos_ < share / 2)) return 1;
  // A run is two harvests, and runs seldom meet.
  const double steady = share / (2 * std::max(cost_nanos_, 1.0));
  const double correction = 1 + saved / (budget_ * kRepaymentNanos);
  return std::clamp(steady * std::clamp(correction, 0.25, 2.0), kLowestChance, 0.5);
}

}  // namespace mprof

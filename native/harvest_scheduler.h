#ifndef MPROF_HARVEST_SCHEDULER_H_
#define MPROF_HARVEST_SCHEDULER_H_

#include <cstdint>
#include <random>

namespace mprof {

// Chooses the garbage collections before which to harvest, so that harvesting
// costs at most a given share of the thread's CPU time.
//
// While harvesting before every collection fits, it does just that. When it
// does not, each collection starts a run of two harvests with a probability
// fixed beforehand: two, because only the second one of a pair sees exactly
// what was allocated since the collection before it. That probability follows
// from past costs alone, never from what is being allocated now, and so what
// the runs see is a fair sample of what is allocated. It is at least
// kLowestChance, so that in-use data does not grow old without bound.
class HarvestScheduler {
 public:
  static constexpr double kLowestChance = 1.0 / 1024;

  // `budget` is a share of CPU time, above 0 and at most 1.
  HarvestScheduler(double budget, uint64_t seed, int64_t cpu_nanos);

  // To be called once before every collection. True: harvest now.
  bool Next(int64_t cpu_nanos);
  // What the harvest that Next() asked for has cost.
  void Spent(int64_t cost_nanos);

  // Whether the harvest that Next() asked for is the last one of a run.
  bool ends_run() const { return !second_of_run_; }
  // The probability with which the latest run was started.
  double chance_of_last_run() const { return chance_of_last_run_; }
  // The probability with which the next collection starts a run; 1 as long as
  // every collection is harvested.
  double chance() const { return chance_; }

 private:
  double NextChance() const;

  const double budget_;
  std::mt19937_64 random_;
  double chance_ = 1;
  double chance_of_last_run_ = 1;
  bool second_of_run_ = false;
  // CPU time allowed and not spent; below 0 where too much has been spent.
  double saved_nanos_;
  int64_t cpu_at_last_;
  // Moving averages.
  double cost_nanos_ = 0;
  double interval_nanos_ = 0;
};

}  // namespace mprof

#endif  // MPROF_HARVEST_SCHEDULER_H_
